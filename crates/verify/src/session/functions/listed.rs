//! The functions in `information_schema`.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{UInt8Type, UInt64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use futures::FutureExt as _;

/// The signatures of each function that `information_schema.parameters` lists, such as `(IN String, IN Int64) -> String`, in order.
///
/// The engine lists examples, and none for functions that take any type or see to their arguments themselves. To list them it asks
/// every registered function for its output, and one of those may panic.
pub async fn signatures(ctx: &SessionContext) -> Result<BTreeMap<String, Vec<String>>> {
    let query = async {
        let sql = "SELECT specific_name, rid, ordinal_position, parameter_mode, data_type, is_variadic
            FROM information_schema.parameters";
        ctx.sql(sql).await?.collect().await
    };
    let batches = AssertUnwindSafe(query).catch_unwind().await;
    let batches = batches.unwrap_or_else(|_| Err(DataFusionError::Execution("a function panicked".to_owned())))?;
    let mut forms: BTreeMap<(String, u8), Form> = BTreeMap::new();
    for batch in &batches {
        let (names, modes, types) = (
            batch.column(0).as_string::<i32>(),
            batch.column(3).as_string::<i32>(),
            batch.column(4).as_string::<i32>(),
        );
        let (forms_of, positions) =
            (batch.column(1).as_primitive::<UInt8Type>(), batch.column(2).as_primitive::<UInt64Type>());
        let variadic = batch.column(5).as_boolean();
        for row in 0..batch.num_rows() {
            let form = forms.entry((names.value(row).to_owned(), forms_of.value(row))).or_default();
            let data_type = if types.is_valid(row) { types.value(row) } else { "?" };
            match modes.value(row) {
                "OUT" => form.output = Some(data_type.to_owned()),
                mode => {
                    form.inputs.insert(positions.value(row), format!("{mode} {data_type}"));
                    form.variadic |= variadic.value(row);
                }
            }
        }
    }
    let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((name, _), form) in forms {
        listed.entry(name).or_default().push(form.text());
    }
    for signatures in listed.values_mut() {
        signatures.sort_unstable();
        signatures.dedup();
    }
    Ok(listed)
}

/// One listed way of calling a function.
#[derive(Default)]
struct Form {
    /// Mode and type by position.
    inputs: BTreeMap<u64, String>,
    output: Option<String>,
    variadic: bool,
}

impl Form {
    fn text(&self) -> String {
        let inputs: Vec<&str> = self.inputs.values().map(String::as_str).collect();
        let more = if self.variadic { "..." } else { "" };
        format!("({}{more}) -> {}", inputs.join(", "), self.output.as_deref().unwrap_or("?"))
    }
}
