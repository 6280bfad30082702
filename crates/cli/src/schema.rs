//! `schema`: the JSON Schemas of the spec language and of the reports.

use std::collections::BTreeMap;

use crate::args::Schema;
use crate::console;
use crate::error::CommandError;
use crate::manifest;
use crate::report;
use crate::suggestion;

/// The file name of a schema.
const ENDING: &str = ".schema.json";

/// Prints one schema, or lists their names.
pub fn print(args: &Schema) -> Result<(), CommandError> {
    let schemas = all()?;
    let Some(asked) = &args.name else {
        let names: Vec<&str> = schemas.keys().map(String::as_str).collect();
        return console::print(&(names.join("\n") + "\n"));
    };
    let name = asked.strip_suffix(ENDING).unwrap_or(asked);
    let Some(text) = schemas.get(name) else {
        let help = suggestion::help(name, schemas.keys().map(String::as_str), "`cstspec schema` lists all schemas");
        return Err(CommandError::usage_with_help(format!("there is no schema `{asked}`"), Some(help)));
    };
    console::print(text)
}

/// Every schema by its short name.
fn all() -> Result<BTreeMap<String, String>, CommandError> {
    let mut schemas: BTreeMap<String, String> = cstspec_spec::json_schemas()
        .into_iter()
        .map(|(file, text)| (file.strip_suffix(ENDING).unwrap_or(&file).to_owned(), text))
        .collect();
    schemas.insert("manifest".to_owned(), manifest::schema()?);
    schemas.insert("report".to_owned(), report::schema()?);
    Ok(schemas)
}
