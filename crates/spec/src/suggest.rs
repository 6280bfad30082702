//! Did-you-mean.

/// The advice to use the known name nearest to `name`, if one is near enough to be meant.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// The most names that one is compared with.
const MOST_NAMES: usize = 500;

/// The known name nearest to `name`: equal but for case, or at most a third of it mistyped.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length > 128 {
        return None;
    }
    let lower = name.to_lowercase();
    let most = length / 3;
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= 4 * 128 && candidate.chars().count().abs_diff(length) <= most)
        .take(MOST_NAMES)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}
