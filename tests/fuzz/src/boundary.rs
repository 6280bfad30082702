//! Rows that leave through a boundary which asks for another schema: made so, or refused with everything that is not allowed.
//!
//! The bytes of an input choose both schemas, the values, and the policy.

use std::collections::BTreeMap;

use cstspec_contract::{Boundary, CastPolicy, Column, ExtraPolicy, MissingPolicy, NestedOrigins, Origin};
use cstspec_runtime::boundary::Projector;

use super::adapter::rows;
use super::shape::{Choices, columns, drifted};

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let asked = columns(&mut choices);
    let given = drifted(&asked, &mut choices);
    let boundary = Boundary {
        name: "b".to_owned(),
        doc: String::new(),
        origin: Origin::new("b.yaml", ""),
        columns: asked
            .into_iter()
            .map(|field| Column {
                origin: Origin::new("b.yaml", format!("columns.{}", field.name())),
                doc: String::new(),
                field,
            })
            .collect(),
        missing: choices.pick(&[MissingPolicy::Default, MissingPolicy::FillNull, MissingPolicy::Error]),
        extra: choices.pick(&[ExtraPolicy::Ignore, ExtraPolicy::Warn, ExtraPolicy::Error]),
        casts: choices.pick(&[CastPolicy::Any, CastPolicy::Widening, CastPolicy::None]),
        nested: NestedOrigins::default(),
        metadata: BTreeMap::new(),
        defaults: Vec::new(),
    };
    let batch = rows(&given, choices.seed());
    match Projector::plan(&boundary, &batch.schema()) {
        Ok(projector) => {
            if let Ok(projected) = projector.batch(&batch) {
                assert_eq!(projected.num_rows(), batch.num_rows());
                assert_eq!(projected.schema(), projector.schema());
            }
        }
        Err(error) => assert!(!error.findings().is_empty(), "{error}"),
    }
}
