//! The schema evolution policies of a dataset: which differences between a file and the contract are allowed, for all of it and by path.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Origin, Path};

/// Allowed differences between a file and the contract, at any depth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evolution {
    /// A column or field that a file lacks.
    pub missing: MissingPolicy,
    /// A column or field that only the file has.
    pub extra: ExtraPolicy,
    /// A type in the file that is not the contract's.
    pub casts: CastPolicy,
    /// A field nullable in the file and NOT NULL in the contract.
    pub nullability: NullabilityPolicy,
    /// Old paths in files, and the names that their fields have in the contract.
    pub renames: BTreeMap<Path, String>,
    /// Policies of columns and nested fields, and of everything inside them.
    pub paths: BTreeMap<Path, PathPolicy>,
    /// Where it was written.
    pub origin: Origin,
}

/// The policies of one column or nested field. One that is not written is that of the field around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathPolicy {
    /// The field itself, or one inside it, that a file lacks.
    pub missing: Option<MissingPolicy>,
    /// A field inside it that only the file has.
    pub extra: Option<ExtraPolicy>,
    /// A type in the file that is not the contract's.
    pub casts: Option<CastPolicy>,
    /// A field nullable in the file and NOT NULL in the contract.
    pub nullability: Option<NullabilityPolicy>,
    /// Where it was written.
    pub origin: Origin,
}

/// The policies that a path may have of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKey {
    /// `missing`
    Missing,
    /// `extra`
    Extra,
    /// `casts`
    Casts,
    /// `nullability`
    Nullability,
}

impl PolicyKey {
    /// The key in a spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Casts => "casts",
            Self::Nullability => "nullability",
        }
    }
}

impl PathPolicy {
    /// Whether it decides about `key`.
    fn decides(&self, key: PolicyKey) -> bool {
        match key {
            PolicyKey::Missing => self.missing.is_some(),
            PolicyKey::Extra => self.extra.is_some(),
            PolicyKey::Casts => self.casts.is_some(),
            PolicyKey::Nullability => self.nullability.is_some(),
        }
    }
}

impl Evolution {
    /// The policy for a field that a file lacks at `path`.
    pub fn missing_at(&self, path: &Path) -> MissingPolicy {
        self.nearest(path, PolicyKey::Missing).and_then(|(_, policy)| policy.missing).unwrap_or(self.missing)
    }

    /// The policy for fields that only a file has inside the one at `path`; the empty path is that of the row.
    pub fn extra_inside(&self, path: &Path) -> ExtraPolicy {
        self.nearest(path, PolicyKey::Extra).and_then(|(_, policy)| policy.extra).unwrap_or(self.extra)
    }

    /// The casts that are allowed at `path`.
    pub fn casts_at(&self, path: &Path) -> CastPolicy {
        self.nearest(path, PolicyKey::Casts).and_then(|(_, policy)| policy.casts).unwrap_or(self.casts)
    }

    /// The policy for a field at `path` that is nullable in a file alone.
    pub fn nullability_at(&self, path: &Path) -> NullabilityPolicy {
        self.nearest(path, PolicyKey::Nullability)
            .and_then(|(_, policy)| policy.nullability)
            .unwrap_or(self.nullability)
    }

    /// The key that decides about `key` at `path`, as a spec has it: `evolution.casts`, `evolution.paths.refs.casts`.
    pub fn key_at(&self, path: &Path, key: PolicyKey) -> String {
        match self.nearest(path, key) {
            Some((of, _)) => format!("evolution.paths.{of}.{}", key.as_str()),
            None => format!("evolution.{}", key.as_str()),
        }
    }

    /// Where it is written what decides about `key` at `path`, or would be.
    pub fn origin_at(&self, path: &Path, key: PolicyKey) -> Origin {
        self.nearest(path, key).map_or(&self.origin, |(_, policy)| &policy.origin).join(key.as_str())
    }

