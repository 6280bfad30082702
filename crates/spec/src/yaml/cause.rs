//! Why a text is no YAML, and where: the parser says at which place it stopped, which is seldom the place to mend.

use std::ops::Range;

use cstspec_contract::{Finding, Rule};

use super::outline::{self, Pair};
use super::place::Place;
use super::suggestion::with_a_blank;
use super::unreadable::UnreadableKind;
use super::written::{Written, line_start};
use crate::rules;

/// How many brackets that are never closed are looked at, one after the other.
const MOST_OPEN: usize = 64;
/// How many lines below the place where the parser stopped are looked at.
const MOST_BELOW: usize = 50;
/// A longer key or line is not shown again, in characters.
const LONGEST_SHOWN: usize = 100;

/// Parts of the parser's reasons that are about how lines stand to one another.
const OF_LINES: [&str; 6] = [
    "not allowed in this context",
    "simple key",
    "expected key",
    "'-' indicator",
    "<document start>",
    "invalid indentation",
];

/// The cause of a syntax error: the mistake, its first byte and the remedy.
struct Cause {
    rule: &'static Rule,
    offset: usize,
    message: String,
    remedy: String,
    /// The part that is unreadable for it; `None` where nothing around it can be read either.
    loss: Option<UnreadableKind>,
}

impl Cause {
    fn new(offset: usize, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { rule: &rules::YAML_SYNTAX, offset, message: message.into(), remedy: remedy.into(), loss: None }
    }

    fn losing(self, loss: UnreadableKind) -> Self {
        Self { loss: Some(loss), ..self }
    }
}

/// The finding that `text` is no YAML, for which the parser gave the reason `info` when it stopped at the byte `stopped`, and what is
/// lost to it.
pub fn find(text: &str, info: &str, stopped: usize) -> (Finding, Place, Option<UnreadableKind>) {
    let pairs = outline::pairs(text);
    let lines = || {
        let of_lines = OF_LINES.iter().any(|part| info.contains(part));
        let cause = || below_a_value(text, info, stopped).or_else(|| no_colon(text, stopped));
        let cause = || cause().or_else(|| indented_otherwise(text, stopped)).or_else(|| no_dash(text, info, stopped));
        of_lines.then(cause).flatten()
    };
    let cause = tab(text, info, stopped)
        .or_else(|| unprintable(text, info, stopped))
        .or_else(|| escape(text, &pairs, info, stopped))
        .or_else(|| not_closed(text, &pairs, stopped))
        .or_else(|| closed_twice(text, &pairs, stopped))
        .or_else(|| not_quoted(text, &pairs, stopped))
        .or_else(lines)
        .unwrap_or_else(|| {
            let remedy = "check the indentation and quoting around this place";
            Cause::new(stopped, format!("not valid YAML: {info}"), remedy)
        });
    (Finding::new(cause.rule, cause.message).remedy(cause.remedy), Place::visible_at(text, cause.offset), cause.loss)
}

/// The value that stands at the byte `offset` as a line that has it in quotes, where it can be nothing but text: it is one word, or begins
/// with an operator.
pub fn quoted_word(text: &str, offset: usize) -> Option<String> {
    let written = Written::at(text, &outline::pairs(text), offset)?;
    let is_word = !written.value.contains([' ', '\t']);
    let is_operator =
        written.value.starts_with("!=") || written.value.starts_with("!(") || written.value.starts_with("&&");
    written.quoted().filter(|_| written.start == offset && (is_word || is_operator))
}

/// A bracket or a quote that is closed by another sign, too late, or not at all.
fn not_closed(text: &str, pairs: &[Pair], stopped: usize) -> Option<Cause> {
    let line = |offset: usize| Place::at(text, offset).line;
    let before = |pair: &&Pair| pair.open <= stopped;
    let cause = |pair: &Pair, message: String, remedy: String| {
        Cause::new(pair.open, message, remedy).losing(UnreadableKind::Value(pair.open))
    };
    let never = |pair: &Pair| {
        let remedy = format!("close it with `{}`, or put the text that it is a part of in quotes", pair.closing());
        cause(pair, format!("`{}` is opened here and never closed", pair.sign), remedy)
    };
    if let Some(pair) = pairs.iter().filter(before).find(|pair| pair.is_quote() && pair.close.is_none()) {
        if let Some(left) = left_open(text, pairs, pair.open) {
            return Some(never(left));
        }
        let remedy =
            format!("close it with `{}`; inside `'` a quote is written twice, inside `\"` after a `\\`", pair.sign);
        return Some(cause(pair, format!("`{}` is opened here and never closed", pair.sign), remedy));
    }
    let wrong = |pair: &&Pair| pair.close.is_some_and(|(_, sign)| sign != pair.closing());
    if let Some(pair) = pairs.iter().filter(before).find(wrong)
        && let Some((close, sign)) = pair.close
    {
        let message = format!("`{}` is opened here, and `{sign}` closes it on line {}", pair.sign, line(close));
        return Some(cause(pair, message, format!("close it with `{}` before that", pair.closing())));
    }
    let last = || pairs.iter().rfind(|pair| pair.open <= stopped && pair.close.is_none());
    if let Some(pair) = left_open(text, pairs, text.len()).filter(before).or_else(last) {
        return Some(never(pair));
    }
    // A quote that is not closed takes the next one of its kind for its end.
    let here = line_start(text, stopped);
    let ended = |pair: &&Pair| {
        let (true, Some((close, _))) = (pair.is_quote() && pair.open <= stopped, pair.close) else { return false };
        text[pair.open..close].contains(['\n', '\r']) && close >= here
    };
    let pair = pairs.iter().rev().find(ended)?;
    let (close, _) = pair.close?;
    let message = format!("`{}` is opened here, and the next one closes it on line {}", pair.sign, line(close));
    Some(cause(pair, message, "close it where the text ends".to_owned()))
}

