//! How to write what was likely meant, where YAML reads something else.

use super::node::{Entry, Node, Tree};
use super::scalar::{Scalar, Style};
use super::written::{Brackets, in_quotes};

/// The entry before the one of this number with all that it was likely meant to hold: `{ doc: one, two }` has a key `two` that nothing
/// stands for.
pub fn cut_by_a_comma(entries: &[Entry], number: usize) -> Option<String> {
    let is_piece = |entry: &&Entry| entry.is_piece();
    let pieces = entries[..=number].iter().rev().take_while(is_piece).count();
    let before = &entries[(number + 1).checked_sub(pieces + 1).filter(|_| pieces > 0)?];
    let text = match &before.value.node {
        Node::Scalar(Scalar { text, style: Style::Plain }) if !text.is_empty() => text.as_str(),
        _ => return None,
    };
    let after = entries[number + 1 - pieces..].iter().take_while(is_piece).map(|entry| entry.key.text.as_str());
    let whole: Vec<&str> = std::iter::once(text).chain(after).collect();
    Some(format!("{}: {}", before.key.text, in_quotes(&whole.join(", "))))
}

/// How to write what was likely meant by `tree`, where `expected` belongs.
pub fn suggestion(tree: &Tree, expected: &str) -> Option<String> {
    if let Some(whole) = cut_by_a_colon(tree) {
        return Some(format!("write {}: without quotes `: ` makes a key of what is before it", in_quotes(&whole)));
    }
    let Node::Scalar(scalar) = &tree.node else { return None };
    let text = scalar.text.as_str();
    match expected {
        "a mapping" => {
            let mended = with_a_blank(text.split_whitespace().next()?)?;
            Some(format!("write {mended}: a blank belongs after the colon"))
        }
        "a sequence" if !text.is_empty() && text.len() < 100 => {
            // `-a` is a text: a blank belongs after the dash.
            let words = text.split([' ', ',']).map(|word| word.strip_prefix('-').unwrap_or(word));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            Some(format!("write [{}]", words.join(", ")))
        }
        "`true` or `false`" => match text.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" | "true" | "1" => Some("write true".to_owned()),
            "no" | "n" | "off" | "false" | "0" => Some("write false".to_owned()),
            _ => None,
        },
        _ if scalar.style != Style::Plain && expected.starts_with("a whole number") => {
            text.parse::<u32>().ok().map(|number| format!("write {number}, without quotes"))
        }
        _ => None,
    }
}

/// The text that a mapping was likely meant as: a type such as `struct<a: int32>`, in which `: ` has ended a key.
pub fn cut_by_a_colon(tree: &Tree) -> Option<String> {
    let Node::Mapping(mapping) = &tree.node else { return None };
    let [entry] = mapping.entries() else { return None };
    let (key, value) = (entry.key.text.as_str(), entry.value.plain()?);
    let whole = format!("{key}: {value}");
    let cut = entry.key.style == Style::Plain && !Brackets::of(key).are_closed() && Brackets::of(&whole).are_closed();
    Some(whole).filter(|_| cut)
}

/// `text` with a blank after its first colon, where it has one between words and without a blank.
pub fn with_a_blank(text: &str) -> Option<String> {
    let (key, value) = text.split_once(':')?;
    let is_word = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.');
    let sound = !key.is_empty() && key.chars().all(is_word) && !value.is_empty();
    (sound && !value.starts_with([' ', ':', '/'])).then(|| format!("{key}: {value}"))
}
