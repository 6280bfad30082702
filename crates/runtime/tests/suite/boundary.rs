//! Batches, readers and streams through a boundary, built so that NULL parents really hide what is below them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, DictionaryArray, Int32Array, Int64Array, ListArray, MapArray, RecordBatch,
    RecordBatchIterator, RecordBatchReader as _, StringArray, StringViewArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type, Schema, SchemaRef};
use cstspec_contract::report::ConversionKind;
use cstspec_contract::types::{annotated, dictionary, list, map, nullable, required, structure};
use cstspec_contract::{
    Boundary, CastPolicy, Column, DefaultValue, ExtraPolicy, Finding, MissingPolicy, NestedOrigins, Origin, Value,
};
use cstspec_runtime::boundary::{BoundaryError, Projector};
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt as _, stream};

use crate::world::run;

/// A boundary that asks for `fields`, with the policies that specs have when they say nothing.
pub fn boundary(fields: Vec<FieldRef>) -> Boundary {
    let column = |field: FieldRef| Column {
        origin: Origin::new("boundaries/out.yaml", format!("columns.{}", field.name())),
        doc: String::new(),
        field,
    };
    Boundary {
        name: "out".to_owned(),
        doc: String::new(),
        origin: Origin::new("boundaries/out.yaml", "boundary"),
        columns: fields.into_iter().map(column).collect(),
        nested: NestedOrigins::default(),
        metadata: BTreeMap::from([("asked".to_owned(), "for".to_owned())]),
        defaults: Vec::new(),
        missing: MissingPolicy::default(),
        extra: ExtraPolicy::default(),
        casts: CastPolicy::default(),
    }
}

fn default(path: &str, value: Value) -> DefaultValue {
    DefaultValue {
        path: cstspec_contract::prelude::path(path),
        value,
        origin: Origin::new("boundaries/out.yaml", "default"),
    }
}