/// The first bracket that is never closed though a line before the byte `until` is no further in than its own.
fn left_open<'p>(text: &str, pairs: &'p [Pair], until: usize) -> Option<&'p Pair> {
    let is_left = |pair: &&Pair| {
        let inside = indent(&text[line_start(text, pair.open)..]);
        let below = text[pair.open..].match_indices('\n').map(|(at, _)| pair.open + at + 1);
        let mut below = below.take_while(|start| *start < until).map(|start| first_line(&text[start..]));
        below.any(|line| !line.trim().is_empty() && indent(line) <= inside)
    };
    let open = pairs.iter().filter(|pair| !pair.is_quote() && pair.close.is_none() && pair.open < until);
    open.take(MOST_OPEN).find(is_left)
}

/// A value that YAML reads as something else than text, since it is not in quotes.
fn not_quoted(text: &str, pairs: &[Pair], stopped: usize) -> Option<Cause> {
    let written = Written::at(text, pairs, stopped)?;
    let (rule, why) = written.trouble(pairs)?;
    let whose = match written.key {
        Some(key) if key.chars().count() <= LONGEST_SHOWN => format!("the value of `{key}`"),
        _ => "the value".to_owned(),
    };
    let remedy = match written.quoted() {
        Some(line) => format!("write {line}"),
        None => "put the value in quotes".to_owned(),
    };
    let cause = Cause::new(written.start, format!("{whose} needs quotes: it {why}"), remedy);
    Some(Cause { rule, ..cause.losing(UnreadableKind::Value(written.start)) })
}

/// A key below another one that has a value already.
fn below_a_value(text: &str, info: &str, stopped: usize) -> Option<Cause> {
    if !info.contains("mapping values are not allowed") {
        return None;
    }
    let start = line_start(text, stopped);
    let here = first_line(&text[start..]);
    let above = line_above(text, start)?;
    let written = Written::of_line(above, 0);
    let key = written.key.filter(|key| key.chars().count() <= LONGEST_SHOWN && !written.value.is_empty())?;
    if indent(here) <= indent(above) {
        return None;
    }
    let cause = Cause::new(
        start + indent(here),
        format!("this line continues the value of `{key}`, and `: ` may not stand in it"),
        format!(
            "if it belongs to the value, put the whole value in quotes or below `{key}: >-`; else indent it like `{key}`"
        ),
    );
    Some(cause.losing(UnreadableKind::Rest(start)))
}

/// A backslash in double quotes that begins nothing YAML knows.
fn escape(text: &str, pairs: &[Pair], info: &str, stopped: usize) -> Option<Cause> {
    const KNOWN: &str = "0abtnvfre \"/\\N_LPxuU\t\r\n";
    let within = |pair: &&Pair| pair.open == stopped || pair.encloses(stopped);
    let pair = pairs.iter().filter(|_| info.contains("escape")).filter(within).find(|pair| pair.sign == '"')?;
    let mut signs = text[pair.open + 1..].char_indices();
    while let Some((at, sign)) = signs.next() {
        let (true, Some((_, escaped))) = (sign == '\\', if sign == '\\' { signs.next() } else { None }) else {
            continue;
        };
        if !KNOWN.contains(escaped) {
            let remedy =
                "write `\\\\` for a backslash, or put the text in single quotes, where it has no special meaning";
            let message = format!("`\\{escaped}` is not an escape of double quotes");
            return Some(Cause::new(pair.open + 1 + at, message, remedy).losing(UnreadableKind::Value(pair.open)));
        }
    }
    None
}

