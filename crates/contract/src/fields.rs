//! Columns as generated code puts them together: the fields of named types, and the columns that relations take from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::DataType;

use crate::types::{annotated, map_of, nullable, required};
use crate::{Column, ColumnSource, Origin, Path};

/// The fields of a named type, in order, one statement per field: a formatter never puts two fields on one line, and a field added to the
/// type is a statement added to the code.
#[derive(Debug)]
pub struct TypeFields {
    section: Origin,
    fields: Vec<Column>,
}

impl TypeFields {
    /// No field yet of the type whose fields were written at `written_at`: `types/cst_ref.yaml#fields`.
    pub fn at(written_at: &str) -> Self {
        Self { section: Origin::parse(written_at), fields: Vec::new() }
    }

    /// The fields as columns.
    pub fn into_columns(self) -> Vec<Column> {
        self.fields
    }

    /// Adds the fields of a type that this one extends.
    pub fn extend(&mut self, base: impl IntoIterator<Item = Column>) {
        self.fields.extend(base);
    }

    /// Adds a field that may be NULL.
    pub fn nullable(&mut self, name: &str, data_type: DataType) -> &mut Self {
        let origin = self.section.join(name);
        self.fields.push(Column { field: nullable(name, data_type), doc: String::new(), origin });
        self
    }

    /// Adds a field that is never NULL where its struct is present.
    pub fn required(&mut self, name: &str, data_type: DataType) -> &mut Self {
        let origin = self.section.join(name);
        self.fields.push(Column { field: required(name, data_type), doc: String::new(), origin });
        self
    }

    /// Gives the field that was added last `metadata` as its only metadata.
    pub fn annotated<const N: usize>(&mut self, metadata: [(&str, &str); N]) -> &mut Self {
        if let Some(last) = self.fields.last_mut() {
            last.field = annotated(&last.field, metadata);
        }
        self
    }

    /// Says what the field that was added last means.
    pub fn doc(&mut self, doc: &str) -> &mut Self {
        if let Some(last) = self.fields.last_mut() {
            doc.clone_into(&mut last.doc);
        }
        self
    }
}

/// `struct<...>` of the fields of a named type.
pub fn structure_from(fields: impl IntoIterator<Item = Column>) -> DataType {
    DataType::Struct(fields.into_iter().map(|column| column.field).collect())
}

/// The columns of a row view, each with where it comes from: the `fields` of the list's elements without those called `omitted`, and the
/// view's `own` columns.
///
/// A field of an unnested element may be NULL whatever its own declaration. A column of the view's own stands where the field of its name
/// would. Of the others, those that are taken from the row and from outer elements, and positions, come before the fields, and all else comes
/// after them.
pub fn row_columns(
    fields: impl IntoIterator<Item = Column>,
    omitted: &[&str],
    own: impl IntoIterator<Item = (Column, ColumnSource)>,
) -> Vec<(Column, ColumnSource)> {
    let fields: Vec<Column> = fields.into_iter().collect();
    let (mut before, mut instead, mut after) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (column, source) in own {
        if fields.iter().any(|field| field.name() == column.name()) {
            instead.insert(column.name().to_owned(), (column, source));
        } else if matches!(source, ColumnSource::Row(_) | ColumnSource::Context(_) | ColumnSource::Position(_)) {
            before.push((column, source));
        } else {
            after.push((column, source));
        }
    }
    let kept = fields.into_iter().filter(|field| !omitted.contains(&field.name()));
    let of_elements = kept.map(|field| instead.remove(field.name()).unwrap_or_else(|| unnested(&field)));
    before.extend(of_elements);
    before.extend(after);
    before
}

/// A field of the elements of a list, as a row view has it.
pub fn unnested(field: &Column) -> (Column, ColumnSource) {
    let source = ColumnSource::Element(Path::top(field.name()));
    (Column { field: Arc::new(field.field.as_ref().clone().with_nullable(true)), ..field.clone() }, source)
}

/// The columns alone of what [`row_columns`] gives.
pub fn columns_of(rows: Vec<(Column, ColumnSource)>) -> Vec<Column> {
    rows.into_iter().map(|(column, _)| column).collect()
}

/// Where the columns come from, of what [`row_columns`] gives.
pub fn sources_of(rows: Vec<(Column, ColumnSource)>) -> Vec<ColumnSource> {
    rows.into_iter().map(|(_, source)| source).collect()
}

