//! Session presets: settings pinned by name.

use std::collections::BTreeMap;

use crate::Origin;

/// A preset of engine settings, with those it extends already folded in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The preset's name.
    pub name: String,
    /// Its purpose.
    pub doc: String,
    /// Where it was written.
    pub origin: Origin,
    /// The presets that it extends, in the order written; a later one wins over an earlier one.
    pub extends: Vec<String>,
    /// Every setting that it pins, by the engine's name for it.
    pub settings: BTreeMap<String, Setting>,
}

impl Session {
    /// Folds in the settings of `bases`, the presets that this one extends in their order: a later one wins over an earlier one, and the
    /// preset's own settings win over both.
    pub fn inherit<'s>(&mut self, bases: impl IntoIterator<Item = &'s Self>) {
        let own = std::mem::take(&mut self.settings);
        self.settings.extend(bases.into_iter().flat_map(|base| base.settings.clone()));
        self.settings.extend(own);
    }
}

/// Presets with all their settings, from `presets` that hold no more than each adds to those it extends. The order is kept. A base that is
/// not among `presets`, or that extends the preset itself, adds nothing.
pub fn inherit(presets: impl IntoIterator<Item = Session>) -> Vec<Session> {
    let mut presets: Vec<Session> = presets.into_iter().collect();
    let places: BTreeMap<String, usize> =
        presets.iter().enumerate().rev().map(|(place, preset)| (preset.name.clone(), place)).collect();
    let bases: Vec<Vec<usize>> = presets
        .iter()
        .map(|preset| preset.extends.iter().filter_map(|base| places.get(base).copied()).collect())
        .collect();
    let mut states = vec![State::Waiting; presets.len()];
    for start in 0..presets.len() {
        // A stack of its own, since presets may extend one another to any depth.
        let mut open = vec![start];
        while let Some(&place) = open.last() {
            if states[place] == State::Waiting {
                states[place] = State::Open;
                open.extend(bases[place].iter().filter(|base| states[**base] == State::Waiting));
                continue;
            }
            open.pop();
            if states[place] == State::Open {
                let whole: Vec<Session> = bases[place]
                    .iter()
                    .filter(|base| states[**base] == State::Whole)
                    .map(|base| presets[*base].clone())
                    .collect();
                presets[place].inherit(&whole);
                states[place] = State::Whole;
            }
        }
    }
    presets
}

/// How far a preset is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody asked for it yet.
    Waiting,
    /// Its bases come first.
    Open,
    /// It has all its settings.
    Whole,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A preset with settings of its own, each called by one letter and pinned to the preset's name.
    fn preset(name: &str, extends: &[&str], own: &str) -> Session {
        let setting = |c: char| {
            (
                c.to_string(),
                Setting { value: name.to_owned(), origin: Origin::new(format!("{name}.yaml"), c.to_string()) },
            )
        };
        Session {
            name: name.to_owned(),
            doc: String::new(),
            origin: Origin::default(),
            extends: extends.iter().map(|base| (*base).to_owned()).collect(),
            settings: own.chars().map(setting).collect(),
        }
    }

    /// Each preset with its settings: `a=base b=top`.
    fn shown(presets: Vec<Session>) -> Vec<(String, String)> {
        let settings = |preset: &Session| {
            let settings = preset.settings.iter().map(|(name, setting)| format!("{name}={}", setting.value));
            settings.collect::<Vec<_>>().join(" ")
        };
        inherit(presets).iter().map(|preset| (preset.name.clone(), settings(preset))).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, settings)| ((*name).to_owned(), (*settings).to_owned())).collect()
    }

    /// Own settings win over those of bases and later bases over earlier ones.
    #[test]
    fn settings_precedence() {
        let presets = vec![
            preset("both", &["left", "right"], "c"),
            preset("left", &["root"], "ab"),
            preset("right", &["root"], "b"),
            preset("root", &[], "abcd"),
        ];
        assert_eq!(
            shown(presets),
            pairs(&[
                // `right` carries the `a` of `root`, and comes after `left`.
                ("both", "a=root b=right c=both d=root"),
                ("left", "a=left b=left c=root d=root"),
                ("right", "a=root b=right c=root d=root"),
                ("root", "a=root b=root c=root d=root"),
            ])
        );
    }

    /// Bases that are missing or extend the preset add nothing.
    #[test]
    fn bases_missing_or_circular() {
        let presets = vec![
            preset("alone", &["missing"], "a"),
            preset("one", &["two"], "b"),
            preset("self", &["self"], "c"),
            preset("two", &["one"], "d"),
        ];
        assert_eq!(
            shown(presets),
            pairs(&[("alone", "a=alone"), ("one", "b=one d=two"), ("self", "c=self"), ("two", "d=two")])
        );
    }

    /// Presets extend one another to any depth.
    #[test]
    fn presets_extend_deeply() {
        let mut presets = vec![preset("p0", &[], "z")];
        for number in 1..20_000 {
            presets.push(preset(&format!("p{number}"), &[&format!("p{}", number - 1)], ""));
        }
        presets.reverse();
        assert!(inherit(presets).iter().all(|preset| preset.settings["z"].value == "p0"));
    }
}
