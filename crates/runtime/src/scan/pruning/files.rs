//! Files that are left out before they are opened.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::{Field, FieldRef, Fields, Schema, SchemaRef};
use cstspec_conform::{Child, Step, with_contract_types};
use cstspec_contract::Dataset;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::utils::conjunction;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_expr::utils::collect_columns;

use super::column_bounds::{ColumnBounds, Containers};
use super::{is_ordered, keeps_order};
use crate::files::footer::fetch;
use crate::files::opened::ReadContract;
use crate::files::table_files::{DataFile, TableFiles};
use crate::guard;

/// The files of `table_files` that may have rows of a result which meets all `filters`, as the engine takes them.
///
/// A filter on columns that folders or a log carry is evaluated. Any other leaves out what a log says of a file, or a footer that was
/// read before. A file that the contract refuses is kept, so that the scan says so.
pub(crate) fn keep(
    state: &dyn Session,
    contract: &Arc<Dataset>,
    schema: &SchemaRef,
    table_files: &TableFiles,
    filters: &[Expr],
) -> Result<Vec<PartitionedFile>> {
    let filters: Vec<Expr> =
        // A qualified column names the table that is scanned; the values here have no table.
        filters.iter().filter(|filter| !filter.is_volatile()).cloned().map(unnormalize_col).collect();
    let mut keep = vec![true; table_files.files.len()];
    if !keep.is_empty() {
        by_partition(state, table_files, &filters, &mut keep)?;
        let read = ReadContract {
            contract: Arc::clone(contract),
            read_schema: Arc::clone(schema),
            partition_fields: table_files.partition_fields.clone(),
        };
        // A footer that makes a reader panic says nothing of its file here, and has an error where the file is read.
        let mut left = keep.clone();
        if guard::caught(|| Bounded { read: &read, table_files }.leave_out(state, filters, &mut left)).is_ok() {
            keep = left;
        }
    }
    let kept = table_files.files.iter().zip(keep).filter_map(|(listed, keep)| keep.then_some(listed));
    let file = |listed: &DataFile| {
        let mut file = PartitionedFile::new_from_meta(listed.meta.clone());
        file.partition_values.clone_from(&listed.partition);
        file.extensions.insert(listed.clone());
        file
    };
    Ok(kept.map(file).collect())
}

/// Leaves out the files whose partition values no row of a result can have.
fn by_partition(state: &dyn Session, table_files: &TableFiles, filters: &[Expr], keep: &mut [bool]) -> Result<()> {
    let (files, partitions) = (&table_files.files, &table_files.partition_fields);
    let is_partition = |name: &str| partitions.iter().any(|partition| partition.name() == name);
    let decided = filters.iter().filter(|filter| {
        let columns = filter.column_refs();
        !columns.is_empty() && columns.iter().all(|column| is_partition(&column.name))
    });
    let decided: Vec<&Expr> = decided.collect();
    if decided.is_empty() {
        return Ok(());
    }
    let fields: Vec<Field> = partitions.iter().map(|partition| partition.as_ref().clone()).collect();
    let schema = Arc::new(Schema::new(fields));
    let columns: Vec<ArrayRef> = (0..partitions.len())
        .map(|index| ScalarValue::iter_to_array(files.iter().map(|file| file.partition[index].clone())))
        .collect::<Result<_>>()?;
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let schema = DFSchema::try_from(schema)?;
    for filter in decided {
        let test = state.create_physical_expr(filter.clone(), &schema)?;
        let result = test.evaluate(&batch)?.into_array(files.len())?;
        let Some(result) = result.as_boolean_opt() else { continue };
        for (keep, met) in keep.iter_mut().zip(result) {
            *keep &= met == Some(true);
        }
    }
    Ok(())
}

/// The files of a dataset, of whose values something is known.
struct Bounded<'a> {
    read: &'a ReadContract,
    table_files: &'a TableFiles,
}

