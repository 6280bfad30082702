//! Fields that a file likely has under another name than the contract's: one that it lacks beside one that only it has, under the same
//! parent. Nothing is read by such a guess; it is advice for whoever writes `evolution.renames`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields, Schema};
use cstspec_contract::{
    Dataset, DefaultValue, Evolution, Likeness, Path, PathPolicy, likeness, list_child, map_fields,
};

use crate::plan::{DROPPED, sources};
use crate::{Rules, compare_fields};

/// A field of the contract that a file likely has under another name.
#[derive(Clone, Debug)]
pub struct LikelyRename {
    /// The field, as the contract spells its path.
    pub path: Path,
    /// The field of the file, as the file spells its path and as `evolution.renames` takes it.
    pub stored: Path,
    /// The field as it is declared.
    pub declared: FieldRef,
    /// The field as the file has it.
    pub found: FieldRef,
    /// How the two names are alike; `None` where the type alone says so.
    pub likeness: Option<Likeness>,
}

/// The most fields of one parent that are paired.
const MOST_PAIRED: usize = 100;
/// How many fields two structs share at least, if only their types say that they are one.
const LEAST_SHARED: usize = 2;

/// The likely renames of a file of the schema `file`, at any depth and sorted by the order of the contract's fields. The columns
/// `partition_columns` are taken from elsewhere.
pub fn likely_renames(contract: &Dataset, partition_columns: &[&str], file: &Schema) -> Vec<LikelyRename> {
    let own = |field: &&FieldRef| !partition_columns.contains(&field.name().as_str());
    let declared: Fields = contract.columns.iter().map(|column| &column.field).filter(own).cloned().collect();
    let found: Fields = file.fields().iter().filter(own).cloned().collect();
    likely_renames_of(&found, &declared, Rules { evolution: &contract.evolution, defaults: &contract.defaults })
}

/// The likely renames among the fields `found`, held against those `declared`.
fn likely_renames_of(found: &Fields, declared: &Fields, rules: Rules<'_>) -> Vec<LikelyRename> {
    let mut search = Search { rules, likely: Vec::new() };
    search.fields(found, declared, &Scope::default());
    search.likely
}

/// Where a type is.
#[derive(Clone, Default)]
struct Scope {
    /// As the contract spells it.
    path: Path,
    /// As the file does.
    stored: Path,
}

impl Scope {
    fn join(&self, name: &str, stored: &str) -> Self {
        Self { path: self.path.join(name), stored: self.stored.join(stored) }
    }
}

struct Search<'a> {
    rules: Rules<'a>,
    likely: Vec<LikelyRename>,
}

