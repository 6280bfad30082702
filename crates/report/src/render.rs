//! Findings for people: each with its line of YAML, what was expected and seen, and what to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Message, Origin as At, Renderer, Snippet};
use cstspec_contract::text::{printable, printable_lines, thousands};
use cstspec_contract::{Finding, Origin, Severity, SpecPlace};

use crate::paint::{BOLD, CYAN, Paint, RED, YELLOW};
use crate::table::{count, cut};

/// The rule about what a function of the host keeps from being checked.
pub const HOST_FUNCTION_UNCHECKED: &str = "host-function-unchecked";
/// More findings than this are only counted.
const MOST: usize = 200;
/// Errors of one rule in files of one dataset: more than these are only counted.
const MOST_ERRORS: usize = 10;
/// The same of what is not that bad.
const MOST_ALIKE: usize = 3;
/// A longer line of YAML, in bytes, is named and not shown.
const LONGEST_LINE: usize = 4_000;
/// Two values longer than this, in characters, are shown only where they differ.
const LONG_VALUE: usize = 160;
/// Length of equal text that is kept around a difference, in characters.
const CONTEXT: usize = 40;

/// The specs that findings point into.
pub trait Specs {
    /// Line and column of a promise, each from 1.
    fn place(&self, origin: &Origin) -> Option<(u32, u32)>;

    /// The text of a file, by its path below the specs folder.
    fn text(&self, file: &str) -> Option<&str>;

    /// The file as a person would open it.
    fn display(&self, file: &str) -> String;
}

/// Fills in line and column of each promise that is known by its key path alone.
pub fn locate(findings: &mut [Finding], source: &dyn Specs) {
    for place in findings.iter_mut().filter_map(|finding| finding.spec.as_mut()) {
        if place.line.is_none()
            && let Some((line, column)) = source.place(&Origin::new(place.file.clone(), place.key.clone()))
        {
            place.line = Some(line);
            place.column = Some(column);
        }
    }
}

/// How many of the findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The first of each rule over the files of each dataset, since files are many and trouble with them alike.
    Excerpt,
    /// All.
    All,
}

/// Findings, one block each with an empty line below it.
pub fn findings(
    findings: &[Finding],
    source: &dyn Specs,
    paint: Paint,
    width: Option<usize>,
    extent: Extent,
) -> String {
    let renderer = match paint {
        Paint::Plain => Renderer::plain(),
        Paint::Colored => Renderer::styled(),
    }
    .decor_style(DecorStyle::Ascii)
    .term_width(width.unwrap_or(120));
    let (shown, left_out) = match extent {
        Extent::All => (findings.iter().collect(), BTreeMap::new()),
        Extent::Excerpt => excerpt(findings),
    };
    let mut text = String::new();
    for finding in shown {
        text.push_str(&block(finding, source, &renderer));
        text.push_str("\n\n");
    }
    for (group, number) in &left_out {
        let what = match group {
            Some((code, name, relation)) => format!("more {code} {name} in files of `{}`", printable_lines(relation)),
            None => "more findings".to_owned(),
        };
        let _ = writeln!(text, "... and {} {what}", thousands(*number as u64));
    }
    if !left_out.is_empty() {
        text.push_str("-v and --format json show all of them\n\n");
    }
    text
}

/// The group of a finding in a file: code and name of the rule, and the relation. `None` for all others.
type Group<'a> = Option<(&'a str, &'a str, &'a str)>;

/// The findings to show, and how many of each group are left out.
fn excerpt(findings: &[Finding]) -> (Vec<&Finding>, BTreeMap<Group<'_>, usize>) {
    let mut seen: BTreeMap<Group<'_>, usize> = BTreeMap::new();
    let mut left_out = BTreeMap::new();
    let mut shown = Vec::new();
    for finding in findings {
        let relation = finding.relation.as_deref().unwrap_or_default();
        let group = finding.data.is_some().then_some((&*finding.code, &*finding.name, relation));
        let most = match (group, finding.severity) {
            (None, _) => MOST,
            (Some(_), Severity::Error) => MOST_ERRORS,
            (Some(_), _) => MOST_ALIKE,
        };
        let number = seen.entry(group).or_default();
        *number += 1;
        if *number <= most {
            shown.push(finding);
        } else {
            *left_out.entry(group).or_default() += 1;
        }
    }
    (shown, left_out)
}

