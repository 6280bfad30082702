//! Syntax to Arrow types.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, UnionFields, UnionMode};
use cstspec_contract::{NestedOrigins, did_you_mean, types};

use super::error::TypeError;
use super::field::{ResolvedField, around, check_width, encoded, plain, structure};
use super::foreign;
use super::named::NamedTypes;
use super::primitive;
use super::syntax::{Child, TypeExpr};
use crate::yaml::in_quotes;

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
            let meant: Vec<String> = foreign::suggestions(part).into_iter().filter(known).collect();
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
        if foreign::is_struct(&word) {
            return TypeError::Foreign { offset, message, meant: STRUCT.to_owned() };
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
            Some(Ok(known)) => Ok(known.used(name, nullable)),
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
            word if let Some(kind) = ListKind::of(word) => self.list(name, expr, nullable, kind),
            FIXED_SIZE_LIST => self.fixed_size_list(name, expr, nullable),
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

    fn list(self, name: &str, expr: &TypeExpr, nullable: bool, kind: ListKind) -> Result<ResolvedField, TypeError> {
        let [child @ Child { name: None, .. }] = expr.children.as_slice() else {
            return Err(TypeError::wrong_arguments(expr, &format!("`{}<TYPE>`", expr.name)));
        };
        list_of(name, nullable, kind, self.child("item", child)?)
    }

    fn fixed_size_list(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        let form = "`fixed_size_list<TYPE, SIZE>`";
        let [child @ Child { name: None, .. }, size] = expr.children.as_slice() else {
            return Err(TypeError::wrong_arguments(expr, form));
        };
        let size = size.ty.name.parse().ok().filter(|size: &i32| *size >= 0);
        let size = size.ok_or_else(|| TypeError::wrong_arguments(expr, form))?;
        list_of(name, nullable, ListKind::Fixed(size), self.child("item", child)?)
    }

    fn structure(self, name: &str, expr: &TypeExpr, nullable: bool) -> Result<ResolvedField, TypeError> {
        // A word alone is a struct whose fields were forgotten, or are written where nothing looks for them.
        if expr.children.is_empty() {
            return Err(TypeError::wrong_arguments(expr, STRUCT));
        }
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
        map_of(name, nullable, key, self.child("value", value)?)
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
        encoded(name, data_type, nullable, value)
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
        let data_type = DataType::RunEndEncoded(ends, Arc::clone(&values.field));
        let mut built = encoded(name, data_type, nullable, values)?;
        // No path leads through runs.
        built.nested = NestedOrigins::default();
        built.docs.clear();
        built.defaults.clear();
        built.allowed.retain(|at, _| at.path.is_empty());
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
        members.iter().try_for_each(|member| built.enclose(member))?;
        Ok(built)
    }
}

/// The ways to write a struct.
const STRUCT: &str = "`struct<NAME: TYPE, ...>`, or the fields as a mapping in the place of the type";

/// The word for lists of a fixed size.
pub const FIXED_SIZE_LIST: &str = "fixed_size_list";

/// The kinds of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// `list`
    Short,
    /// `large_list`
    Large,
    /// `list_view`
    View,
    /// `large_list_view`
    LargeView,
    /// `fixed_size_list`, with the number of elements.
    Fixed(i32),
}

impl ListKind {
    /// The kind that is called `word`, if its lists are of variable length.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "list" => Some(Self::Short),
            "large_list" => Some(Self::Large),
            "list_view" => Some(Self::View),
            "large_list_view" => Some(Self::LargeView),
            _ => None,
        }
    }

    fn data_type(self, item: FieldRef) -> DataType {
        match self {
            Self::Short => DataType::List(item),
            Self::Large => DataType::LargeList(item),
            Self::View => DataType::ListView(item),
            Self::LargeView => DataType::LargeListView(item),
            Self::Fixed(size) => DataType::FixedSizeList(item, size),
        }
    }
}

/// The field `name`, a list of `item`.
pub fn list_of(name: &str, nullable: bool, kind: ListKind, item: ResolvedField) -> Result<ResolvedField, TypeError> {
    let data_type = kind.data_type(Arc::clone(&item.field));
    check_width(&data_type)?;
    let mut built = around(name, data_type, nullable, item)?;
    built.allow_elements();
    Ok(built)
}

/// The field `name`, a map from `key` to `value`.
pub fn map_of(
    name: &str,
    nullable: bool,
    key: ResolvedField,
    value: ResolvedField,
) -> Result<ResolvedField, TypeError> {
    let data_type = types::map_of(Arc::clone(&key.field), Arc::clone(&value.field));
    let mut built = plain(name, data_type, nullable);
    built.absorb("key", key)?;
    built.absorb("value", value)?;
    Ok(built)
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
