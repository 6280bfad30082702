//! A table as it is imported: its columns, its row views, and the constraints that are proposed or proven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Schema};
use cstspec_contract::{Ordering, Path, list_child, map_fields};

use crate::name::Names;
use crate::schema::Unsaid;

/// A table with its row views and constraints.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The name of the catalog.
    pub catalog: String,
    /// The version of the engine, as `catalog.yaml` names it.
    pub engine: String,
    /// The folder of artifacts, relative to the specs folder.
    pub out: Option<String>,
    /// The name of the dataset.
    pub dataset: String,
    /// The version of its schema.
    pub version: u32,
    /// The meaning of a row.
    pub doc: String,
    /// The columns, as [`normalized`](crate::normalized) gives them, partition columns among them.
    pub schema: Schema,
    /// The partition columns, outermost first.
    pub partitions: Vec<String>,
    /// The patterns of the data files; none for `*.parquet`.
    pub file_patterns: Vec<String>,
    /// Names of fields in files that have another name in the schema.
    pub renames: BTreeMap<Path, String>,
    /// Paths without NULLs where their parent is present, beyond those that the schema declares NOT NULL.
    pub not_null: BTreeSet<Path>,
    /// The columns of the primary key.
    pub primary_key: Vec<String>,
    /// Other keys.
    pub unique: Vec<Vec<String>>,
    /// References of the dataset.
    pub references: Vec<Reference>,
    /// Those of them that files declare nullable.
    relaxed: BTreeSet<String>,
    /// The order of rows.
    pub ordering: Ordering,
    /// The allowed values of paths.
    pub allowed: BTreeMap<Path, Vec<String>>,
    /// The row views.
    pub views: Vec<ListView>,
    /// Names of types that are taken.
    pub taken_types: BTreeSet<String>,
    /// Paths of files that are taken, below the specs folder.
    pub taken_files: BTreeSet<String>,
    /// Whether `catalog.yaml` is there already.
    pub has_catalog: bool,
}

/// One row per element of a list column.
#[derive(Clone, Debug)]
pub struct ListView {
    /// The name of the view.
    pub name: String,
    /// The list column.
    pub list: String,
    /// The name of the output column, if the elements are not structs and the list's own name is taken.
    pub element: Option<String>,
    /// Columns of the row that the view has: their names in the view and in the dataset.
    pub row: Vec<(String, String)>,
    /// The key of the view.
    pub key: Vec<String>,
    /// References to other views.
    pub references: Vec<Reference>,
    /// Map fields of the elements with an accessor: the name of the accessor, the field, and the first part of its columns' names.
    pub maps: Vec<(String, String, Option<String>)>,
}

/// A reference of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The referring columns.
    pub columns: Vec<String>,
    /// The relation referred to.
    pub relation: String,
    /// Its columns.
    pub to: Vec<String>,
}

impl ListView {
    /// The fields of the elements; none if they are not structs.
    pub fn fields<'a>(&self, schema: &'a Schema) -> &'a [FieldRef] {
        let column = schema.field_with_name(&self.list).ok();
        match column.and_then(|column| list_child(column.data_type())).map(|item| item.data_type()) {
            Some(DataType::Struct(fields)) => fields,
            _ => &[],
        }
    }
}

impl Draft {
    /// The draft of the table `dataset` with the columns of `schema`: nothing is proposed yet but a view for each list column. `relations`
    /// are the names of relations that are taken. Lists and maps that get neither view nor accessor are added to `unsaid`.
    pub fn new(
        catalog: &str,
        engine: &str,
        dataset: &str,
        schema: Schema,
        relations: &mut Names,
        unsaid: &mut Vec<Unsaid>,
    ) -> Self {
        let mut views = Vec::new();
        for field in schema.fields() {
            let path = Path::top(field.name().as_str());
            match field.data_type() {
                DataType::Map(..) => {
                    unsaid.push(Unsaid::new(path.to_string(), "an accessor: accessors of maps belong to views"));
                }
                DataType::Struct(_) => inner_lists(field.data_type(), &path, unsaid),
                data_type => {
                    if list_child(data_type).is_some() {
                        let name = relations.take([field.name().as_str(), &format!("{dataset}_{}", field.name())]);
                        views.push(list_view(name, field, relations));
                    }
                }
            }
        }
        Self {
            catalog: catalog.to_owned(),
            out: None,
            engine: engine.to_owned(),
            dataset: dataset.to_owned(),
            version: 1,
            doc: String::new(),
            schema,
            partitions: Vec::new(),
            file_patterns: Vec::new(),
            renames: BTreeMap::new(),
            not_null: BTreeSet::new(),
            primary_key: Vec::new(),
            unique: Vec::new(),
            references: Vec::new(),
            relaxed: BTreeSet::new(),
            ordering: Ordering::default(),
            allowed: BTreeMap::new(),
            views,
            taken_types: BTreeSet::new(),
            taken_files: BTreeSet::new(),
            has_catalog: false,
        }
    }