impl Bounded<'_> {
    /// Leaves out the files in which what is known excludes `filters`.
    fn leave_out(&self, state: &dyn Session, mut filters: Vec<Expr>, keep: &mut [bool]) {
        let Ok(schema) = DFSchema::try_from(Arc::clone(&self.read.read_schema)) else { return };
        filters.retain(|filter| keeps_order(filter, &schema).unwrap_or(false));
        // What the engine makes nothing of, it does not leave anything out by either.
        let Some(filter) = conjunction(filters) else { return };
        let Ok(test) = state.create_physical_expr(filter, &schema) else { return };
        let names: Vec<String> = collect_columns(&test).iter().map(|column| column.name().to_owned()).collect();
        let Some(test) = super::predicate(state, test, Arc::clone(&self.read.read_schema)) else { return };
        let tested = self.read.read_schema.fields().iter().filter(|field| names.contains(field.name()));
        let tested: Vec<&FieldRef> = tested.filter(|field| is_ordered(field.data_type())).collect();
        let known: Vec<Option<Arc<ParquetMetaData>>> =
            self.table_files.files.iter().map(|file| self.footer(file)).collect();
        let Ok(Some(met)) =
            self.containers(&tested, &known).and_then(|known| known.map(|known| test.prune(&known)).transpose())
        else {
            return;
        };
        let mut rest = met.as_slice();
        for ((file, footer), keep) in self.table_files.files.iter().zip(&known).zip(keep) {
            let footer = footer.as_deref();
            let (of_file, more) = rest.split_at(count(footer));
            rest = more;
            let excluded = *keep && !of_file.contains(&true);
            if excluded && footer.is_none_or(|footer| self.reads_as_it_is(file, footer, &tested)) {
                *keep = false;
            }
        }
    }

    /// Statistics of the columns `tested` of each file in turn, given the footers that are known; `None` if that is nothing. A footer tells
    /// of each row group, everything else of a file as a whole.
    fn containers(&self, tested: &[&FieldRef], known: &[Option<Arc<ParquetMetaData>>]) -> Result<Option<Containers>> {
        let logged = self.logged();
        let bounded =
            !self.table_files.partition_fields.is_empty() || !logged.is_empty() || known.iter().any(Option::is_some);
        if tested.is_empty() || !bounded {
            return Ok(None);
        }
        let mut containers = Containers::new(known.iter().map(|footer| count(footer.as_deref())).sum());
        for field in tested {
            let mut parts = Vec::with_capacity(known.len());
            for (file, footer) in self.table_files.files.iter().zip(known) {
                parts.push(self.column(field, file, footer.as_deref(), logged.contains(field.name()))?);
            }
            containers.add(field.name(), ColumnBounds::all(&parts)?);
        }
        Ok(Some(containers))
    }

    /// The footer of a file, if it was read before and has row groups.
    fn footer(&self, file: &DataFile) -> Option<Arc<ParquetMetaData>> {
        let footer = fetch::known_footer(self.table_files.store.as_ref()?, file)?;
        (footer.num_row_groups() > 0).then_some(footer)
    }

    /// The columns that the log of the dataset declares as the contract does. One with a default may be missing in a file, whatever the
    /// log has counted there.
    fn logged(&self) -> Vec<String> {
        let Some(log) = &self.table_files.log else { return Vec::new() };
        let declared: Fields = self.read.contract.columns.iter().map(|column| Arc::clone(&column.field)).collect();
        let aligned = with_contract_types(log.schema.fields(), &declared, &self.read.contract.evolution);
        let same = declared.iter().filter(|field| {
            let found = aligned.iter().find(|found| found.name() == field.name());
            let filled =
                self.read.contract.defaults.iter().any(|default| default.path.only() == Some(field.name().as_str()));
            !filled && found.is_some_and(|found| found.data_type() == field.data_type())
        });
        same.map(|field| field.name().clone()).collect()
    }

    /// Statistics of a column in the containers of a file.
    fn column(
        &self,
        field: &FieldRef,
        file: &DataFile,
        footer: Option<&ParquetMetaData>,
        logged: bool,
    ) -> Result<ColumnBounds> {
        let count = count(footer);
        let partition = self.table_files.partition_fields.iter().position(|partition| partition.name() == field.name());
        if let Some(value) = partition.and_then(|index| file.partition.get(index)) {
            return ColumnBounds::constant(value, count);
        }
        let known = match footer {
            Some(footer) => leaf(footer, field.name()).and_then(|leaf| ColumnBounds::leaf(footer, leaf, field)),
            None => match &file.statistics {
                Some(logs) if logged => {
                    let logs = logs.of(field.name(), field.data_type());
                    Some(ColumnBounds::bounds(field.data_type(), [logs.min, logs.max], logs.nulls, logs.rows)?)
                }
                _ => None,
            },
        };
        Ok(known.unwrap_or_else(|| ColumnBounds::nothing(field.data_type(), count)))
    }

    /// Whether the contract takes the file, and each of the columns that it has without a conversion.
    fn reads_as_it_is(&self, file: &DataFile, footer: &ParquetMetaData, tested: &[&FieldRef]) -> bool {
        let opened = self.table_files.store.as_ref().and_then(|store| fetch::known(self.read, store, file));
        let Some(comparison) = opened.as_ref().map(|opened| &opened.comparison) else { return false };
        let columns = self.read.contract.columns.iter().zip(&comparison.columns);
        let mut tested = columns.filter(|(column, _)| tested.iter().any(|field| field.name() == column.name()));
        comparison.refused.is_empty()
            && tested.all(|(column, child)| match child {
                Some(Child::Stored { step, .. }) => *step == Step::Keep || leaf(footer, column.name()).is_none(),
                Some(Child::Filled(_)) | None => true,
            })
    }
}

/// How many containers a file is.
fn count(footer: Option<&ParquetMetaData>) -> usize {
    footer.map_or(1, ParquetMetaData::num_row_groups)
}

/// The Parquet leaf that is the column `name`, if that has no fields or elements.
fn leaf(footer: &ParquetMetaData, name: &str) -> Option<usize> {
    let leaves = footer.file_metadata().schema_descr().columns().iter();
    leaves.map(|leaf| leaf.path().parts()).position(|parts| matches!(parts, [only] if only == name))
}
