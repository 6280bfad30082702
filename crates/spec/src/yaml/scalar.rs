//! Scalars: their style, the meaning of a plain one under YAML 1.2, and where YAML 1.1 disagrees.

/// A scalar as it was written.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Its text, unquoted.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: it may mean a number, a boolean or NULL.
    Plain,
    /// In single quotes: always text.
    SingleQuoted,
    /// In double quotes: always text.
    DoubleQuoted,
    /// As a block after `|`: always text.
    Literal,
    /// As a block after `>`: always text.
    Folded,
}

/// Meaning of a scalar under the core schema of YAML 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A number with a fraction or exponent.
    Float,
    /// Text.
    Text,
}

/// The meaning of `scalar`.
pub fn meaning(scalar: &Scalar) -> Meaning {
    if scalar.style != Style::Plain {
        return Meaning::Text;
    }
    match scalar.text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "true" | "True" | "TRUE" => Meaning::Bool(true),
        "false" | "False" | "FALSE" => Meaning::Bool(false),
        text => number(text),
    }
}

fn number(text: &str) -> Meaning {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(digits) = text.strip_prefix("0x") {
        return i128::from_str_radix(digits, 16).map_or(Meaning::Text, Meaning::Int);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return i128::from_str_radix(digits, 8).map_or(Meaning::Text, Meaning::Int);
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Meaning::Float;
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_or(Meaning::Float, Meaning::Int);
    }
    let starts = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let numeric = unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'-' | b'+'));
    if starts && numeric && text.parse::<f64>().is_ok() { Meaning::Float } else { Meaning::Text }
}

/// The meaning of a plain scalar under YAML 1.1, where it differs from YAML 1.2.
pub fn disagreement(scalar: &Scalar) -> Option<&'static str> {
    if scalar.style != Style::Plain {
        return None;
    }
    let text = scalar.text.as_str();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    if matches!(text.to_ascii_lowercase().as_str(), "y" | "n" | "yes" | "no" | "on" | "off") {
        let lower = text.to_ascii_lowercase();
        let capitalised = text[..1].to_owned() + &lower[1..];
        let one_case = text == lower || text == text.to_ascii_uppercase() || text == capitalised;
        return one_case.then_some("a boolean");
    }
    if unsigned.len() > 1 && unsigned.starts_with('0') && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("an octal number");
    }
    if let Some(bits) = unsigned.strip_prefix("0b") {
        return (!bits.is_empty() && bits.bytes().all(|bit| matches!(bit, b'0' | b'1' | b'_')))
            .then_some("a binary number");
    }
    if unsigned.contains('_') && (digits(unsigned) || decimal_with_underscores(unsigned)) {
        return Some("a number");
    }
    if let Some((head, tail)) = unsigned.split_once(':') {
        let minutes =
            |part: &str| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
        if digits(head) && tail.split(':').all(minutes) {
            return Some("a number in base 60");
        }
    }
    None
}

/// The meaning of a plain key to other readers of YAML, where it is not the text that it is here.
pub fn key_elsewhere(key: &Scalar) -> Option<&'static str> {
    match meaning(key) {
        _ if key.text.is_empty() => None,
        Meaning::Null => Some("nothing"),
        Meaning::Bool(_) => Some("a boolean"),
        Meaning::Int(_) | Meaning::Float => Some("a number"),
        Meaning::Text if key.style != Style::Plain => None,
        Meaning::Text if key.text == "<<" => Some("an order to merge"),
        Meaning::Text if key.text == "=" => Some("a default"),
        Meaning::Text if is_date(&key.text) => Some("a date"),
        Meaning::Text => disagreement(key),
    }
}

/// Whether a text is a date, or begins as one with a time.
fn is_date(text: &str) -> bool {
    let day = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    let digits = |part: &str| part.len() <= 4 && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts[0].len() == 4 && parts.into_iter().all(digits)
}

fn decimal_with_underscores(text: &str) -> bool {
    let plain: String = text.chars().filter(|character| *character != '_').collect();
    text.starts_with(|first: char| first.is_ascii_digit()) && plain.parse::<f64>().is_ok()
}

/// Describes a scalar for a person.
pub fn describe(scalar: &Scalar) -> String {
    match meaning(scalar) {
        Meaning::Null => "nothing".to_owned(),
        Meaning::Bool(value) => format!("the boolean `{value}`"),
        Meaning::Int(_) | Meaning::Float => format!("the number `{}`", scalar.text),
        Meaning::Text => {
            let shown: String = scalar.text.chars().take(40).collect();
            let dots = if shown.len() < scalar.text.len() { "…" } else { "" };
            format!("the text `{shown}{dots}`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.to_owned(), style: Style::Plain }
    }

    /// Core schema is followed.
    #[test]
    fn core_schema() {
        for (text, expected) in [
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("true", Meaning::Bool(true)),
            ("yes", Meaning::Text),
            ("12", Meaning::Int(12)),
            ("-3", Meaning::Int(-3)),
            ("0x1F", Meaning::Int(31)),
            ("0o17", Meaning::Int(15)),
            ("1.5", Meaning::Float),
            ("1e3", Meaning::Float),
            (".inf", Meaning::Float),
            ("1.2.3", Meaning::Text),
            ("55.2.0", Meaning::Text),
            ("inf", Meaning::Text),
            ("nan", Meaning::Text),
            ("e5", Meaning::Text),
        ] {
            assert_eq!(meaning(&plain(text)), expected, "{text}");
        }
    }

    /// Versions of YAML disagree about exactly these.
    #[test]
    fn yaml_versions_disagree() {
        for text in
            ["no", "No", "NO", "yes", "on", "off", "y", "012", "-017", "1_000", "1_0.5", "0b101", "12:30", "1:20:30"]
        {
            assert!(disagreement(&plain(text)).is_some(), "{text}");
        }
        for text in
            ["nO", "none", "0", "0.5", "10", "a_b", "_1", "0x1F", "12:61x", "a:b", "true", "2026-01-01", "1:234"]
        {
            assert!(disagreement(&plain(text)).is_none(), "{text}");
        }
    }
}
