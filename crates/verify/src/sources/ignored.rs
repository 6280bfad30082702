//! Entries among the data of a dataset that are not read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cstspec_contract::text::first_names;
use cstspec_contract::{Dataset, Finding, Severity};
use cstspec_runtime::files::listing::{End, IgnoredFiles, Link, Selection, Sorted};
use cstspec_runtime::files::store::FileStore;
use cstspec_runtime::names::MOST_NAMES;
use cstspec_runtime::scan::scan_log::ScanLog;
use datafusion::prelude::SessionContext;

use crate::rules;

/// How many links are told one by one.
const LINKS: usize = 10;

/// Ignored entries of the session's scans so far that may hold rows: Parquet files under names that are not read, and links to folders that
/// are read already. Each dataset is told once, until a scan of it lists its files again.
///
/// Scans look at names alone; here the files in question are looked into, some bytes of each.
pub async fn ignored(ctx: &SessionContext) -> Vec<Finding> {
    let log = ScanLog::of(ctx.state_ref().read().config());
    let mut findings = Vec::new();
    for listed in log.take_ignored() {
        let sorted = listed.ignored_files.sort(listed.store.store.as_ref()).await;
        findings.extend(parquet(&listed.contract, &sorted));
        findings.extend(links(&listed.contract, &listed.ignored_files));
    }
    findings
}

/// The findings of everything that is left out.
pub async fn findings(contract: &Dataset, store: &FileStore, ignored_files: &IgnoredFiles) -> Vec<Finding> {
    let sorted = ignored_files.sort(store.store.as_ref()).await;
    let mut findings = others(contract, &sorted);
    findings.extend(parquet(contract, &sorted));
    findings.extend(links(contract, ignored_files));
    findings
}

fn others(contract: &Dataset, sorted: &Sorted) -> Vec<Finding> {
    let dataset = contract.name.as_str();
    let about = |message: String, file: &str| {
        Finding::new(&rules::FILE_LEFT_OUT, message)
            .differing(Selection::of(&contract.scan.files).display(), "another name")
            .relation(dataset)
            .remedy("keep it if it is a marker; otherwise move it elsewhere")
            .seen_in(file)
            .at(&contract.origin)
    };
    let mut findings: Vec<Finding> = sorted
        .first
        .iter()
        .map(|file| about(format!("a file in the location of `{dataset}` is not read"), file))
        .collect();
    let more = sorted.others - sorted.first.len() as u64;
    if let Some(last) = sorted.first.last().filter(|_| more > 0) {
        findings.push(about(format!("{more} more files in the location of `{dataset}` are not read"), last));
    }
    findings
}

/// One finding for all Parquet files that are not read, since one pattern would name them.
fn parquet(contract: &Dataset, sorted: &Sorted) -> Option<Finding> {
    let dataset = contract.name.as_str();
    let first = sorted.parquet.first()?;
    let least = if sorted.unread > 0 { "at least " } else { "" };
    let message = match sorted.parquet.len() {
        1 => format!("{least}a Parquet file in the location of `{dataset}` is not read"),
        count => format!("{least}{count} Parquet files in the location of `{dataset}` are not read"),
    };
    let mut observed = first_names(&sorted.parquet, MOST_NAMES);
    if sorted.unread > 0 {
        let _ = write!(observed, ", and {} files with the same endings, which were not looked into", sorted.unread);
    }
    let selection = Selection::of(&contract.scan.files);
    let mut patterns: Vec<String> = selection.patterns().into_iter().map(str::to_owned).collect();
    patterns.extend(suggested(sorted));
    let patterns = patterns.iter().map(|pattern| format!("\"{pattern}\"")).collect::<Vec<_>>().join(", ");
    Some(
        Finding::new(&rules::PARQUET_LEFT_OUT, message)
            .differing(selection.display(), observed)
            .relation(dataset)
            .remedy(format!("if it is data, write `scan: {{ files: [{patterns}] }}`; otherwise move it elsewhere"))
            .seen_in(first.as_str())
            .at(&contract.origin),
    )
}

