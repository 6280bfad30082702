//! Types as other systems spell them, and the spelling that is meant: SQL, Spark, DuckDB,
//! `ClickHouse`, protobuf, Arrow's own in Rust and in pyarrow, polars, pandas, and programming languages.
//!
//! This reads more than it judges. Whoever suggests a spelling sees first that it is one.

mod names;
mod read;
mod spell;
#[cfg(test)]
mod tests;

use names::TYPE_NAMES;

use cstspec_contract::nearest;

/// A longer text is not read, in bytes.
const MAX_LENGTH: usize = 4 * 1024;

/// The spellings that a type may be meant by which is written as another system has it; none where that is not known.
pub fn suggestions(text: &str) -> Vec<String> {
    if text.len() > MAX_LENGTH {
        return Vec::new();
    }
    let Some(found) = read::parse(text) else { return Vec::new() };
    if found.items.as_ref().is_none_or(Vec::is_empty)
        && let Some((_, types)) = TYPE_NAMES.iter().find(|(word, _)| *word == found.word)
    {
        return types.iter().map(|text| (*text).to_owned()).collect();
    }
    found.spelled().into_iter().collect()
}

/// Whether `word` is another system's for a struct, whose fields it does not have.
pub fn is_struct(word: &str) -> bool {
    ["record", "row", "tuple", "nested", "typeddict", "message"].contains(&word.to_lowercase().as_str())
}

/// The spellings that are meant by the word of another system that is nearest to `word`.
pub fn near(word: &str) -> Vec<String> {
    let near =
        nearest(&word.to_lowercase(), TYPE_NAMES.iter().map(|(known, _)| *known).filter(|known| known.len() > 3));
    near.map(suggestions).unwrap_or_default()
}

/// Whether `text` says that there are no NULLs, which a type does not.
pub fn is_not_null(text: &str) -> bool {
    text.len() <= MAX_LENGTH && read::parse(text).is_some_and(|part| part.not_null)
}
