//! A schema held against a declared one: a file's against a dataset's contract, that of rows against what a boundary asks for.

use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use cstspec_contract::report::Conversion;
use cstspec_contract::{CastPolicy, Dataset, Evolution, Path};

use crate::place::At;
use crate::plan::Planner;
use crate::{Child, ConformError, LeafSizes, Rules, Step, leaves, narrow, read_leaves};

/// How one file differs from its dataset's contract, and how it is read.
#[derive(Debug)]
pub struct Comparison {
    /// The differences that are allowed, at any depth, each once.
    pub conversions: Vec<Conversion>,
    /// The differences that the contract does not allow. Nothing of the file is read unless it is empty.
    pub refused: Vec<ConformError>,
    /// The source of each column of the contract, in the contract's order; `None` for those that folders carry.
    pub columns: Vec<Option<Child>>,
}

impl Comparison {
    /// Whether a column is not read as the reader gives it.
    pub fn converts(&self) -> bool {
        let kept = |child: &Child| matches!(child, Child::Stored { step: Step::Keep, .. });
        self.columns.iter().flatten().any(|child| !kept(child))
    }

    /// For each Parquet leaf of a file whose Arrow schema has the fields `stored`, in order, whether it is read for one of the `columns`.
    pub fn leaves(&self, columns: &[usize], stored: &Fields, sizes: &LeafSizes) -> Vec<bool> {
        let mut read = Vec::new();
        for (place, field) in stored.iter().enumerate() {
            let step = columns.iter().find_map(|column| match &self.columns[*column] {
                Some(Child::Stored { index, step, .. }) if *index == place => Some(step),
                _ => None,
            });
            match step {
                Some(step) => {
                    let less = narrow(field.data_type(), step, &Path::top(field.name().as_str()), sizes);
                    read_leaves(field.data_type(), less.as_ref().map(|(less, _)| less), &mut read);
                }
                None => read.extend(std::iter::repeat_n(false, leaves(field.data_type()))),
            }
        }
        read
    }

    /// The same file read as `read_schema`: the columns of `contract`, some without fields that they are declared with.
    ///
    /// # Errors
    ///
    /// The engine's error for a default that has no such fields.
    pub fn projected(&self, contract: &Dataset, read_schema: &Schema) -> Result<Self, ConformError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for ((column, declared), read) in self.columns.iter().zip(&contract.columns).zip(read_schema.fields()) {
            let (path, from) = (Path::top(declared.name()), declared.field.data_type());
            let read = |child: &Child| child.projected(from, read.data_type(), &path);
            columns.push(column.as_ref().map(read).transpose()?);
        }
        Ok(Self { conversions: self.conversions.clone(), refused: Vec::new(), columns })
    }
}

static COMPARISONS: AtomicU64 = AtomicU64::new(0);

/// How often the process has compared a file with a contract.
pub fn comparisons() -> u64 {
    COMPARISONS.load(Ordering::Relaxed)
}

/// Compares a file of the schema `file` with `contract`. The columns `partition_columns` are taken from folder names; a file that has them too
/// has nothing extra.
pub fn compare(contract: &Dataset, partition_columns: &[&str], file: &Schema) -> Comparison {
    COMPARISONS.fetch_add(1, Ordering::Relaxed);
    let is_partition = |field: &FieldRef| partition_columns.contains(&field.name().as_str());
    let declared: Fields =
        contract.columns.iter().map(|column| &column.field).filter(|field| !is_partition(field)).cloned().collect();
    let places: Vec<usize> = (0..file.fields().len()).filter(|index| !is_partition(&file.fields()[*index])).collect();
    let stored: Fields = places.iter().map(|index| FieldRef::clone(&file.fields()[*index])).collect();

    let rules = Rules { evolution: &contract.evolution, defaults: &contract.defaults };
    let FieldComparison { conversions, mut refused, children } = compare_fields(&stored, &declared, rules);
    // Which of two stored columns contradicts a folder would depend on which is looked at.
    for name in partition_columns {
        let names = file.fields().iter().filter(|field| field.name() == name).map(|field| field.name().clone());
        let names: Vec<String> = names.collect();
        if names.len() > 1 {
            refused.push(ConformError::Ambiguous { path: Path::top(*name), names });
        }
    }
    let mut children = children.into_iter().map(|child| match child {
        Child::Stored { index, step, required, hidden } => {
            Child::Stored { index: places[index], step, required, hidden }
        }
        filled @ Child::Filled(_) => filled,
    });
    let columns =
        contract.columns.iter().map(|column| if is_partition(&column.field) { None } else { children.next() });
    let columns = columns.collect();
    Comparison { conversions, refused, columns }
}

