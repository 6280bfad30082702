//! Syntax to Arrow types.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, UnionFields, UnionMode};
use cstspec_contract::{NestedOrigins, Origin, Path, Value, did_you_mean, types};

use super::foreign;
use super::named::NamedTypes;
use super::primitive;
use super::syntax::{Child, SyntaxError, TypeExpr};
use super::width::{MAX_FIXED_BYTES, most_fixed_bytes};
use crate::yaml::in_quotes;

/// A field with a resolved type, and what its named types say of it and of the fields inside.
#[derive(Clone, Debug)]
pub struct ResolvedField {
    /// The field, nullable and with the metadata of its named type.
    pub field: FieldRef,
    /// Where nested fields were written, by path from (and without) this field.
    pub nested: NestedOrigins,
    /// What nested fields mean, by path from this field.
    pub docs: BTreeMap<Path, String>,
    /// Defaults of nested fields (and of this one, at the empty path).
    pub defaults: BTreeMap<Path, (Value, Origin)>,
    /// Allowed values of nested fields.
    pub allowed: BTreeMap<Path, (Vec<Value>, Origin)>,
    /// How many fields there are in it, itself included. Named types could double it again and again.
    size: usize,
    /// How many fields are inside one another.
    depth: usize,
}

/// The most fields that one relation or type may have at all depths.
pub const MAX_FIELDS: usize = 20_000;
/// How many fields may be inside one another.
pub const MAX_DEPTH: usize = 64;

/// Why a text is no type of this catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeError {
    /// It does not follow the grammar.
    Syntax(SyntaxError),
    /// A name that is neither a type of Arrow nor in `types/`.
    Unknown {
        /// The name.
        name: String,
        /// Where it starts, in bytes.
        offset: usize,
        /// The spelling that is meant, or the nearest known name.
        suggestion: Option<String>,
    },
    /// A type in the spelling of another system.
    Foreign {
        /// Where it stops being one of ours, in bytes.
        offset: usize,
        /// What is wrong there.
        message: String,
        /// The spelling that is meant.
        meant: String,
    },
    /// A type with other children or arguments than it takes.
    Arguments {
        /// The type's name.
        name: String,
        /// Where it starts, in bytes.
        offset: usize,
        /// The form it takes.
        form: String,
        /// The spelling that is meant, where it is another system's.
        meant: Option<String>,
    },
    /// Two fields of a struct, or members of a union, with one name.
    SameField {
        /// The second name.
        name: String,
        /// Where its type starts, in bytes.
        offset: usize,
    },
    /// A time zone that the engine does not know.
    Zone {
        /// The zone.
        zone: String,
        /// Where it starts, in bytes.
        offset: usize,
        /// The nearest known zone.
        suggestion: Option<String>,
    },
    /// A type of fixed size with more bytes for each value than a batch can hold.
    TooWide {
        /// The bytes of a value.
        bytes: u64,
    },
    /// A type with more fields, or more of them inside one another, than can be worked with.
    TooLarge,
    /// A named type that could not be resolved; its own finding says why.
    Broken,
}

impl TypeError {
    /// `expr` does not have the form that its name takes.
    pub fn wrong_arguments(expr: &TypeExpr, form: &str) -> Self {
        Self::Arguments { name: expr.name.clone(), offset: expr.start, form: form.to_owned(), meant: None }
    }
}

/// Resolves types against named types.
#[derive(Clone, Copy)]
pub struct Resolver<'a> {
    /// The named types that are known so far.
    pub named: &'a NamedTypes,
}

