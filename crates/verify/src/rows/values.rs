//! Constraints on single values at any depth: NOT NULL, allowed values, and copies of the row's own columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch, make_comparator};
use arrow::buffer::NullBuffer;
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use cstspec_conform::all_nullable;
use cstspec_contract::report::RowConstraintKind;
use cstspec_contract::{
    AllowedValues, Catalog, ColumnSource, Dataset, Origin, Path, Relation, View, ViewBody, list_child, map_fields,
};
use cstspec_runtime::display::{named, shown};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, in_list, lit};

use super::constraint::{ConstraintCount, RowConstraint};
use super::global_constraint::one_of;
use super::nested_values::{ChildStep, NestedValues};
use super::row_batch::RowBatch;

/// The constraints about the values of a dataset, as a tree along which its arrays are walked once.
#[derive(Debug, Default)]
pub struct Values {
    columns: Vec<(usize, Node)>,
}

/// The constraints on the values of one field, and of those inside them.
#[derive(Debug)]
struct Node {
    path: Path,
    not_null: Option<usize>,
    allowed: Option<Allowed>,
    copy: Option<Copied>,
    inside: Vec<(ChildStep, Node)>,
}

/// A test of values against those that are allowed.
#[derive(Debug)]
struct Allowed {
    constraint: usize,
    schema: SchemaRef,
    test: Arc<dyn PhysicalExpr>,
}

/// A column of the row that an element repeats.
#[derive(Debug)]
struct Copied {
    constraint: usize,
    column: usize,
    name: String,
}

impl Values {
    /// Everything that `catalog` constraints of the values of `dataset`; each constraint is added to `constraints`.
    ///
    /// # Errors
    ///
    /// An allowed value that is none of its field's type. A catalog that was made from specs has no such value.
    pub fn of(catalog: &Catalog, dataset: &Dataset, constraints: &mut Vec<RowConstraint>) -> Result<Self> {
        let mut compiling =
            Compiling { dataset, not_null: not_null(dataset), copies: copies(catalog, dataset), constraints };
        let mut columns = Vec::new();
        for (index, column) in dataset.columns.iter().enumerate() {
            if let Some(node) = compiling.node(&column.field, &Path::top(column.name()))? {
                columns.push((index, node));
            }
        }
        Ok(Self { columns })
    }

    /// The one constraint that values in `view` are among those that are `allowed`, and the column that they are in, which comes first in the
    /// batches that are checked.
    ///
    /// # Errors
    ///
    /// An allowed value that is none of its field's type, or a place that the view does not have.
    pub fn of_view(view: &View, allowed: &AllowedValues) -> Result<(Self, FieldRef)> {
        let name = allowed.path.column();
        let Some(column) = view.columns.iter().find(|column| column.name() == name) else {
            return internal_err!("`{}` has no column `{name}`", view.name);
        };
        let field = all_nullable(&column.field);
        let dataset =
            Dataset { allowed: vec![allowed.clone()], ..Dataset::new(view.name.as_str(), [Arc::clone(&field)]) };
        let (not_null, copies) = (BTreeMap::new(), BTreeMap::new());
        let mut compiling = Compiling { dataset: &dataset, not_null, copies, constraints: &mut Vec::new() };
        let node = compiling.node(&field, &Path::top(name))?;
        Ok((Self { columns: node.map(|node| (0, node)).into_iter().collect() }, field))
    }

    /// The fields that are looked at, and the columns that they are compared with.
    pub fn paths(&self) -> impl Iterator<Item = Path> {
        let mut paths = Vec::new();
        self.columns.iter().for_each(|(_, node)| node.paths(&mut paths));
        paths.into_iter()
    }