    /// The contract's path of the field that files have at `stored`.
    pub fn present(&self, stored: &Path) -> Path {
        let mut old = Path::default();
        stored.segments().fold(Path::default(), |now, name| {
            old = old.join(name);
            now.join(self.renames.get(&old).map_or(name, String::as_str))
        })
    }

    /// The path nearest to `path`, itself or one around it, that decides about `key`.
    fn nearest(&self, path: &Path, key: PolicyKey) -> Option<(&Path, &PathPolicy)> {
        if self.paths.is_empty() {
            return None;
        }
        let mut around = std::iter::successors(Some(path.clone()), Path::parent);
        around.find_map(|path| self.paths.get_key_value(&path).filter(|(_, policy)| policy.decides(key)))
    }
}

/// Value of a column or field that a file lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingPolicy {
    /// Its default, or NULL where none is declared.
    #[default]
    Default,
    /// NULL, whatever its default.
    FillNull,
    /// The file is refused.
    Error,
}

/// Treatment of a column or field that only a file has. It is never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtraPolicy {
    /// Nothing.
    Ignore,
    /// A warning.
    #[default]
    Warn,
    /// The file is refused.
    Error,
}

/// Casts allowed from a file's type to the contract's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CastPolicy {
    /// None: the types are equal, or two encodings of the same type.
    None,
    /// Those that cannot lose a value.
    #[default]
    Widening,
    /// All that the engine has.
    Any,
}

/// Treatment of a field that is nullable in a file and NOT NULL in the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NullabilityPolicy {
    /// It is read; a NULL in it is an error of the data.
    #[default]
    Relax,
    /// The file is refused.
    Error,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::path;

    fn policies() -> Evolution {
        let policy = |casts, extra| PathPolicy { extra, casts, ..PathPolicy::default() };
        Evolution {
            casts: CastPolicy::None,
            paths: BTreeMap::from([
                (path("refs"), policy(Some(CastPolicy::Any), Some(ExtraPolicy::Ignore))),
                (path("refs.span"), policy(Some(CastPolicy::Widening), None)),
            ]),
            origin: Origin::parse("d.yaml#evolution"),
            ..Evolution::default()
        }
    }

    /// The nearest path that has a policy decides, each policy by itself.
    #[test]
    fn nearest_path_decides() {
        let evolution = policies();
        for (of, casts, extra) in [
            ("", CastPolicy::None, ExtraPolicy::Warn),
            ("id", CastPolicy::None, ExtraPolicy::Warn),
            ("refs", CastPolicy::Any, ExtraPolicy::Ignore),
            ("refs.id", CastPolicy::Any, ExtraPolicy::Ignore),
            ("refs.span", CastPolicy::Widening, ExtraPolicy::Ignore),
            ("refs.span.start.line", CastPolicy::Widening, ExtraPolicy::Ignore),
            ("refs_more", CastPolicy::None, ExtraPolicy::Warn),
        ] {
            assert_eq!((evolution.casts_at(&path(of)), evolution.extra_inside(&path(of))), (casts, extra), "{of}");
        }
        let key = |of: &str, key| evolution.key_at(&path(of), key);
        assert_eq!(key("refs.span.start", PolicyKey::Casts), "evolution.paths.refs.span.casts");
        assert_eq!(key("refs.span.start", PolicyKey::Extra), "evolution.paths.refs.extra");
        assert_eq!(key("id", PolicyKey::Casts), "evolution.casts");
    }

    /// Old names on the way are the contract's.
    #[test]
    fn stored_paths_are_renamed() {
        let mut evolution = policies();
        evolution.renames = BTreeMap::from([(path("uses"), "refs".to_owned()), (path("uses.at"), "span".to_owned())]);
        assert_eq!(evolution.present(&path("uses.at.start")), path("refs.span.start"));
        assert_eq!(
            evolution.present(&path("refs.at")),
            path("refs.at"),
            "below the present name `at` is another field"
        );
    }
}