impl Resolver<'_> {
    /// The field `name` of the type that `text` spells, nullable.
    pub fn field(self, name: &str, text: &str) -> Result<ResolvedField, TypeError> {
        let expr = super::syntax::parse(text).map_err(TypeError::Syntax);
        let resolved = expr.and_then(|expr| self.resolve(name, &expr, true));
        let resolved = resolved.map_err(|error| self.translated(text, error))?;
        check_width(resolved.field.data_type())?;
        Ok(resolved)
    }

    /// The error, with the spelling that is meant where `text` is a type as another system spells it.
    fn translated(self, text: &str, error: TypeError) -> TypeError {
        let (offset, message, word) = match &error {
            TypeError::Unknown { name, offset, .. } => (*offset, format!("unknown type `{name}`"), name.clone()),
            TypeError::Syntax(error) => (error.offset, format!("not a type: {}", error.message), String::new()),
            TypeError::Arguments { offset, .. } => (*offset, String::new(), String::new()),
            _ => return error,
        };
        let is_unlike = matches!(&error, TypeError::Unknown { suggestion: None, .. });
        // A word alone has its own advice, however the types around it are written.
        for part in [text, &word] {
            let known = |meant: &String| {
                let expr = super::syntax::parse(meant);
                meant != part && expr.is_ok_and(|expr| self.resolve("", &expr, true).is_ok())
            };
            let meant: Vec<String> = foreign::meant(part).into_iter().filter(known).collect();
            if !meant.is_empty() {
                // A colon needs quotes, which were not there if there was none.
                let quoted = |meant: &String| if text.contains(": ") { meant.clone() } else { in_quotes(meant) };
                let shown =
                    |meant: &String| format!("`{}`", if meant.contains(": ") { quoted(meant) } else { meant.clone() });
                let mut meant = meant.iter().map(shown).collect::<Vec<_>>().join(" or ");
                if part == text && foreign::is_not_null(text) {
                    meant.push_str(" with `nullable: false` beside it");
                }
                return match error {
                    TypeError::Arguments { name, offset, form, .. } => {
                        TypeError::Arguments { name, offset, form, meant: Some(meant) }
                    }
                    _ => TypeError::Foreign { offset, message, meant },
                };
            }
        }
        let near = if is_unlike { foreign::near(&word) } else { Vec::new() };
        if near.is_empty() {
            return error;
        }
        let meant = near.iter().map(|meant| format!("`{meant}`")).collect::<Vec<_>>().join(" or ");
        TypeError::Foreign { offset, message, meant }
    }

    /// The Arrow type that `text` spells.
    pub fn data_type(self, text: &str) -> Result<DataType, TypeError> {
        Ok(self.field("", text)?.field.data_type().clone())
    }

    fn resolve(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        if let Some(primitive) = primitive::resolve(expr) {
            if !expr.children.is_empty() {
                return Err(TypeError::wrong_arguments(expr, &format!("`{}`, without angle brackets", expr.name)));
            }
            return Ok(plain(name, primitive?, nullable));
        }
        if let Some(built) = self.constructor(name, expr, nullable) {
            return built;
        }
        if !expr.children.is_empty() || !expr.arguments.is_empty() {
            let known: Vec<&str> = CONSTRUCTORS.into_iter().chain(primitive::names()).collect();
            return Err(Self::unknown(expr, &known));
        }
        match self.named.get(&expr.name) {
            Some(Ok(known)) => {
                let field = known.field.as_ref().clone().with_name(name).with_nullable(nullable);
                Ok(ResolvedField { field: Arc::new(field), ..known.clone() })
            }
            Some(Err(())) => Err(TypeError::Broken),
            None => {
                let mut known: Vec<&str> = self.named.names().collect();
                known.extend(primitive::names().chain(CONSTRUCTORS));
                Err(Self::unknown(expr, &known))
            }
        }
    }

    fn unknown(expr: &TypeExpr, known: &[&str]) -> TypeError {
        TypeError::Unknown {
            name: expr.name.clone(),
            offset: expr.start,
            suggestion: did_you_mean(&expr.name, known.iter().copied()),
        }
    }

    fn constructor(self, name: &str, expr: &TypeExpr, nullable: bool) -> Option<Result<ResolvedField, TypeError>> {
        Some(match expr.name.as_str() {
            "list" => self.list(name, expr, nullable, DataType::List),
            "large_list" => self.list(name, expr, nullable, DataType::LargeList),
            "list_view" => self.list(name, expr, nullable, DataType::ListView),
            "large_list_view" => self.list(name, expr, nullable, DataType::LargeListView),
            "fixed_size_list" => self.fixed_size_list(name, expr, nullable),
            "struct" => self.structure(name, expr, nullable),
            "map" => self.map(name, expr, nullable),
            "dictionary" => self.dictionary(name, expr, nullable),
            "run_end_encoded" => self.run_end_encoded(name, expr, nullable),
            "union" => self.union(name, expr, nullable, UnionMode::Sparse),
            "dense_union" => self.union(name, expr, nullable, UnionMode::Dense),
            _ => return None,
        })
    }

    fn child(self, name: &str, child: &Child) -> Result<ResolvedField, TypeError> {
        self.resolve(name, &child.ty, !child.not_null)
    }

    fn list(
        self,
        name: &str,
        expr: &TypeExpr,
        nullable: bool,
        make: fn(FieldRef) -> DataType,
    ) -> Result<ResolvedField, TypeError> {
        let [child @ Child { name: None, .. }] = expr.children.as_slice() else {
            return Err(TypeError::wrong_arguments(expr, &format!("`{}<TYPE>`", expr.name)));
        };
        let item = self.child("item", child)?;
        around(name, make(Arc::clone(&item.field)), nullable, item)
    }

    fn fixed_size_list(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        let form = "`fixed_size_list<TYPE, SIZE>`";
        let [child @ Child { name: None, .. }, size] = expr.children.as_slice() else {
            return Err(TypeError::wrong_arguments(expr, form));
        };
        let size = size.ty.name.parse().ok().filter(|size: &i32| *size >= 0);
        let size = size.ok_or_else(|| TypeError::wrong_arguments(expr, form))?;
        let item = self.child("item", child)?;
        around(name, DataType::FixedSizeList(Arc::clone(&item.field), size), nullable, item)
    }

    fn structure(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        structure(name, nullable, self.members(expr, "`struct<NAME: TYPE, ...>`")?)
    }

    /// The named children of a struct or union.
    fn members(self, expr: &TypeExpr, form: &str) -> Result<Vec<ResolvedField>, TypeError> {
        let mut names = BTreeSet::new();
        let mut members = Vec::new();
        for child in &expr.children {
            let Some(name) = &child.name else { return Err(TypeError::wrong_arguments(expr, form)) };
            if !names.insert(name) {
                return Err(TypeError::SameField { name: name.clone(), offset: child.ty.start });
            }
            members.push(self.child(name, child)?);
        }
        Ok(members)
    }

    fn map(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        let [key @ Child { name: None, .. }, value @ Child { name: None, .. }] = expr.children.as_slice() else {
            return Err(TypeError::wrong_arguments(expr, "`map<KEY, VALUE>`"));
        };
        let key = self.resolve("key", &key.ty, false)?;
        let value = self.child("value", value)?;
        let data_type = types::map_of(Arc::clone(&key.field), Arc::clone(&value.field));
        let mut built = plain(name, data_type, nullable);
        built.absorb("key", key)?;
        built.absorb("value", value)?;
        Ok(built)
    }

    fn dictionary(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        let form = "`dictionary<KEY, VALUE>` with an integer KEY";
        let [key @ Child { name: None, .. }, value @ Child { name: None, .. }] = expr.children.as_slice() else {
            return Err(TypeError::wrong_arguments(expr, form));
        };
        let key = self.child("", key)?.field.data_type().clone();
        if !key.is_dictionary_key_type() {
            return Err(TypeError::wrong_arguments(expr, form));
        }
        let value = self.child("", value)?;
        let data_type = DataType::Dictionary(Box::new(key), Box::new(value.field.data_type().clone()));
        around(name, data_type, nullable, value)
    }

    fn run_end_encoded(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        let form = "`run_end_encoded<RUN_ENDS, VALUE>` with int16, int32 or int64 run ends";
        let [ends @ Child { name: None, .. }, value @ Child { name: None, .. }] = expr.children.as_slice() else {
            return Err(TypeError::wrong_arguments(expr, form));
        };
        let ends = self.resolve("run_ends", &ends.ty, false)?.field;
        if !ends.data_type().is_run_ends_type() {
            return Err(TypeError::wrong_arguments(expr, form));
        }
        let values = self.child("values", value)?;
        let mut built = plain(name, DataType::RunEndEncoded(ends, Arc::clone(&values.field)), nullable);
        // No path leads through runs.
        built.grow(values.size, values.depth)?;
        Ok(built)
    }

    fn union(self, name: &str, expr: &TypeExpr, nullable: bool, mode: UnionMode) -> Result<ResolvedField, TypeError> {
        let form = format!("`{}<NAME: TYPE, ...>` with at most 128 members", expr.name);
        let members = self.members(expr, &form)?;
        let ids = (0..members.len()).map(i8::try_from).collect::<Result<Vec<_>, _>>();
        let ids = ids.map_err(|_| TypeError::wrong_arguments(expr, &form))?;
        let fields: UnionFields = ids.into_iter().zip(members.iter().map(|member| Arc::clone(&member.field))).collect();
        let mut built = plain(name, DataType::Union(fields, mode), nullable);
        // No path leads into a union.
        members.iter().try_for_each(|member| built.grow(member.size, member.depth))?;
        Ok(built)
    }
}

