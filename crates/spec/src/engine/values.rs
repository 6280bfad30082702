//! The values that settings may have: those that the engine takes and that a query runs with.
//!
//! The engine parses a value when it is set, and believes it later: a word that is no unit, or a number of partitions that no machine has,
//! ends a query in a panic or in all of the memory. Bounds are therefore those that queries run with, not those of the engine's integers.

use std::fmt;
use std::ops::RangeInclusive;

use chrono::format::{Item, StrftimeItems};

use super::zone;

/// The values that a setting may have, as the last column of the table of settings writes them.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// `bool`: true or false, in any case.
    Boolean,
    /// `whole LEAST MOST`: a whole number.
    Whole(RangeInclusive<i64>),
    /// `real LEAST MOST`: a number.
    Real(RangeInclusive<f64>),
    /// `share`: a number between 0 and 1, neither of the two.
    Share,
    /// `words ...`: one of these, in any case.
    Words(Vec<&'static str>),
    /// `exact ...`: one of these as it stands.
    Exact(Vec<&'static str>),
    /// `categories`: `all`, `none`, or some of [`CATEGORIES`] with commas between.
    Categories,
    /// `compression`: a codec of Parquet, with its level where it takes one.
    Compression,
    /// `size`: bytes, as `512K`, `1.5M` or `32G`.
    Size,
    /// `duration`: minutes and seconds, as `2m30s`.
    Duration,
    /// `zone`: a time zone or an offset.
    Zone,
    /// `time_format`: a format of dates and times, as strftime takes it.
    TimeFormat,
    /// `text`: any text without control characters.
    Text,
}

/// The categories of metrics that EXPLAIN ANALYZE shows.
pub const CATEGORIES: [&str; 4] = ["rows", "bytes", "timing", "uncategorized"];
/// Codecs of Parquet, each with the levels that it takes.
pub const CODECS: [(&str, Option<RangeInclusive<u32>>); 7] = [
    ("uncompressed", None),
    ("snappy", None),
    ("lz4", None),
    ("lz4_raw", None),
    ("gzip", Some(0..=9)),
    ("brotli", Some(0..=11)),
    ("zstd", Some(1..=22)),
];
/// The most bytes that a size may have: a pebibyte.
pub const MOST_BYTES: f64 = 1_125_899_906_842_624.0;
/// The most seconds that a duration may have: a year.
pub const MOST_SECONDS: u64 = 366 * 24 * 60 * 60;

impl Values {
    /// Reads the last column of the table; `None` where it is none of the forms.
    pub(super) fn parse(text: &'static str) -> Option<Self> {
        let mut words = text.split(' ');
        let form = words.next()?;
        let rest: Vec<&str> = words.collect();
        Some(match (form, rest.as_slice()) {
            ("bool", []) => Self::Boolean,
            ("whole", [least, most]) => Self::Whole(least.parse().ok()?..=most.parse().ok()?),
            ("real", [least, most]) => Self::Real(least.parse().ok()?..=most.parse().ok()?),
            ("share", []) => Self::Share,
            ("words", [_, ..]) => Self::Words(rest),
            ("exact", [_, ..]) => Self::Exact(rest),
            ("categories", []) => Self::Categories,
            ("compression", []) => Self::Compression,
            ("size", []) => Self::Size,
            ("duration", []) => Self::Duration,
            ("zone", []) => Self::Zone,
            ("time_format", []) => Self::TimeFormat,
            ("text", []) => Self::Text,
            _ => return None,
        })
    }

    /// Whether `value` is one of them.
    pub fn hold(&self, value: &str) -> bool {
        match self {
            Self::Boolean => ["true", "false"].iter().any(|word| word.eq_ignore_ascii_case(value)),
            Self::Whole(range) => value.parse().is_ok_and(|number| range.contains(&number)),
            Self::Real(range) => value.parse().is_ok_and(|number| range.contains(&number)),
            Self::Share => value.parse().is_ok_and(|number: f64| number > 0.0 && number < 1.0),
            Self::Words(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
            Self::Exact(words) => words.contains(&value),
            Self::Categories => {
                let is_known = |word: &str| CATEGORIES.iter().any(|known| known.eq_ignore_ascii_case(word.trim()));
                ["all", "none"].iter().any(|word| word.eq_ignore_ascii_case(value)) || value.split(',').all(is_known)
            }
            Self::Compression => is_compression(value),
            Self::Size => is_size(value),
            Self::Duration => is_duration(value),
            Self::Zone => zone::is_known(value),
            Self::TimeFormat => !StrftimeItems::new(value).any(|item| item == Item::Error),
            Self::Text => !value.chars().any(char::is_control),
        }
    }

    /// The one among the words that `value` was meant to be, where they are words.
    pub fn choices(&self) -> Vec<&'static str> {
        match self {
            Self::Boolean => vec!["true", "false"],
            Self::Words(words) | Self::Exact(words) => words.clone(),
            Self::Categories => ["all", "none"].into_iter().chain(CATEGORIES).collect(),
            Self::Compression => CODECS.into_iter().map(|(codec, _)| codec).collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Boolean => f.write_str("`true` or `false`"),
            Self::Whole(range) => write!(f, "a whole number from {} to {}", range.start(), range.end()),
            Self::Real(range) => write!(f, "a number from {} to {}", range.start(), range.end()),
            Self::Share => f.write_str("a number above 0 and below 1"),
            Self::Words(words) | Self::Exact(words) => write!(f, "one of {}", list(words)),
            Self::Categories => write!(f, "`all`, `none`, or some of {} with commas between", list(&CATEGORIES)),
            Self::Compression => {
                let codec = |(name, levels): &(&str, Option<RangeInclusive<u32>>)| match levels {
                    None => format!("`{name}`"),
                    Some(levels) => format!("`{name}({})` to `{name}({})`", levels.start(), levels.end()),
                };
                f.write_str(&CODECS.iter().map(codec).collect::<Vec<_>>().join(", "))
            }
            Self::Size => f.write_str("`0`, or a number with the unit K, M or G, such as `512M`, of at most 1048576G"),
            Self::Duration => f.write_str("minutes and seconds, such as `90s` or `2m30s`, of at most a year"),
            Self::Zone => f.write_str("a time zone such as `UTC` or `Europe/Vienna`, or an offset such as `+02:00`"),
            Self::TimeFormat => f.write_str("a format such as `%Y-%m-%d %H:%M:%S`"),
            Self::Text => f.write_str("a text without control characters"),
        }
    }
}

fn is_compression(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let (codec, level) = match value.split_once('(') {
        None => (value.as_str(), None),
        Some((codec, rest)) => match rest.strip_suffix(')').map(str::parse::<u32>) {
            Some(Ok(level)) => (codec, Some(level)),
            _ => return false,
        },
    };
    let known = CODECS.into_iter().find(|(known, _)| *known == codec);
    known.is_some_and(|(_, levels)| match (levels, level) {
        (None, None) => true,
        (Some(levels), Some(level)) => levels.contains(&level),
        _ => false,
    })
}

fn is_size(value: &str) -> bool {
    if value == "0" {
        return true;
    }
    let units = [('K', 1024.0), ('M', 1024.0 * 1024.0), ('G', 1024.0 * 1024.0 * 1024.0)];
    let of_unit = units.into_iter().find_map(|(unit, bytes)| value.strip_suffix(unit).map(|number| (number, bytes)));
    let Some((number, bytes)) = of_unit else { return false };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain && number.parse().is_ok_and(|number: f64| number * bytes <= MOST_BYTES)
}

fn is_duration(value: &str) -> bool {
    let (minutes, seconds) = match value.split_once('m') {
        Some((minutes, "")) => (Some(minutes), None),
        Some((minutes, seconds)) => (Some(minutes), Some(seconds)),
        None => (None, Some(value)),
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let seconds = match seconds {
        None => Some(0),
        Some(seconds) => seconds.strip_suffix('s').and_then(number),
    };
    let minutes = minutes.map_or(Some(0), number);
    let all = minutes.zip(seconds).and_then(|(minutes, seconds)| minutes.checked_mul(60)?.checked_add(seconds));
    all.is_some_and(|seconds| (1..=MOST_SECONDS).contains(&seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values are reported from what the engine refuses.
    #[test]
    fn setting_values() {
        for (form, fit, unfit) in [
            ("bool", &["true", "FALSE"][..], &["", "yes", "1"][..]),
            ("whole 1 10", &["1", "10", "+5"], &["0", "11", "-1", "1.0", "", "1_0", "9223372036854775808"]),
            ("whole -3 3", &["-3", "0"], &["-4", "4"]),
            ("real 0 1", &["0", "1", "0.5", "5e-1"], &["1.01", "-0.1", "NaN", "inf", ""]),
            ("share", &["0.01"], &["0", "1", "1.5", "NaN"]),
            ("words a b", &["a", "B"], &["c", ""]),
            ("exact a b", &["a"], &["A", ""]),
            ("categories", &["all", "none", "rows", "rows,Bytes"], &["", "rows,", "row"]),
            (
                "compression",
                &["snappy", "ZSTD(3)", "gzip(0)"],
                &["zstd", "zstd()", "zstd(23)", "snappy(1)", "gzip(9", ""],
            ),
            (
                "size",
                &["0", "1K", "1.5G", "1048576G"],
                &["1", "G", "-1G", "NaNG", "infG", "1T", "1048577G", "1e3M", ""],
            ),
            ("duration", &["1s", "2m", "2m30s"], &["0s", "", "m", "s", "2h", "30s2m", "18446744073709551615m", "1s1s"]),
            (
                "zone",
                &["UTC", "Europe/Vienna", "+02:00", "-0930", "+01"],
                &["", "Mars/Olympus", "+25:00", "utc", "+1:00"],
            ),
            ("time_format", &["%Y-%m-%d", ""], &["%", "%Q"]),
            ("text", &["", "a b"], &["a\nb"]),
        ] {
            let values = Values::parse(form).unwrap();
            for value in fit {
                assert!(values.hold(value), "{value} is one of {values}");
            }
            for value in unfit {
                assert!(!values.hold(value), "{value} is none of {values}");
            }
        }
    }
}
