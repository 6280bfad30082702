//! A comparison with the whole contract, cut down to what a query asks for.
//!
//! A file is compared with the whole contract, whatever is read of it: what a name in it stands for, and whether it is sound, does not
//! depend on the query.

use std::sync::Arc;

use arrow::datatypes::{DataType, Fields};
use cstspec_contract::{Path, list_child};

use crate::constant::Constant;
use crate::{Child, ConformError, Step};

impl Child {
    /// How the field at `path`, declared as `declared`, is read as `wanted`: the same type without some fields of its structs. The file
    /// may lack it, and then nobody knows its type there.
    ///
    /// # Errors
    ///
    /// The engine's error for a default that has no such fields.
    pub fn projected(&self, declared: &DataType, wanted: &DataType, path: &Path) -> Result<Self, ConformError> {
        Ok(match self {
            same if declared == wanted => same.clone(),
            Self::Stored { index, step, required, hidden } => {
                let step = step.projected(declared, wanted, path)?;
                Self::Stored { index: *index, step, required: *required, hidden: *hidden }
            }
            Self::Filled(value) if value.is_null() => Self::Filled(Constant::null(wanted)),
            Self::Filled(value) => {
                let step = Step::Keep.projected(declared, wanted, path)?;
                Self::Filled(Constant::first(&step.apply(value.array())?))
            }
        })
    }
}

impl Step {
    /// The step that reads as `wanted` what this one reads as `declared`.
    fn projected(&self, declared: &DataType, wanted: &DataType, path: &Path) -> Result<Self, ConformError> {
        if declared == wanted {
            return Ok(self.clone());
        }
        if let Self::Nulls { .. } = self {
            return Ok(Self::Nulls { to: wanted.clone() });
        }
        if let (DataType::Struct(declared), DataType::Struct(wanted)) = (declared, wanted) {
            let children = self.children(declared, wanted, path)?;
            return Ok(Self::Struct { path: path.clone(), fields: wanted.clone(), children });
        }
        let (Some(from), Some(field)) = (list_child(declared), list_child(wanted)) else { return Ok(self.clone()) };
        let (item, required, hidden) = match self {
            Self::List { item, required, hidden, .. } => (item.as_ref(), *required, *hidden),
            _ => (&Self::Keep, false, false),
        };
        let item = Box::new(item.projected(from.data_type(), field.data_type(), path)?);
        Ok(Self::List { path: path.clone(), field: Arc::clone(field), to: wanted.clone(), item, required, hidden })
    }

    fn children(&self, declared: &Fields, wanted: &Fields, path: &Path) -> Result<Vec<Child>, ConformError> {
        let mut children = Vec::with_capacity(wanted.len());
        for field in wanted {
            // What is asked for is part of what is declared.
            let Some((index, from)) = declared.find(field.name()) else { continue };
            let whole = match self {
                Self::Struct { children, .. } => children[index].clone(),
                _ => Child::plain(index),
            };
            children.push(whole.projected(from.data_type(), field.data_type(), &path.join(field.name()))?);
        }
        Ok(children)
    }
}