/// The columns of a view that keeps some of another relation's columns: those of `all` called `kept`, in that order, and its `own`. A name
/// that is not among `all` is passed over.
pub fn kept_columns(all: &[Column], kept: &[&str], own: impl IntoIterator<Item = Column>) -> Vec<Column> {
    let mut columns: Vec<Column> =
        kept.iter().filter_map(|name| all.iter().find(|column| column.name() == *name).cloned()).collect();
    columns.extend(own);
    columns
}

/// The columns of a view that describes how the engine has the columns called `described`: of each its type, its metadata, and whether the
/// type is the declared one. The view was written at `written_at`.
pub fn diagnosis_columns(described: &[&str], written_at: &str) -> Vec<Column> {
    let origin = Origin::parse(written_at);
    let metadata = map_of(required("keys", DataType::Utf8), nullable("values", DataType::Utf8));
    let of = |name: &&str| {
        [
            ("type", DataType::Utf8, format!("The type of `{name}`, as the engine spells it.")),
            ("metadata", metadata.clone(), format!("The metadata of `{name}`.")),
            ("matches", DataType::Boolean, format!("Whether the type of `{name}` is the declared one.")),
        ]
        .map(|(what, data_type, doc)| Column {
            field: nullable(&format!("{name}_{what}"), data_type),
            doc,
            origin: origin.clone(),
        })
    };
    described.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType::{Int64, Utf8};

    use super::*;

    fn element() -> Vec<Column> {
        let mut fields = TypeFields::at("types/ref.yaml#fields");
        fields.required("file_id", Utf8).doc("The file.");
        fields.nullable("kind", Utf8).annotated([("k", "v")]).doc("Its kind.");
        fields.nullable("bstart", Int64);
        fields.into_columns()
    }

    fn own(name: &str, source: ColumnSource) -> (Column, ColumnSource) {
        (Column { field: nullable(name, Int64), doc: String::new(), origin: Origin::parse("views/refs.yaml#") }, source)
    }

    /// Fields of a type know where they were written.
    #[test]
    fn type_fields_origins() {
        let mut base = TypeFields::at("types/id.yaml#fields");
        base.required("id", Utf8);
        let mut fields = TypeFields::at("types/ref.yaml#fields");
        fields.extend(base.into_columns());
        fields.nullable("kind", Utf8).annotated([("k", "v")]).doc("Its kind.");
        let fields = fields.into_columns();
        assert_eq!(
            fields,
            [
                Column {
                    field: required("id", Utf8),
                    doc: String::new(),
                    origin: Origin::parse("types/id.yaml#fields.id")
                },
                Column {
                    field: annotated(&nullable("kind", Utf8), [("k", "v")]),
                    doc: "Its kind.".to_owned(),
                    origin: Origin::parse("types/ref.yaml#fields.kind")
                },
            ]
        );
        let structure = crate::types::structure([fields[0].field.clone(), fields[1].field.clone()]);
        assert_eq!(structure_from(fields), structure);
    }

    /// Own columns of a row view stand where its spec puts them.
    #[test]
    fn row_view_own_columns() {
        let path = Path::top("x");
        let rows = row_columns(
            element(),
            &["bstart"],
            [
                own("sum", ColumnSource::Expr("1".to_owned())),
                own("kind", ColumnSource::Expr("upper(kind)".to_owned())),
                own("line", ColumnSource::Element(Path::top("span").join("line"))),
                own("repo", ColumnSource::Row(path.clone())),
                own("outer", ColumnSource::Context(path)),
                own("index", ColumnSource::Position(0)),
            ],
        );
        let columns = columns_of(rows.clone());
        let names: Vec<&str> = columns.iter().map(Column::name).collect();
        assert_eq!(names, ["repo", "outer", "index", "file_id", "kind", "sum", "line"]);
        let sources = sources_of(rows);
        assert_eq!(sources[3], ColumnSource::Element(Path::top("file_id")));
        assert_eq!(sources[4], ColumnSource::Expr("upper(kind)".to_owned()));
        assert!(columns[3].field.is_nullable(), "an unnested element may be NULL");
        assert_eq!((columns[3].doc.as_str(), columns[3].origin.key.as_str()), ("The file.", "fields.file_id"));
    }

    /// Kept columns come first and in their order.
    #[test]
    fn kept_columns_in_order() {
        let (last, _) = own("last", ColumnSource::Row(Path::top("last")));
        let columns = kept_columns(&element(), &["kind", "nowhere", "file_id"], [last]);
        let names: Vec<&str> = columns.iter().map(Column::name).collect();
        assert_eq!(names, ["kind", "file_id", "last"]);
    }
}