/// How many findings of which severity and which rule there are, how many more are `explained` by them, and where to read on.
pub fn summary(findings: &[Finding], explained: u64, paint: Paint) -> String {
    let mut rules: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in findings {
        *rules.entry((&finding.code, &finding.name)).or_default() += 1;
    }
    let mut text = tally(findings, paint) + "\n";
    for ((code, name), times) in &rules {
        let _ = writeln!(text, "  {} x {code} {name}", thousands(*times as u64));
    }
    match explained {
        0 => {}
        1 => text.push_str("1 more follows from these and is not shown\n"),
        number => {
            let _ = writeln!(text, "{} more follow from these and are not shown", thousands(number));
        }
    }
    if let Some((code, _)) = rules.keys().next() {
        let _ = writeln!(text, "{}", paint.paint(CYAN, &format!("`cstspec explain {code}` prints the details")));
    }
    text
}

/// `3 findings: 2 errors, 1 warning`
pub fn tally(findings: &[Finding], paint: Paint) -> String {
    let parts: Vec<String> = [(Severity::Error, RED), (Severity::Warning, YELLOW), (Severity::Info, BOLD)]
        .into_iter()
        .filter_map(|(severity, style)| {
            let number = findings.iter().filter(|finding| finding.severity == severity).count();
            let text = match severity {
                Severity::Info => format!("{} info", thousands(number as u64)),
                Severity::Warning => count(number, "warning"),
                Severity::Error => count(number, "error"),
            };
            (number > 0).then(|| paint.paint(style, &text))
        })
        .collect();
    format!("{}: {}", count(findings.len(), "finding"), parts.join(", "))
}

fn block(finding: &Finding, source: &dyn Specs, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let message = printable_lines(&finding.message);
    let mut elements: Vec<Element<'_>> = Vec::new();
    if let Some(place) = &finding.spec {
        elements.push(quotation(place, source));
    }
    elements.extend(remarks(finding).into_iter().map(Element::from));
    let title = level.primary_title(message).id(finding.code.as_ref());
    renderer.render(&[title.elements(elements)])
}

/// The line of YAML with a mark below it, or the place's name where there is no line to show.
fn quotation<'a>(place: &'a SpecPlace, source: &'a dyn Specs) -> Element<'a> {
    let path = printable(&source.display(&place.file)).into_owned();
    let (Some(line), Some(column)) = (place.line, place.column) else {
        let key = if place.key.is_empty() { String::new() } else { format!("#{}", printable(&place.key)) };
        return At::path(format!("{path}{key}")).into();
    };
    let text = source.text(&place.file).and_then(|text| text.lines().nth(line.saturating_sub(1) as usize));
    match text {
        Some(text) if text.len() <= LONGEST_LINE => Snippet::source(text)
            .line_start(line as usize)
            .path(path)
            .annotation(AnnotationKind::Primary.span(word(text, column as usize)))
            .into(),
        _ => At::path(path).line(line as usize).char_column(column as usize).into(),
    }
}

fn remarks(finding: &Finding) -> Vec<Message<'static>> {
    let note = |name: &'static str, text: &str| Level::NOTE.with_name(name).message(printable_lines(text).into_owned());
    let mut remarks = Vec::new();
    if let Some(relation) = finding.relation.as_ref().filter(|relation| !finding.message.contains(relation.as_str())) {
        remarks.push(note("relation", relation));
    }
    if let Some(path) = finding.path.as_ref().filter(|path| !finding.message.contains(path.as_str())) {
        remarks.push(note("field", path));
    }
    let (expected, observed) = differing(finding.expected.as_deref(), finding.observed.as_deref());
    if let Some(expected) = expected {
        remarks.push(note("expected", &expected));
    }
    if let Some(observed) = observed {
        remarks.push(note("observed", &observed));
    }
    if let Some(data) = finding.data.as_ref().filter(|data| !finding.message.contains(&data.file)) {
        let row = data.row.map(|row| format!(", row {row} from 0")).unwrap_or_default();
        remarks.push(note("data", &format!("{}{row}", data.file)));
    }
    if !finding.follows.is_empty() {
        let what = if finding.name == HOST_FUNCTION_UNCHECKED { "not checked" } else { "wrong" };
        remarks.push(note("follows", &following(&finding.follows, what)));
    }
    if let Some(remedy) = &finding.remedy {
        remarks.push(Level::HELP.message(printable_lines(remedy).into_owned()));
    }
    remarks
}

/// The most relations that one finding names as wrong for the same cause.
const MOST_FOLLOWING: usize = 10;

/// `a, b and 3 more are wrong for the same cause`
fn following(relations: &[String], what: &str) -> String {
    let mut names = relations.iter().take(MOST_FOLLOWING).cloned().collect::<Vec<_>>().join(", ");
    if relations.len() > MOST_FOLLOWING {
        let _ = write!(names, " and {} more", relations.len() - MOST_FOLLOWING);
    }
    let verb = if relations.len() == 1 { "is" } else { "are" };
    format!("{names} {verb} {what} for the same cause, which is reported once")
}

