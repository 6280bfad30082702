//! Real specs with mistakes that nobody thought of.

#[path = "../../../../tests/fuzz/src/sound.rs"]
mod sound;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use cstspec_spec::compile_embedded;

use crate::schemas::spec_files;
use sound::sound;

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most.max(1)).unwrap()).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// The texts that replace others.
const NASTY: [&str; 40] = [
    "",
    " ",
    "\n",
    "\t",
    "\0",
    "\r\n",
    "\u{feff}",
    "é",
    "\u{202e}",
    ":",
    ": ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "#",
    "|",
    ">-",
    "*a",
    "&a",
    "!!str",
    "---\n",
    "- ",
    "? ",
    "no",
    "012",
    "null",
    "~",
    ".",
    "..",
    "a.b",
    "<",
    ">",
    "(",
    "-1",
    "99999999999999999999",
    "struct<a: utf8>",
];

/// Numbers that some part of a computer takes for another.
const HUGE: [&str; 14] = [
    "0",
    "-1",
    "255",
    "256",
    "32768",
    "65537",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "170141183460469231731687303715884105728",
    "1e400",
    ".nan",
];

/// The texts that are put around a part repeatedly.
const AROUND: [(&str, &str); 8] = [
    ("list<", ">"),
    ("(", ")"),
    ("[", "]"),
    ("{a: ", "}"),
    ("struct<a: ", ">"),
    ("CASE WHEN ", " END"),
    ("NOT ", ""),
    ("fixed_size_list<", ", 4096>"),
];

/// A part of the text many times over, inside something again and again, or with other numbers.
fn inflate(text: &str, chance: &mut Chance) -> String {
    let mine = tokens(text);
    let (at, length) = (chance.below(mine.len()), chance.below(12) + 1);
    let part = mine[at..(at + length).min(mine.len())].concat();
    let made = match chance.below(3) {
        0 => part.repeat(1 << chance.below(11)),
        1 => {
            let (open, close) = AROUND[chance.below(AROUND.len())];
            let times = 1 << chance.below(9);
            format!("{}{part}{}", open.repeat(times), close.repeat(times))
        }
        _ => {
            let number = |token: &&str| token.bytes().all(|byte| byte.is_ascii_digit());
            let numbers: Vec<usize> = (0..mine.len()).filter(|at| number(&mine[*at])).collect();
            if numbers.is_empty() {
                return text.to_owned();
            }
            let mut mine = mine;
            mine[numbers[chance.below(numbers.len())]] = chance.pick(&HUGE);
            return mine.concat();
        }
    };
    format!("{}{made}{}", mine[..at].concat(), mine[(at + length).min(mine.len())..].concat())
}

/// Words, blanks and signs, each on its own.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let alike = |other: char| {
            (first.is_alphanumeric() || first == '_') && (other.is_alphanumeric() || other == '_')
                || first == ' ' && other == ' '
        };
        let length = rest.find(|other| !alike(other)).unwrap_or(rest.len()).max(first.len_utf8());
        let (token, more) = rest.split_at(length);
        tokens.push(token);
        rest = more;
    }
    tokens
}

fn mutate(text: &str, other: &str, chance: &mut Chance) -> String {
    if chance.below(4) == 0 {
        return inflate(text, chance);
    }
    if chance.below(3) == 0 {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=chance.below(3) {
            let at = chance.below(bytes.len());
            match chance.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, u8::try_from(chance.below(256)).unwrap()),
                2 if !bytes.is_empty() => drop(bytes.remove(at)),
                _ if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
                _ => {}
            }
        }
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let (mut mine, others) = (tokens(text), tokens(other));
    for _ in 0..=chance.below(4) {
        let (at, to) = (chance.below(mine.len()), chance.below(mine.len()));
        match chance.below(6) {
            0 => mine.swap(at, to),
            1 => drop(mine.remove(at)),
            2 => mine.insert(at, mine[to]),
            3 => mine[at] = others[chance.below(others.len())],
            4 => mine.insert(at, chance.pick(&NASTY)),
            _ => mine[at] = chance.pick(&NASTY),
        }
        if mine.is_empty() {
            break;
        }
    }
    mine.concat()
}

fn mutate_all(catalog: &str, rounds: usize, seed: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(catalog);
    let files: Vec<(String, String)> = spec_files(&folder)
        .into_iter()
        .map(|file| (file.clone(), fs::read_to_string(folder.join(&file)).unwrap()))
        .collect();
    let mut chance = Chance(seed);
    for round in 0..rounds {
        let (at, other) = (chance.below(files.len()), chance.below(files.len()));
        let mutated = mutate(&files[at].1, &files[other].1, &mut chance);
        let mut given: Vec<(&str, &str)> = files.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
        given[at].1 = &mutated;
        if chance.below(8) > 0 {
            // A few files take a fraction of the time, and what they lack is one more mistake.
            let kept: Vec<usize> = (0..5).map(|_| chance.below(files.len())).chain([at]).collect();
            let mut number = 0..files.len();
            given.retain(|(file, _)| kept.contains(&number.next().unwrap()) || *file == "catalog.yaml");
        }
        let result = catch_unwind(AssertUnwindSafe(|| sound(&compile_embedded(&given))));
        assert!(
            matches!(result, Ok(Ok(()))),
            "{catalog}, seed {seed}, round {round}: {result:?}\n--- {}\n{mutated}",
            files[at].0
        );
    }
}

/// Mutated specs end in findings with places.
#[test]
fn mutated_specs() {
    let rounds = std::env::var("CSTSPEC_MUTATIONS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1_000);
    let seed = std::env::var("CSTSPEC_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x9E37_79B9_7F4A_7C15);
    mutate_all("tests/catalogs/telemetry", rounds, seed);
    mutate_all("tests/catalogs/names", rounds, seed);
    mutate_all("specs", rounds, seed);
}