/// The names of types that take others in angle brackets.
pub const CONSTRUCTORS: [&str; 11] = [
    "list",
    "large_list",
    "list_view",
    "large_list_view",
    "fixed_size_list",
    "struct",
    "map",
    "dictionary",
    "run_end_encoded",
    "union",
    "dense_union",
];

/// A field about which nothing more is known than its type.
fn plain(name: &str, data_type: DataType, nullable: bool) -> ResolvedField {
    ResolvedField {
        field: Arc::new(Field::new(name, data_type, nullable)),
        nested: NestedOrigins::default(),
        docs: BTreeMap::new(),
        defaults: BTreeMap::new(),
        allowed: BTreeMap::new(),
        size: 1,
        depth: 1,
    }
}

/// A list or encoding around `item`: paths never spell it, so what is known of the item's inside is known under the whole.
fn around(name: &str, data_type: DataType, nullable: bool, item: ResolvedField) -> Result<ResolvedField, TypeError> {
    let mut built = plain(name, data_type, nullable);
    // A default of the item itself is none of the list.
    built.defaults = item.defaults.into_iter().filter(|(path, _)| *path != Path::default()).collect();
    built.nested = item.nested;
    built.docs = item.docs;
    built.allowed = item.allowed;
    built.grow(item.size, item.depth)?;
    Ok(built)
}

