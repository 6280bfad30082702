//! The tables about keys and references, as the SQL standard has them.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Result, arrow_datafusion_err};

use super::registered::Registered;
use crate::constraint::{Constraint, ConstraintKind, Referenced};

/// A table about keys and references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConstraintTable {
    /// One row per key or reference.
    TableConstraints,
    /// One row per column of a key or reference.
    KeyColumnUsage,
    /// One row per reference.
    ReferentialConstraints,
}

impl ConstraintTable {
    /// Every such table.
    pub const ALL: [Self; 3] = [Self::TableConstraints, Self::KeyColumnUsage, Self::ReferentialConstraints];

    /// The table called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TableConstraints => "table_constraints",
            Self::KeyColumnUsage => "key_column_usage",
            Self::ReferentialConstraints => "referential_constraints",
        }
    }

    /// Its columns. The columns that the standard does not have are last: the target of a column of a reference.
    pub fn schema(self) -> SchemaRef {
        let text = |name: &str| Field::new(name, DataType::Utf8, false);
        let some_text = |name: &str| Field::new(name, DataType::Utf8, true);
        let number = |name: &str, nullable| Field::new(name, DataType::UInt64, nullable);
        let mut fields = ["constraint_catalog", "constraint_schema", "constraint_name"].map(text).to_vec();
        match self {
            Self::TableConstraints => fields.extend(
                [
                    "table_catalog",
                    "table_schema",
                    "table_name",
                    "constraint_type",
                    "is_deferrable",
                    "initially_deferred",
                    "enforced",
                ]
                .map(text),
            ),
            Self::KeyColumnUsage => {
                fields.extend(["table_catalog", "table_schema", "table_name", "column_name"].map(text));
                fields.push(number("ordinal_position", false));
                fields.push(number("position_in_unique_constraint", true));
                fields.extend(
                    ["referenced_table_schema", "referenced_table_name", "referenced_column_name"].map(some_text),
                );
            }
            Self::ReferentialConstraints => {
                fields.extend(
                    ["unique_constraint_catalog", "unique_constraint_schema", "unique_constraint_name"].map(some_text),
                );
                fields.extend(["match_option", "update_rule", "delete_rule"].map(text));
            }
        }
        Arc::new(Schema::new(fields))
    }

    /// The rows for `relations`. Nothing is enforced: what is promised is proven when it is asked for.
    pub fn rows(self, relations: &[Registered]) -> Result<RecordBatch> {
        let mut rows = Rows::new(self.schema());
        for (relation, constraint) in relations
            .iter()
            .flat_map(|relation| relation.constraints.iter().map(move |constraint| (relation, constraint)))
        {
            match self {
                Self::TableConstraints => {
                    rows.start(relation, constraint);
                    rows.table(relation);
                    rows.text(constraint.kind.as_sql());
                    rows.texts(["NO", "NO", "NO"]);
                }
                Self::KeyColumnUsage => {
                    for (index, column) in constraint.columns.iter().enumerate() {
                        rows.start(relation, constraint);
                        rows.table(relation);
                        rows.text(column);
                        rows.number(Some(index as u64 + 1));
                        let to = constraint.references.as_ref();
                        rows.number(to.and_then(|to| to.positions.get(index).copied()).filter(|place| *place > 0));
                        rows.maybe(to.map(|_| relation.schema.as_str()));
                        rows.maybe(to.map(|to| to.relation.as_str()));
                        rows.maybe(to.and_then(|to| to.columns.get(index)).map(String::as_str));
                    }
                }
                Self::ReferentialConstraints => {
                    let Some(Referenced { constraint: key, .. }) = &constraint.references else { continue };
                    debug_assert_eq!(constraint.kind, ConstraintKind::ForeignKey);
                    rows.start(relation, constraint);
                    rows.maybe(key.as_ref().map(|_| relation.catalog.as_str()));
                    rows.maybe(key.as_ref().map(|_| relation.schema.as_str()));
                    rows.maybe(key.as_deref());
                    rows.texts(["SIMPLE", "NO ACTION", "NO ACTION"]);
                }
            }
        }
        rows.finish()
    }
}

/// Rows in the making, cell by cell.
struct Rows {
    schema: SchemaRef,
    cells: Vec<Cell>,
}

enum Cell {
    Text(Option<String>),
    Number(Option<u64>),
}

impl Rows {
    fn new(schema: SchemaRef) -> Self {
        Self { schema, cells: Vec::new() }
    }

    /// The three columns that every table starts with.
    fn start(&mut self, relation: &Registered, constraint: &Constraint) {
        self.text(&relation.catalog);
        self.text(&relation.schema);
        self.text(&constraint.name);
    }

    fn table(&mut self, relation: &Registered) {
        self.text(&relation.catalog);
        self.text(&relation.schema);
        self.text(&relation.table);
    }

    fn text(&mut self, text: &str) {
        self.maybe(Some(text));
    }

    fn texts<const N: usize>(&mut self, texts: [&str; N]) {
        self.cells.extend(texts.map(|text| Cell::Text(Some(text.to_owned()))));
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.cells.push(Cell::Text(text.map(str::to_owned)));
    }

    fn number(&mut self, number: Option<u64>) {
        self.cells.push(Cell::Number(number));
    }

    fn finish(self) -> Result<RecordBatch> {
        let width = self.schema.fields().len();
        let column = |index: usize| self.cells.iter().skip(index).step_by(width);
        let columns = self
            .schema
            .fields()
            .iter()
            .enumerate()
            .map(|(index, field)| -> ArrayRef {
                if *field.data_type() == DataType::UInt64 {
                    let number = |cell: &Cell| if let Cell::Number(number) = cell { *number } else { None };
                    Arc::new(column(index).map(number).collect::<UInt64Array>())
                } else {
                    let text = |cell: &'_ Cell| if let Cell::Text(text) = cell { text.clone() } else { None };
                    Arc::new(column(index).map(text).collect::<StringArray>())
                }
            })
            .collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|error| arrow_datafusion_err!(error))
    }
}
