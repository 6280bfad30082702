//! Differences as patches that `git apply` and `patch -p1` take at the root of the repository.

use std::fmt::Write as _;

use cstspec_contract::artifact::unix_lines;
use similar::TextDiff;

/// From `old` to `new` as a unified diff of the file called `path`; `None` on a side is no file. The lines of `new` end as those of `old`
/// do, so that a checkout with `\r\n` differs where its text does. There is no diff of what is not UTF-8, which a patch could not show.
pub(crate) fn patch(path: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> Option<String> {
    let text = |side: Option<&[u8]>| String::from_utf8(side.unwrap_or_default().to_owned()).ok();
    let (old_text, mut new_text) = (text(old)?, text(new)?);
    if ends_in_crlf(&old_text) {
        new_text = unix_lines(&new_text).replace('\n', "\r\n");
    }
    let label = |side: char, content: Option<&[u8]>| match content {
        Some(_) => quoted(&format!("{side}/{path}")),
        None => "/dev/null".to_owned(),
    };
    // Only `\n` ends a line of a patch; `similar` would end one at a lone `\r` too.
    let old_lines: Vec<&str> = old_text.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new_text.split_inclusive('\n').collect();
    Some(
        TextDiff::configure()
            .newline_terminated(true)
            .diff_slices(&old_lines, &new_lines)
            .unified_diff()
            .header(&label('a', old), &label('b', new))
            .to_string(),
    )
}

/// From `old` to `new` as a unified diff of the file called `path`.
pub fn difference(path: &str, old: &str, new: &str) -> String {
    patch(path, Some(old.as_bytes()), Some(new.as_bytes())).unwrap_or_default()
}

/// The whole hunks at the beginning of a diff that have at most `most` lines together, with its header, and how many lines are left: a
/// patch that ends inside a hunk does not apply.
pub fn excerpt(diff: &str, most: usize) -> (&str, usize) {
    let (mut end, mut shown) = (0, 0);
    let (mut bytes, mut lines, mut hunks) = (0, 0, 0);
    let mut border = |bytes: usize, lines: usize, hunks: usize| {
        if hunks > 0 && lines <= most {
            (end, shown) = (bytes, lines);
        }
    };
    for line in diff.split_inclusive('\n') {
        if line.starts_with("@@ ") {
            border(bytes, lines, hunks);
            hunks += 1;
        }
        bytes += line.len();
        lines += 1;
    }
    border(bytes, lines, hunks);
    (&diff[..end], lines - shown)
}

/// Whether every line of `text` that ends, ends in `\r\n`.
fn ends_in_crlf(text: &str) -> bool {
    text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count()
}

/// `name` as patches spell it: in quotes, as in C, where it would not be read to its end otherwise.
fn quoted(name: &str) -> String {
    if !name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
        // Behind a name with blanks there is a tab, which ends it.
        let end = if name.contains(' ') { "\t" } else { "" };
        return format!("{name}{end}");
    }
    let mut quoted = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_ends_between_hunks() {
        let numbers = |changed: &[usize]| {
            let line = |n: usize| if changed.contains(&n) { format!("{n} changed\n") } else { format!("{n}\n") };
            (0..60).map(line).collect::<String>()
        };
        let diff = patch("a", Some(numbers(&[]).as_bytes()), Some(numbers(&[5, 30, 55]).as_bytes())).unwrap();
        let lines = diff.lines().count();
        assert_eq!(lines, 2 + 3 * 9, "{diff}");
        for (most, shown) in [(0, 0), (10, 0), (11, 11), (19, 11), (20, 20), (28, 20), (29, 29), (99, 29)] {
            let (text, left) = excerpt(&diff, most);
            assert_eq!((text.lines().count(), left), (shown, lines - shown), "{most}");
            assert!(text.is_empty() || text.starts_with("--- a/a\n+++ b/a\n@@ "), "{text}");
        }
        assert_eq!(excerpt("", 10), ("", 0));
    }

    /// Lines end as they do in the file.
    #[test]
    fn line_ends_kept() {
        let diff = patch("a", Some(b"1\r\n2\r\n"), Some(b"1\n3\n")).unwrap();
        assert!(diff.ends_with("\n 1\r\n-2\r\n+3\r\n"), "{diff:?}");
        let diff = patch("a", Some(b"1\r\n2\n"), Some(b"1\n2\n")).unwrap();
        assert!(diff.ends_with("\n-1\r\n+1\n 2\n"), "{diff:?}");
        let diff = patch("a", Some(b"1\r2\n"), Some(b"1\r3")).unwrap();
        assert!(diff.ends_with("\n-1\r2\n+1\r3\n\\ No newline at end of file\n"), "{diff:?}");
        assert_eq!(patch("a", Some(b"\xff"), Some(b"1\n")), None);
    }

    /// Names are spelled as patches do.
    #[test]
    fn names_as_in_patches() {
        for (name, spelled) in
            [("a/b", "a/b"), ("größe", "größe"), ("a b", "a b\t"), ("a\"b\\", "\"a\\\"b\\\\\""), ("a\n", "\"a\\012\"")]
        {
            assert_eq!(quoted(name), spelled);
        }
    }
}
