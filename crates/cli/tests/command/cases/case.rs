//! What a case is made of: its `case.toml`, and the specs and data that it describes.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use cstspec_tests::delta_log::{self, Table};
use cstspec_tests::{rows, sound};
use parquet::file::metadata::{KeyValue, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::Deserialize;
use serde_json::{Value, json};

/// A case: the sound catalog and its rows, with what is wrong in this one. Everything below `specs/` and `data/` in its folder is copied
/// over the specs and beside the data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Description {
    /// Why the case exists, in a sentence.
    pub why: String,
    /// The command with its arguments; `--specs` and `--data` are added.
    #[serde(default = "verify")]
    command: Vec<String>,
    /// Where the data is.
    #[serde(default = "data")]
    location: String,
    /// Edits to the specs.
    #[serde(default)]
    edit: Vec<Edit>,
    /// Parquet files; the sound rows in `units.parquet` where the case lists none.
    file: Option<Vec<File>>,
    /// A Delta log over the files.
    delta: Option<Delta>,
    /// Damage to files, in this order.
    #[serde(default)]
    damage: Vec<Damage>,
    /// Symbolic links in the folder of the data, as path and target.
    #[serde(default)]
    links: Vec<[String; 2]>,
    /// Named pipes in the folder of the data.
    #[serde(default)]
    pipes: Vec<String>,
}

/// Text that stands once in a file, and what replaces it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// The spec; not for rows.
    #[serde(default)]
    file: String,
    from: String,
    to: String,
}

/// A Parquet file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    /// Its paths below the folder of the data. Columns that folders name (`repo=alpha/x.parquet`) are not stored, unless `stores-all`.
    paths: Vec<String>,
    /// Its rows, by their place among the sound ones; all where nothing is said.
    rows: Option<Vec<usize>>,
    /// Its rows instead, one JSON object per line.
    json: Option<String>,
    /// Edits to the rows.
    #[serde(default)]
    edit: Vec<Edit>,
    /// Edits to the sound specs that lead to the schema of the file. Those of the case do not count: its data was there before them.
    #[serde(default)]
    writer: Vec<Edit>,
    /// A column that the writer has twice.
    twice: Option<String>,
    /// Whether columns that folders name are stored too.
    #[serde(default)]
    stores_all: bool,
    /// Whether version 0 of the Delta log lacks it.
    #[serde(default)]
    later_version: bool,
    #[serde(default)]
    without_statistics: bool,
    /// Key-value pairs of the footer.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// A Delta log: version 0 has the protocol, the schema and all files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Delta {
    /// Edits to the sound specs that lead to the schema in the log.
    #[serde(default)]
    schema: Vec<Edit>,
    #[serde(default)]
    partitions: Vec<String>,
    /// The value of the one partition column for each file; a file that is not here has NULL.
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    properties: BTreeMap<String, String>,
    /// What readers must know.
    features: Option<Vec<String>>,
    /// Further versions: the actions of each, one JSON object per line. A size of `"SIZE"` is that of the file.
    #[serde(default)]
    commits: Vec<String>,
}

/// Damage to a file: cut off after `keep` bytes, or written over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Damage {
    file: String,
    /// How many bytes are left; below 0, how many are cut off.
    keep: Option<i64>,
    /// The column, as its path without the levels of lists, whose pages are written over.
    column: Option<String>,
    /// Where to write, in bytes from the start; below 0, from the end.
    at: Option<i64>,
    /// The text to write over wherever it stands; or with `at`, where to count from.
    text: Option<String>,
    /// How many bytes are written over.
    bytes: Option<usize>,
    #[serde(default = "spoiled")]
    with: u8,
}

fn verify() -> Vec<String> {
    vec!["verify".to_owned(), "--deep".to_owned()]
}

fn data() -> String {
    "data".to_owned()
}

fn spoiled() -> u8 {
    0xa5
}

