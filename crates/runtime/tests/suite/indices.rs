//! `element_indices`: as many indices as there are elements, in lists of every kind.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, FixedSizeListArray, Int32Array, LargeListArray, LargeListViewArray, ListArray,
    ListViewArray, MapArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::prelude::{SessionContext, col};

use crate::world::{error, run, text};

/// The indices of a column of lists, `None` for a NULL list.
async fn indices(lists: &ArrayRef) -> Vec<Option<Vec<i64>>> {
    let ctx = SessionContext::new();
    cstspec_runtime::functions::register(&ctx);
    let batch = RecordBatch::try_from_iter_with_nullable([("l", Arc::clone(lists), true)]).unwrap();
    let call = ctx.state().scalar_functions()["element_indices"].call(vec![col("l")]);
    let frame = ctx.read_batch(batch).unwrap().select(vec![call.alias("i")]).unwrap();
    let mut found = Vec::new();
    for batch in frame.collect().await.unwrap() {
        let item = Arc::new(Field::new_list_field(DataType::Int64, false));
        let large = cast(batch.column(0), &DataType::LargeList(item)).unwrap();
        found.extend(large.as_list::<i64>().iter().map(|list| {
            let list = list?;
            assert_eq!(list.null_count(), 0);
            Some(list.as_primitive::<Int64Type>().values().to_vec())
        }));
    }
    found
}

fn counted<const N: usize>(lengths: [Option<i64>; N]) -> Vec<Option<Vec<i64>>> {
    lengths.into_iter().map(|length| length.map(|length| (0..length).collect())).collect()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Int32, true))
}

/// Elements with NULLs among them.
fn values(count: i32) -> ArrayRef {
    Arc::new((0..count).map(|value| (value % 3 != 1).then_some(value)).collect::<Int32Array>())
}

/// Lists of every kind, with one that is NULL over elements of its own and one that is empty, whole and cut at both ends.
#[test]
fn indices_of_each_kind() {
    run(async {
        let nulls = || Some(NullBuffer::from(vec![true, false, true, true, true]));
        let expected = || counted([Some(2), None, Some(0), Some(3), Some(1)]);
        let offsets = [0, 2, 4, 4, 7, 8];
        let list = ListArray::new(item(), OffsetBuffer::new(offsets.to_vec().into()), values(8), nulls());
        let large = offsets.map(i64::from).to_vec();
        let large = LargeListArray::new(item(), OffsetBuffer::new(large.into()), values(8), nulls());
        // Views overlap and stand in any order.
        let (starts, sizes) = (vec![5, 0, 3, 4, 5], vec![2, 2, 0, 3, 1]);
        let view = ListViewArray::new(item(), starts.clone().into(), sizes.clone().into(), values(8), nulls());
        let wide = |numbers: Vec<i32>| ScalarBuffer::from(numbers.into_iter().map(i64::from).collect::<Vec<_>>());
        let large_view = LargeListViewArray::new(item(), wide(starts), wide(sizes), values(8), nulls());
        let entries =
            Fields::from(vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Int32, true)]);
        let keys: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d", "e", "f", "g", "h"]));
        let structs = StructArray::new(entries.clone(), vec![keys, values(8)], None);
        let entry = Arc::new(Field::new("entries", DataType::Struct(entries), false));
        let map = MapArray::new(entry, OffsetBuffer::new(offsets.to_vec().into()), structs, nulls(), false);
        let lists: [ArrayRef; 5] =
            [Arc::new(list), Arc::new(large), Arc::new(view), Arc::new(large_view), Arc::new(map)];
        for lists in lists {
            let name = lists.data_type().clone();
            assert_eq!(indices(&lists).await, expected(), "{name}");
            assert_eq!(indices(&lists.slice(1, 3)).await, expected()[1..4], "{name}, cut");
            assert_eq!(indices(&lists.slice(0, 0)).await, [], "{name}, without a list");
        }
        let fixed = FixedSizeListArray::new(item(), 2, values(6), Some(NullBuffer::from(vec![true, false, true])));
        let fixed: ArrayRef = Arc::new(fixed);
        assert_eq!(indices(&fixed).await, counted([Some(2), None, Some(2)]));
        assert_eq!(indices(&fixed.slice(1, 2)).await, counted([None, Some(2)]));
    });
}

/// What is no list is refused when the query is planned, and a constant has indices too.
#[test]
fn indices_of_constants_and_others() {
    run(async {
        let ctx = SessionContext::new();
        cstspec_runtime::functions::register(&ctx);
        let shown = text(&ctx, "SELECT element_indices([7, NULL, 7]) AS i, element_indices(make_array()) AS e").await;
        assert!(shown.contains("[0, 1, 2]") && shown.contains("[]"), "{shown}");
        let refused = error(&ctx, "SELECT element_indices('abc')").await;
        assert!(refused.contains("element_indices takes a list or a map"), "{refused}");
        error(&ctx, "SELECT element_indices()").await;
        error(&ctx, "SELECT element_indices([1], [2])").await;
    });
}

/// A session of the host's that registers a catalog has the function.
#[test]
fn indices_in_sessions_of_a_host() {
    run(async {
        let ctx = SessionContext::new();
        let folder = tempfile::tempdir().unwrap();
        let locations = crate::world::one_file(folder.path());
        cstspec_runtime::register(&ctx, &crate::world::catalog(), &locations).await.unwrap();
        assert!(ctx.state().scalar_functions().contains_key("element_indices"));
    });
}