/// The bytes of what stands at `column` (in characters, from 1): a word, a quoted text, or one character.
fn word(line: &str, column: usize) -> Range<usize> {
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(index, _)| index);
    let rest = &line[start..];
    let length = match rest.chars().next() {
        None => 0,
        Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map_or(1, |end| end + 2),
        Some(first) if part_of_word(first) => rest.find(|next| !part_of_word(next)).unwrap_or(rest.len()),
        Some(first) => first.len_utf8(),
    };
    start..start + length
}

fn part_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/')
}

/// Two values as they are, or only where they differ when they are long: nested types run over many lines.
fn differing(expected: Option<&str>, observed: Option<&str>) -> (Option<String>, Option<String>) {
    match (expected, observed) {
        (Some(expected), Some(observed)) if expected.len().max(observed.len()) > LONG_VALUE => {
            let (one, other) = excerpts(expected, observed);
            (Some(one), Some(other))
        }
        _ => {
            let whole = |value: &str| cut(value, 4 * LONG_VALUE);
            (expected.map(whole), observed.map(whole))
        }
    }
}

fn excerpts(one: &str, other: &str) -> (String, String) {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let before = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let after = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let after = after.min(one.len().min(other.len()) - before);
    let start = before.saturating_sub(CONTEXT);
    let excerpt = |text: &[char]| {
        let end = (text.len() - after + CONTEXT).min(text.len());
        let head = if start > 0 { "…" } else { "" };
        let tail = if end < text.len() { "…" } else { "" };
        let middle: String = text[start..end].iter().collect();
        format!("{head}{}{tail}", cut(&middle, 2 * LONG_VALUE))
    };
    (excerpt(&one), excerpt(&other))
}

#[cfg(test)]
mod tests {
    use cstspec_contract::Rule;

    use super::*;

    const fn rule(code: &'static str, name: &'static str) -> Rule {
        Rule { code, name, severity: Severity::Error, summary: "", explanation: "" }
    }
    const DIFFERS: Rule = rule("R001", "differs");
    const FAILS: Rule = rule("R002", "fails");

    /// The mark covers what stands there.
    #[test]
    fn mark_covers_word() {
        assert_eq!(word("partitions: [rpo, path]", 14), 13..16);
        assert_eq!(word("type: \"list<x>\" # y", 7), 6..15);
        assert_eq!(word("größe: 1", 1), 0..7);
        assert_eq!(word("a: {", 4), 3..4);
        assert_eq!(word("short", 99), 5..5);
        assert_eq!(word("'open", 1), 0..1);
    }

    /// Many files with one trouble are counted.
    #[test]
    fn many_files_counted() {
        let in_file = |number: usize, relation: &str, severity| {
            let mut finding =
                Finding::new(&DIFFERS, format!("{number}")).relation(relation).seen_in(format!("{number}.parquet"));
            finding.severity = severity;
            finding
        };
        let mut findings: Vec<Finding> = (0..100).map(|number| in_file(number, "a", Severity::Info)).collect();
        findings.extend((0..12).map(|number| in_file(number, "b", Severity::Error)));
        findings.push(Finding::new(&FAILS, "in no file"));
        let (shown, left_out) = excerpt(&findings);
        assert_eq!(shown.len(), MOST_ALIKE + MOST_ERRORS + 1);
        let left_out: Vec<_> = left_out.into_iter().map(|(group, number)| (group.unwrap(), number)).collect();
        let (code, name) = (DIFFERS.code, DIFFERS.name);
        assert_eq!(left_out, [((code, name, "a"), 97), ((code, name, "b"), 2)]);
    }

    /// Long values are shown where they differ.
    #[test]
    fn long_values_cut_to_difference() {
        let one = format!("{}Int32{}", "a".repeat(500), "b".repeat(500));
        let other = format!("{}Utf8{}", "a".repeat(500), "b".repeat(500));
        let (one, other) = excerpts(&one, &other);
        assert_eq!(one, format!("…{}Int32{}…", "a".repeat(CONTEXT), "b".repeat(CONTEXT)));
        assert_eq!(other, format!("…{}Utf8{}…", "a".repeat(CONTEXT), "b".repeat(CONTEXT)));
    }

    /// Equal long values and one inside the other do not overlap.
    #[test]
    fn long_values_without_overlap() {
        let text = "ab".repeat(300);
        let (one, other) = excerpts(&text, &text[..400]);
        assert!(one.chars().count() <= 2 * LONG_VALUE + 2);
        assert!(!other.is_empty());
    }
}