    /// Holds the values of `rows` against their constraints.
    ///
    /// # Errors
    ///
    /// Values that cannot be compared.
    pub fn check(&self, rows: &RowBatch<'_>, counts: &mut [ConstraintCount]) -> Result<()> {
        for (index, node) in &self.columns {
            let top = NestedValues::rows(rows.batch.schema_ref().field(*index).name(), rows.batch.num_rows());
            node.check(rows.batch.column(*index), &top, rows, counts)?;
        }
        Ok(())
    }
}

struct Compiling<'a> {
    dataset: &'a Dataset,
    not_null: BTreeMap<Path, Origin>,
    copies: BTreeMap<Path, (usize, Origin)>,
    constraints: &'a mut Vec<RowConstraint>,
}

impl Compiling<'_> {
    fn constraint(&mut self, kind: RowConstraintKind, path: &Path, expected: String, origin: Origin) -> usize {
        self.constraints.push(RowConstraint {
            relation: self.dataset.name.clone(),
            kind,
            columns: vec![path.to_string()],
            field: Some(path.clone()),
            target: None,
            expected,
            origin,
        });
        self.constraints.len() - 1
    }

    /// Where the field at `path` was declared.
    fn origin(&self, path: &Path) -> Origin {
        let relation = Relation::Dataset(self.dataset);
        relation.locate(path).unwrap_or_else(|| self.dataset.origin.clone())
    }

    /// The constraints on `field`; `None` if that is nothing.
    fn node(&mut self, field: &Field, path: &Path) -> Result<Option<Node>> {
        let not_null = self.absence(field, path, self.not_null.get(path).cloned(), "no NULL");
        let allowed = self.allowed_at(field, path, 0)?;
        let copy = self.copies.get(path).cloned().map(|(column, origin)| {
            let name = self.dataset.columns[column].name().to_owned();
            let expected = format!("the value of `{name}` in the row");
            Copied { constraint: self.constraint(RowConstraintKind::Identity, path, expected, origin), column, name }
        });
        let inside = self.inside(field.data_type(), path, 0)?;
        let nothing = not_null.is_none() && allowed.is_none() && copy.is_none() && inside.is_empty();
        Ok((!nothing).then(|| Node { path: path.clone(), not_null, allowed, copy, inside }))
    }

    /// The constraint that there is no NULL, where the field's declaration or `written` makes it.
    fn absence(&mut self, field: &Field, path: &Path, written: Option<Origin>, expected: &str) -> Option<usize> {
        let origin = if field.is_nullable() { written? } else { self.origin(path) };
        Some(self.constraint(RowConstraintKind::NotNull, path, expected.to_owned(), origin))
    }

    /// The test of the values of `field`, which is so many lists of `elements` below `path`.
    fn allowed_at(&mut self, field: &Field, path: &Path, elements: usize) -> Result<Option<Allowed>> {
        let mut all = self.dataset.allowed.iter();
        let values = all.find(|allowed| allowed.path == *path && allowed.elements == elements);
        values.map(|values| self.allowed(values, field)).transpose()
    }

    /// The constraints inside a type that is so many lists of `elements` below `path`.
    fn inside(&mut self, data_type: &DataType, path: &Path, elements: usize) -> Result<Vec<(ChildStep, Node)>> {
        let mut inside = Vec::new();
        match data_type {
            DataType::Struct(fields) => {
                for (index, field) in fields.iter().enumerate() {
                    inside.extend(
                        self.node(field, &path.join(field.name()))?.map(|node| (ChildStep::Field(index), node)),
                    );
                }
            }
            DataType::Map(entries, _) => {
                if let Some((key, value)) = map_fields(entries) {
                    // A map has no NULL among its keys: arrow itself refuses to build one.
                    let key = Field::clone(key).with_nullable(true);
                    inside.extend(self.node(&key, &path.join("key"))?.map(|node| (ChildStep::Keys, node)));
                    inside.extend(self.node(value, &path.join("value"))?.map(|node| (ChildStep::Values, node)));
                }
            }
            DataType::Dictionary(_, values) => return self.inside(values, path, elements),
            DataType::RunEndEncoded(_, values) => return self.inside(values.data_type(), path, elements),
            _ => {
                if let Some(item) = list_child(data_type) {
                    // Elements have no path of their own: what is written of the path is about the list.
                    let not_null = self.absence(item, path, None, "no NULL elements");
                    let allowed = self.allowed_at(item, path, elements + 1)?;
                    let below = self.inside(item.data_type(), path, elements + 1)?;
                    if not_null.is_some() || allowed.is_some() || !below.is_empty() {
                        let (path, copy) = (path.clone(), None);
                        inside.push((ChildStep::Elements, Node { path, not_null, allowed, copy, inside: below }));
                    }
                }
            }
        }
        Ok(inside)
    }

    fn allowed(&mut self, values: &AllowedValues, field: &Field) -> Result<Allowed> {
        let field = all_nullable(field);
        let data_type = field.data_type();
        let constants = values.values.iter().map(|value| {
            let value = cstspec_conform::constant(value, data_type)?;
            Ok(lit(ScalarValue::try_from_array(value.array(), 0)?))
        });
        let constants = constants.collect::<Result<Vec<_>>>()?;
        let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("value", data_type.clone(), true)]));
        let test = in_list(Arc::new(Column::new("value", 0)), constants, &false, &schema)?;
        let expected = one_of(values);
        Ok(Allowed {
            constraint: self.constraint(RowConstraintKind::Allowed, &values.path, expected, values.origin.clone()),
            schema,
            test,
        })
    }
}