/// A tab where spaces must stand: before a line, or after a colon.
fn tab(text: &str, info: &str, stopped: usize) -> Option<Cause> {
    let of_tabs = ["tab", "whitespace", "indent", "not allowed"].iter().any(|part| info.contains(part));
    let start = line_start(text, stopped);
    let here = first_line(&text[start..]);
    if let Some(at) = here.find(":\t").filter(|_| info.contains("whitespace")) {
        let cause = Cause::new(start + at + 1, "a tab after a colon", "write a space in its place");
        return Some(cause.losing(UnreadableKind::Line(start)));
    }
    let begins = |line: &str| line.find(|sign: char| sign != ' ').filter(|at| line[*at..].starts_with('\t'));
    // The parser may have stopped at the start of a text that goes on below.
    let below = if info.contains("tab") { MOST_BELOW } else { 1 };
    let starts = std::iter::once(start).chain(text[start..].match_indices('\n').map(|(at, _)| start + at + 1));
    let mut lines = starts.take(below).map(|start| (start, first_line(&text[start..])));
    let (start, at) = lines.find_map(|(start, line)| Some((start, begins(line)?))).filter(|_| of_tabs)?;
    let more = text[start..].lines().skip(1).filter(|line| begins(line).is_some()).count();
    let message = match more {
        0 => "a tab indents this line".to_owned(),
        1 => "a tab indents this line, and one more below".to_owned(),
        more => format!("a tab indents this line, and {more} more below"),
    };
    Some(Cause::new(start + at, message, "indent with spaces only: YAML has no width for a tab"))
}

/// A character that YAML does not allow.
fn unprintable(text: &str, info: &str, stopped: usize) -> Option<Cause> {
    let is_mark = info.contains("byte order mark");
    if !is_mark && !info.contains("unprintable") {
        return None;
    }
    let rest = &text[line_start(text, stopped)..];
    let is_it = |sign: char| if is_mark { sign == '\u{feff}' } else { sign.is_control() && !"\t\r\n".contains(sign) };
    let (at, sign) = rest.char_indices().find(|(_, sign)| is_it(*sign))?;
    let what = if is_mark { "a byte order mark inside the file" } else { "a character that YAML does not allow" };
    let offset = text.len() - rest.len() + at;
    Some(Cause::new(offset, format!("{what}, U+{:04X}", u32::from(sign)), "remove it"))
}

/// A bracket that closes nothing, after a value in brackets.
fn closed_twice(text: &str, pairs: &[Pair], stopped: usize) -> Option<Cause> {
    let start = line_start(text, stopped);
    let end = start + first_line(&text[start..]).len();
    let outer = |pair: &&Pair| !pair.is_quote() && pair.close.is_some_and(|(close, _)| (start..end).contains(&close));
    let pair = pairs.iter().filter(outer).max_by_key(|pair| pair.close)?;
    let after = pair.close?.0 + 1;
    let rest = text[after..end].trim();
    let sign = rest.chars().next().filter(|_| rest.chars().all(|sign| matches!(sign, ']' | '}' | ' ')))?;
    let at = after + text[after..end].find(sign)?;
    Some(Cause::new(at, format!("`{sign}` closes nothing"), "remove it").losing(UnreadableKind::Value(pair.open)))
}

/// A line among the entries of a mapping that is none: its colon is missing, or the blank after it.
fn no_colon(text: &str, stopped: usize) -> Option<Cause> {
    let start = line_start(text, stopped);
    let above = line_above(text, start).map(|line| line.as_ptr().addr() - text.as_ptr().addr());
    let blocks = outline::blocks(text);
    for start in above.into_iter().chain([start]) {
        let line = first_line(&text[start..]);
        let written = Written::of_line(line, start);
        let shown = written.value.as_str();
        let is_entry =
            line[..written.start - start].chars().all(|sign| matches!(sign, ' ' | '-')) && written.key.is_none();
        let is_plain = shown.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_');
        let in_block = is_in(&blocks, start);
        if !is_entry || !is_plain || in_block || shown.chars().count() > LONGEST_SHOWN {
            continue;
        }
        let (message, remedy) = if let Some(mended) = with_a_blank(shown) {
            (format!("no blank after the colon in `{shown}`"), format!("write {mended}"))
        } else {
            let (key, value) = shown.split_once(' ').unwrap_or((shown, ""));
            (
                format!("no colon in `{shown}`, which is among keys"),
                format!("write {}", format!("{key}: {value}").trim()),
            )
        };
        let is_item = written.start > start + indent(line);
        if is_item && !remedy.contains(": ") {
            continue;
        }
        let beside = line_above(text, start).filter(|above| is_item_at(above, indent(line)));
        if beside.is_some() && !is_item {
            let cause = Cause::new(written.start, NO_DASH, DASH_REMEDY);
            return Some(cause.losing(UnreadableKind::Value(written.start)));
        }
        let loss = if is_item { UnreadableKind::Value(written.start) } else { UnreadableKind::Line(start) };
        return Some(Cause::new(written.start, message, remedy).losing(loss));
    }
    None
}

