//! The documents of a draft.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::Field;
use cstspec_contract::report::RowConstraintKind;
use cstspec_contract::text::counted;
use cstspec_contract::{OrderScope, Path};

use crate::draft::{Draft, ListView, Reference};
use crate::extends;
use crate::name::{Names, word};
use crate::proof::Proofs;
use crate::types::{Body, Metadata, NamedType, NamedTypes};
use crate::yaml::{Entry, Item, Node, document};

/// The keys of an Arrow extension type in metadata.
const EXTENSION: [&str; 2] = ["ARROW:extension:name", "ARROW:extension:metadata"];

/// The key of metadata with the documentation of a field or type: written as `doc`.
pub const DOC: &str = "cstspec:doc";
/// The key of metadata with the allowed values of a field, as a list of JSON: written as `allowed`.
pub const ALLOWED: &str = "cstspec:allowed";

/// The specs of `draft` as text, by their paths below the specs folder.
pub fn files(draft: &Draft, proofs: &Proofs) -> BTreeMap<String, String> {
    let mut names = Names::taken(draft.taken_types.iter().cloned());
    let mut types = NamedTypes::of(&draft.schema, &mut names);
    extends::find(&mut types.types, &mut names);
    let writing = Writing { draft, proofs, types: &types };
    let mut names = Names::taken(draft.taken_files.iter().cloned());
    let mut files = BTreeMap::new();
    let mut add = |folder: &str, name: &str, entries: &[Entry]| {
        let name = word(name);
        let path = names.take([format!("{folder}/{name}").as_str()]);
        files.insert(format!("{path}.yaml"), document(entries));
    };
    for named in &types.types {
        add("types", &named.name, &writing.named_type(named));
    }
    add("datasets", &draft.dataset, &writing.dataset());
    for view in &draft.views {
        add("views", &view.name, &writing.view(view));
    }
    if !draft.has_catalog {
        files.insert(
            "catalog.yaml".to_owned(),
            catalog(&draft.catalog, "", &draft.engine, draft.out.as_deref(), &files),
        );
    }
    files
}

/// The text of the catalog of `files`.
pub fn catalog(name: &str, doc: &str, engine: &str, out: Option<&str>, files: &BTreeMap<String, String>) -> String {
    let folders: BTreeSet<&str> = files.keys().filter_map(|path| path.split('/').next()).collect();
    let include = ["types", "datasets", "views"].into_iter().filter(|folder| folders.contains(folder));
    let mut entries = vec![Entry::new("catalog", Node::text(word(name)))];
    if !doc.is_empty() {
        entries.push(Entry::new("doc", Node::text(doc)));
    }
    entries.push(Entry::new("version", Node::word(&1)));
    entries.push(Entry::new("engine", Node::text(engine)));
    entries.extend(out.map(|out| Entry::new("out", Node::text(out))));
    entries.push(Entry::new("include", Node::Flow(include.map(Node::text).collect())));
    document(&entries)
}

/// The texts of the types but for the first `known`, by name.
pub fn type_texts(types: &NamedTypes, known: usize) -> Vec<(String, String)> {
    let schema = arrow_schema::Schema::empty();
    let draft = Draft::new("", "", "", schema, &mut Names::default(), &mut Vec::new());
    let proofs = Proofs::default();
    let writing = Writing { draft: &draft, proofs: &proofs, types };
    let new = types.types.iter().skip(known);
    new.map(|named| (named.name.clone(), document(&writing.named_type(named)))).collect()
}

/// The text of the type `name` that has the fields of `base` and then `fields`.
pub fn extending(name: &str, base: &str, fields: &[Entry]) -> String {
    document(&[
        Entry::new("type", Node::text(name)),
        Entry::new("extends", Node::Flow(vec![Node::text(base)])),
        Entry::new("fields", Node::Map(fields.to_vec())),
    ])
}

struct Writing<'a> {
    draft: &'a Draft,
    proofs: &'a Proofs,
    types: &'a NamedTypes,
}

