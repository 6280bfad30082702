//! Did-you-mean.

use cstspec_contract::nearest;

/// `did you mean `NAME`?`, or what there is to choose from if nothing is close.
pub fn help<'a>(given: &str, known: impl IntoIterator<Item = &'a str> + Clone, otherwise: &str) -> String {
    match nearest(given, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => otherwise.to_owned(),
    }
}
