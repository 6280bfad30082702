//! Where a new field belongs.

use std::collections::BTreeMap;

use arrow_schema::FieldRef;
use cstspec_contract::{Dataset, Path};

use super::difference::{Difference, Kind};
use super::site::{Site, Sites, site};

/// New fields of the structs of a dataset, by the struct's path and the name.
pub struct Added<'a>(BTreeMap<(Path, &'a str), &'a FieldRef>);

/// Where a new field is to be written: beside which field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// Where the field beside it is written.
    pub site: Site,
    /// Whether the new field stands behind it.
    pub behind: bool,
}

/// The answer to where a new field belongs.
pub enum Belongs {
    /// Beside a field, in a place that only structs with the new field have.
    At(Anchor, bool),
    /// Every place of the struct is one of a type that other structs of the dataset have too, which lack the field.
    Shared,
}

impl<'a> Added<'a> {
    /// Those among `differences`.
    pub fn of(differences: &'a [Difference]) -> Self {
        let added = differences.iter().filter_map(|difference| match &difference.kind {
            Kind::Added { field, .. } => {
                Some(((difference.path.parent().unwrap_or_default(), difference.path.leaf()), field))
            }
            _ => None,
        });
        Self(added.collect())
    }

    /// Whether the struct at `path` has a new field like `field`; its nullability may be another.
    fn has(&self, path: &Path, field: &FieldRef) -> bool {
        self.0
            .get(&(path.clone(), field.name().as_str()))
            .is_some_and(|other| other.data_type() == field.data_type() && other.metadata() == field.metadata())
    }

    /// Whether the struct at `path` has the new field `field` itself.
    pub fn is_there(&self, path: &Path, field: &FieldRef) -> bool {
        self.0.get(&(path.clone(), field.name().as_str())).is_some_and(|other| *other == field)
    }

    /// Whether `field` is nullable in one of the structs whose field is at one of `paths`.
    fn is_nullable<'p>(&self, paths: impl IntoIterator<Item = &'p Path>, field: &FieldRef) -> bool {
        paths.into_iter().any(|path| {
            let holder = path.parent().unwrap_or_default();
            self.0.get(&(holder, field.name().as_str())).is_none_or(|other| other.is_nullable())
        })
    }

    /// Where the new `field` of the struct at `holder` belongs, which stands beside `neighbours`; and whether it is nullable there.
    pub fn belongs(
        &self,
        dataset: &Dataset,
        sites: &Sites,
        holder: &Path,
        field: &FieldRef,
        neighbours: &[(String, bool)],
    ) -> Belongs {
        for (name, behind) in neighbours {
            let Some(site) = site(dataset, &holder.join(name)) else { continue };
            let own = || sites.fields(&site).iter().filter(|(name, _)| *name == dataset.name).map(|(_, path)| path);
            if own().all(|path| self.has(&path.parent().unwrap_or_default(), field)) {
                let nullable = self.is_nullable(own(), field);
                return Belongs::At(Anchor { site, behind: *behind }, nullable);
            }
        }
        Belongs::Shared
    }
}