/// A line that is further out than the one above it, and in line with none before it.
fn indented_otherwise(text: &str, stopped: usize) -> Option<Cause> {
    let start = line_start(text, stopped);
    let here = first_line(&text[start..]);
    let mut levels = levels(text, start);
    // The text of a block that ends here, or just above, may have been meant to go on.
    if let Some(block) = outline::blocks(text)
        .iter()
        .find(|block| block.start < start && text[block.end.min(start)..start].trim().is_empty())
    {
        let first = text[block.clone()].lines().skip(1).find(|line| !line.trim().is_empty());
        levels.extend(first.map(indent));
    }
    let levels = levels;
    let mine = indent(here);
    if here.trim().is_empty() || levels.contains(&mine) {
        return None;
    }
    let less = levels.iter().rev().find(|level| **level < mine);
    let more = levels.iter().find(|level| **level > mine);
    let around: Vec<String> = less.into_iter().chain(more).map(ToString::to_string).collect();
    let around = around.join(" or ");
    let spaces = |count: usize| if count == 1 { "1 space".to_owned() } else { format!("{count} spaces") };
    let message = format!("this line is indented by {}, as none is that it could stand beside", spaces(mine));
    let remedy = format!("indent it by {around} spaces, like the lines that it belongs to");
    (!around.is_empty()).then(|| Cause::new(start + mine, message, remedy).losing(UnreadableKind::Rest(start)))
}

const NO_DASH: &str = "a line without `- ` among the items of a sequence";
const DASH_REMEDY: &str = "begin it with `- `, or indent it like the keys that it belongs to";

/// Whether `line` is an item of a sequence whose dash stands at `column`.
fn is_item_at(line: &str, column: usize) -> bool {
    indent(line) == column && line[column..].starts_with("- ")
}

/// Entries of a mapping among the items of a sequence, or the other way round.
fn no_dash(text: &str, info: &str, stopped: usize) -> Option<Cause> {
    let start = line_start(text, stopped);
    let at = start + indent(first_line(&text[start..]));
    let is_item = |line: &str| line.trim_start().starts_with("- ") || line.trim() == "-";
    let here = first_line(&text[start..]);
    let above = line_above(text, start)?;
    let cause = if is_item(here) && !is_item(above) {
        let remedy = "remove the `- `, or put it below a key that has no other value";
        Cause::new(at, "an item of a sequence among the keys of a mapping", remedy)
    } else if !is_item(here) && (info.contains("'-' indicator") || is_item(above)) && !here.trim().is_empty() {
        Cause::new(at, NO_DASH, DASH_REMEDY)
    } else {
        return None;
    };
    Some(cause.losing(UnreadableKind::Rest(start)))
}

/// The columns that a line after the byte `start` can stand at: those of the keys and dashes that are open there, ascending.
fn levels(text: &str, start: usize) -> Vec<usize> {
    let blocks = outline::blocks(text);
    let mut levels: Vec<usize> = Vec::new();
    let mut begin = start;
    while let Some(line) = line_above(text, begin) {
        begin = line.as_ptr().addr() - text.as_ptr().addr();
        let within = levels.last().copied().unwrap_or(usize::MAX);
        if within == 0 {
            break;
        }
        if line.trim_start().starts_with('#') || is_in(&blocks, begin) {
            continue;
        }
        let mut columns = vec![indent(line)];
        let mut rest = line.trim_start_matches(' ');
        while let Some(item) = rest.strip_prefix("- ") {
            rest = item.trim_start_matches(' ');
            columns.push(line.len() - rest.len());
        }
        levels.extend(columns.into_iter().rev().filter(|column| *column < within));
    }
    levels.reverse();
    levels
}

/// Whether one of `ranges`, which are sorted, holds the byte at `offset`.
fn is_in(ranges: &[Range<usize>], offset: usize) -> bool {
    let later = ranges.partition_point(|range| range.start <= offset);
    later.checked_sub(1).is_some_and(|number| ranges[number].contains(&offset))
}

fn first_line(text: &str) -> &str {
    text.split(['\n', '\r']).next().unwrap_or_default()
}

/// The last line before the byte `start`, where a line starts, with something in it.
fn line_above(text: &str, start: usize) -> Option<&str> {
    text[..start].split(['\n', '\r']).rev().find(|line| !line.trim().is_empty())
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