fn batch(columns: Vec<(FieldRef, ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn ints(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn present(bits: &[bool]) -> NullBuffer {
    NullBuffer::from(bits.to_vec())
}

fn structs(columns: Vec<(FieldRef, ArrayRef)>, nulls: Option<NullBuffer>) -> ArrayRef {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    Arc::new(StructArray::new(fields.into(), arrays, nulls))
}

fn project(boundary: &Boundary, batch: &RecordBatch) -> RecordBatch {
    let projected = Projector::plan(boundary, batch.schema_ref()).unwrap().batch(batch).unwrap();
    assert_eq!(projected.schema(), boundary.schema());
    projected
}

fn refused(boundary: &Boundary, source: &Schema) -> Vec<Finding> {
    let error = Projector::plan(boundary, source).unwrap_err();
    assert!(matches!(error, BoundaryError::Refused { .. }), "{error}");
    error.findings().to_vec()
}

fn codes(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (&*finding.code, finding.path.as_deref().unwrap_or(""))).collect()
}

fn fails(boundary: &Boundary, batch: &RecordBatch) -> (u64, Finding) {
    match Projector::plan(boundary, batch.schema_ref()).unwrap().batch(batch) {
        Err(BoundaryError::Row { row, finding, .. }) => (row, *finding),
        other => panic!("{other:?}"),
    }
}

/// Columns are found by name and leave in the requested order.
#[test]
fn columns_matched_by_name() {
    let source = batch(vec![
        (nullable("a", DataType::Utf8), texts(&[Some("a")])),
        (nullable("b", DataType::Utf8), texts(&[Some("b")])),
    ]);
    let asked = boundary(vec![nullable("b", DataType::Utf8), nullable("a", DataType::Utf8)]);
    let found = project(&asked, &source);
    assert_eq!(found.column(0).as_string::<i32>().value(0), "b");
    assert_eq!(found.column(1).as_string::<i32>().value(0), "a");
    // Columns of the requested types under other names are none of the requested ones.
    let strict = Boundary { missing: MissingPolicy::Error, extra: ExtraPolicy::Ignore, ..asked };
    let others = Schema::new(vec![nullable("x", DataType::Utf8), nullable("A", DataType::Utf8)]);
    let findings = refused(&strict, &others);
    // One finding: rows that were made for something else lack many.
    assert_eq!(codes(&findings), [("R301", "")]);
    assert_eq!(findings[0].expected.as_deref(), Some("`b`, `a`"), "{findings:?}");
    assert!(findings[0].remedy.as_deref().unwrap().contains("AS a"), "{findings:?}");
}

/// Fields are found by name in structs lists and maps.
#[test]
fn nested_fields_matched_by_name() {
    let pair = |x: i64, y: i64| {
        structs(
            vec![
                (nullable("x", DataType::Int64), ints(&[Some(x)])),
                (nullable("y", DataType::Int64), ints(&[Some(y)])),
            ],
            None,
        )
    };
    let swapped = structure([nullable("y", DataType::Int64), nullable("x", DataType::Int64)]);
    let in_list = ListArray::new(
        nullable("element", pair(1, 2).data_type().clone()),
        OffsetBuffer::from_lengths([1]),
        pair(1, 2),
        None,
    );
    let entries = vec![
        (required("k", DataType::Utf8), texts(&[Some("t")])),
        (nullable("v", pair(3, 4).data_type().clone()), pair(3, 4)),
    ];
    let (fields, arrays): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let entries = StructArray::new(fields.into(), arrays, None);
    let in_map = MapArray::new(
        required("attrs", entries.data_type().clone()),
        OffsetBuffer::from_lengths([1]),
        entries,
        None,
        false,
    );
    let source = batch(vec![
        (nullable("s", pair(5, 6).data_type().clone()), pair(5, 6)),
        (nullable("l", in_list.data_type().clone()), Arc::new(in_list)),
        (nullable("m", in_map.data_type().clone()), Arc::new(in_map)),
    ]);
    let asked = boundary(vec![
        nullable("m", map(DataType::Utf8, swapped.clone())),
        nullable("l", list(swapped.clone())),
        nullable("s", swapped),
    ]);
    let found = project(&asked, &source);
    let y = |array: &ArrayRef| array.as_struct().column(0).as_primitive::<arrow::datatypes::Int64Type>().value(0);
    assert_eq!(y(found.column(0).as_map().values()), 4);
    assert_eq!(y(found.column(1).as_list::<i32>().values()), 2);
    assert_eq!(y(found.column(2)), 6);
}

/// What is missing is filled and never below a NULL.
#[test]
fn missing_filled_except_below_null() {
    // The second struct is NULL, the third list is.
    let x = structs(
        vec![(nullable("x", DataType::Int64), ints(&[Some(1), Some(2), None]))],
        Some(present(&[true, false, true])),
    );
    let items =
        structs(vec![(nullable("x", DataType::Int64), ints(&[Some(1), Some(2)]))], Some(present(&[true, false])));
    let lists = ListArray::new(
        nullable("item", items.data_type().clone()),
        OffsetBuffer::from_lengths([2, 0, 0]),
        items,
        Some(present(&[true, true, false])),
    );
    let source = batch(vec![
        (nullable("s", x.data_type().clone()), x),
        (nullable("l", lists.data_type().clone()), Arc::new(lists)),
    ]);
    let wider =
        structure([nullable("x", DataType::Int64), required("n", DataType::Int32), nullable("t", DataType::Utf8)]);
    let mut asked = boundary(vec![
        nullable("s", wider.clone()),
        nullable("l", list(wider)),
        required("top", dictionary(DataType::Int32, DataType::Utf8)),
        nullable("none", DataType::Date32),
    ]);
    asked.defaults = vec![
        default("l.n", Value::Int(7)),
        default("l.t", Value::Text("t".to_owned())),
        default("s.n", Value::Int(7)),
        default("top", Value::Text("all".to_owned())),
    ];
    let found = project(&asked, &source);
    let s = found.column(0).as_struct();
    assert_eq!((s.is_valid(0), s.is_valid(1), s.is_valid(2)), (true, false, true));
    assert_eq!(
        (s.column(1).as_primitive::<Int32Type>().value(0), s.column(1).as_primitive::<Int32Type>().value(2)),
        (7, 7)
    );
    assert_eq!(s.column(2).null_count(), 3);
    let l = found.column(1).as_list::<i32>();
    assert_eq!((l.value_length(0), l.is_valid(1), l.is_valid(2)), (2, true, false));
    let item = l.value(0);
    let item = item.as_struct();
    assert_eq!((item.is_valid(0), item.is_valid(1)), (true, false));
    assert_eq!(item.column(2).as_string::<i32>().value(0), "t");
    assert!(item.column(2).is_null(1), "a default below a NULL is seen by who looks at children alone");
    let top = arrow::compute::cast(found.column(2), &DataType::Utf8).unwrap();
    assert_eq!(top.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["all"; 3]);
    assert_eq!(found.column(3).null_count(), 3);

    asked.missing = MissingPolicy::FillNull;
    asked.columns.truncate(2);
    assert_eq!(codes(&refused(&asked, source.schema_ref())), [("R301", "l.n"), ("R301", "s.n")]);
}

/// A NULL counts only where its parent is there.
#[test]
fn null_below_null_parent_ignored() {
    let asked = boundary(vec![nullable("s", structure([required("x", DataType::Int64)]))]);
    let source = |x: &[Option<i64>], nulls| {
        let s = structs(vec![(nullable("x", DataType::Int64), ints(x))], nulls);
        batch(vec![(nullable("s", s.data_type().clone()), s)])
    };
    let hidden = source(&[Some(1), None], Some(present(&[true, false])));
    assert_eq!(project(&asked, &hidden).column(0).null_count(), 1);
    let (row, finding) = fails(&asked, &source(&[Some(1), Some(2), None], Some(present(&[false, true, true]))));
    assert_eq!((row, &*finding.code, finding.path.as_deref()), (2, "R307", Some("s.x")));
}

/// Not NULL is held against values whatever the schema and the type.
#[test]
fn not_null_checked_by_value() {
    let asked = boundary(vec![required("a", DataType::Utf8)]);
    // A dictionary whose value is NULL: its keys have none.
    let values = texts(&[Some("x"), None]);
    let encoded = DictionaryArray::<Int32Type>::new(Int32Array::from(vec![0, 0, 1, 0]), values);
    let field = |nullable| Arc::new(Field::new("a", dictionary(DataType::Int32, DataType::Utf8), nullable));
    for claimed in [true, false] {
        let (row, finding) = fails(&asked, &batch(vec![(field(claimed), Arc::new(encoded.clone()))]));
        assert_eq!((row, &*finding.code), (2, "R307"), "{finding:?}");
    }
    let views = Arc::new(StringViewArray::from(vec![Some("a text of more than twelve bytes"), Some("")]));
    let found = project(&asked, &batch(vec![(nullable("a", DataType::Utf8View), views)]));
    assert_eq!(found.column(0).as_string::<i32>().value(0), "a text of more than twelve bytes");
}

/// Rows that fail are found in the middle of a batch.
#[test]
fn failing_row_inside_batch() {
    let mut asked = boundary(vec![nullable("n", DataType::Int8)]);
    asked.casts = CastPolicy::Any;
    for place in [0, 1, 499, 500, 998, 999] {
        let values: Vec<Option<i64>> = (0..1000).map(|row| Some(if row >= place { 1000 + row } else { 1 })).collect();
        let (row, finding) = fails(&asked, &batch(vec![(nullable("n", DataType::Int64), ints(&values))]));
        assert_eq!((row, &*finding.code), (place.unsigned_abs(), "R308"));
        assert!(finding.observed.as_deref().unwrap().contains(&format!("`{}`", 1000 + place)), "{finding:?}");
    }
}

/// Casts are made as the policy says.
#[test]
fn casts_by_policy() {
    let source = Schema::new(vec![nullable("n", DataType::Int32), nullable("t", DataType::Utf8View)]);
    let wide = boundary(vec![nullable("n", DataType::Int64), nullable("t", DataType::LargeUtf8)]);
    let projector = Projector::plan(&wide, &source).unwrap();
    let kinds: Vec<_> = projector.conversions().iter().map(|done| (done.path.column(), done.kind)).collect();
    assert_eq!(kinds, [("n", ConversionKind::Cast), ("t", ConversionKind::Cast)]);
    let none = Boundary { casts: CastPolicy::None, ..wide.clone() };
    assert_eq!(codes(&refused(&none, &source)), [("R304", "n"), ("R304", "t")]);
    let narrow = boundary(vec![nullable("n", DataType::Int16), nullable("t", DataType::Int64)]);
    assert_eq!(codes(&refused(&narrow, &source)), [("R304", "n"), ("R304", "t")]);
    // No policy lets a struct become another thing, or goes by position.
    let structs = boundary(vec![nullable("n", structure([nullable("n", DataType::Int32)]))]);
    let any = Boundary { casts: CastPolicy::Any, extra: ExtraPolicy::Ignore, ..structs };
    assert_eq!(codes(&refused(&any, &source)), [("R304", "n")]);
}

/// Every reason is reported at once.
#[test]
fn refusals_reported_together() {
    let inner = |fields: Vec<FieldRef>| DataType::Struct(fields.into());
    let source = Schema::new(vec![
        nullable("a", DataType::Int64),
        nullable("a", DataType::Int64),
        nullable(
            "s",
            inner(vec![nullable("x", DataType::Utf8), nullable("x", DataType::Utf8), nullable("y", DataType::Utf8)]),
        ),
        nullable("more", DataType::Utf8),
    ]);
    let mut asked = boundary(vec![
        nullable("a", DataType::Int64),
        nullable("s", structure([nullable("x", DataType::Utf8)])),
        required("gone", DataType::Utf8),
        nullable("odd", DataType::Int64),
    ]);
    asked.extra = ExtraPolicy::Error;
    asked.defaults = vec![default("odd", Value::Text("no number".to_owned()))];
    let findings = refused(&asked, &source);
    let mut found = codes(&findings);
    found.sort_unstable();
    assert_eq!(
        found,
        [("R301", "gone"), ("R303", "more"), ("R303", "s.y"), ("R305", "a"), ("R305", "s.x"), ("R306", "odd")]
    );
    assert!(findings.iter().all(|finding| finding.spec.is_some() && finding.remedy.is_some()), "{findings:#?}");
}

/// Metadata is the requested and no other.
#[test]
fn metadata_as_requested() {
    let span = structure([nullable("start", DataType::Int32)]);
    let theirs = annotated(&nullable("span", span.clone()), [("ARROW:extension:name", "other"), ("theirs", "1")]);
    let ours = annotated(&nullable("span", span.clone()), [("ARROW:extension:name", "units.span")]);
    let spans = structs(vec![(nullable("start", DataType::Int32), Arc::new(Int32Array::from(vec![1])))], None);
    let items = structs(vec![(theirs, spans)], None);
    let lists =
        ListArray::new(nullable("item", items.data_type().clone()), OffsetBuffer::from_lengths([1]), items, None);
    let source =
        batch(vec![(annotated(&nullable("l", lists.data_type().clone()), [("theirs", "2")]), Arc::new(lists))]);
    let asked = boundary(vec![nullable("l", list(structure([ours])))]);
    let projector = Projector::plan(&asked, source.schema_ref()).unwrap();
    assert_eq!(projector.conversions(), [], "metadata is spelling, and no conversion");
    assert_eq!(projector.batch(&source).unwrap().schema(), asked.schema());
}

/// No rows and no columns have the requested schema too.
#[test]
fn empty_batches_have_schema() {
    let mut asked = boundary(vec![nullable("a", DataType::Int64)]);
    asked.defaults = vec![default("a", Value::Int(3))];
    let empty = RecordBatch::new_empty(Arc::new(Schema::new(vec![nullable("a", DataType::Int32)])));
    assert_eq!(project(&asked, &empty).num_rows(), 0);
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(2));
    let bare = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).unwrap();
    assert_eq!(project(&asked, &bare).column(0).as_ref(), ints(&[Some(3), Some(3)]).as_ref());
    let nothing = boundary(Vec::new());
    assert_eq!(project(&Boundary { extra: ExtraPolicy::Ignore, ..nothing }, &bare).num_rows(), 2);
}