/// Patterns that the Parquet files would match.
fn suggested(sorted: &Sorted) -> BTreeSet<String> {
    let mut bare: Vec<&str> = Vec::new();
    let mut patterns = BTreeSet::new();
    for path in &sorted.parquet {
        let mut parts = path.rsplit('/');
        let name = parts.next().unwrap_or(path);
        let ending =
            name.rsplit_once('.').filter(|(start, _)| !start.is_empty()).map(|(_, ending)| format!(".{ending}"));
        let is_marked = |folder: &&str| folder.starts_with('_') && !folder.contains('=');
        if let Some(folder) = parts.find(is_marked).filter(|_| sorted.hidden.contains(path)) {
            patterns.insert(format!("**/{folder}/**/*{}", ending.unwrap_or_default()));
        } else if let Some(ending) = ending {
            let mark = name.chars().next().filter(|first| matches!(first, '_' | '.'));
            patterns.insert(format!("{}*{ending}", mark.map(String::from).unwrap_or_default()));
        } else {
            bare.push(name);
        }
    }
    // Names without an ending have in common how they begin, or nothing.
    if let Some((first, more)) = bare.split_first() {
        let common = more.iter().fold(*first, |known, name| {
            let differs = known.char_indices().zip(name.chars()).find(|((_, left), right)| left != right);
            differs.map_or(known, |((at, _), _)| &known[..at])
        });
        patterns.insert(if more.is_empty() { (*first).to_owned() } else { format!("{common}*") });
    }
    patterns
}

fn links(contract: &Dataset, ignored_files: &IgnoredFiles) -> Vec<Finding> {
    let dataset = contract.name.as_str();
    let about = |what: String, Link { display_path, target, end }: &Link| {
        let (rule, observed) = match end {
            End::Again => (&rules::FOLDER_LINKED_AGAIN, "leads to a folder that is read already"),
            End::Itself => (&rules::FOLDER_LINKED_AGAIN, "leads back to itself"),
            End::Nowhere => (&rules::LINK_TO_NOWHERE, "leads to nothing, where a folder may have been"),
        };
        let mut finding = Finding::new(rule, format!("{what} of `{dataset}` {observed}"))
            .differing("each folder under one path", format!("a link to `{target}`"))
            .relation(dataset)
            .remedy("remove the link, or restore its target")
            .seen_in(display_path.as_str())
            .at(&contract.origin);
        finding.severity = Severity::Warning;
        finding
    };
    let mut findings: Vec<Finding> =
        ignored_files.links.iter().take(LINKS).map(|link| about("a link".to_owned(), link)).collect();
    if let Some(next) = ignored_files.links.get(LINKS) {
        findings.push(about(format!("one of {} more links", ignored_files.links.len() - LINKS), next));
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Sorted, suggested};

    #[test]
    fn patterns_name_files() {
        let of = |paths: &[&str]| {
            let parquet: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            let hidden = parquet.iter().filter(|path| path.contains("/_old/")).cloned().collect();
            suggested(&Sorted { parquet, hidden, ..Sorted::default() }).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(of(&["/d/000000_0", "/d/000001_0"]), ["00000*"]);
        assert_eq!(of(&["/d/000001_0"]), ["000001_0"]);
        assert_eq!(of(&["/d/part.0.parq", "/d/part.1.parq", "/d/x.pq"]), ["*.parq", "*.pq"]);
        assert_eq!(of(&["/_me/a.parq"]), ["*.parq"]);
        assert_eq!(of(&["/d/_pyrepl.parquet"]), ["_*.parquet"]);
        assert_eq!(of(&["/d/_old/a.parquet"]), ["**/_old/**/*.parquet"]);
        assert_eq!(of(&["/d/a", "/d/b"]), ["*"]);
    }
}
