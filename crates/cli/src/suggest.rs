//! Did-you-mean.

/// How much of a name must be right for the rest to be taken as a slip, from 0 to 1.
const LIKE_ENOUGH: f64 = 0.75;

/// The name among `known` that `given` was likely meant to be.
pub fn closest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(&given, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

/// `did you mean `NAME`?`, or what there is to choose from if nothing is close.
pub fn help<'a>(given: &str, known: impl IntoIterator<Item = &'a str> + Clone, otherwise: &str) -> String {
    match closest(given, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["cst_refs", "cst_nodes", "libcst_files_v1"];
        assert_eq!(closest("cst_ref", known), Some("cst_refs"));
        assert_eq!(closest("LIBCST_FILES", known), Some("libcst_files_v1"));
        assert_eq!(closest("cst_qnames", known), None);
        assert_eq!(closest("G00", ["G001", "G002"]), Some("G001"));
    }
}