/// A batch of another schema is an error and no panic.
#[test]
fn batch_of_other_schema() {
    let asked = boundary(vec![nullable("a", DataType::Int64)]);
    let planned = Schema::new(vec![nullable("a", DataType::Int32)]);
    let projector = Projector::plan(&asked, &planned).unwrap();
    let other = batch(vec![(nullable("a", DataType::Utf8), texts(&[Some("1")]))]);
    assert!(matches!(projector.batch(&other), Err(BoundaryError::Batch { .. })));
    assert!(matches!(
        projector.batch(&batch(vec![(nullable("b", DataType::Int32), Arc::new(Int32Array::from(vec![1])))])),
        Err(BoundaryError::Batch { .. })
    ));
}

fn three_batches() -> (SchemaRef, Vec<RecordBatch>) {
    let field = nullable("a", DataType::Int64);
    let one = |values: &[Option<i64>]| batch(vec![(Arc::clone(&field), ints(values))]);
    let all = vec![one(&[Some(1), Some(2)]), one(&[Some(3), None]), one(&[Some(5)])];
    (all[0].schema(), all)
}

/// Readers count rows over batches and end with the first error.
#[test]
fn reader_rows_counted_over_batches() {
    let (schema, batches) = three_batches();
    let asked = boundary(vec![required("a", DataType::Int64)]);
    let projector = Projector::plan(&asked, &schema).unwrap();
    let mut reader = projector.reader(RecordBatchIterator::new(batches.into_iter().map(Ok), schema));
    assert_eq!(reader.schema(), asked.schema());
    assert_eq!(reader.next().unwrap().unwrap().num_rows(), 2);
    let error = DataFusionError::from(reader.next().unwrap().unwrap_err());
    assert!(matches!(BoundaryError::inside(&error), Some(BoundaryError::Row { row: 3, .. })), "{error}");
    assert!(reader.next().is_none());
}

/// Streams count rows over batches and end with the first error.
#[test]
fn stream_rows_counted_over_batches() {
    let (schema, batches) = three_batches();
    let asked = boundary(vec![required("a", DataType::Int64)]);
    let projector = Projector::plan(&asked, &schema).unwrap();
    let source: SendableRecordBatchStream =
        Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches.into_iter().map(Ok))));
    let mut leaving = projector.stream(source);
    assert_eq!(leaving.schema(), asked.schema());
    run(async {
        assert_eq!(leaving.next().await.unwrap().unwrap().num_rows(), 2);
        let error = leaving.next().await.unwrap().unwrap_err();
        assert!(matches!(BoundaryError::inside(&error), Some(BoundaryError::Row { row: 3, .. })), "{error}");
        assert!(leaving.next().await.is_none());
    });
}
