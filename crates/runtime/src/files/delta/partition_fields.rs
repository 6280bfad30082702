//! The partition columns of a log: text that is read as the log's type, and then as the contract says.

use std::sync::Arc;

use arrow::array::new_empty_array;
use arrow::datatypes::{Field, FieldRef};
use cstspec_conform::{ConformError, Rules, with_contract_types};
use cstspec_contract::{CastPolicy, Dataset, Evolution, ExtraPolicy, NullabilityPolicy, Path, spelling};
use datafusion::common::ScalarValue;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoArrow as _;
use deltalake_core::kernel::{DataType, StructField};

/// A partition column that the contract has.
pub(super) struct PartitionColumn<'a> {
    /// The column as the contract declares it.
    pub field: &'a FieldRef,
    /// Its name in the partition values of a file.
    pub physical: &'a str,
    /// Its type in the log.
    data_type: &'a DataType,
    /// That type, or the declared one where Delta has no other word for it.
    aligned: FieldRef,
    rules: Rules<'a>,
}

impl<'a> PartitionColumn<'a> {
    /// The column `field` of `contract`, which is `logged` in the log under the name `physical`.
    ///
    /// # Errors
    ///
    /// The reason why the one type cannot be read as the other, whatever the values are.
    pub fn new(
        contract: &'a Dataset,
        field: &'a FieldRef,
        logged: &'a StructField,
        physical: &'a str,
    ) -> Result<Self, ConformError> {
        let path = Path::top(field.name().as_str());
        let refused =
            |reason| ConformError::Default { path: path.clone(), declared: field.data_type().clone(), reason };
        let found: Field = logged.try_into_arrow().map_err(|error| refused(error.to_string()))?;
        let found = vec![Arc::new(found.with_name(field.name()))].into();
        let aligned = with_contract_types(&found, &vec![Arc::clone(field)].into(), &contract.evolution);
        let rules = Rules { evolution: &contract.evolution, defaults: &contract.defaults };
        let column = Self { field, physical, data_type: logged.data_type(), aligned: Arc::clone(&aligned[0]), rules };
        cstspec_conform::conform(&new_empty_array(column.aligned.data_type()), field.data_type(), rules, &path)?;
        Ok(column)
    }

    /// The value that `text` is; no text, and an empty one, is NULL.
    ///
    /// # Errors
    ///
    /// The type that it is not of, in words.
    pub fn value(&self, text: Option<&str>) -> Result<ScalarValue, String> {
        let declared = self.field.data_type();
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            let null = ScalarValue::try_new_null(declared).ok().filter(|_| self.field.is_nullable());
            return null.ok_or_else(|| format!("{} not null", spelling::short(declared)));
        };
        let DataType::Primitive(primitive) = self.data_type else { return Err(self.data_type.to_string()) };
        let parsed = primitive.parse_scalar(text).and_then(|value| value.to_array(1));
        let parsed = parsed.map_err(|_| format!("{primitive} in the log"))?;
        // What Delta has no word for is a type for the same values.
        let evolution = Evolution {
            casts: CastPolicy::Any,
            extra: ExtraPolicy::Ignore,
            nullability: NullabilityPolicy::Relax,
            ..Evolution::default()
        };
        let any = Rules { evolution: &evolution, defaults: &[] };
        let path = Path::top(self.field.name().as_str());
        let value = cstspec_conform::conform(&parsed, self.aligned.data_type(), any, &path)
            .and_then(|value| cstspec_conform::conform(&value, declared, self.rules, &path))
            .ok()
            .and_then(|value| ScalarValue::try_from_array(&value, 0).ok());
        value.filter(|value| !value.is_null()).ok_or_else(|| spelling::short(declared))
    }
}
