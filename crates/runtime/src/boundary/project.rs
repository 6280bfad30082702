//! Rows made what a boundary asks for.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, RecordBatch, RecordBatchOptions, RecordBatchReader, StructArray,
};
use arrow::datatypes::{Field, FieldRef, Fields, Schema, SchemaRef};
use cstspec_conform::{Child, ConformError, Rules, Step, compare_fields};
use cstspec_contract::report::{Conversion, ConversionKind, Projection};
use cstspec_contract::{Boundary, Evolution, ExtraPolicy, Finding, NullabilityPolicy, Path, spelling};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;

use super::BoundaryError;
use super::reader::ProjectedReader;
use super::refusal::Findings;
use super::stream::ProjectedStream;
use crate::fingerprint;
use crate::system::diagnostics::SessionLog;

/// Makes rows of one schema what a boundary asks for. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Projector {
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct Plan {
    boundary: Boundary,
    /// The schema of the rows.
    source: Schema,
    /// Its columns, each nullable: what a schema says of NULLs is not always so, and looking costs nothing.
    columns: Fields,
    /// The schema that is asked for.
    requested: SchemaRef,
    /// From a struct of the rows' columns to one of the requested columns.
    step: Step,
    conversions: Vec<Conversion>,
}

impl Projector {
    /// Plans how rows of the schema `source` leave through `boundary`.
    ///
    /// # Errors
    ///
    /// [`BoundaryError::Refused`] with everything that the boundary does not allow.
    pub fn plan(boundary: &Boundary, source: &Schema) -> Result<Self, BoundaryError> {
        let requested = boundary.schema();
        let evolution = Evolution {
            missing: boundary.missing,
            extra: boundary.extra,
            casts: boundary.casts,
            nullability: NullabilityPolicy::Relax,
            ..Evolution::default()
        };
        let rules = Rules { evolution: &evolution, defaults: &boundary.defaults };
        let compared = compare_fields(source.fields(), requested.fields(), rules);

        let findings = Findings { boundary, source };
        let mut refused = findings.refusals(&compared.refused);
        if !refused.is_empty() {
            refused.sort();
            refused.dedup();
            return Err(BoundaryError::Refused { boundary: boundary.name.clone(), findings: refused });
        }
        let children = compared.children.into_iter().zip(requested.fields()).map(|(child, field)| match child {
            Child::Stored { index, step, hidden, .. } => {
                Child::Stored { index, step, required: !field.is_nullable(), hidden }
            }
            filled @ Child::Filled(_) => filled,
        });
        let step =
            Step::Struct { path: Path::default(), fields: requested.fields().clone(), children: children.collect() };
        let mut conversions: Vec<Conversion> = compared.conversions.into_iter().map(told_of_rows).collect();
        conversions.sort();
        let columns = source.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
        let plan = Plan { boundary: boundary.clone(), source: source.clone(), columns, requested, step, conversions };
        Ok(Self { plan: Arc::new(plan) })
    }

