//! Specs as they were written: decoded, with every name still a name.
//!
//! Nothing here is resolved or checked: a type is text, a path may lead nowhere. The doc comments become the descriptions of the
//! JSON Schemas that editors use.

mod boundary;
mod catalog;
mod dataset;
mod field;
mod function;
mod session;
mod statement;
mod ty;
mod value;
mod view;

pub use boundary::BoundarySpec;
pub use catalog::CatalogSpec;
pub use dataset::{DatasetSpec, PathPolicySpec, ReferenceSpec, SortKeySpec};
pub use field::{FieldSpec, FieldsSpec, ItemSpec, Parts, Shape, Spelling};
pub use function::{ArgumentNumber, FunctionsSpec, NullsSpec};
pub use session::SessionSpec;
pub use statement::{StatementSpec, StatementsSpec};
pub use ty::TypeSpec;
pub use value::{ScalarText, ValueSpec, WordOr, WordOrList};
pub use view::{AccessorSpec, ColumnBody, ColumnSpec, DiagnoseSpec, PackSpec, RowsSpec, ViewSpec};

use schemars::generate::SchemaSettings;
use std::collections::BTreeMap;

/// The kinds of documents that a specs folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `catalog.yaml`.
    Catalog,
    /// A named type.
    Type,
    /// Expected functions.
    Functions,
    /// A session preset.
    Session,
    /// A dataset.
    Dataset,
    /// A view.
    View,
    /// A boundary.
    Boundary,
    /// Prepared statements.
    Statements,
}

impl Kind {
    /// Every kind with the key that a document of it starts with.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Catalog, "catalog"),
        (Self::Type, "type"),
        (Self::Functions, "functions"),
        (Self::Session, "session"),
        (Self::Dataset, "dataset"),
        (Self::View, "view"),
        (Self::Boundary, "boundary"),
        (Self::Statements, "statements"),
    ];

    /// The key that a document of this kind starts with.
    pub fn key(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, key)| key)
    }
}

/// The JSON Schemas (draft-07) of the spec language: file name to pretty-printed text with a newline at its end.
pub fn json_schemas() -> BTreeMap<String, String> {
    Kind::ALL
        .iter()
        .map(|(kind, key)| {
            let mut generator = SchemaSettings::draft07().into_generator();
            let schema = match kind {
                Kind::Catalog => generator.root_schema_for::<CatalogSpec>(),
                Kind::Type => generator.root_schema_for::<TypeSpec>(),
                Kind::Functions => generator.root_schema_for::<FunctionsSpec>(),
                Kind::Session => generator.root_schema_for::<SessionSpec>(),
                Kind::Dataset => generator.root_schema_for::<DatasetSpec>(),
                Kind::View => generator.root_schema_for::<ViewSpec>(),
                Kind::Boundary => generator.root_schema_for::<BoundarySpec>(),
                Kind::Statements => generator.root_schema_for::<StatementsSpec>(),
            };
            let text = serde_json::to_string_pretty(&schema).expect("a JSON Schema is JSON");
            (format!("{key}.schema.json"), text + "\n")
        })
        .collect()
}
