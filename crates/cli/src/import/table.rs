//! The table that is imported, as a draft of its specs.

use std::path::Path;

use arrow::datatypes::DataType;
use cstspec_contract::{Catalog, Dataset, Finding, Severity, list_child, map_fields};
use cstspec_import::{Draft, Proofs, Unsaid, word};
use cstspec_runtime::Location;
use cstspec_spec::Compiled;

use super::place::SpecsPlace;
use super::survey::Surveyed;
use super::{Stopped, errors};
use crate::args::Import;
use crate::error::CommandError;

/// Names of files that say nothing of what is in them.
const NAMELESS: [&str; 4] = ["data", "part", "unnamed", "table"];

/// A table with the draft of its specs.
pub struct Table {
    /// The specs as they stand.
    pub draft: Draft,
    /// What is known of the files.
    pub surveyed: Surveyed,
}

/// The location that a person writes; one that does not exist is an error.
pub fn location(text: &str) -> Result<Location, CommandError> {
    let location = Location::parse(text).map_err(|error| CommandError::usage(error.to_string()))?;
    if let Some(path) = location.url().filter(|url| !url.contains("://"))
        && let Err(source) = Path::new(path).symlink_metadata()
        && !path.contains(['*', '?', '['])
    {
        return Err(CommandError::read(path.to_owned(), source));
    }
    Ok(location)
}

/// The name of the dataset: the one that is asked for, or the last name of the location that says something.
pub fn name(args: &Import) -> Result<String, CommandError> {
    if let Some(name) = &args.name {
        if name.is_empty() || name.len() > 1024 || name.chars().any(char::is_control) {
            return Err(CommandError::usage("--name requires a name of 1 to 1024 bytes without control characters"));
        }
        return Ok(name.clone());
    }
    let place = args.location.rsplit_once('?').map_or(args.location.as_str(), |(place, _)| place);
    let whole = std::path::absolute(place).ok().filter(|_| !place.contains("://"));
    let whole = whole.as_ref().and_then(|path| path.to_str()).unwrap_or(place);
    let parts =
        whole.split(['/', '\\']).rev().filter(|part| !part.is_empty() && !part.contains(['*', '?', '[', '=', ':']));
    let words = parts.map(|part| word(part.split('.').find(|stem| !stem.is_empty()).unwrap_or(part)));
    let mut words = words.filter(|word| !NAMELESS.contains(&word.as_str()));
    Ok(words.next().unwrap_or_else(|| "dataset".to_owned()))
}

/// How many columns and nested fields a dataset has.
pub fn fields(dataset: &Dataset) -> usize {
    fn inside(data_type: &DataType) -> usize {
        match data_type {
            DataType::Struct(fields) => fields.iter().map(|field| 1 + inside(field.data_type())).sum(),
            DataType::Map(entries, _) => map_fields(entries).map_or(0, |(_, value)| 1 + inside(value.data_type())),
            other => list_child(other).map_or(0, |item| inside(item.data_type())),
        }
    }
    dataset.columns.iter().map(|column| 1 + inside(column.field.data_type())).sum()
}

/// A catalog of nothing, for a session without relations.
pub fn preset() -> Catalog {
    let engine = cstspec_runtime::ENGINE;
    let catalog = format!("catalog: import\nversion: 1\nengine: \"{engine}\"\ninclude: [d.yaml]\n");
    let dataset = "dataset: d\nversion: 1\ncolumns: { a: int8 }\n";
    let compiled = cstspec_spec::compile_embedded(&[("catalog.yaml", catalog.as_str()), ("d.yaml", dataset)]);
    let catalog = compiled.catalog.expect("a catalog of one column has no mistakes");
    Catalog { datasets: Vec::new(), ..catalog }
}

impl Table {
    /// The draft of what was surveyed.
    pub fn new(name: &str, place: &SpecsPlace, surveyed: Surveyed, unsaid: &mut Vec<Unsaid>) -> Self {
        let mut relations = place.relations();
        relations.take([name]);
        let schema = surveyed.schema.clone();
        let mut draft = Draft::new(&word(name), cstspec_runtime::ENGINE, name, schema, &mut relations, unsaid);
        draft.partitions.clone_from(&surveyed.partitions);
        draft.taken_types.clone_from(&place.existing().types);
        draft.taken_files.clone_from(&place.existing().files);
        draft.has_catalog = place.has_catalog();
        Self { draft, surveyed }
    }

    /// The draft as a catalog of its own. A view that the language cannot have is left out, and added to `unsaid`.
    ///
    /// # Errors
    ///
    /// What specs cannot declare.
    pub fn compile(&mut self, unsaid: &mut Vec<Unsaid>) -> Result<Catalog, Stopped> {
        loop {
            let compiled = compile(&self.draft);
            let Some(finding) = compiled.findings.iter().find(|finding| finding.severity == Severity::Error) else {
                return compiled.catalog.ok_or(Stopped::Found(compiled.findings, None));
            };
            let Some(number) = self.view_of(finding) else {
                return Err(Stopped::Found(errors(&compiled.findings), Some(Box::new(compiled))));
            };
            let message = finding.message.clone();
            let view = &mut self.draft.views[number];
            if view.maps.is_empty() {
                unsaid.push(Unsaid::new(view.list.clone(), format!("a row view: {message}")));
                self.draft.views.remove(number);
            } else {
                // An accessor is less than its view.
                for (_, field, _) in std::mem::take(&mut view.maps) {
                    unsaid.push(Unsaid::new(format!("{}.{field}", view.list), format!("an accessor: {message}")));
                }
            }
        }
    }

    /// The view that a finding points into.
    fn view_of(&self, finding: &Finding) -> Option<usize> {
        let file = finding.spec.as_ref()?.file.strip_prefix("views/")?.strip_suffix(".yaml")?;
        self.draft.views.iter().position(|view| word(&view.name) == file)
    }
}

/// The specs of `draft` as they would be read, in a catalog of their own.
pub fn compile(draft: &Draft) -> Compiled {
    let mut alone = draft.clone();
    alone.has_catalog = false;
    alone.taken_files.clear();
    let files = cstspec_import::files(&alone, &Proofs::default());
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    cstspec_spec::compile_embedded(&files)
}
