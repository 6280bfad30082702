//! Suggestions for unknown names.

use cstspec_contract::did_you_mean;

/// The known name that was likely meant, or what there is to choose from if nothing is close.
pub fn help<'a>(given: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    did_you_mean(given, known).unwrap_or_else(|| otherwise.to_owned())
}
