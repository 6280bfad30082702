//! Import of a contract of the Open Data Contract Standard: specs without data, so without proofs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use cstspec_contract::text::counted;
use cstspec_contract::{Finding, Severity};
use cstspec_import::odcs::{self, Beside, Contract};

use super::place::SpecsPlace;
use super::{summary, write};
use crate::args::{Common, Import};
use crate::catalog_source::CatalogSource;
use crate::console::{Console, Verbosity};
use crate::error::CommandError;
use crate::paint::{BOLD, GREEN};
use crate::report_output;

/// Whether a location is a contract: a file of YAML.
pub fn is_contract(location: &str) -> bool {
    let extension = Path::new(location).extension().and_then(|extension| extension.to_str());
    let is_yaml = extension.is_some_and(|one| ["yaml", "yml"].iter().any(|known| one.eq_ignore_ascii_case(known)));
    is_yaml && Path::new(location).is_file()
}

/// Imports the contract at `args.location`, and writes its specs.
pub fn run(args: &Import, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    let place = SpecsPlace::open(common.specs.as_deref())?;
    let text = text(&args.location)?;
    let existing = place.existing();
    let beside = Beside {
        engine: cstspec_runtime::ENGINE,
        types: &existing.types,
        files: &existing.files,
        has_catalog: place.has_catalog(),
    };
    let mut relations = place.relations();
    let contract = match odcs::read(&args.location, &text, args.name.as_deref(), beside, &mut relations) {
        Ok(contract) => contract,
        Err(findings) => return refuse(console, &args.location, &text, findings),
    };
    if contract.drafts.is_empty() {
        let name = args.name.as_deref().unwrap_or_default();
        return Err(CommandError::usage(format!("the contract has no object `{name}`")));
    }
    let files = contract.files(beside);
    if let Err(findings) = place.accepts(&files) {
        let mut findings = findings;
        for finding in &mut findings {
            finding.spec = None;
        }
        return refuse(console, &args.location, &text, findings);
    }
    write::all(&place, &files)?;
    print(console, args, &place, &contract, &files)?;
    Ok(ExitCode::SUCCESS)
}

/// The text of the contract.
fn text(location: &str) -> Result<String, CommandError> {
    let failed = |source| CommandError::read(location.to_owned(), source);
    let file = File::open(location).map_err(failed)?;
    let most = odcs::MOST_BYTES as u64;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(CommandError::usage(format!("{location} is larger than {} MiB", most >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let line = before.matches('\n').count() + 1;
        CommandError::usage_with_help(
            format!("{location}, line {line}: the contract is not UTF-8"),
            Some("save it as UTF-8".to_owned()),
        )
    })
}

/// Shows the mistakes in the contract; nothing is written.
fn refuse(console: &Console, location: &str, text: &str, mut findings: Vec<Finding>) -> Result<ExitCode, CommandError> {
    findings.retain(|finding| finding.severity > Severity::Info);
    let source = CatalogSource::in_memory(cstspec_spec::compile_embedded(&[(location, text)]));
    let mut shown = report_output::findings(console, &source, &mut findings, 0);
    shown.push_str("nothing is written\n");
    report_output::text(&shown)?;
    Ok(ExitCode::from(report_output::FOUND))
}

fn print(
    console: &Console,
    args: &Import,
    place: &SpecsPlace,
    contract: &Contract,
    files: &BTreeMap<String, String>,
) -> Result<(), CommandError> {
    if console.verbosity == Verbosity::Quiet {
        return Ok(());
    }
    let mut text = String::new();
    for draft in &contract.drafts {
        let heading = console.paint.paint(BOLD, &format!("dataset {}, from {}", draft.dataset, args.location));
        let _ = writeln!(text, "{heading}\n{}\n", counted(draft.schema.fields().len() as u64, "column"));
    }
    for path in files.keys() {
        let _ = writeln!(text, "{} {}", console.paint.paint(GREEN, "created"), place.folder.join(path).display());
    }
    text.push_str(&summary::unsaid(console, &contract.unsaid));
    let folder = summary::shell(&place.folder.display().to_string());
    let _ = writeln!(text, "\nno data was read: nothing is proven\nnext: cstspec check --specs {folder}");
    report_output::text(&text)
}
