//! Random catalogs, written as a person would write them: datasets with nested columns, and views over what is nested in them.
//!
//! The specs are compiled twice: once with the datasets alone, whose schemas say what views and renames there can be, and then with those.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use arrow::datatypes::{DataType, Field, Fields};
use cstspec_contract::{Catalog, list_child};
use cstspec_spec::compile;
use fastrand::Rng;
use tempfile::TempDir;

use super::{chance, views};
use crate::world;

/// Types of single values, common ones more than once.
const LEAVES: [&str; 16] = [
    "utf8",
    "utf8",
    "utf8",
    "int64",
    "int64",
    "int32",
    "int16",
    "bool",
    "float64",
    "date32",
    "timestamp(us, UTC)",
    "decimal128(10, 2)",
    "dictionary<int32, utf8>",
    "large_utf8",
    "utf8_view",
    "binary",
];

/// Few, so that one name stands at several depths.
const NAMES: [&str; 9] = ["name", "kind", "span", "begin", "attrs", "items", "owner", "note", "row_id"];

/// A catalog and the folder of its specs.
pub struct Contract {
    pub catalog: Catalog,
    folder: TempDir,
}

impl Contract {
    /// All specs that were made for it, as one text.
    pub fn specs(&self) -> String {
        specs_of(self.folder.path())
    }
}

fn specs_of(folder: &Path) -> String {
    let mut text = String::new();
    for (name, bytes) in world::files(folder) {
        if !name.starts_with("functions/") && !name.starts_with("sessions/") {
            writeln!(text, "--- {name}\n{}", String::from_utf8_lossy(&bytes)).unwrap();
        }
    }
    text
}

/// A catalog of one to three datasets.
pub fn contract(random: &mut Rng) -> Contract {
    let folder = tempfile::tempdir().unwrap();
    let specs = folder.path();
    for part in ["functions", "sessions"] {
        world::copy(&world::workspace().join("specs").join(part), &specs.join(part));
    }
    fs::write(
        specs.join("catalog.yaml"),
        "catalog: random\nversion: 1\nengine: \"55.2.0\"\nsession: schema_hardening\n\
         include: [types, functions, sessions, datasets, views]\n",
    )
    .unwrap();
    let counts = "functions:\n  count: { kind: aggregate, nulls: never, signatures: [\"count(any...) -> int64\"] }\n";
    fs::write(specs.join("functions/count.yaml"), counts).unwrap();
    for part in ["types", "datasets", "views"] {
        fs::create_dir(specs.join(part)).unwrap();
    }
    let mut types = Types { random, specs, structs: Vec::new() };
    let datasets: Vec<String> = (0..types.random.usize(1..=3)).map(|number| types.dataset(number)).collect();
    let declared = compiled(specs);
    for (dataset, text) in declared.datasets.iter().zip(datasets) {
        let schema = dataset.schema();
        let renames = renames(random, schema.fields());
        let text = format!(
            "{text}evolution: {{ extra: {}, renames: {{ {} }} }}\n",
            ["ignore", "warn"][random.usize(..2)],
            renames.join(", ")
        );
        fs::write(specs.join(format!("datasets/{}.yaml", dataset.name)), text).unwrap();
        views::write(random, specs, &dataset.name, &schema);
    }
    Contract { catalog: compiled(specs), folder }
}

fn compiled(specs: &Path) -> Catalog {
    let compiled = compile(specs);
    compiled.catalog.unwrap_or_else(|| panic!("{}\n{:#?}", specs_of(specs), compiled.findings))
}

/// Types as they are made up.
struct Types<'a> {
    random: &'a mut Rng,
    specs: &'a Path,
    /// The default that each struct could have as a whole.
    structs: Vec<Option<String>>,
}

