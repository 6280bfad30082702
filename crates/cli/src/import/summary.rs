//! What an import wrote, proved and left out, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cstspec_contract::text::counted;
use cstspec_import::Unsaid;
use cstspec_import::refresh::Change;
use cstspec_report::table::{Align, Cell, Table};

use super::Imported;
use super::into::Refreshed;
use super::place::SpecsPlace;
use super::target::Target;
use crate::args::Import;
use crate::console::{Console, Verbosity};
use crate::error::CommandError;
use crate::paint::{BOLD, DIM, GREEN};
use crate::report_output;

/// The most fields that specs do not have which are listed; `-v` lists all.
const MOST_UNSAID: usize = 20;

/// Prints it.
pub fn print(
    console: &Console,
    args: &Import,
    place: &SpecsPlace,
    imported: &Imported,
    files: &BTreeMap<String, String>,
) -> Result<(), CommandError> {
    if console.verbosity == Verbosity::Quiet {
        return Ok(());
    }
    let mut text = head(console, &args.location, imported);
    for path in files.keys() {
        let _ = writeln!(text, "{} {}", console.paint.paint(GREEN, "created"), place.folder.join(path).display());
    }
    text.push_str(&table(console, imported));
    text.push_str(&findings(console, place, imported));
    let _ = writeln!(
        text,
        "\nnext: cstspec verify --deep --specs {} --data {}={}",
        shell(&place.folder.display().to_string()),
        shell(&imported.table.draft.dataset),
        shell(&args.location)
    );
    report_output::text(&text)
}

/// The dataset and the numbers of its files, rows and columns.
pub fn head(console: &Console, location: &str, imported: &Imported) -> String {
    let (draft, surveyed) = (&imported.table.draft, &imported.table.surveyed);
    let leaves: usize = draft.schema.fields().iter().map(|field| cstspec_conform::leaves(field.data_type())).sum();
    let mut text = format!("{}\n", console.paint.paint(BOLD, &format!("dataset {}, from {location}", draft.dataset)));
    let rows = surveyed.rows.map_or_else(String::new, |rows| format!(", {}", counted(rows, "row")));
    let _ = writeln!(
        text,
        "{}{rows}, {}, {}\n",
        counted(surveyed.files, "file"),
        counted(draft.schema.fields().len() as u64, "column"),
        counted(leaves as u64, "leaf").replace("leafs", "leaves")
    );
    text
}

/// The constraints that hold, and what the specs do not have.
pub fn table(console: &Console, imported: &Imported) -> String {
    let unsaid = &imported.unsaid;
    proven(console, imported) + &self::unsaid(console, unsaid)
}

/// Warnings and advice about the table.
pub fn findings(console: &Console, place: &SpecsPlace, imported: &Imported) -> String {
    if imported.findings.is_empty() {
        return String::new();
    }
    let source = crate::catalog_source::CatalogSource::compile(place.folder.clone());
    let mut findings = imported.findings.clone();
    format!("\n{}", report_output::findings(console, &source, &mut findings, 0))
}

/// What the specs do not have.
pub fn unsaid(console: &Console, unsaid: &[Unsaid]) -> String {
    if unsaid.is_empty() {
        return String::new();
    }
    let mut table =
        Table::new([("field".to_owned(), Align::Left), ("not in the specs".to_owned(), Align::Left)]).of_sentences();
    let most = if console.verbosity == Verbosity::Verbose { usize::MAX } else { MOST_UNSAID };
    for one in unsaid.iter().take(most) {
        let path = if one.path.is_empty() { "-" } else { one.path.as_str() };
        table.push(vec![Cell::new(path), Cell::new(&one.reason)]);
    }
    let mut text = format!("\n{}", table.render(console.paint, console.width));
    if unsaid.len() > most {
        let _ = writeln!(text, "... and {} more; -v shows them", unsaid.len() - most);
    }
    text
}