/// The paths that are promised to hold no NULL beside their own declaration, and where that was written.
fn not_null(dataset: &Dataset) -> BTreeMap<Path, Origin> {
    let constraints = &dataset.constraints;
    let list = constraints.origin.join("not_null");
    let written = constraints.not_null.iter().enumerate();
    let written = written.map(|(number, path)| (path.clone(), list.join(&number.to_string())));
    let key = constraints.primary_key.iter();
    let key = key.map(|name| (Path::top(name.as_str()), constraints.origin.join("primary_key")));
    key.chain(written).collect()
}

/// The fields of elements that repeat a column of their row, by path: the column's place, and where a view says so.
///
/// A row view that takes a column from the row, where the element has a field of the same name and type, says that the two are one.
fn copies(catalog: &Catalog, dataset: &Dataset) -> BTreeMap<Path, (usize, Origin)> {
    let fields: Vec<_> = dataset.columns.iter().map(|column| Arc::clone(&column.field)).collect();
    let mut copies = BTreeMap::new();
    for view in &catalog.views {
        let ViewBody::Rows { of, unnest, condition, sources } = &view.body else { continue };
        // A view of some elements says nothing of the others.
        if *of != dataset.name || condition.is_some() {
            continue;
        }
        for (column, source) in view.columns.iter().zip(sources) {
            let ColumnSource::Row(row) = source else { continue };
            let Some(index) = dataset.columns.iter().position(|column| Some(column.name()) == row.only()) else {
                continue;
            };
            let path = unnest.join_path(row);
            let same = path.find(&fields).is_some_and(|field| field.data_type() == fields[index].data_type());
            if same && Some(column.name()) == row.only() {
                copies.entry(path).or_insert_with(|| (index, column.origin.clone()));
            }
        }
    }
    copies
}

impl Node {
    fn paths(&self, paths: &mut Vec<Path>) {
        if self.not_null.is_some() || self.allowed.is_some() {
            paths.push(self.path.clone());
        }
        if let Some(copy) = &self.copy {
            paths.extend([self.path.clone(), Path::top(copy.name.as_str())]);
        }
        self.inside.iter().for_each(|(_, node)| node.paths(paths));
    }

