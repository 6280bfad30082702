//! Did-you-mean.

pub use cstspec_contract::nearest;

/// The advice to use the known name nearest to `name`, if one is near enough to be meant.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|nearest| format!("did you mean `{nearest}`?"))
}
