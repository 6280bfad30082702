//! Row groups that filters on fields of elements leave out.
//!
//! SQL's `unnest` makes one row of each element, and between it and such a filter nothing joins rows or counts them. So a row group in
//! which no value of a field meets the filter has no row that does.

use std::sync::Arc;

use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use cstspec_conform::{Child, Comparison, Constant, Step};
use cstspec_contract::{Dataset, Path, list_child, map_fields};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::listing::FileRange;
use datafusion::logical_expr::Expr;
use datafusion::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use datafusion::physical_optimizer::pruning::PruningPredicate;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, PruningMetrics};

use super::column_bounds::{ColumnBounds, Containers};
use super::{is_ordered, is_wider, keeps_order};

/// A condition that every row wanted of a scan meets, on fields at any depth.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementFilter {
    /// Over columns that are named by their path in the contract.
    pub condition: Expr,
    /// The paths.
    pub fields: Vec<Path>,
}

/// The conditions on elements that a scan uses.
#[derive(Debug, Default)]
pub struct ElementPredicates(Vec<Test>);

#[derive(Debug)]
struct Test {
    text: String,
    fields: Vec<(Path, FieldRef)>,
    predicate: Arc<PruningPredicate>,
}

impl ElementPredicates {
    /// Those of `filters` that values of a row group can exclude, on fields as `contract` declares them.
    pub fn new(state: &dyn Session, contract: &Dataset, filters: &[ElementFilter]) -> Self {
        Self(filters.iter().filter_map(|filter| Test::new(state, contract, filter)).collect())
    }

    /// The conditions in words; empty without any.
    pub fn display(&self) -> String {
        self.0.iter().map(|test| test.text.as_str()).collect::<Vec<_>>().join(" AND ")
    }

    /// Which row groups of a file may have rows that meet every condition; `None` if there is no condition.
    ///
    /// The file has the schema `stored` and differs from `contract` as `comparison` says.
    pub fn kept(
        &self,
        contract: &Dataset,
        stored: &Schema,
        comparison: &Comparison,
        footer: &ParquetMetaData,
    ) -> Option<Vec<bool>> {
        if self.0.is_empty() {
            return None;
        }
        let mut kept = vec![true; footer.num_row_groups()];
        for test in &self.0 {
            let mut containers = Containers::new(kept.len());
            for (path, declared) in &test.fields {
                let known = find(contract, comparison, stored, path).and_then(|found| found.known(footer, declared));
                // A row may have a NULL that no chunk counts: a list that is zipped with a longer one, or is NULL and kept.
                let known = known.unwrap_or_else(|| ColumnBounds::nothing(declared.data_type(), kept.len()));
                containers.add(&path.to_string(), known.or_null());
            }
            // What cannot be decided leaves nothing out.
            let Ok(met) = test.predicate.prune(&containers) else { continue };
            for (kept, met) in kept.iter_mut().zip(met) {
                *kept &= met;
            }
        }
        Some(kept)
    }
}

impl Test {
    fn new(state: &dyn Session, contract: &Dataset, filter: &ElementFilter) -> Option<Self> {
        let columns = contract.schema();
        let mut fields = Vec::with_capacity(filter.fields.len());
        for path in &filter.fields {
            let declared = path.find(columns.fields())?;
            if !is_ordered(declared.data_type()) {
                return None;
            }
            fields.push((path.clone(), Arc::new(Field::new(path.to_string(), declared.data_type().clone(), true))));
        }
        let schema: Vec<FieldRef> = fields.iter().map(|(_, field)| Arc::clone(field)).collect();
        let schema = Arc::new(Schema::new(schema));
        let named = DFSchema::try_from(Arc::clone(&schema)).ok()?;
        if !keeps_order(&filter.condition, &named).ok()? {
            return None;
        }
        let condition = state.create_physical_expr(filter.condition.clone(), &named).ok()?;
        let predicate = super::predicate(state, condition, schema)?;
        Some(Self { text: filter.condition.human_display().to_string(), fields, predicate })
    }
}

/// The counterpart of a declared field in one file.
enum FileCounterpart<'a> {
    /// The Parquet leaf at `leaf`, of the type `data_type` in Arrow.
    Leaf { leaf: usize, data_type: &'a DataType },
    /// The same value wherever there is an element.
    Same(&'a Constant),
}

impl FileCounterpart<'_> {
    /// Statistics of the field in the row groups of the file, as the type of `declared`.
    fn known(&self, footer: &ParquetMetaData, declared: &Field) -> Option<ColumnBounds> {
        match self {
            // Where a whole struct is missing, each of its fields is NULL.
            Self::Same(value) if value.is_null() => {
                ColumnBounds::constant(&ScalarValue::try_new_null(declared.data_type()).ok()?, footer.num_row_groups())
                    .ok()
            }
            Self::Same(value) => {
                ColumnBounds::constant(&ScalarValue::try_from_array(value.array(), 0).ok()?, footer.num_row_groups())
                    .ok()
            }
            Self::Leaf { leaf, data_type } => {
                let to = declared.data_type();
                if !is_wider(data_type, to) {
                    return None;
                }
                let found = declared.clone().with_data_type((*data_type).clone());
                let known = ColumnBounds::leaf(footer, *leaf, &found)?;
                if *data_type == to {
                    return Some(known);
                }
                let (min, max) = (cast(&known.min, to).ok()?, cast(&known.max, to).ok()?);
                Some(ColumnBounds { min, max, ..known })
            }
        }
    }
}

