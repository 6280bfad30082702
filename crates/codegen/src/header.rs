//! The first line of an artifact: it names the command, the catalog and the spec, and is what the generator knows its own files by.
//!
//! It holds neither a date, a version nor a hash: a line that changes with every change of the content would be noise in each diff, and
//! a merge conflict for any two branches that touch the same wide dataset. So an artifact edited by hand is told from a stale one by
//! reading its diff.

use cstspec_contract::artifact::{HEADER_MARK, one_line};

use crate::ArtifactKind;

/// Behind the spec's path.
const END: &str = ": edit that, not this.";
/// The source of JSON Schemas, in the place of a spec: they are the same for every catalog.
const SCHEMAS: &str = "the types of cstspec-spec";

/// The header of an artifact of `catalog` that is made from `source`: a spec's path, or several with commas between them.
pub(crate) fn header(catalog: &str, source: &str) -> String {
    format!("{HEADER_MARK} for the catalog `{}` from {}{END}", one_line(catalog), one_line(source))
}

/// The header of a JSON Schema. A specs folder belongs to one catalog, and so do the schemas in it.
pub(crate) fn schema_header() -> String {
    format!("{HEADER_MARK} from {SCHEMAS}{END}")
}

/// Who wrote a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// The generator, for this catalog.
    Ours,
    /// The generator, for the catalog of this name.
    Catalog(String),
    /// Somebody else.
    Foreign,
}

/// Who wrote a file in the folder of `kind` that begins with `head`. The generator did only where the whole first line is a header in the
/// form of that kind; a text that quotes one is somebody's.
pub(crate) fn writer(kind: ArtifactKind, head: &[u8], catalog: &str) -> Writer {
    let Some(header) = line(kind, head) else { return Writer::Foreign };
    if kind == ArtifactKind::Schema {
        return if header == schema_header() { Writer::Ours } else { Writer::Foreign };
    }
    let Some((named, sources)) = parts(&header) else { return Writer::Foreign };
    match sources.split(", ").all(is_spec) {
        false => Writer::Foreign,
        true if named == one_line(catalog) => Writer::Ours,
        true => Writer::Catalog(named.to_owned()),
    }
}

/// The text of the comment that `head` begins with; in JSON it is the first member of the object, on the second line.
fn line(kind: ArtifactKind, head: &[u8]) -> Option<String> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut line = std::str::from_utf8(lines.next()?).ok()?;
    let mark = match kind {
        ArtifactKind::Rust => "// ",
        ArtifactKind::ViewSql | ArtifactKind::Definition => "-- ",
        ArtifactKind::Describe => "# ",
        ArtifactKind::Schema if line == "{" => {
            line = std::str::from_utf8(lines.next()?).ok()?;
            let text = line.strip_prefix("  \"$comment\": ")?;
            return serde_json::from_str(text.strip_suffix(',').unwrap_or(text)).ok();
        }
        ArtifactKind::Schema => return None,
    };
    line.strip_prefix(mark).map(str::to_owned)
}

/// The catalog and the sources that a header names.
fn parts(header: &str) -> Option<(&str, &str)> {
    header.strip_prefix(HEADER_MARK)?.strip_prefix(" for the catalog `")?.strip_suffix(END)?.split_once("` from ")
}

/// Whether `text` can be the path of a spec, relative to the specs folder.
fn is_spec(text: &str) -> bool {
    text.split('/').all(|part| !part.trim().is_empty() && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [(ArtifactKind, &str); 4] = [
        (ArtifactKind::Rust, "// "),
        (ArtifactKind::ViewSql, "-- "),
        (ArtifactKind::Definition, "-- "),
        (ArtifactKind::Describe, "# "),
    ];

    /// A header is read as it was written.
    #[test]
    fn header_round_trip() {
        for sources in ["views/a.yaml", "a.yaml, b/c.yml", "a, b.yaml", "notes: x from y.yaml", "größe/…` from x"] {
            for (kind, mark) in KINDS {
                for rest in [b"\nbody\n".as_slice(), b"\r\nbody\r\n", b"\n\xff", b""] {
                    let head = [mark.as_bytes(), header("zoo", sources).as_bytes(), rest].concat();
                    assert_eq!(writer(kind, &head, "zoo"), Writer::Ours, "{sources}{rest:?}");
                    assert_eq!(writer(kind, &head, "units"), Writer::Catalog("zoo".to_owned()), "{sources}{rest:?}");
                }
            }
        }
        let schema = format!("{{\n  \"$comment\": {:?},\n  \"title\": \"x\"\n}}\n", schema_header());
        for text in [schema.clone(), schema.replace('\n', "\r\n"), schema.replace("\",\n", "\"\n")] {
            assert_eq!(writer(ArtifactKind::Schema, text.as_bytes(), "zoo"), Writer::Ours, "{text}");
        }
    }

    /// A text that quotes a header belongs to somebody else.
    #[test]
    fn header_quoted_is_foreign() {
        let sound = header("zoo", "views/a.yaml");
        for (kind, mark) in KINDS {
            for text in [
                String::new(),
                "\n".to_owned(),
                format!("\n{mark}{sound}\n"),
                format!("{mark}Notes.\n{mark}{sound}\n"),
                format!("{mark}The files here are {HEADER_MARK}.\n"),
                format!("{mark}{sound} Or so it was.\n"),
                format!("{mark} {sound}\n"),
                format!(" {mark}{sound}\n"),
                format!("{sound}\n"),
                format!("\u{feff}{mark}{sound}\n"),
                format!("/* {sound}\n"),
                format!("{mark}{HEADER_MARK} from views/a.yaml{END}\n"),
                format!("{mark}{HEADER_MARK} for the catalog `zoo`{END}\n"),
                format!("{mark}{}\n", header("zoo", "")),
                format!("{mark}{}\n", header("zoo", "/etc/passwd")),
                format!("{mark}{}\n", header("zoo", "../other.yaml")),
                format!("{mark}{}\n", schema_header()),
            ] {
                assert_eq!(writer(kind, text.as_bytes(), "zoo"), Writer::Foreign, "{kind:?} {text:?}");
            }
            let broken = [mark.as_bytes(), b"\xff", sound.as_bytes()].concat();
            assert_eq!(writer(kind, &broken, "zoo"), Writer::Foreign);
        }
        for text in [
            format!("{{\"$comment\": {:?}}}", schema_header()),
            format!("{{\n  \"a\": 1,\n  \"$comment\": {:?}\n}}", schema_header()),
            format!("{{\n  \"$comment\": {:?},\n}}", format!("see {}", schema_header())),
            format!("{{\n  \"$comment\": {sound:?},\n}}"),
            format!("// {}\n", schema_header()),
            "{".to_owned(),
        ] {
            assert_eq!(writer(ArtifactKind::Schema, text.as_bytes(), "zoo"), Writer::Foreign, "{text}");
        }
    }

    /// The form of one kind is foreign to another.
    #[test]
    fn header_form_of_other_kind() {
        let sound = header("zoo", "views/a.yaml");
        let rust = format!("// {sound}\n");
        for kind in [ArtifactKind::ViewSql, ArtifactKind::Definition, ArtifactKind::Describe, ArtifactKind::Schema] {
            assert_eq!(writer(kind, rust.as_bytes(), "zoo"), Writer::Foreign, "{kind:?}");
        }
    }
}