/// Refuses a type of fixed size that has too many bytes for each value, at any depth.
fn check_width(data_type: &DataType) -> Result<(), TypeError> {
    let bytes = most_fixed_bytes(data_type);
    if bytes > MAX_FIXED_BYTES { Err(TypeError::TooWide { bytes }) } else { Ok(()) }
}

/// The struct field `name` with `members`.
pub fn structure(name: &str, nullable: bool, members: Vec<ResolvedField>) -> Result<ResolvedField, TypeError> {
    let fields = members.iter().map(|member| Arc::clone(&member.field)).collect();
    let data_type = DataType::Struct(fields);
    check_width(&data_type)?;
    let mut built = plain(name, data_type, nullable);
    for member in members {
        let member_name = member.field.name().clone();
        built.absorb(&member_name, member)?;
    }
    Ok(built)
}

impl ResolvedField {
    /// Takes over what is known of the child `name`.
    fn absorb(&mut self, name: &str, child: ResolvedField) -> Result<(), TypeError> {
        self.grow(child.size, child.depth)?;
        let below = |path: &Path| Path::top(name).join_path(path);
        self.nested.absorb(name, &child.nested);
        self.docs.extend(child.docs.into_iter().map(|(path, doc)| (below(&path), doc)));
        self.defaults.extend(child.defaults.into_iter().map(|(path, value)| (below(&path), value)));
        self.allowed.extend(child.allowed.into_iter().map(|(path, values)| (below(&path), values)));
        Ok(())
    }

