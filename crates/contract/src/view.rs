//! Views: relations defined over datasets or other views.

use std::collections::BTreeMap;

use arrow_schema::SchemaRef;

use crate::{AllowedValues, Column, NestedOrigins, Origin, Path, Reference, schema};

/// A relation defined over others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The name it is registered under.
    pub name: String,
    /// Meaning of one row.
    pub doc: String,
    /// Where it was written.
    pub origin: Origin,
    /// The output columns in order, typed without an engine.
    pub columns: Vec<Column>,
    /// Origins of nested fields.
    pub nested: NestedOrigins,
    /// The query, in a form that DataFusion executes. It ends with a newline and without a semicolon.
    pub sql: String,
    /// The relations that the query reads, sorted.
    pub depends_on: Vec<String>,
    /// The source of the query.
    pub body: ViewBody,
    /// The columns that name a row; empty when none is declared. A data contract: proven, never handed to the engine.
    pub key: Vec<String>,
    /// Columns promised without NULLs that the engine reports as nullable. A data contract.
    pub not_null: Vec<String>,
    /// The values that columns, nested fields and elements of the output of a query may have, sorted by path. A data contract.
    pub allowed: Vec<AllowedValues>,
    /// References to keys of other relations. A data contract.
    pub references: Vec<Reference>,
}

impl View {
    /// The schema as the engine must report it.
    pub fn schema(&self) -> SchemaRef {
        schema::arrow_schema(&self.columns, &BTreeMap::new())
    }
}

/// The source of a view's query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewBody {
    /// One row per element of a nested list or entry of a map, or per one that meets a condition.
    Rows {
        /// The relation whose rows hold the list.
        of: String,
        /// The path of the list or map. Lists and maps on the way to it are unnested too.
        unnest: Path,
        /// The condition on an element to be a row: an expression over the names that expressions may use. Without one, every element is.
        condition: Option<String>,
        /// Where each output column comes from, in the order of the columns.
        sources: Vec<ColumnSource>,
    },
    /// One row per entry of a map: the keys, then the entry's key and value.
    Entries {
        /// The relation that holds the map.
        of: String,
        /// The map's path.
        map: Path,
        /// The columns of `of` that come first.
        keys: Vec<String>,
    },
    /// The values of one key of a map, as a list.
    Entry {
        /// The relation that holds the map.
        of: String,
        /// The map's path.
        map: Path,
        /// The map's key.
        key: String,
        /// The columns of `of` that come first.
        keys: Vec<String>,
    },
    /// Columns packed into a struct, beside the columns themselves.
    Pack {
        /// The relation that holds the columns.
        of: String,
        /// The columns of `of` that come first.
        keys: Vec<String>,
        /// The struct's name.
        name: String,
        /// The struct's fields and the columns of `of` they are made from, in order.
        fields: Vec<(String, String)>,
    },
    /// Fields taken back out of a packed struct.
    Unpack {
        /// The relation that holds the columns.
        of: String,
        /// The columns of `of` that come first.
        keys: Vec<String>,
        /// The struct's name.
        name: String,
        /// The struct's fields and the columns of `of` they are made from, in order.
        fields: Vec<(String, String)>,
    },
    /// One row that tells the engine's view of each column's type, its metadata, and whether it is the declared one.
    Diagnose {
        /// The relation whose columns are described.
        of: String,
        /// The columns described.
        columns: Vec<String>,
    },
    /// A query that a person wrote.
    Sql,
}

/// Where a column of a row view comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnSource {
    /// A column of the row that holds the list.
    Row(Path),
    /// A field of an outer element, by its path from the row.
    Context(Path),
    /// A field of the element itself, by its path from the element; the empty path is the element.
    Element(Path),
    /// The index of the element in its list, from 0: of the innermost list or one around it, by the number of lists and maps around that.
    Position(usize),
    /// An expression over the others.
    Expr(String),
}
