//! Refusals that are documented: what a file may be refused for though pyarrow reads it.

use super::feed::Case;

/// A kind of refusal.
pub struct Documented {
    /// The name that a case uses for this refusal.
    pub kind: &'static str,
    /// A part of the error's text.
    says: &'static str,
}

/// All kinds. Each is in the specs' legend or in `cstspec explain`.
pub const DOCUMENTED: [Documented; 1] = [Documented { kind: "a folder without a file", says: "has no data file" }];

/// The documented kind that an error of a case is; `None` for one that nobody promised.
pub fn documented(case: &Case, error: &str) -> Option<&'static str> {
    let is = |refusal: &&Documented| {
        case.excuses.iter().any(|excuse| excuse == refusal.kind) && error.contains(refusal.says)
    };
    DOCUMENTED.iter().find(is).map(|refusal| refusal.kind)
}