impl Description {
    /// The description in the folder of a case.
    pub fn read(folder: &Path) -> Self {
        let path = folder.join("case.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let description: Self =
            toml_edit::de::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(description.why.ends_with('.'), "{}: `why` is a sentence", path.display());
        description
    }

    /// The arguments of the command. Findings are printed in full.
    pub fn arguments(&self) -> Vec<&str> {
        let whole: &[&str] = if self.verifies() { &["-v"] } else { &[] };
        let specs = ["--specs", "specs"];
        whole.iter().copied().chain(specs).chain(self.command.iter().map(String::as_str)).collect()
    }

    /// Whether the command is `verify`, whose findings are on standard output.
    pub fn verifies(&self) -> bool {
        self.command[0] == "verify"
    }

    /// Makes the specs and the data of a case in an empty folder.
    pub fn build(&mut self, case: &Path, here: &Path) {
        self.command.extend(["--data".to_owned(), format!("{}={}", sound::DATASET, self.location)]);
        let (specs, data) = (here.join("specs"), here.join("data"));
        copy(&sound::specs(), &specs);
        edit_specs(&specs, &self.edit);
        copy(&case.join("specs"), &specs);
        fs::create_dir(&data).unwrap();
        let whole = File::sound();
        for file in self.file.as_deref().unwrap_or(std::slice::from_ref(&whole)) {
            file.write(&data);
        }
        copy(&case.join("data"), &data);
        self.damage.iter().for_each(|damage| damage.apply(&data));
        if let Some(delta) = &self.delta {
            let files = self.file.iter().flatten().filter(|file| !file.later_version);
            let paths = files.flat_map(|file| file.paths.iter().map(String::as_str));
            delta.write(&data, if self.file.is_some() { paths.collect() } else { vec!["units.parquet"] });
        }
        #[cfg(unix)]
        for [path, target] in &self.links {
            fs::create_dir_all(data.join(path).parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, data.join(path)).unwrap();
        }
        for path in &self.pipes {
            assert!(std::process::Command::new("mkfifo").arg(data.join(path)).status().unwrap().success());
        }
    }
}

impl File {
    fn sound() -> Self {
        Self {
            paths: vec!["units.parquet".to_owned()],
            rows: None,
            json: None,
            edit: Vec::new(),
            writer: Vec::new(),
            twice: None,
            stores_all: false,
            later_version: false,
            without_statistics: false,
            metadata: BTreeMap::new(),
        }
    }

