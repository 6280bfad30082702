//! Views.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::dataset::ReferenceSpec;
use super::field::{FieldSpec, ItemSpec, Parts, Shape, Spelling, TypeSpelling};
use super::value::{WordOr, WordOrList};

/// A relation defined over others. Exactly one of `rows`, `diagnose` and `sql` says how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "view")]
pub struct ViewSpec {
    /// The name it is registered under.
    pub view: String,
    /// What one row is.
    #[serde(default)]
    pub doc: String,
    /// One row per element of a nested list, or per entry of a map.
    pub rows: Option<RowsSpec>,
    /// Columns from outer elements: output name to path from the row, `unit_name: code_objects.name`.
    #[serde(default)]
    pub context: IndexMap<String, String>,
    /// With `rows`: what differs from the element's own fields. `row` takes a column of the row that holds the list; a mapping
    /// says more. Columns the element lacks come first when they are taken from the row and last when they are computed.
    #[serde(default)]
    pub columns: IndexMap<String, ColumnSpec>,
    /// With `rows`: a condition that every row of the view meets, as a SQL expression over the names that `expr` may use.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// With `rows`: fields of the element that are left out.
    #[serde(default)]
    pub omit: Vec<String>,
    /// One row about the types of this relation's columns, as the engine sees them.
    pub diagnose: Option<DiagnoseSpec>,
    /// A query of one's own, with its output columns declared under `output`.
    pub sql: Option<String>,
    /// With `sql`: the output columns in order.
    #[serde(default)]
    pub output: IndexMap<String, FieldSpec>,
    /// The columns that name a row.
    #[serde(default)]
    pub key: Vec<String>,
    /// References to keys of other relations.
    #[serde(default)]
    pub references: Vec<ReferenceSpec>,
    /// Further views over this one, by name.
    #[serde(default)]
    pub accessors: IndexMap<String, AccessorSpec>,
}

/// A nested list or map whose elements or entries become rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowsSpec {
    /// The relation whose rows hold the list.
    pub of: String,
    /// The path of the list or map; lists and maps on the way to it are unnested too. An entry of a map has the fields `key` and `value`.
    pub unnest: String,
    /// The output column's name where the elements are no structs. The last name of the path unless written.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// A column with the index of the element in its list, from 0: its name; or for any of the lists on the way its path, and the name of the
    /// column. A list of names is for the levels of a list in lists, the outermost first.
    pub position: Option<WordOr<IndexMap<String, WordOrList>>>,
}

/// The relation whose columns are described.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiagnoseSpec {
    /// The relation.
    pub of: String,
    /// Its columns. Every list column unless written.
    #[serde(default)]
    pub columns: Vec<String>,
}

/// A column of a row view: `row`, or a mapping that says more.
pub type ColumnSpec = WordOr<ColumnBody>;

/// A column of a row view. At most one of `row`, `field` and `expr`; with none of them it is the element's field of the name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnBody {
    /// A path in the row that holds the list.
    pub row: Option<String>,
    /// A path in the element.
    pub field: Option<String>,
    /// A SQL expression over the element's fields, the row's and context columns of this view.
    pub expr: Option<String>,
    /// The type. It is checked where it can be inferred, and needed where it cannot.
    #[serde(rename = "type")]
    pub ty: Option<TypeSpelling>,
    /// With `type: list` and the like: the elements.
    pub items: Option<ItemSpec>,
    /// With `type: fixed_size_list`: how many elements each has.
    pub size: Option<u32>,
    /// With `type: map`: its keys.
    pub key: Option<ItemSpec>,
    /// With `type: map`: its values.
    pub value: Option<ItemSpec>,
    /// False promises that no value is NULL, whatever the engine reports.
    pub nullable: Option<bool>,
    /// What the column means.
    #[serde(default)]
    pub doc: String,
}

impl ColumnBody {
    /// The types of the parts of its list or map.
    pub fn parts(&self) -> Parts<'_> {
        Parts::of(self.items.as_ref(), self.size, self.key.as_ref(), self.value.as_ref())
    }

    /// The type, if one was written.
    pub fn shape(&self) -> Option<Shape<'_>> {
        let ty = Spelling::of(self.ty.as_ref()?);
        Some(Shape { at: "type", ty, parts: self.parts() })
    }
}

/// A view over another. Exactly one of `entries`, `entry`, `pack` and `unpack`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessorSpec {
    /// What one row is.
    #[serde(default)]
    pub doc: String,
    /// The path of a map: one row per entry.
    pub entries: Option<String>,
    /// The path of a map: the values of one `key`, as a list.
    pub entry: Option<String>,
    /// With `entry`: the map's key.
    pub key: Option<String>,
    /// The output column's name with `entry` (the key unless written), and the first part of the names with `entries` (`attr`
    /// gives `attr_key` and `attr_value`; the map's name without a final `s` unless written).
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// Columns packed into a struct: its name, and its fields with the columns they are made from.
    pub pack: Option<PackSpec>,
    /// The fields of the same struct taken back out.
    pub unpack: Option<PackSpec>,
    /// The columns that come first. The view's key unless written.
    pub keys: Option<Vec<String>>,
}

/// One struct: its name, and its fields with the columns they are made from.
pub type PackSpec = IndexMap<String, IndexMap<String, String>>;
