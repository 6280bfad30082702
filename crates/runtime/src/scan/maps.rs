//! Keys of maps that are fields of structs, in what the engine pushes into a scan.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::functions::core::getfield::GetFieldFunc;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

/// `expr` over `schema`, with `get_field(s, 'm', 'key')`, where the field `m` of the struct `s` is a map, as
/// `get_field(get_field(s, 'm'), 'key')`.
///
/// The engine's optimizer joins the two calls to one path. Its Parquet reader then looks for the leaves of the file below that path,
/// finds none, and evaluates the call on what is left of the struct (datafusion-datasource-parquet 55.2, `projection_read_plan`). It makes
/// an exception of maps that are columns alone.
pub(crate) fn split_at_maps(expr: Arc<dyn PhysicalExpr>, schema: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    expr.transform(|expr| {
        Ok(match split(expr.as_ref(), schema)? {
            Some(split) => Transformed::yes(split),
            None => Transformed::no(expr),
        })
    })
    .data()
}

fn split(expr: &dyn PhysicalExpr, schema: &Schema) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let Some(call) = ScalarFunctionExpr::try_downcast_func::<GetFieldFunc>(expr) else { return Ok(None) };
    let [of, path @ ..] = call.args() else { return Ok(None) };
    let mut at = of.data_type(schema)?;
    for (index, name) in path.iter().enumerate() {
        at = match at {
            DataType::Map(..) if index > 0 => {
                let function = Arc::new(call.fun().clone());
                let get = |args: Vec<Arc<dyn PhysicalExpr>>| -> Result<Arc<dyn PhysicalExpr>> {
                    let config = Arc::new(call.config_options().clone());
                    Ok(Arc::new(ScalarFunctionExpr::try_new(Arc::clone(&function), args, schema, config)?))
                };
                let map = get([of].into_iter().chain(&path[..index]).cloned().collect())?;
                let found = get([&map].into_iter().chain(&path[index..]).cloned().collect())?;
                // The path may go through one more map.
                return Ok(Some(split(found.as_ref(), schema)?.unwrap_or(found)));
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) => pair[1].data_type().clone(),
                _ => return Ok(None),
            },
            DataType::Struct(fields) => {
                let name = name.downcast_ref::<Literal>().and_then(|name| name.value().try_as_str().flatten());
                match fields.iter().find(|field| Some(field.name().as_str()) == name) {
                    Some(field) => field.data_type().clone(),
                    None => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
    }
    Ok(None)
}