impl Writing<'_> {
    fn named_type(&self, named: &NamedType) -> Vec<Entry> {
        let mut entries = vec![Entry::new("type", Node::text(named.name.as_str()))];
        let extends = match &named.body {
            Body::Struct { extends, .. } => extends.map(|number| &self.types.types[number]),
            Body::Alias(data_type) => {
                entries.push(Entry::new("is", Node::text(self.types.unnamed(data_type))));
                None
            }
        };
        if let Some(base) = extends {
            entries.push(Entry::new("extends", Node::Flow(vec![Node::text(base.name.as_str())])));
        }
        entries.extend(described(&named.metadata));
        if let Body::Struct { fields, inherited, .. } = &named.body {
            let places = self.places(named);
            let fields = fields.iter().skip(*inherited).map(|field| {
                let at: Vec<Path> = places.iter().map(|place| place.join(field.name())).collect();
                self.field(field, &at)
            });
            entries.push(Entry::new("fields", Node::Map(fields.collect())));
        }
        entries
    }

    /// The places of the fields that `named` declares: its own, and those of the types that extend it.
    fn places(&self, named: &NamedType) -> Vec<Path> {
        let extending = self.types.types.iter().filter(|other| match &other.body {
            Body::Struct { extends: Some(number), .. } => self.types.types[*number].name == named.name,
            _ => false,
        });
        extending.flat_map(|other| other.places.iter()).chain(&named.places).cloned().collect()
    }

    /// A field that occurs at the paths `at`.
    fn field(&self, field: &Field, at: &[Path]) -> Entry {
        let data_type = self.types.text(field);
        let mut metadata = self.types.own_metadata(field);
        let doc = metadata.remove(DOC);
        let values = metadata.remove(ALLOWED).map(|values| Node::Flow(values_of(&values)));
        let dataset = self.draft.dataset.as_str();
        let paths: Vec<String> = at.iter().map(Path::to_string).collect();
        // A value set belongs to a field of a named type if it holds wherever the type is.
        let allowed = at.first().and_then(|first| self.draft.allowed.get(first));
        let allowed = allowed.filter(|values| at.iter().all(|path| self.draft.allowed.get(path) == Some(*values)));
        let is_bare = doc.is_none() && values.is_none();
        if field.is_nullable() && metadata.is_empty() && allowed.is_none() && is_bare {
            return Entry::new(field.name(), Node::text(data_type));
        }
        let mut body = vec![("type".to_owned(), Node::text(data_type))];
        let mut comments = Vec::new();
        if !field.is_nullable() {
            body.push(("nullable".to_owned(), Node::word(&false)));
            comments.push(self.proofs.comment_at(RowConstraintKind::NotNull, dataset, &paths));
        }
        body.extend(doc.map(|doc| ("doc".to_owned(), Node::text(doc))));
        body.extend(values.map(|values| ("allowed".to_owned(), values)));
        if let Some(values) = allowed {
            body.push(("allowed".to_owned(), Node::texts(values)));
            comments.push(self.proofs.comment_at(RowConstraintKind::Allowed, dataset, &paths));
        }
        if !metadata.is_empty() {
            body.push(("metadata".to_owned(), pairs(&metadata)));
        }
        let mut comments: Vec<String> = comments.into_iter().flatten().collect();
        comments.dedup();
        let comment = if comments.is_empty() { None } else { Some(comments.join("; ")) };
        Entry::new(field.name(), Node::FlowMap(body)).commented(comment)
    }

    fn dataset(&self) -> Vec<Entry> {
        let Draft { dataset, schema, partitions, file_patterns, renames, .. } = self.draft;
        let columns = schema.fields().iter().map(|field| self.field(field, &[Path::top(field.name().as_str())]));
        let mut entries = vec![
            Entry::new("dataset", Node::text(dataset.as_str())),
            Entry::new("version", Node::word(&self.draft.version)),
            Entry::new("columns", Node::Map(columns.collect())),
        ];
        if !self.draft.doc.is_empty() {
            entries.insert(1, Entry::new("doc", Node::text(self.draft.doc.as_str())));
        }
        if !schema.metadata().is_empty() {
            let metadata: Metadata = schema.metadata().clone().into_iter().collect();
            let metadata = metadata.iter().map(|(key, value)| Entry::new(key, Node::text(value.as_str())));
            entries.push(Entry::new("metadata", Node::Map(metadata.collect())));
        }
        if !partitions.is_empty() {
            let files = self.proofs.files();
            let comment = (files > 0).then(|| format!("proven on {}", counted(files, "file")));
            entries.push(Entry::new("partitions", Node::texts(partitions)).commented(comment));
        }
        entries.extend(self.ordering());
        entries.extend(self.constraints());
        if !renames.is_empty() {
            let renames = renames.iter().map(|(path, name)| Entry::new(path.to_string(), Node::text(name.as_str())));
            let renames = Entry::new("renames", Node::Map(renames.collect()));
            entries.push(Entry::new("evolution", Node::Map(vec![renames])));
        }
        if !file_patterns.is_empty() {
            let patterns = vec![("files".to_owned(), Node::texts(file_patterns))];
            entries.push(Entry::new("scan", Node::FlowMap(patterns)));
        }
        entries
    }

    fn ordering(&self) -> Option<Entry> {
        let ordering = &self.draft.ordering;
        if ordering.keys.is_empty() {
            return None;
        }
        let by = ordering.keys.iter().map(|key| {
            let column = Node::text(key.column.as_str());
            if key.descending {
                Node::FlowMap(vec![("column".to_owned(), column), ("descending".to_owned(), Node::word(&true))])
            } else {
                column
            }
        });
        let scope = if ordering.scope == OrderScope::Table { "table" } else { "file" };
        let columns: Vec<String> = ordering.keys.iter().map(|key| key.column.clone()).collect();
        let node =
            Node::FlowMap(vec![("by".to_owned(), Node::Flow(by.collect())), ("scope".to_owned(), Node::text(scope))]);
        let comment = self.proofs.comment(RowConstraintKind::Order, &self.draft.dataset, &columns);
        Some(Entry::new("ordering", node).commented(comment))
    }

    fn constraints(&self) -> Option<Entry> {
        let Draft { dataset, primary_key, not_null, .. } = self.draft;
        let mut entries = Vec::new();
        if !primary_key.is_empty() {
            let comment = self.proofs.comment(RowConstraintKind::Key, dataset, primary_key);
            entries.push(Entry::new("primary_key", Node::texts(primary_key)).commented(comment));
        }
        if !self.draft.unique.is_empty() {
            let items = self.draft.unique.iter().map(|key| Item::new(Node::texts(key), None));
            entries.push(Entry::new("unique", Node::List(items.collect())));
        }
        if !not_null.is_empty() {
            let items = not_null.iter().map(|path| {
                let path = path.to_string();
                let comment = self.proofs.comment(RowConstraintKind::NotNull, dataset, std::slice::from_ref(&path));
                Item::new(Node::text(path), comment)
            });
            entries.push(Entry::new("not_null", Node::List(items.collect())));
        }
        if !self.draft.references.is_empty() {
            let items = self.draft.references.iter().map(|reference| Item::new(reference_node(reference), None));
            entries.push(Entry::new("references", Node::List(items.collect())));
        }
        (!entries.is_empty()).then(|| Entry::new("constraints", Node::Map(entries)))
    }

    fn view(&self, view: &ListView) -> Vec<Entry> {
        let text = |text: &str| Node::text(text);
        let list = Path::top(view.list.as_str()).to_string();
        let mut rows = vec![("of".to_owned(), text(&self.draft.dataset)), ("unnest".to_owned(), text(&list))];
        rows.extend(view.element.iter().map(|name| ("as".to_owned(), text(name))));
        let mut entries = vec![Entry::new("view", text(&view.name)), Entry::new("rows", Node::FlowMap(rows))];
        let columns = view.row.iter().map(|(name, column)| {
            let path = Path::top(column.as_str()).to_string();
            let source =
                if name == column { text("row") } else { Node::FlowMap(vec![("row".to_owned(), text(&path))]) };
            Entry::new(name, source).commented(self.proofs.comment(
                RowConstraintKind::Identity,
                &view.name,
                std::slice::from_ref(name),
            ))
        });
        let columns: Vec<Entry> = columns.collect();
        if !columns.is_empty() {
            entries.push(Entry::new("columns", Node::Map(columns)));
        }
        if !view.key.is_empty() {
            let comment = self.proofs.comment(RowConstraintKind::Key, &view.name, &view.key);
            entries.push(Entry::new("key", Node::texts(&view.key)).commented(comment));
        }
        if !view.references.is_empty() {
            let items = view.references.iter().map(|reference| {
                let comment = self.proofs.comment(RowConstraintKind::Reference, &view.name, &reference.columns);
                Item::new(reference_node(reference), comment)
            });
            entries.push(Entry::new("references", Node::List(items.collect())));
        }
        let accessors = view.maps.iter().map(|(name, field, stem)| {
            let mut node = vec![("entries".to_owned(), Node::text(Path::top(field.as_str()).to_string()))];
            node.extend(stem.iter().map(|stem| ("as".to_owned(), text(stem))));
            if view.key.is_empty() {
                let keys = view.row.iter().map(|(name, _)| text(name));
                node.push(("keys".to_owned(), Node::Flow(keys.collect())));
            }
            Entry::new(name, Node::FlowMap(node))
        });
        let accessors: Vec<Entry> = accessors.collect();
        if !accessors.is_empty() {
            entries.push(Entry::new("accessors", Node::Map(accessors)));
        }
        entries
    }
}