/// How fields differ from declared ones, and how they are read.
#[derive(Debug)]
pub struct FieldComparison {
    /// The differences that are allowed, at any depth, each once.
    pub conversions: Vec<Conversion>,
    /// The differences that the rules do not allow. Nothing is read unless it is empty.
    pub refused: Vec<ConformError>,
    /// The source of each declared field.
    pub children: Vec<Child>,
}

/// Compares the fields `found` with those `declared`, by name at every depth.
pub fn compare_fields(found: &Fields, declared: &Fields, rules: Rules<'_>) -> FieldComparison {
    let mut planner = Planner::new(rules);
    let children = planner.fields(found, declared, &At::root());
    FieldComparison { conversions: planner.conversions, refused: planner.refused, children }
}

/// The strictest policy beyond `policy` under which the type `found` of a file is read as `declared`.
pub fn castable_under(found: &DataType, declared: &DataType, policy: CastPolicy) -> Option<CastPolicy> {
    let field = |data_type: &DataType| Fields::from(vec![Field::new("value", data_type.clone(), true)]);
    let (found, declared) = (field(found), field(declared));
    let others: &[CastPolicy] = match policy {
        CastPolicy::None => &[CastPolicy::Widening, CastPolicy::Any],
        CastPolicy::Widening => &[CastPolicy::Any],
        CastPolicy::Any => &[],
    };
    let allows = |casts: &&CastPolicy| {
        let evolution = Evolution { casts: **casts, ..Evolution::default() };
        compare_fields(&found, &declared, Rules { evolution: &evolution, defaults: &[] }).refused.is_empty()
    };
    others.iter().find(allows).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use cstspec_contract::prelude::path;
    use cstspec_contract::types::{list, map, nullable, required, structure};
    use cstspec_contract::{DefaultValue, ExtraPolicy, MissingPolicy, NullabilityPolicy, Origin, Value};

    use super::*;
    use crate::constant;

    fn default(path: &str, value: Value) -> DefaultValue {
        DefaultValue { path: Path::parse(path).unwrap(), value, origin: Origin::default() }
    }

    /// `path kind from -> to` of each difference.
    fn lines(comparison: &Comparison) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let line = |c: &Conversion| format!("{} {} {} -> {}", c.path, c.kind, text(&c.from), text(&c.to));
        comparison.conversions.iter().map(line).collect()
    }

    fn refusals(comparison: &Comparison) -> Vec<String> {
        comparison.refused.iter().map(|error| format!("{} {error}", error.path())).collect()
    }

    fn item(slot: DataType) -> DataType {
        structure([required("slot", slot), nullable("name", DataType::Utf8)])
    }

    /// A contract with a struct, a list in a struct in a list, and a map of structs.
    fn contract() -> Dataset {
        Dataset::new(
            "t",
            vec![
                nullable("repo", DataType::Utf8),
                required("id", DataType::Utf8),
                nullable("size", DataType::Int64),
                nullable("span", structure([nullable("start", DataType::Int32), nullable("length", DataType::Int32)])),
                nullable("scopes", list(structure([nullable("locals", list(item(DataType::Int64)))]))),
                nullable("marks", map(DataType::Utf8, structure([nullable("level", DataType::Int64)]))),
            ],
        )
    }

    /// A partition column that a file stores twice is ambiguous.
    #[test]
    fn partition_column_stored_twice() {
        let contract = Dataset::new("t", vec![nullable("id", DataType::Int64), nullable("day", DataType::Utf8)]);
        let day = || nullable("day", DataType::Utf8);
        let file = |days: usize| {
            let mut fields = vec![nullable("id", DataType::Int64)];
            fields.extend((0..days).map(|_| day()));
            Schema::new(fields)
        };
        for (days, refused) in [(0, 0), (1, 0), (2, 1)] {
            assert_eq!(compare(&contract, &["day"], &file(days)).refused.len(), refused, "{days}");
        }
    }

    /// The declared schema has no difference and no step.
    #[test]
    fn declared_schema_without_steps() {
        let contract = contract();
        let comparison = compare(&contract, &[], &contract.schema());
        assert_eq!((lines(&comparison), refusals(&comparison)), (vec![], vec![]));
        for (index, (child, column)) in comparison.columns.iter().zip(&contract.columns).enumerate() {
            // Below an element that may be NULL the reader leaves a zero in the required slot.
            let hides = column.name() == "scopes";
            assert_eq!(child != &Some(Child::plain(index)), hides, "{}", column.name());
        }
    }

    #[test]
    fn mask_below_null_parent_only() {
        let leaf = |required: bool| Arc::new(Field::new("x", DataType::Int64, !required)) as FieldRef;
        let of = |field: FieldRef| {
            let contract = Dataset::new("t", vec![field]);
            compare(&contract, &[], &contract.schema()).columns[0] == Some(Child::plain(0))
        };
        for (kept, field) in [
            (true, required("s", structure([leaf(true)]))),
            (true, nullable("s", structure([leaf(false)]))),
            (false, nullable("s", structure([leaf(true)]))),
            (true, required("s", structure([required("t", structure([leaf(true)]))]))),
            (false, nullable("s", structure([required("t", structure([leaf(false)]))]))),
            (false, required("s", structure([nullable("t", structure([leaf(true)]))]))),
            (true, nullable("s", list(structure([leaf(false)])))),
            (false, nullable("s", list(structure([leaf(true)])))),
            (true, nullable("s", DataType::List(required("item", structure([leaf(true)]))))),
            (false, nullable("s", structure([required("t", list(DataType::Int64))]))),
            (true, nullable("s", structure([nullable("t", DataType::List(required("item", DataType::Int64)))]))),
            (false, nullable("s", DataType::FixedSizeList(required("item", DataType::Int64), 2))),
            (true, required("s", DataType::FixedSizeList(required("item", DataType::Int64), 2))),
            (true, nullable("s", map(DataType::Utf8, DataType::Int64))),
            (false, nullable("s", map(DataType::Utf8, structure([leaf(true)])))),
        ] {
            assert_eq!(of(Arc::clone(&field)), kept, "{field}");
        }
    }

    #[test]
    fn differences_reported_once() {
        let mut contract = contract();
        contract.evolution.renames = BTreeMap::from([
            (Path::top("begins"), "span".to_owned()),
            (path("begins.begin"), "start".to_owned()),
            (path("scopes.locals.called"), "name".to_owned()),
            (path("marks.value.grade"), "level".to_owned()),
        ]);
        contract.defaults = vec![default("size", Value::Int(7)), default("span.length", Value::Int(1))];
        let local = structure([nullable("called", DataType::LargeUtf8), nullable("slot", DataType::Int16)]);
        let file = Schema::new(vec![
            nullable("marks", map(DataType::Utf8, structure([nullable("grade", DataType::Int64)]))),
            nullable("junk", DataType::Binary),
            nullable("id", DataType::Utf8),
            nullable("begins", structure([nullable("begin", DataType::Int32), nullable("junk", DataType::Utf8)])),
            nullable("repo", DataType::Utf8),
            nullable("scopes", DataType::LargeList(nullable("element", structure([nullable("locals", list(local))])))),
        ]);
        let comparison = compare(&contract, &["repo"], &file);
        assert_eq!(refusals(&comparison), Vec::<String>::new());
        assert_eq!(
            lines(&comparison),
            [
                "junk extra binary -> -",
                " reordered marks, id, begins, scopes -> id, span, scopes, marks",
                "id nullable nullable -> not null",
                "size missing - -> 7",
                "span renamed begins -> span",
                "begins.junk extra utf8 -> -",
                "span.start renamed begin -> start",
                "span.length missing - -> 1",
                "scopes cast large_list -> list",
                "scopes.locals reordered called, slot -> slot, name",
                "scopes.locals.slot nullable nullable -> not null",
                "scopes.locals.slot cast int16 -> int64",
                "scopes.locals.name renamed called -> name",
                "scopes.locals.name cast large_utf8 -> utf8",
                "marks.value.level renamed grade -> level",
            ]
        );
        assert_eq!(comparison.columns[0], None);
        assert_eq!(comparison.columns[2], Some(Child::Filled(constant(&Value::Int(7), &DataType::Int64).unwrap())));
    }

    #[test]
    fn refusals_reported_together() {
        let mut contract = contract();
        contract.evolution = Evolution {
            missing: MissingPolicy::Error,
            extra: ExtraPolicy::Error,
            casts: CastPolicy::Widening,
            nullability: NullabilityPolicy::Error,
            ..Evolution::default()
        };
        let local = structure([required("slot", DataType::Utf8), nullable("name", DataType::Utf8)]);
        let file = Schema::new(vec![
            nullable("repo", DataType::Utf8),
            nullable("id", DataType::Utf8),
            nullable("junk", DataType::Binary),
            nullable("span", structure([nullable("start", DataType::Int64), nullable("more", DataType::Int32)])),
            nullable("scopes", list(structure([nullable("locals", list(local))]))),
            nullable("marks", map(DataType::Utf8, DataType::Int64)),
        ]);
        let comparison = compare(&contract, &[], &file);
        let paths: Vec<String> = comparison.refused.iter().map(|refusal| refusal.path().to_string()).collect();
        let expected =
            ["junk", "id", "size", "span.more", "span.start", "span.length", "scopes.locals.slot", "marks.value"];
        assert_eq!(paths, expected);
    }

    /// A name that the contract has is never taken for an older one.
    #[test]
    fn declared_name_never_older_name() {
        let mut contract = Dataset::new("t", vec![nullable("a", DataType::Utf8), nullable("b", DataType::Utf8)]);
        contract.evolution.renames =
            BTreeMap::from([(Path::top("a"), "b".to_owned()), (Path::top("c"), "b".to_owned())]);
        let of = |names: &[&str]| {
            let fields = names.iter().map(|name| nullable(name, DataType::Utf8)).collect::<Vec<_>>();
            lines(&compare(&contract, &[], &Schema::new(fields)))
        };
        assert_eq!(of(&["a"]), ["b missing - -> null"]);
        assert_eq!(of(&["a", "c"]), ["b renamed c -> b"]);
        assert_eq!(of(&["a", "b", "c"]), ["c extra utf8 -> -"]);
    }

    #[test]
    fn missing_field_by_policy() {
        let mut contract = Dataset::new("t", vec![required("id", DataType::Int64), nullable("size", DataType::Int64)]);
        contract.defaults = vec![default("id", Value::Int(1)), default("size", Value::Int(2))];
        let missing = |contract: &Dataset| {
            let comparison = compare(contract, &[], &Schema::empty());
            (lines(&comparison), refusals(&comparison).len())
        };
        let filled = |lines: [&str; 2]| lines.map(str::to_owned).to_vec();
        assert_eq!(missing(&contract), (filled(["id missing - -> 1", "size missing - -> 2"]), 0));
        contract.evolution.missing = MissingPolicy::FillNull;
        assert_eq!(missing(&contract), (vec!["size missing - -> null".to_owned()], 1));
        contract.evolution.missing = MissingPolicy::Error;
        assert_eq!(missing(&contract), (vec![], 2));
        contract.evolution.missing = MissingPolicy::Default;
        contract.defaults = vec![default("size", Value::Bool(true))];
        let refused = refusals(&compare(&contract, &[], &Schema::empty()));
        assert!(refused[0].starts_with("id the file has no `id`"), "{refused:?}");
        assert!(refused[1].starts_with("size the default of `size` is not a valid int64"), "{refused:?}");
    }
}
