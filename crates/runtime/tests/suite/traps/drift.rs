//! The engine's traps around files that drifted. As in `traps`, a test that fails here says that one is gone.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray as _, Int32Array, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Fields, Int64Type, Schema, SchemaRef};
use cstspec_contract::types::{map, nullable, structure};
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr_adapter::{
    BatchAdapterFactory, DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};
use datafusion::prelude::{SessionConfig, SessionContext};
use tempfile::TempDir;

use crate::world::{rows, run, text, write};

/// The obvious way to fill a default: wherever a file lacks `b`, it is 42.
#[derive(Debug)]
struct Filling;

#[derive(Debug)]
struct Filled {
    physical: SchemaRef,
    rest: Arc<dyn PhysicalExprAdapter>,
}

impl PhysicalExprAdapterFactory for Filling {
    fn create(&self, logical: SchemaRef, physical: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let rest = DefaultPhysicalExprAdapterFactory.create(logical, Arc::clone(&physical))?;
        Ok(Arc::new(Filled { physical, rest }))
    }
}

impl PhysicalExprAdapter for Filled {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let filled = expr.transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) if column.name() == "b" && self.physical.index_of("b").is_err() => {
                let value: Arc<dyn PhysicalExpr> = Arc::new(Literal::new(ScalarValue::Int64(Some(42))));
                Ok(Transformed::yes(value))
            }
            _ => Ok(Transformed::no(expr)),
        });
        self.rest.rewrite(filled.data()?)
    }
}

/// A table of the engine's own over `folder`.
fn listing(ctx: &SessionContext, folder: &TempDir, schema: SchemaRef) {
    let format = Arc::new(ParquetFormat::default());
    let options = ListingOptions::new(format);
    let config = ListingTableConfig::new(ListingTableUrl::parse(folder.path().display().to_string()).unwrap())
        .with_listing_options(options)
        .with_schema(schema)
        .with_expr_adapter_factory(Arc::new(Filling));
    ctx.register_table("t", Arc::new(ListingTable::try_new(config).unwrap())).unwrap();
}

fn ints(names: &[&str], values: &[i64]) -> RecordBatch {
    let fields: Vec<_> = names.iter().map(|name| nullable(name, DataType::Int64)).collect();
    let columns = values.iter().map(|value| Arc::new(Int64Array::from(vec![*value])) as ArrayRef).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// A default that an adapter fills in is bypassed by statistics.
#[test]
fn adapter_default_bypassed_by_statistics() {
    run(async {
        let folder = TempDir::new().unwrap();
        write(&folder.path().join("a.parquet"), &ints(&["a", "b"], &[1, 2]));
        write(&folder.path().join("b.parquet"), &ints(&["a"], &[3]));
        for (collected, expected) in [(true, (1, 0)), (false, (2, 1))] {
            let ctx = SessionContext::new_with_config(SessionConfig::new().with_collect_statistics(collected));
            listing(&ctx, &folder, ints(&["a", "b"], &[0, 0]).schema());
            let counted = rows(&ctx, "SELECT count(b) FROM t").await.column(0).as_primitive::<Int64Type>().value(0);
            let found = rows(&ctx, "SELECT a FROM t WHERE b = 42").await.num_rows();
            assert_eq!((counted, found), expected, "the trap is gone, or another: statistics collected: {collected}");
        }
    });
}

/// A filter that was pushed down is left out of a file of another nested type.
#[test]
fn pushed_filter_dropped_for_nested_type() {
    run(async {
        let id: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let item = nullable("item", DataType::Int32);
        let values: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
        let a: ArrayRef = Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([2, 1]), values, None));
        let file = Schema::new(vec![nullable("id", DataType::Int64), nullable("a", a.data_type().clone())]);
        let folder = TempDir::new().unwrap();
        write(&folder.path().join("a.parquet"), &RecordBatch::try_new(Arc::new(file), vec![id, a]).unwrap());
        let schema = Schema::new(vec![nullable("id", DataType::Int64), nullable("a", DataType::Utf8)]);
        for (pushed, expected) in [(false, 0), (true, 2)] {
            let mut config = SessionConfig::new();
            config.options_mut().execution.parquet.pushdown_filters = pushed;
            let ctx = SessionContext::new_with_config(config);
            listing(&ctx, &folder, Arc::new(schema.clone()));
            let found = rows(&ctx, "SELECT id FROM t WHERE a = 'keep'").await.num_rows();
            assert_eq!(found, expected, "the trap is gone, or another: pushed down: {pushed}");
        }
    });
}

/// The engines own adapter does not read a map of other structs.
#[test]
fn default_adapter_map_of_structs() {
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["k"]));
    let fields = Fields::from(vec![nullable("level", DataType::Int32)]);
    let values: ArrayRef = Arc::new(StructArray::new(fields, vec![Arc::new(Int32Array::from(vec![1]))], None));
    let DataType::Map(entries, _) = map(DataType::Utf8, values.data_type().clone()) else { unreachable!() };
    let DataType::Struct(pair) = entries.data_type() else { unreachable!() };
    let pairs = StructArray::new(pair.clone(), vec![keys, values], None);
    let found: ArrayRef = Arc::new(MapArray::new(entries, OffsetBuffer::from_lengths([1]), pairs, None, false));
    let file = Arc::new(Schema::new(vec![nullable("m", found.data_type().clone())]));
    let wider = structure([nullable("level", DataType::Int64), nullable("note", DataType::Utf8)]);
    let declared = Arc::new(Schema::new(vec![nullable("m", map(DataType::Utf8, wider))]));
    let batch = RecordBatch::try_new(Arc::clone(&file), vec![found]).unwrap();
    let adapted =
        BatchAdapterFactory::new(declared).make_adapter(&file).and_then(|adapter| adapter.adapt_batch(&batch));
    assert!(adapted.is_err(), "the trap is gone: the engine evolves structs in maps");
}

/// The engines reader takes binary for text without being asked.
#[test]
fn reader_takes_binary_for_text() {
    run(async {
        let folder = TempDir::new().unwrap();
        let bytes: ArrayRef = Arc::new(arrow::array::BinaryArray::from_vec(vec![b"text"]));
        let file = Arc::new(Schema::new(vec![nullable("c", DataType::Binary)]));
        write(&folder.path().join("a.parquet"), &RecordBatch::try_new(file, vec![bytes]).unwrap());
        let ctx = SessionContext::new();
        listing(&ctx, &folder, Arc::new(Schema::new(vec![nullable("c", DataType::Utf8)])));
        let found = text(&ctx, "SELECT c FROM t WHERE c = 'text'").await;
        assert!(found.contains("| text |"), "the trap is gone: {found}");
    });
}