impl Search<'_> {
    fn fields(&mut self, from: &Fields, to: &Fields, at: &Scope) {
        let of = |declared: &FieldRef| sources(self.rules.evolution, from, to, declared, &at.stored);
        let places: Vec<Vec<usize>> = to.iter().map(of).collect();
        let lost: Vec<&FieldRef> =
            to.iter().zip(&places).filter(|(_, places)| places.is_empty()).map(|(field, _)| field).collect();
        // No rename applies to a field with a name that the contract has: it is there twice.
        let unknown: Vec<&FieldRef> = from
            .iter()
            .enumerate()
            .filter(|(index, field)| {
                let known = places.iter().flatten().any(|place| place == index) || to.find(field.name()).is_some();
                !known && !field.name().starts_with(DROPPED)
            })
            .map(|(_, field)| field)
            .collect();
        if !lost.is_empty() && !unknown.is_empty() {
            self.pair(&lost, &unknown, at);
        }
        for (declared, places) in to.iter().zip(places) {
            let [place] = places[..] else { continue };
            let found = &from[place];
            if found.data_type() != declared.data_type() {
                self.inside(found.data_type(), declared.data_type(), &at.join(declared.name(), found.name()));
            }
        }
    }

    fn inside(&mut self, found: &DataType, declared: &DataType, at: &Scope) {
        match (found, declared) {
            (DataType::Struct(from), DataType::Struct(to)) => self.fields(from, to, at),
            (DataType::Map(from, _), DataType::Map(to, _)) => {
                let (Some(from), Some(to)) = (map_fields(from), map_fields(to)) else { return };
                self.inside(from.0.data_type(), to.0.data_type(), &at.join("key", "key"));
                self.inside(from.1.data_type(), to.1.data_type(), &at.join("value", "value"));
            }
            _ => {
                if let (Some(from), Some(to)) = (list_child(found), list_child(declared)) {
                    self.inside(from.data_type(), to.data_type(), at);
                }
            }
        }
    }

    /// Pairs what is lost with what is unknown, the closest names first, each only where there is no other to choose from.
    fn pair(&mut self, lost: &[&FieldRef], unknown: &[&FieldRef], at: &Scope) {
        let (lost, unknown) = (&lost[..lost.len().min(MOST_PAIRED)], &unknown[..unknown.len().min(MOST_PAIRED)]);
        let mut pairs: BTreeMap<usize, (usize, Option<Likeness>)> = BTreeMap::new();
        let kinds = [Some(Likeness::Case), Some(Likeness::Separators), Some(Likeness::Slip), None];
        for kind in kinds {
            let taken = |index: &usize| pairs.values().any(|(taken, _)| taken == index);
            let mut candidates = Vec::new();
            for (one, declared) in lost.iter().enumerate().filter(|(one, _)| !pairs.contains_key(one)) {
                for (other, found) in unknown.iter().enumerate().filter(|(other, _)| !taken(other)) {
                    let alike = match kind {
                        Some(_) => {
                            likeness(declared.name(), found.name()) == kind
                                && same_kind(found.data_type(), declared.data_type())
                        }
                        None => is_distinctive(found.data_type(), declared.data_type()),
                    };
                    if alike {
                        candidates.push((one, other));
                    }
                }
            }
            let alone = |(one, other): &&(usize, usize)| {
                candidates.iter().filter(|candidate| candidate.0 == *one || candidate.1 == *other).count() == 1
            };
            pairs.extend(candidates.iter().filter(alone).map(|(one, other)| (*one, (*other, kind))));
        }
        for (one, (other, likeness)) in pairs {
            self.add(lost[one], unknown[other], likeness, at);
        }
    }

    /// Adds that `found` is likely `declared`, with what is renamed inside it, if nothing keeps it from being read as that.
    fn add(&mut self, declared: &FieldRef, found: &FieldRef, likeness: Option<Likeness>, at: &Scope) {
        let inner = at.join(declared.name(), found.name());
        let mut below = Search { rules: self.rules, likely: Vec::new() };
        below.inside(found.data_type(), declared.data_type(), &inner);

        let evolution = with_renames(self.rules.evolution, &below.likely);
        if is_readable(found, declared, Rules { evolution: &evolution, ..self.rules }, &inner) {
            let (declared, found) = (FieldRef::clone(declared), FieldRef::clone(found));
            self.likely.push(LikelyRename { path: inner.path, stored: inner.stored, declared, found, likeness });
            self.likely.extend(below.likely);
        }
    }
}

/// Whether the field `found` of a file could be read as `declared`, were it renamed to it.
fn is_readable(found: &FieldRef, declared: &FieldRef, rules: Rules<'_>, at: &Scope) -> bool {
    let (stored_depth, depth) = (at.stored.segments().count(), at.path.segments().count());
    let below = |path: &Path, parent: &Path| path.segments().zip(parent.segments()).all(|(one, other)| one == other);
    let moved = |path: &Path, depth: usize| Path::default().join(declared.name()).join_path(&path.skip(depth));
    let renames = rules.evolution.renames.iter().filter(|(old, _)| old.segments().count() > stored_depth);
    let renames = renames.filter(|(old, _)| below(old, &at.stored));
    let renames = renames.map(|(old, new)| (moved(old, stored_depth), new.clone())).collect();
    let paths = policies_inside(rules.evolution, &at.path, |path| moved(path, depth));
    let evolution = Evolution { renames, paths, ..rules.evolution.clone() };
    let defaults = rules.defaults.iter().filter(|default| default.path.segments().count() > depth);
    let defaults = defaults.filter(|default| below(&default.path, &at.path));
    let defaults: Vec<DefaultValue> =
        defaults.map(|default| DefaultValue { path: moved(&default.path, depth), ..default.clone() }).collect();
    let found = Arc::new(found.as_ref().clone().with_name(declared.name()));
    let rules = Rules { evolution: &evolution, defaults: &defaults };
    compare_fields(&vec![found].into(), &vec![FieldRef::clone(declared)].into(), rules).refused.is_empty()
}