    /// How many fields there are in this one, itself included.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Says of the fields inside that no named type says it of that they were written at `origin`, in the text of a type.
    pub fn locate_inside(&mut self, origin: &Origin) {
        for path in inner_paths(self.field.data_type()) {
            let named = std::iter::successors(path.parent(), Path::parent);
            if !self.nested.fields.contains_key(&path)
                && !named.into_iter().any(|above| self.nested.below.contains_key(&above))
            {
                self.nested.fields.insert(path, origin.clone());
            }
        }
    }

    fn grow(&mut self, size: usize, depth: usize) -> Result<(), TypeError> {
        self.size += size;
        self.depth = self.depth.max(depth + 1);
        if self.size > MAX_FIELDS || self.depth > MAX_DEPTH { Err(TypeError::TooLarge) } else { Ok(()) }
    }

    /// Adds metadata to the field; what is there already under the same key is replaced.
    pub fn annotate(&mut self, metadata: impl IntoIterator<Item = (String, String)>) {
        let mut all: HashMap<String, String> = self.field.metadata().clone();
        all.extend(metadata);
        self.field = Arc::new(self.field.as_ref().clone().with_metadata(all));
    }

    /// What is known of `field`, a child of this struct.
    #[must_use]
    pub fn child(&self, field: &FieldRef) -> Self {
        let path = Path::top(field.name().as_str());
        Self {
            field: Arc::clone(field),
            nested: self.nested.at(&path),
            docs: below(&self.docs, field.name()),
            defaults: below(&self.defaults, field.name()),
            allowed: below(&self.allowed, field.name()),
            size: size_of(field),
            depth: self.depth - 1,
        }
    }

    /// Changes the field's name and whether it may be NULL.
    pub fn declare(&mut self, name: &str, nullable: bool) {
        self.field = Arc::new(self.field.as_ref().clone().with_name(name).with_nullable(nullable));
    }
}

/// The entries at and below the child `name`, with paths that start there.
fn below<T: Clone>(map: &BTreeMap<Path, T>, name: &str) -> BTreeMap<Path, T> {
    map.iter().filter(|(path, _)| path.column() == name).map(|(path, value)| (path.skip(1), value.clone())).collect()
}

/// The paths of all fields inside a type, from (and without) the field that has it.
fn inner_paths(data_type: &DataType) -> Vec<Path> {
    let children: Vec<(&str, &DataType)> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| (field.name().as_str(), field.data_type())).collect(),
        DataType::Map(entries, _) => cstspec_contract::map_fields(entries)
            .map(|(key, value)| vec![("key", key.data_type()), ("value", value.data_type())])
            .unwrap_or_default(),
        DataType::Dictionary(_, values) => return inner_paths(values),
        other => {
            return cstspec_contract::list_child(other).map(|item| inner_paths(item.data_type())).unwrap_or_default();
        }
    };
    let mut paths = Vec::new();
    for (name, inside) in children {
        paths.push(Path::top(name));
        let below = |path: Path| Path::top(name).join_path(&path);
        paths.extend(inner_paths(inside).into_iter().map(below));
    }
    paths
}

/// How many fields there are in `field`, itself included.
fn size_of(field: &Field) -> usize {
    let children: usize = match field.data_type() {
        DataType::Struct(fields) => fields.iter().map(|field| size_of(field)).sum(),
        DataType::Map(entries, _) => size_of(entries),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| size_of(field)).sum(),
        DataType::RunEndEncoded(_, values) => size_of(values),
        DataType::Dictionary(_, values) => size_of(&Field::new("", values.as_ref().clone(), true)),
        other => cstspec_contract::list_child(other).map_or(0, |item| size_of(item)),
    };
    1 + children
}