    /// The schema that rows leave with: names, order, types, nullability and metadata as asked for.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.plan.requested)
    }

    /// How the rows' schema differs from the requested one, and what is made of it, by path.
    pub fn conversions(&self) -> &[Conversion] {
        &self.plan.conversions
    }

    /// Warnings about the rows before they leave: dropped columns, if the boundary warns about them.
    pub fn warnings(&self) -> Vec<Finding> {
        let boundary = &self.plan.boundary;
        if boundary.extra != ExtraPolicy::Warn {
            return Vec::new();
        }
        let findings = Findings { boundary, source: &self.plan.source };
        self.plan.conversions.iter().filter_map(|conversion| findings.warning(conversion)).collect()
    }

    /// Keeps with the session what is projected.
    pub fn record(&self, ctx: &SessionContext) {
        SessionLog::of(&ctx.copied_config()).record_projection(self.projection());
    }

    /// The projection, as plain data.
    pub fn projection(&self) -> Projection {
        Projection {
            boundary: self.plan.boundary.name.clone(),
            source: fingerprint::schema(&self.plan.source),
            conversions: self.plan.conversions.clone(),
        }
    }

    /// `batch` with the requested schema. Rows are counted from its first.
    ///
    /// # Errors
    ///
    /// [`BoundaryError::Row`] for a value that the requested schema cannot hold.
    pub fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, BoundaryError> {
        self.batch_after(batch, 0)
    }

    /// Every batch of `reader`. After the first error there is nothing more to read.
    pub fn reader<R: RecordBatchReader>(&self, reader: R) -> ProjectedReader<R> {
        ProjectedReader::new(self.clone(), reader)
    }

    /// Every batch of `stream`. After the first error there is nothing more to read.
    pub fn stream(&self, stream: SendableRecordBatchStream) -> SendableRecordBatchStream {
        Box::pin(ProjectedStream::new(self.clone(), stream))
    }

    /// `batch`, before which `rows` rows have left.
    pub(super) fn batch_after(&self, batch: &RecordBatch, rows: u64) -> Result<RecordBatch, BoundaryError> {
        let plan = &self.plan;
        let boundary = || plan.boundary.name.clone();
        let (planned, found) = (plan.source.fields(), batch.schema_ref().fields());
        if planned.len() != found.len() || !planned.iter().zip(found).all(|(planned, found)| alike(planned, found)) {
            let (expected, observed) = (listed(planned), listed(found));
            return Err(BoundaryError::Batch { boundary: boundary(), expected, observed });
        }
        let broken = |source| BoundaryError::Array { boundary: boundary(), source: Arc::new(source) };
        let (fields, columns) = (plan.columns.clone(), batch.columns().to_vec());
        let whole = StructArray::try_new_with_length(fields, columns, None, batch.num_rows());
        let whole: ArrayRef = Arc::new(whole.map_err(broken)?);
        let projected = plan.step.apply(&whole).map_err(|error| {
            let findings = Findings { boundary: &plan.boundary, source: &plan.source };
            match error {
                ConformError::Array { source, .. } => BoundaryError::Array { boundary: boundary(), source },
                error => {
                    let (place, error) = self.first_failing(&whole, error);
                    let row = rows + place as u64;
                    BoundaryError::Row { boundary: boundary(), row, finding: Box::new(findings.row(&error, row)) }
                }
            }
        })?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema(), projected.as_struct().columns().to_vec(), &options)
            .map_err(broken)
    }

    /// The first row that fails, and why it does. All of the rows together fail with `error`.
    fn first_failing(&self, whole: &ArrayRef, error: ConformError) -> (usize, ConformError) {
        // Halves are tried, so that a batch is looked at twice in all and not once for each row.
        let (mut sound, mut end, mut error) = (0, whole.len(), error);
        while end - sound > 1 {
            let middle = sound + (end - sound) / 2;
            match self.plan.step.apply(&whole.slice(sound, middle - sound)) {
                Ok(_) => sound = middle,
                Err(earlier) => (end, error) = (middle, earlier),
            }
        }
        let alone = self.plan.step.apply(&whole.slice(sound, end - sound)).err();
        (sound, alone.unwrap_or(error))
    }
}

/// A conversion in the words of rows that leave, where those of files that are read would be wrong.
fn told_of_rows(conversion: Conversion) -> Conversion {
    let reason = match conversion.kind {
        ConversionKind::Missing => "the rows lack it, and the boundary lets it be filled in",
        ConversionKind::Extra => "the boundary does not request it",
        ConversionKind::Nullable => "a NULL in it is an error",
        ConversionKind::Renamed | ConversionKind::Cast | ConversionKind::Reordered => return conversion,
    };
    Conversion { reason: reason.to_owned(), ..conversion }
}

/// Whether a column of a batch can be taken for one that was planned for.
fn alike(planned: &Field, found: &Field) -> bool {
    planned.name() == found.name() && planned.data_type() == found.data_type()
}

/// `a: utf8, b: int64`
fn listed(fields: &Fields) -> String {
    let of = |field: &FieldRef| format!("{}: {}", field.name(), spelling::short_field(field));
    spelling::cut(&fields.iter().map(of).collect::<Vec<_>>().join(", "), 600)
}