/// The policies of the field at `path`, whatever decides them, and of those inside it, by paths that are `moved`.
fn policies_inside(evolution: &Evolution, path: &Path, moved: impl Fn(&Path) -> Path) -> BTreeMap<Path, PathPolicy> {
    if evolution.paths.is_empty() {
        return BTreeMap::new();
    }
    let inside = evolution.paths.iter().filter(|(known, _)| known.starts_with(path) && *known != path);
    let own = PathPolicy {
        missing: Some(evolution.missing_at(path)),
        extra: Some(evolution.extra_inside(path)),
        casts: Some(evolution.casts_at(path)),
        nullability: Some(evolution.nullability_at(path)),
        origin: evolution.origin.clone(),
    };
    let inside = inside.map(|(known, policy)| (moved(known), policy.clone()));
    inside.chain(std::iter::once((moved(path), own))).collect()
}

/// `evolution` with `likely` renames among its own.
fn with_renames(evolution: &Evolution, likely: &[LikelyRename]) -> Evolution {
    let mut evolution = evolution.clone();
    let renames = likely.iter().map(|likely| (likely.stored.clone(), likely.declared.name().clone()));
    evolution.renames.extend(renames);
    evolution
}

/// Whether two types are nested in the same way, or not nested at all.
fn same_kind(found: &DataType, declared: &DataType) -> bool {
    match (found, declared) {
        (DataType::Struct(_), DataType::Struct(_)) | (DataType::Map(..), DataType::Map(..)) => true,
        _ => match (list_child(found), list_child(declared)) {
            (Some(found), Some(declared)) => same_kind(found.data_type(), declared.data_type()),
            (None, None) => !(found.is_nested() ^ declared.is_nested()) || *found == DataType::Null,
            _ => *found == DataType::Null,
        },
    }
}