impl Types<'_> {
    fn dataset(&mut self, number: usize) -> String {
        let name = format!("files{number}");
        let mut text = format!("dataset: {name}\nversion: 1\ncolumns:\n");
        let mut columns = vec!["row_id: { type: int64, nullable: false }".to_owned()];
        let partitioned = chance(self.random, 1, 3);
        if partitioned {
            columns.push("part: { type: utf8, nullable: false }".to_owned());
        }
        columns.push(self.field("label", None));
        for column in ["alpha", "beta", "gamma"].into_iter().take(self.random.usize(2..=3)) {
            let depth = self.random.usize(1..=4);
            let nested = self.nested(depth);
            columns.push(self.field(column, Some(nested)));
        }
        // A partition column stands anywhere.
        self.random.shuffle(&mut columns);
        for column in columns {
            writeln!(text, "  {column}").unwrap();
        }
        if partitioned {
            text.push_str("partitions: [part]\n");
        }
        text.push_str("scan: { statistics: [row_id] }\n");
        fs::write(self.specs.join(format!("datasets/{name}.yaml")), &text).unwrap();
        text
    }

    /// A field as it is written: of the type given, or of that of a single value.
    fn field(&mut self, name: &str, of: Option<String>) -> String {
        let spelled = of.unwrap_or_else(|| LEAVES[self.random.usize(..LEAVES.len())].to_owned());
        let default = if chance(self.random, 1, 3) { self.default(&spelled) } else { None };
        let default = default.map(|default| format!(", default: {default}")).unwrap_or_default();
        // The engine panics when it unnests structs that are NOT NULL inside of NULL ones: its reader of Parquet gives them no mask.
        let required = chance(self.random, 1, 8) && !spelled.starts_with("type");
        let nullable = if required { ", nullable: false" } else { "" };
        format!("{name}: {{ type: \"{spelled}\"{nullable}{default} }}")
    }

    fn default(&self, spelled: &str) -> Option<String> {
        let text = match spelled {
            "utf8" | "large_utf8" | "utf8_view" | "dictionary<int32, utf8>" => "absent",
            "int64" | "int32" | "int16" => "7",
            "bool" => "true",
            "float64" => "1.5",
            "decimal128(10, 2)" => "2.25",
            "date32" => "\"2026-05-01\"",
            list if list.starts_with("list<") => "[]",
            map if map.starts_with("map<") => "{}",
            other => {
                let number: usize = other.strip_prefix("type")?.parse().ok()?;
                return self.structs[number].clone();
            }
        };
        Some(text.to_owned())
    }

    /// A nested type with at most `depth` structs in one another.
    fn nested(&mut self, depth: usize) -> String {
        let leaf = LEAVES[self.random.usize(..LEAVES.len())];
        if depth == 0 {
            return match self.random.usize(..3) {
                0 => format!("map<utf8, {leaf}>"),
                _ => format!("list<{leaf}>"),
            };
        }
        let inner = self.structure(depth - 1);
        match self.random.usize(..12) {
            0..=4 => format!("list<{inner}>"),
            5 => format!("large_list<{inner}>"),
            6 => format!("list<list<{inner}>>"),
            7 => format!("map<utf8, {inner}>"),
            8 => format!("map<utf8, {leaf}>"),
            _ => inner,
        }
    }

    /// A named struct, whose name this is.
    fn structure(&mut self, depth: usize) -> String {
        let mut names = NAMES.to_vec();
        self.random.shuffle(&mut names);
        let mut text = String::new();
        let mut defaults = Some(Vec::new());
        for name in names.into_iter().take(self.random.usize(2..=4)) {
            let leaf = self.random.usize(..5) < 3;
            let of = if leaf { None } else { Some(self.nested(depth)) };
            let field = self.field(name, of);
            // What a whole value of it could be: all fields of it, where each has a constant.
            let spelled = field.split('"').nth(1).expect("types are quoted");
            match (self.default(spelled), &mut defaults) {
                (Some(constant), Some(defaults)) => defaults.push(format!("{name}: {constant}")),
                _ => defaults = None,
            }
            writeln!(text, "  {field}").unwrap();
        }
        let number = self.structs.len();
        self.structs.push(defaults.map(|defaults| format!("{{ {} }}", defaults.join(", "))));
        let name = format!("type{number}");
        fs::write(self.specs.join(format!("types/{name}.yaml")), format!("type: {name}\nfields:\n{text}")).unwrap();
        name
    }
}

/// Old names of some fields, as files may have them.
fn renames(random: &mut Rng, columns: &Fields) -> Vec<String> {
    fn walk(random: &mut Rng, inside: &str, fields: &Fields, found: &mut Vec<String>) {
        for field in fields {
            if !["row_id", "part"].contains(&field.name().as_str()) && chance(random, 1, 10) {
                found.push(format!("{inside}old_{}: {}", field.name(), field.name()));
            }
            if let Some(fields) = structure(field) {
                walk(random, &format!("{inside}{}.", field.name()), fields, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(random, "", columns, &mut found);
    found
}

/// The fields of the struct that `field` is, or that the elements of its list are.
fn structure(field: &Field) -> Option<&Fields> {
    match field.data_type() {
        DataType::Struct(fields) => Some(fields),
        other => structure(list_child(other)?),
    }
}
