//! Time zones that the engine knows: those of the IANA database, and fixed offsets.

use chrono_tz::Tz;

/// Whether `text` names a time zone (`Europe/Vienna`, `UTC`) or an offset (`+05:30`, `-0930`, `+02`).
pub fn is_known(text: &str) -> bool {
    is_offset(text) || text.parse::<Tz>().is_ok()
}

/// The names of all zones.
pub fn names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

fn is_offset(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(['+', '-']) else { return false };
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 if digits.is_ascii() => digits.split_at(2),
        5 => match digits.split_once(':') {
            Some((hours, minutes)) if hours.len() == 2 => (hours, minutes),
            _ => return false,
        },
        _ => return false,
    };
    let below = |text: &str, most: u8| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse().is_ok_and(|number: u8| number < most)
    };
    below(hours, 24) && below(minutes, 60)
}