/// The extension type and the metadata of a named type.
fn described(metadata: &Metadata) -> Vec<Entry> {
    let mut entries = Vec::new();
    let [name, of_extension] = EXTENSION;
    let mut rest = metadata.clone();
    if let Some(doc) = rest.remove(DOC) {
        entries.push(Entry::new("doc", Node::text(doc)));
    }
    // A type has no allowed values of its own; they are those of its fields.
    rest.remove(ALLOWED);
    if let Some(extension) = rest.remove(name) {
        let mut node = vec![("name".to_owned(), Node::text(extension))];
        node.extend(rest.remove(of_extension).map(|text| ("metadata".to_owned(), Node::text(text))));
        entries.push(Entry::new("extension", Node::FlowMap(node)));
    }
    if !rest.is_empty() {
        entries.push(Entry::new("metadata", pairs(&rest)));
    }
    entries
}

/// The values of a list of JSON.
fn values_of(json: &str) -> Vec<Node> {
    let values: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    let node = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Node::text(text),
        other => Node::word(&other),
    };
    values.into_iter().map(node).collect()
}

fn reference_node(reference: &Reference) -> Node {
    let mut node = vec![
        ("columns".to_owned(), Node::texts(&reference.columns)),
        ("relation".to_owned(), Node::text(reference.relation.as_str())),
    ];
    if reference.to != reference.columns {
        node.push(("to".to_owned(), Node::texts(&reference.to)));
    }
    Node::FlowMap(node)
}

fn pairs(metadata: &Metadata) -> Node {
    Node::FlowMap(metadata.iter().map(|(key, value)| (key.clone(), Node::text(value.as_str()))).collect())
}