    fn write(&self, data: &Path) {
        let all: Vec<&str> = sound::ROWS.lines().collect();
        let mut text = match (&self.json, &self.rows) {
            (Some(json), _) => json.clone(),
            (None, Some(places)) => places.iter().map(|place| all[*place]).collect::<Vec<_>>().join("\n"),
            (None, None) => sound::ROWS.to_owned(),
        };
        for edit in &self.edit {
            text = edit.apply(&text, "the rows");
        }
        let schema = schema_of(&self.writer);
        for path in &self.paths {
            let mut batch = rows::batch(&text, &schema);
            if !self.stores_all {
                let named = |name: &str| path.contains(&format!("{name}="));
                let kept: Vec<usize> =
                    (0..batch.num_columns()).filter(|column| !named(batch.schema().field(*column).name())).collect();
                batch = batch.project(&kept).unwrap();
            }
            if let Some(name) = &self.twice {
                let schema = batch.schema();
                let place = schema.index_of(name).unwrap();
                let fields = schema.fields().iter().cloned().chain([Arc::clone(&schema.fields()[place])]);
                let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
                let columns = batch.columns().iter().cloned().chain([Arc::clone(batch.column(place))]).collect();
                batch = RecordBatch::try_new(schema, columns).unwrap();
            }
            let metadata = self.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
            let mut properties = WriterProperties::builder().set_key_value_metadata(Some(metadata.collect()));
            if self.without_statistics {
                properties = properties.set_statistics_enabled(EnabledStatistics::None);
            }
            rows::write_with(&data.join(path), &batch, properties.build());
        }
    }
}

impl Delta {
    fn write(&self, data: &Path, files: Vec<&str>) {
        let mut table = Table::new(data);
        let protocol = match &self.features {
            Some(features) => delta_log::features(&features.iter().map(String::as_str).collect::<Vec<_>>()),
            None => delta_log::protocol(1, 3),
        };
        let partitions: Vec<&str> = self.partitions.iter().map(String::as_str).collect();
        let schema = schema_of(&self.schema);
        let mut actions = vec![protocol, delta_log::metadata(&schema, &partitions, &json!(self.properties))];
        for file in files {
            let values: serde_json::Map<String, Value> =
                partitions.iter().map(|name| ((*name).to_owned(), json!(self.values.get(file)))).collect();
            actions.push(table.add(file, &Value::Object(values)));
        }
        table.commit(&actions);
        for commit in &self.commits {
            let actions: Vec<Value> = commit
                .trim()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
                .map(|action| sized(action, data))
                .collect();
            table.commit(&actions);
        }
    }
}

/// An action whose file has its own size where it says `"SIZE"`.
fn sized(mut action: Value, data: &Path) -> Value {
    if action["add"]["size"] == "SIZE" {
        let path = data.join(action["add"]["path"].as_str().unwrap());
        action["add"]["size"] = json!(fs::metadata(path).unwrap().len());
    }
    action
}

impl Damage {
    fn apply(&self, data: &Path) {
        let path = data.join(&self.file);
        let mut bytes = fs::read(&path).unwrap();
        let from = |place: i64| {
            let length = i64::try_from(bytes.len()).unwrap();
            usize::try_from(if place < 0 { length + place } else { place }).unwrap()
        };
        match self {
            Self { keep: Some(keep), .. } => bytes.truncate(from(*keep)),
            Self { column: Some(column), .. } => {
                let footer = ParquetMetaDataReader::new().parse_and_finish(&fs::File::open(&path).unwrap()).unwrap();
                let chunks = chunks(&footer, column);
                assert!(!chunks.is_empty(), "no column `{column}`");
                for range in chunks {
                    bytes[range].fill(self.with);
                }
            }
            Self { text: Some(text), at, bytes: number, .. } => {
                let places: Vec<usize> =
                    (0..bytes.len()).filter(|place| bytes[*place..].starts_with(text.as_bytes())).collect();
                assert!(!places.is_empty(), "no text `{text}`");
                for place in places {
                    let start = place + usize::try_from(at.unwrap_or(0)).unwrap();
                    bytes[start..start + number.unwrap_or(text.len())].fill(self.with);
                }
            }
            Self { at: Some(at), bytes: Some(number), .. } => {
                let start = from(*at);
                bytes[start..start + number].fill(self.with);
            }
            _ => panic!("{self:?} does nothing"),
        }
        fs::write(path, bytes).unwrap();
    }
}

/// The bytes of the chunks of a column.
fn chunks(footer: &ParquetMetaData, column: &str) -> Vec<Range<usize>> {
    let chunks = footer.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let named = chunks.filter(|chunk| {
        let parts = chunk.column_path().parts().iter().map(String::as_str);
        parts.filter(|part| !["list", "item", "element"].contains(part)).collect::<Vec<_>>().join(".") == column
    });
    let place = |bytes: u64| usize::try_from(bytes).unwrap();
    let range = |(start, length): (u64, u64)| place(start)..place(start + length);
    named.map(|chunk| range(chunk.byte_range())).collect()
}

impl Edit {
    fn apply(&self, text: &str, place: &str) -> String {
        assert_eq!(text.matches(&self.from).count(), 1, "`{}` in {place}", self.from);
        text.replace(&self.from, &self.to)
    }
}

fn edit_specs(specs: &Path, edits: &[Edit]) {
    for edit in edits {
        let path = specs.join(&edit.file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::write(path, edit.apply(&text, &edit.file)).unwrap();
    }
}

/// The schema of the dataset in the sound specs after some edits. Views and boundaries play no part in it, nor do findings that are no
/// errors.
fn schema_of(edits: &[Edit]) -> Arc<Schema> {
    let folder = tempfile::tempdir().unwrap();
    let specs = folder.path();
    copy(&sound::specs(), specs);
    for part in ["views", "boundaries", "statements"] {
        fs::remove_dir_all(specs.join(part)).unwrap();
    }
    let include = "include: [types, functions, sessions, datasets, views, boundaries, statements]";
    let fewer = Edit {
        file: "catalog.yaml".to_owned(),
        from: include.to_owned(),
        to: "include: [types, sessions, datasets]".to_owned(),
    };
    // Older names that the contract lists need not be those of the writer's fields.
    let unnamed = Edit {
        file: "datasets/units_v1.yaml".to_owned(),
        from: "  renames: { refs.begin: bstart }\n".to_owned(),
        to: String::new(),
    };
    edit_specs(specs, &[fewer, unnamed]);
    edit_specs(specs, edits);
    let compiled = cstspec_spec::compile(specs);
    let catalog = compiled.catalog.unwrap_or_else(|| panic!("the writer's specs: {:#?}", compiled.findings));
    catalog.dataset(sound::DATASET).unwrap().schema()
}

/// Copies a folder with everything below it, if it is there.
fn copy(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).unwrap();
    for entry in entries {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}
