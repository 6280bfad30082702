//! How alike two names are: one measure for every name that was likely meant as another.

/// How two different names are alike, the closest kind first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// They differ by the case of letters: `userId`, `userid`.
    Case,
    /// They differ by separators, and by case if at all: `op_name`, `opName`, `op-name`.
    Separators,
    /// At most a quarter of the longer one is mistyped: `ref_text`, `ref_txt`.
    Slip,
}

/// Names longer than this, in characters, are compared for equality alone.
const LONGEST: usize = 128;
/// Of names shorter than this, in characters, one other letter makes another word.
const SHORT: usize = 4;
/// The most names that one is compared with.
const MOST_NAMES: usize = 500;

/// How `one` and `other` are alike; `None` for equal names and for strangers. Names that differ in their digits alone are strangers:
/// `x1` and `x2` are two things.
pub fn likeness(one: &str, other: &str) -> Option<Likeness> {
    if one == other {
        return None;
    }
    let (folded, other_folded) = (one.to_lowercase(), other.to_lowercase());
    if folded == other_folded {
        return Some(Likeness::Case);
    }
    let bare = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (bare, other_bare) = (bare(&folded), bare(&other_folded));
    if !bare.is_empty() && bare == other_bare {
        return Some(Likeness::Separators);
    }
    let short = folded.chars().count().min(other_folded.chars().count()) < SHORT;
    let letters = |name: &str| name.chars().filter(|c| !c.is_numeric()).collect::<String>();
    let numbered = letters(&folded) == letters(&other_folded);
    (!short && !numbered && distance(&folded, &other_folded).is_some()).then_some(Likeness::Slip)
}

/// The known name nearest to `name`: equal but for case, or at most a quarter of it mistyped, or one letter of a short one. The first by name of several equally near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = name.to_lowercase();
    known
        .into_iter()
        .take(MOST_NAMES)
        .filter_map(|candidate| Some((distance(&folded, &candidate.to_lowercase())?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The advice to use the known name [`nearest`] to `name`, if one is near enough to be meant.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// How many characters of two folded names are mistyped, if that is a quarter of the longer one at most, or one of three.
fn distance(one: &str, other: &str) -> Option<usize> {
    let (length, other_length) = (one.chars().count(), other.chars().count());
    let longer = length.max(other_length);
    let most = (longer / 4).max(usize::from(longer >= 3));
    if longer > LONGEST || length.abs_diff(other_length) > most {
        return (one == other).then_some(0);
    }
    Some(strsim::damerau_levenshtein(one, other)).filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of one thing are alike and names of two are not.
    #[test]
    fn names_alike() {
        for (one, other, expected) in [
            ("userId", "userid", Some(Likeness::Case)),
            ("GRÖSSE", "grösse", Some(Likeness::Case)),
            ("op_name", "opname", Some(Likeness::Separators)),
            ("opName", "op_name", Some(Likeness::Separators)),
            ("service.name", "service_name", Some(Likeness::Separators)),
            ("ref_text", "ref_txt", Some(Likeness::Slip)),
            ("lenght", "length", Some(Likeness::Slip)),
            ("x1", "x2", None),
            ("column_1", "column_12", None),
            ("created_at", "updated_at", None),
            ("first_name", "last_name", None),
            ("bstart", "bend", None),
            ("min_x", "max_x", None),
            ("sum", "num", None),
            ("same", "same", None),
            ("", "a", None),
            ("_", "__", None),
        ] {
            assert_eq!(likeness(one, other), expected, "{one} {other}");
            assert_eq!(likeness(other, one), expected, "{other} {one}");
        }
    }

    /// A slip is recognised and a stranger is not.
    #[test]
    fn slip_recognised() {
        let known = ["cst_refs", "cst_nodes", "libcst_files_v1"];
        assert_eq!(nearest("cst_ref", known), Some("cst_refs"));
        assert_eq!(nearest("LIBCST_FILES", known), Some("libcst_files_v1"));
        assert_eq!(nearest("cst_qnames", known), None);
        assert_eq!(nearest("idd", ["id", "sku"]), Some("id"));
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("G00", ["G001", "G002"]), Some("G001"));
        let long = "n".repeat(100_000);
        assert_eq!(nearest(&long, [long.as_str(), "n"]), Some(long.as_str()));
    }
}