/// The counterpart of the field at `path` of `contract` in a file; `None` where it is nothing that row groups tell of.
fn find<'a>(
    contract: &Dataset,
    comparison: &'a Comparison,
    stored: &'a Schema,
    path: &Path,
) -> Option<FileCounterpart<'a>> {
    let column = contract.columns.iter().position(|column| column.name() == path.column())?;
    let rest: Vec<&str> = path.segments().skip(1).collect();
    match comparison.columns[column].as_ref()? {
        Child::Filled(value) => rest.is_empty().then_some(FileCounterpart::Same(value)),
        Child::Stored { index, step, .. } => {
            let before = stored.fields()[..*index].iter().map(|field| cstspec_conform::leaves(field.data_type())).sum();
            below(stored.field(*index).data_type(), step, before, &rest)
        }
    }
}

/// The same for the field at `rest` in what is read by `step` from the type `found`, whose first leaf is `first`.
fn below<'a>(found: &'a DataType, step: &'a Step, first: usize, rest: &[&str]) -> Option<FileCounterpart<'a>> {
    if let (Some(item), Step::Keep) = (list_child(found), step) {
        return below(item.data_type(), step, first, rest);
    }
    if let (Some(item), Step::List { item: step, .. }) = (list_child(found), step) {
        return below(item.data_type(), step, first, rest);
    }
    let Some((name, rest)) = rest.split_first() else {
        return (!found.is_nested()).then_some(FileCounterpart::Leaf { leaf: first, data_type: found });
    };
    let before = |fields: &[FieldRef]| {
        first + fields.iter().map(|field| cstspec_conform::leaves(field.data_type())).sum::<usize>()
    };
    match (found, step) {
        (DataType::Struct(fields), Step::Keep) => {
            let (index, field) = fields.find(name)?;
            below(field.data_type(), step, before(&fields[..index]), rest)
        }
        (DataType::Struct(fields), Step::Struct { fields: declared, children, .. }) => {
            match children.get(declared.find(name)?.0)? {
                Child::Filled(value) => (rest.is_empty() || value.is_null()).then_some(FileCounterpart::Same(value)),
                Child::Stored { index, step, .. } => {
                    below(fields[*index].data_type(), step, before(&fields[..*index]), rest)
                }
            }
        }
        (DataType::Map(entries, _), Step::Keep | Step::Map { .. }) => {
            let (key, value) = map_fields(entries)?;
            let index = ["key", "value"].iter().position(|part| part == name)?;
            let step = match step {
                Step::Map { children, .. } => match &children[index] {
                    Child::Stored { step, .. } => step,
                    Child::Filled(_) => return None,
                },
                keep => keep,
            };
            let before = if index == 0 { first } else { first + cstspec_conform::leaves(key.data_type()) };
            below([key, value][index].data_type(), step, before, rest)
        }
        _ => None,
    }
}

/// A file's footer with those of its row groups alone that are `kept`.
pub fn only(footer: &ParquetMetaData, kept: &[bool]) -> ParquetMetaData {
    fn rest<T>(all: Vec<T>, kept: &[bool]) -> Vec<T> {
        all.into_iter().zip(kept).filter_map(|(one, kept)| kept.then_some(one)).collect()
    }
    let mut builder = footer.clone().into_builder();
    let groups = rest(builder.take_row_groups(), kept);
    let columns = builder.take_column_index().map(|index| rest(index, kept));
    let offsets = builder.take_offset_index().map(|index| rest(index, kept));
    builder.set_row_groups(groups).set_column_index(columns).set_offset_index(offsets).build()
}

/// Counts the row groups that are left out, once for each, though a file may be read in parts.
pub struct PruningCounter {
    metric: Option<PruningMetrics>,
    range: Option<FileRange>,
}

impl PruningCounter {
    /// The metric's name.
    pub const NAME: &'static str = "row_groups_pruned_leaf_statistics";

    /// Counts what one partition of a scan leaves out of the `range` of a file that it reads, if `elements` leave anything out.
    pub fn new(
        elements: &ElementPredicates,
        partition: usize,
        range: Option<FileRange>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Self {
        let metric = || MetricBuilder::new(metrics).pruning_metrics(Self::NAME, partition);
        Self { metric: (!elements.0.is_empty()).then(metric), range }
    }

    /// Counts a file, the first time.
    pub fn count(&mut self, footer: &ParquetMetaData, kept: &[bool]) {
        let Some(metric) = self.metric.take() else { return };
        let groups = footer.row_groups().iter().zip(kept).filter(|(group, _)| self.reads(group));
        let (matched, pruned): (Vec<_>, Vec<_>) = groups.partition(|(_, kept)| **kept);
        metric.add_matched(matched.len());
        metric.add_pruned(pruned.len());
    }

    /// Whether the row group is of the part that is read: the engine decides by its first page.
    fn reads(&self, group: &RowGroupMetaData) -> bool {
        let Some(chunk) = group.columns().first() else { return false };
        let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
        self.range.as_ref().is_none_or(|range| range.contains(start))
    }
}