/// Whether two types have so many names inside them in common that few others would.
fn is_distinctive(found: &DataType, declared: &DataType) -> bool {
    match (found, declared) {
        (DataType::Struct(from), DataType::Struct(to)) => {
            let shared = to.iter().filter(|field| from.find(field.name()).is_some()).count();
            shared >= LEAST_SHARED && 2 * shared >= from.len().max(to.len())
        }
        (DataType::Map(from, _), DataType::Map(to, _)) => match (map_fields(from), map_fields(to)) {
            (Some(from), Some(to)) => is_distinctive(from.1.data_type(), to.1.data_type()),
            _ => false,
        },
        _ => match (list_child(found), list_child(declared)) {
            (Some(found), Some(declared)) => is_distinctive(found.data_type(), declared.data_type()),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use cstspec_contract::types::{list, map, nullable, required, structure};
    use cstspec_contract::{CastPolicy, ExtraPolicy};

    use super::*;
    use crate::compare;

    fn lines(contract: &Dataset, file: &Schema) -> Vec<String> {
        let likely = likely_renames(contract, &[], file);
        likely.iter().map(|likely| format!("{} -> {} {:?}", likely.stored, likely.path, likely.likeness)).collect()
    }

    fn file(fields: Vec<FieldRef>) -> Schema {
        Schema::new(fields)
    }

    #[test]
    fn rename_found_at_every_depth() {
        let item = |name| structure([nullable(name, DataType::Utf8), nullable("slot", DataType::Int64)]);
        let contract = Dataset::new(
            "t",
            vec![
                nullable("userid", DataType::Int64),
                nullable("ref_text", DataType::Utf8),
                nullable("codes", list(structure([nullable("instructions", list(item("opname")))]))),
                nullable("marks", map(DataType::Utf8, item("opname"))),
            ],
        );
        let drifted = file(vec![
            nullable("userId", DataType::Int32),
            nullable("ref_txt", DataType::Utf8),
            nullable("codes", list(structure([nullable("instructions", list(item("op_name")))]))),
            nullable("marks", map(DataType::Utf8, item("opName"))),
        ]);
        assert_eq!(
            lines(&contract, &drifted),
            [
                "userId -> userid Some(Case)",
                "ref_txt -> ref_text Some(Slip)",
                "codes.instructions.op_name -> codes.instructions.opname Some(Separators)",
                "marks.value.opName -> marks.value.opname Some(Case)",
            ]
        );
        let mut renaming = contract.clone();
        let likely = likely_renames(&contract, &[], &drifted);
        renaming.evolution = with_renames(&contract.evolution, &likely);
        assert_eq!(lines(&renaming, &drifted), [""; 0]);
        let kinds: Vec<String> =
            compare(&renaming, &[], &drifted).conversions.iter().map(|found| found.kind.to_string()).collect();
        assert!(kinds.iter().all(|kind| kind == "renamed" || kind == "cast"), "{kinds:?}");
    }

    #[test]
    fn rename_below_renamed_parent() {
        let event = |id: &str| structure([nullable(id, DataType::Utf8), nullable("at", DataType::Int64)]);
        let mut contract = Dataset::new("t", vec![nullable("event", event("message_id"))]);
        let drifted = file(vec![nullable("theEvent", event("messageId"))]);
        // The parent's type says that it is the one, for it has no other name to go by; then its field is told too.
        contract.evolution.renames = [(Path::top("theEvent"), "event".to_owned())].into();
        assert_eq!(lines(&contract, &drifted), ["theEvent.messageId -> event.message_id Some(Separators)"]);
        contract.evolution.renames.clear();
        let drifted = file(vec![nullable("Event", event("messageId"))]);
        let both = ["Event -> event Some(Case)", "Event.messageId -> event.message_id Some(Separators)"];
        assert_eq!(lines(&contract, &drifted), both);
    }

    /// A distinctive type is enough where there is one candidate.
    #[test]
    fn rename_by_distinctive_type() {
        let span = || structure([nullable("start", DataType::Int64), nullable("length", DataType::Int64)]);
        let contract = Dataset::new("t", vec![nullable("place", list(span())), nullable("id", DataType::Int64)]);
        let one = file(vec![nullable("location", list(span())), nullable("key", DataType::Int64)]);
        assert_eq!(lines(&contract, &one), ["location -> place None"]);
        let two = file(vec![nullable("location", list(span())), nullable("extent", list(span()))]);
        assert_eq!(lines(&contract, &two), [""; 0]);
    }

    #[test]
    fn rename_ambiguous_ignored() {
        let mut contract = Dataset::new("t", vec![required("opname", DataType::Int64)]);
        let of = |contract: &Dataset, fields: Vec<FieldRef>| lines(contract, &file(fields));
        assert_eq!(of(&contract, vec![nullable("op_name", DataType::Utf8)]), [""; 0]);
        assert_eq!(of(&contract, vec![nullable("op_name", DataType::Int16)]).len(), 1);
        let both = || vec![nullable("op_name", DataType::Int64), nullable("op-name", DataType::Int64)];
        assert_eq!(of(&contract, both()), [""; 0]);
        assert_eq!(
            of(&contract, vec![nullable("opname", DataType::Utf8), nullable("op_name", DataType::Int64)]),
            [""; 0]
        );
        contract.evolution.casts = CastPolicy::Any;
        contract.evolution.extra = ExtraPolicy::Error;
        assert_eq!(of(&contract, vec![nullable("op_name", DataType::Utf8)]).len(), 1);
    }
}