/// Prints what a refresh changed, or would change.
pub fn print_refreshed(
    console: &Console,
    args: &Import,
    target: &Target,
    refreshed: &Refreshed,
    is_written: bool,
) -> Result<(), CommandError> {
    if console.verbosity == Verbosity::Quiet && is_written {
        return Ok(());
    }
    let Refreshed { changes, kept, changed, created, surveyed, findings, .. } = refreshed;
    let name = &target.dataset().name;
    let mut text = format!("{}\n", console.paint.paint(BOLD, &format!("dataset {name}, from {}", args.location)));
    let _ = writeln!(
        text,
        "{}, {}\n",
        counted(surveyed.files, "file"),
        match changes.len() {
            0 => "no changes".to_owned(),
            count => counted(count as u64, "change"),
        }
    );
    let place = |change: &Change| {
        let origin = change.place.as_ref()?;
        let (line, _) = target.compiled.sources.place(origin)?;
        Some(format!("{}:{line}", shown(target, &origin.file)))
    };
    let list = |heading: &str, changes: &[&Change]| {
        let mut table = Table::new([
            ("field".to_owned(), Align::Left),
            ("beside".to_owned(), Align::Left),
            (heading.to_owned(), Align::Left),
        ])
        .of_sentences();
        for change in changes {
            let path = if change.path.is_empty() { "-" } else { change.path.as_str() };
            let what = match &change.stuck {
                Some(why) => format!("{}; it cannot be written: {why}", change.what),
                None => change.what.clone(),
            };
            table.push(vec![Cell::new(path), Cell::new(place(change).unwrap_or_default()), Cell::new(what)]);
        }
        if changes.is_empty() { String::new() } else { format!("{}\n", table.render(console.paint, console.width)) }
    };
    let (asked, other): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| change.is_asked);
    text.push_str(&list(if is_written { "change" } else { "would be changed" }, &other));
    text.push_str(&list(
        if is_written { "change that was accepted" } else { "would be changed with --accept" },
        &asked,
    ));
    if !kept.is_empty() {
        let mut table =
            Table::new([("field".to_owned(), Align::Left), ("stays".to_owned(), Align::Left)]).of_sentences();
        for (path, why) in kept {
            table.push(vec![Cell::new(path), Cell::new(why)]);
        }
        let _ = writeln!(text, "{}", table.render(console.paint, console.width));
    }
    for (path, (old, new)) in changed {
        let verb = if is_written { "changed" } else { "would change" };
        let _ = writeln!(text, "{} {}", console.paint.paint(GREEN, verb), shown(target, path));
        let _ = write!(text, "{}", cstspec_codegen::difference(path, old, new));
    }
    for path in created.keys() {
        let verb = if is_written { "created" } else { "would create" };
        let _ = writeln!(text, "{} {}", console.paint.paint(GREEN, verb), shown(target, path));
    }
    if !findings.is_empty() {
        let source = crate::catalog_source::CatalogSource::compile(target.folder.clone());
        let mut findings = findings.clone();
        let _ = write!(text, "\n{}", report_output::findings(console, &source, &mut findings, 0));
    }
    if !is_written {
        let stuck = refreshed.is_stuck();
        text.push_str(if stuck {
            "\nnothing is written: give such a field a type of its own, or leave it with --keep PATH\n"
        } else {
            "\nnothing is written: --accept makes all changes, and --keep PATH leaves a field as it is\n"
        });
    }
    report_output::text(&text)
}

/// A file of the specs as a person would open it from the current folder.
fn shown(target: &Target, file: &str) -> String {
    let whole = target.folder.join(file);
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    whole.strip_prefix(&here).unwrap_or(&whole).display().to_string()
}

/// The constraints that hold, by kind.
fn proven(console: &Console, imported: &Imported) -> String {
    let draft = &imported.table.draft;
    let mut lines: Vec<(&str, String)> = Vec::new();
    if !draft.partitions.is_empty() {
        lines.push(("partitions", draft.partitions.join(", ")));
    }
    if !draft.not_null.is_empty() {
        lines.push(("NOT NULL", counted(draft.not_null.len() as u64, "field")));
    }
    let keys: Vec<String> = (!draft.primary_key.is_empty())
        .then(|| format!("{} ({})", draft.dataset, draft.primary_key.join(", ")))
        .into_iter()
        .chain(
            draft
                .views
                .iter()
                .filter(|view| !view.key.is_empty())
                .map(|view| format!("{} ({})", view.name, view.key.join(", "))),
        )
        .collect();
    lines.extend(keys.into_iter().map(|key| ("key", key)));
    if !draft.ordering.keys.is_empty() {
        let keys =
            draft.ordering.keys.iter().map(|key| key.column.clone() + if key.descending { " descending" } else { "" });
        lines.push(("order", keys.collect::<Vec<_>>().join(", ")));
    }
    for view in &draft.views {
        for reference in &view.references {
            let to = format!("{} ({})", reference.relation, reference.to.join(", "));
            lines.push(("reference", format!("{} ({}) to {to}", view.name, reference.columns.join(", "))));
        }
    }
    for (path, values) in &draft.allowed {
        lines.push(("values", format!("{path}: {}", values.join(", "))));
    }
    if lines.is_empty() {
        return String::new();
    }
    let mut table = Table::new([("proven on all rows".to_owned(), Align::Left), ("of".to_owned(), Align::Left)]);
    for (kind, what) in lines {
        table.push(vec![Cell::new(kind).styled(DIM), Cell::new(what)]);
    }
    format!("\n{}", table.render(console.paint, console.width))
}

/// `text` as a word of a shell.
pub fn shell(text: &str) -> String {
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_./:=,+@%".contains(c));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