    fn check(
        &self,
        array: &ArrayRef,
        level: &NestedValues<'_>,
        rows: &RowBatch<'_>,
        counts: &mut [ConstraintCount],
    ) -> Result<()> {
        if let Some(constraint) = self.not_null {
            check_nulls(array, level, rows, &mut counts[constraint]);
        }
        if let Some(allowed) = &self.allowed {
            self.check_allowed(allowed, array, level, rows, &mut counts[allowed.constraint])?;
        }
        if let Some(copy) = &self.copy {
            let own = rows.batch.column(copy.column);
            self.check_copy(own, array, level, rows, &mut counts[copy.constraint])?;
        }
        for (way, node) in &self.inside {
            let (array, level) = level.descend(array, *way)?;
            node.check(&array, &level, rows, counts)?;
        }
        Ok(())
    }

    fn check_allowed(
        &self,
        allowed: &Allowed,
        array: &ArrayRef,
        level: &NestedValues<'_>,
        rows: &RowBatch<'_>,
        counts: &mut ConstraintCount,
    ) -> Result<()> {
        let batch = RecordBatch::try_new(Arc::clone(&allowed.schema), vec![Arc::clone(array)])?;
        let answer = allowed.test.evaluate(&batch)?.into_array(array.len())?;
        let answer: &BooleanArray = answer.as_boolean();
        // A test of NULL has no answer, and NULL is a matter of nullability.
        let there = there(array, level);
        counts.checked += count(array, there.as_ref());
        let good = match answer.nulls() {
            None => answer.values().clone(),
            Some(nulls) => answer.values() & nulls.inner(),
        };
        if good.count_set_bits() == array.len() {
            return Ok(());
        }
        let bad = match &there {
            None => !&good,
            Some(there) => there.inner() & &!&good,
        };
        let leaf = self.path.leaf();
        rows.record(
            counts,
            bad.set_indices(),
            |index| level.row_of(index),
            |index| level.inside(index),
            |index| named(std::iter::once((leaf, array)), index),
        );
        Ok(())
    }

    fn check_copy(
        &self,
        own: &ArrayRef,
        array: &ArrayRef,
        level: &NestedValues<'_>,
        rows: &RowBatch<'_>,
        counts: &mut ConstraintCount,
    ) -> Result<()> {
        let compare = make_comparator(array.as_ref(), own.as_ref(), SortOptions::default())?;
        // A copy that is NULL is a matter of nullability: it says nothing else than the row.
        let there = there(array, level);
        counts.checked += count(array, there.as_ref());
        let is_there = |index: usize| there.as_ref().is_none_or(|there| there.is_valid(index));
        for row in 0..own.len() {
            let run = level.start_of(row)..level.start_of(row + 1);
            let broken = run.filter(|index| is_there(*index) && compare(*index, row).is_ne());
            let values = |index: usize| format!("the element's {} = {}", self.path.leaf(), shown(array, index));
            rows.record(counts, broken, |_| row, |index| level.inside(index), values);
        }
        Ok(())
    }
}

/// The values that are neither NULL nor below one; `None` if all of them are there.
fn there(array: &ArrayRef, level: &NestedValues<'_>) -> Option<NullBuffer> {
    NullBuffer::union(level.present(), array.logical_nulls().as_ref())
}

fn count(array: &ArrayRef, there: Option<&NullBuffer>) -> u64 {
    (array.len() - there.map_or(0, NullBuffer::null_count)) as u64
}

fn check_nulls(array: &ArrayRef, level: &NestedValues<'_>, rows: &RowBatch<'_>, counts: &mut ConstraintCount) {
    counts.checked += level.count();
    let Some(nulls) = array.logical_nulls().filter(|nulls| nulls.null_count() > 0) else { return };
    let absent = match level.present() {
        None => !nulls.inner(),
        Some(present) => present.inner() & &!nulls.inner(),
    };
    let (row_of, inside) = (|index| level.row_of(index), |index| level.inside(index));
    rows.record(counts, absent.set_indices(), row_of, inside, |_| String::new());
}
