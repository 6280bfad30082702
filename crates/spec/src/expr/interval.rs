//! Texts of intervals.

/// The units of an interval.
const UNITS: [&str; 12] = [
    "century",
    "decade",
    "year",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
];

/// Whether `text` is numbers and units in turn: `1 day`, `-2 hours 30 minutes`, `1.5 seconds`.
///
/// The engine reads more spellings (`1:30:00`); those are left to it.
pub(super) fn is_plain(text: &str) -> bool {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let pairs = words.chunks(2);
    !words.is_empty()
        && pairs.into_iter().all(|pair| matches!(pair, [number, unit] if is_number(number) && is_unit(unit)))
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    number(whole) && number(fraction)
}

fn is_unit(word: &str) -> bool {
    let unit = word.to_ascii_lowercase();
    let singular = unit.strip_suffix('s').unwrap_or(&unit);
    UNITS.contains(&singular)
}
