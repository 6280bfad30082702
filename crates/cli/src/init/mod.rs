//! `init`: a folder of one's own around the specs of a table.
//!
//! ```text
//! folder, name, crates -> data (a table or the example) -> import -> specs -> artifacts, snapshots, texts -> files
//! ```
//!
//! Everything is decided and proven in memory; the files are written last, all or none.

mod example;
mod layout;
mod name;
mod origin;
mod place;
mod table;
mod write;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use cstspec_codegen::{Artifacts, Root};
use cstspec_contract::{Catalog, artifact};

use crate::args::{Common, Import, Init};
use crate::console::{Console, Verbosity};
use crate::error::CommandError;
use crate::import::place::SpecsPlace;
use crate::import::{self, Imported, Stopped, summary};
use crate::paint::GREEN;
use crate::report_output;
use layout::Layout;
use origin::Crates;
use table::TableData;

/// The specs folder in the new folder.
const SPECS: &str = "specs";
/// The folder of artifacts in it.
const GENERATED: &str = "generated";

/// Writes the folder.
pub fn run(args: &Init, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    if common.built_in || common.specs.is_some() {
        return Err(CommandError::usage(
            "--specs and --built-in select a catalog that is there: `init` writes a new one into the folder `specs` of DIR",
        ));
    }
    place::vacant(&args.folder)?;
    let name = name::choose(args.name.as_deref(), &args.folder, console)?;
    let crates = Crates::choose(args.crates.as_deref())?;
    let data = TableData::choose(args.from.as_deref(), &args.folder)?;
    let place = SpecsPlace::open(Some(&args.folder.join(SPECS)))?;
    let import = Import {
        location: data.location.clone(),
        name: args.dataset.clone().or_else(|| data.dataset.map(str::to_owned)),
        engine: args.engine.clone(),
        into: None,
        accept: false,
        keep: Vec::new(),
    };
    let location = crate::import::table::location(&import.location)?;
    let mut imported = match import::import(&import, &place, &location, console) {
        Ok(imported) => imported,
        Err(Stopped::Failed(error)) => return Err(error),
        Err(Stopped::Found(findings, compiled)) => {
            return import::refuse(console, findings, compiled.map(|compiled| *compiled));
        }
    };
    imported.table.draft.catalog = name.replace('-', "_");
    imported.table.draft.out = (!args.specs_only).then(|| format!("../{GENERATED}"));
    let specs = cstspec_import::files(&imported.table.draft, &imported.proofs);
    let (catalog, texts) = match compiled(&specs) {
        Ok(catalog) => (catalog, specs),
        Err(findings) => return import::refuse(console, findings, None),
    };
    let layout = Layout {
        name: &name,
        dataset: &imported.table.draft.dataset,
        data: data.placed(&imported)?,
        crates: &crates,
        catalog: &catalog,
    };
    let files = if args.specs_only { layout.specs_only(&texts) } else { crate_files(&layout, &texts)? };
    write::folder(&args.folder, &files)?;
    print(args, console, &place, &imported, &layout, &files)?;
    Ok(report_output::exit(&imported.findings, common.fail_on))
}

/// The catalog of `specs`, as the build script of the crate will compile it.
fn compiled(specs: &BTreeMap<String, String>) -> Result<Catalog, Vec<cstspec_contract::Finding>> {
    let texts: Vec<(&str, &str)> = specs.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let compiled = cstspec_spec::compile_embedded(&texts);
    let has_errors = import::has_errors(&compiled.findings);
    match compiled.catalog {
        Some(catalog) if !has_errors => Ok(catalog),
        _ => Err(compiled.findings),
    }
}

/// Everything that a crate has: specs, artifacts, snapshots, and the texts around them.
fn crate_files(
    layout: &Layout<'_>,
    specs: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Vec<u8>>, CommandError> {
    let artifacts = cstspec_codegen::plan(layout.catalog, &cstspec_spec::json_schemas())
        .map_err(|error| CommandError::Tool(error.to_string()))?;
    let mut files = layout.crate_around(specs);
    for artifact in artifacts.iter() {
        let folder = match artifact.root {
            Root::Out => GENERATED,
            Root::Specs => SPECS,
        };
        files.insert(format!("{folder}/{}", artifact.path), artifact.bytes.clone());
    }
    files.extend(snapshots(layout.catalog, &artifacts));
    Ok(files)
}

/// The DESCRIBE of every relation as `insta` keeps it. The import has compared them with the engine.
fn snapshots(catalog: &Catalog, artifacts: &Artifacts) -> BTreeMap<String, Vec<u8>> {
    let stems = cstspec_codegen::file_stems(catalog);
    let described = stems.values().filter_map(|stem| {
        let text = std::str::from_utf8(&artifacts.get(Root::Out, &format!("describe/{stem}.txt"))?.bytes).ok()?;
        let body = artifact::describe_body(text);
        let snapshot = format!("---\nsource: {}\nexpression: text\n---\n{}\n", layout::TEST, body.trim_end());
        Some((format!("tests/snapshots/{}__{stem}.snap", layout::TEST_MODULE), snapshot.into_bytes()))
    });
    described.collect()
}

/// Prints the table, the folder and the next step.
fn print(
    args: &Init,
    console: &Console,
    place: &SpecsPlace,
    imported: &Imported,
    layout: &Layout<'_>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<(), CommandError> {
    if console.verbosity == Verbosity::Quiet {
        return Ok(());
    }
    let from = args.from.as_deref().unwrap_or("the built-in example");
    let mut text = summary::head(console, from, imported);
    let folder = args.folder.display().to_string();
    for (what, number) in layout::entries(files) {
        let count = if number > 1 { format!(" ({number} files)") } else { String::new() };
        let _ =
            writeln!(text, "{} {}{count}", console.paint.paint(GREEN, "created"), args.folder.join(&what).display());
    }
    text.push_str(&summary::table(console, imported));
    text.push_str(&summary::findings(console, place, imported));
    let step = if args.specs_only { layout.verify_command() } else { "cargo test".to_owned() };
    let there = if folder == "." { String::new() } else { format!("cd {} && ", summary::shell(&folder)) };
    let _ = writeln!(text, "\nnext: {there}{step}");
    report_output::text(&text)
}