    /// Makes `columns` the primary key: they are declared NOT NULL, and those of the key before are what they were. Whether the key changed.
    pub fn set_primary_key(&mut self, columns: &[String]) -> bool {
        let mut relaxed = std::mem::take(&mut self.relaxed);
        let fields = self.schema.fields().iter().map(|field| {
            let was_nullable = relaxed.remove(field.name()) || field.is_nullable();
            let is_key = columns.contains(field.name());
            if is_key && was_nullable {
                self.relaxed.insert(field.name().clone());
            }
            Arc::new(field.as_ref().clone().with_nullable(was_nullable && !is_key))
        });
        let fields: Vec<FieldRef> = fields.collect();
        self.schema = Schema::new_with_metadata(fields, self.schema.metadata().clone());
        std::mem::replace(&mut self.primary_key, columns.to_vec()) != columns
    }

    /// The paths of all fields that the schema lets be NULL, at any depth.
    pub fn nullable_paths(&self) -> BTreeSet<Path> {
        let mut paths = BTreeSet::new();
        for field in self.schema.fields() {
            collect_nullable(field, &Path::top(field.name().as_str()), &mut paths);
        }
        paths
    }
}

fn list_view(name: String, field: &FieldRef, relations: &mut Names) -> ListView {
    let mut view = ListView {
        name,
        list: field.name().clone(),
        element: None,
        row: Vec::new(),
        key: Vec::new(),
        references: Vec::new(),
        maps: Vec::new(),
    };
    if let Some(DataType::Struct(fields)) = list_child(field.data_type()).map(|item| item.data_type()) {
        for field in fields.iter().filter(|field| matches!(field.data_type(), DataType::Map(..))) {
            let accessor = relations.take([format!("{}_{}", view.name, field.name()).as_str()]);
            view.maps.push((accessor, field.name().clone(), None));
        }
    }
    view
}

/// Lists inside a struct column: the language has no row view over them.
fn inner_lists(data_type: &DataType, path: &Path, unsaid: &mut Vec<Unsaid>) {
    let DataType::Struct(fields) = data_type else { return };
    for field in fields {
        let path = path.join(field.name());
        if list_child(field.data_type()).is_some() {
            unsaid.push(Unsaid::new(path.to_string(), "a row view: the list is inside a struct column"));
        }
        inner_lists(field.data_type(), &path, unsaid);
    }
}

/// Paths lead through structs, lists and maps; no path leads into a union or an encoded value.
fn collect_nullable(field: &FieldRef, path: &Path, paths: &mut BTreeSet<Path>) {
    if field.is_nullable() {
        paths.insert(path.clone());
    }
    collect_inside(field.data_type(), path, paths);
}

fn collect_inside(data_type: &DataType, path: &Path, paths: &mut BTreeSet<Path>) {
    match data_type {
        DataType::Struct(fields) => {
            fields.iter().for_each(|field| collect_nullable(field, &path.join(field.name()), paths));
        }
        DataType::Map(entries, _) => {
            if let Some((key, value)) = map_fields(entries) {
                collect_inside(key.data_type(), &path.join("key"), paths);
                collect_nullable(value, &path.join("value"), paths);
            }
        }
        // An element has the path of its list.
        other => {
            if let Some(item) = list_child(other) {
                collect_inside(item.data_type(), path, paths);
            }
        }
    }
}
