//! Session presets: settings pinned by name.

use std::collections::BTreeMap;

use crate::Origin;

/// A preset of engine settings, with those it extends already folded in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The preset's name.
    pub name: String,
    /// What it is for.
    pub doc: String,
    /// Where it was written.
    pub origin: Origin,
    /// The presets that it extends, in the order written; a later one wins over an earlier one.
    pub extends: Vec<String>,
    /// Every setting that it pins, by the engine's name for it.
    pub settings: BTreeMap<String, Setting>,
}

/// The settings of cstspec itself, beside the engine's: name, default and what each is for. All are booleans.
pub const OWN_SETTINGS: [(&str, bool, &str); 2] = [
    (
        "cstspec.narrow_scans",
        true,
        "Read only the nested fields that a query uses, through unnest and views, and leave out the row groups whose statistics \
         exclude its filters on them. Rows are the same either way.",
    ),
    (
        "cstspec.trust_keys",
        false,
        "Hand declared keys to the engine's optimizer when a catalog is registered. The optimizer believes them unproven, and \
         gives wrong rows over unnested views even where they hold.",
    ),
];

/// A pinned setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value as `SET` takes it and `df_settings` reports it.
    pub value: String,
    /// Where it was written.
    pub origin: Origin,
}
