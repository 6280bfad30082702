//! Output names that drifted, collide, or need quotes. The reader of specs refuses most of these, so catalogs are changed after it, as
//! a program may do.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema};
use cstspec_contract::report::Report;
use cstspec_contract::types::{map, nullable, required, structure};
use cstspec_contract::{Catalog, Column, NestedOrigins, Origin, Severity, View, ViewBody};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::common::TableReference;
use datafusion::datasource::empty::EmptyTable;

use super::{Case, DATASET, line, only, spec_line};
use crate::world;

/// A view that a program adds to the catalog.
fn view(name: &str, sql: &str, reads: &str, fields: Vec<FieldRef>) -> View {
    let file = format!("views/{}.yaml", name.to_lowercase());
    View {
        name: name.to_owned(),
        doc: String::new(),
        origin: Origin::new(file.as_str(), ""),
        columns: fields
            .into_iter()
            .map(|field| Column {
                origin: Origin::new(file.as_str(), format!("columns.{}", field.name())),
                doc: String::new(),
                field,
            })
            .collect(),
        nested: NestedOrigins::default(),
        sql: format!("{sql}\n"),
        depends_on: vec![reads.to_owned()],
        body: ViewBody::Sql,
        key: Vec::new(),
        not_null: Vec::new(),
        allowed: Vec::new(),
        references: Vec::new(),
    }
}

/// The report of `verify` for the valid catalog with more `views`.
async fn with(views: Vec<View>) -> Report {
    let case = Case::sound();
    let mut catalog = case.catalog();
    catalog.views.extend(views);
    verified(&case, &catalog).await
}

async fn verified(case: &Case, catalog: &Catalog) -> Report {
    let ctx = world::open(catalog, &case.locations()).await;
    verify(&ctx, catalog, Checks::Schema, &NoProgress).await
}

/// A renamed column is one finding.
#[tokio::test]
async fn column_renamed() {
    let case = Case::sound();
    let ctx = case.open().await;
    let query = "SELECT file_id, scope, slot, name AS label, hash FROM locals";
    let table = ctx.sql(query).await.unwrap().into_view();
    ctx.deregister_table("locals").unwrap();
    ctx.register_table("locals", table).unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R017", "name-drifted"));
    assert_eq!((finding.relation.as_deref(), finding.path.as_deref()), (Some("locals"), Some("name")));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("name"), Some("label")));
    assert_eq!(spec_line(finding), line("types/local.yaml", "name: { type"));
}

/// A renamed nested field is one finding.
#[tokio::test]
async fn nested_field_renamed() {
    let case = Case::sound();
    let mut catalog = case.catalog();
    let refs = catalog.views.iter_mut().find(|view| view.name == "refs").unwrap();
    let marks = refs.columns.iter_mut().find(|column| column.field.name() == "marks").unwrap();
    let mark = structure([required("level", DataType::Int32), nullable("remark", DataType::Utf8)]);
    let renamed = marks.field.as_ref().clone().with_data_type(map(DataType::Utf8, mark));
    marks.field = Arc::new(renamed);
    let report = verified(&case, &catalog).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.path.as_deref()), ("R017", Some("marks.value.remark")));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("remark"), Some("note")));
    let spec = finding.spec.as_ref().unwrap();
    assert_eq!((spec.file.as_str(), spec.key.as_str()), ("types/mark.yaml", "fields.remark"));
}

/// A query whose names drifted under a view that somebody else registered is one finding.
#[tokio::test]
async fn query_names_under_foreign_view() {
    let case = Case::sound();
    let ctx = case.open().await;
    let mut catalog = case.catalog();
    let locals = catalog.views.iter_mut().find(|view| view.name == "locals").unwrap();
    locals.sql = "SELECT file_id, scope, slot, name AS label, hash FROM locals\n".to_owned();
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.path.as_deref()), ("R017", Some("name")));
    assert_eq!(finding.observed.as_deref(), Some("label"));

    let locals = catalog.views.iter_mut().find(|view| view.name == "locals").unwrap();
    locals.sql = "SELECT file_id, scope FROM locals\n".to_owned();
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    assert_eq!(only(&report).observed.as_deref(), Some("file_id, scope"));
}

/// Columns that differ in case alone are one finding whoever reads them.
#[tokio::test]
async fn columns_differ_in_case() {
    let ids = || vec![required("Id", DataType::Utf8), required("id", DataType::Utf8)];
    let report = with(vec![
        view("twins", "SELECT file_id AS \"Id\", path AS id FROM units_v1", DATASET, ids()),
        view("twins_again", "SELECT \"Id\", id FROM twins", "twins", ids()),
    ])
    .await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R018", "names-collide"));
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!((finding.relation.as_deref(), finding.path.as_deref()), (Some("twins"), Some("id")));
    assert_eq!(finding.observed.as_deref(), Some("`Id` and `id`"));
    assert_eq!(finding.spec.as_ref().unwrap().key, "columns.id");
}

/// Nested fields that differ in case alone are one finding.
#[tokio::test]
async fn nested_fields_differ_in_case() {
    let pair = structure([nullable("a", DataType::Int64), nullable("A", DataType::Int64)]);
    let sql = "SELECT named_struct('a', size, 'A', size) AS pair FROM units_v1";
    let report = with(vec![view("pairs", sql, DATASET, vec![nullable("pair", pair)])]).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.path.as_deref()), ("R018", Some("pair.A")));
    assert_eq!(finding.message, "two fields of `pairs.pair` have the name `a` and differ only in case");
}

/// Names that need quotes are one finding each whoever reads them.
#[tokio::test]
async fn names_need_quotes() {
    let id = || vec![required("File Id", DataType::Utf8)];
    let report = with(vec![
        view("odd", "SELECT file_id AS \"File Id\" FROM units_v1", DATASET, id()),
        view("odd_again", "SELECT \"File Id\" FROM odd", "odd", id()),
    ])
    .await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R019", "name-needs-quotes"));
    assert_eq!(finding.severity, Severity::Info);
    assert_eq!((finding.relation.as_deref(), finding.path.as_deref()), (Some("odd"), Some("File Id")));
    assert!(finding.remedy.as_ref().unwrap().contains("\"File Id\""));

    let path = vec![required("path", DataType::Utf8)];
    let report = with(vec![view("Paths", "SELECT path FROM units_v1", DATASET, path)]).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.message.as_str()), ("R019", "the relation `Paths` needs quotes in SQL"));
}

/// A table of the hosts that differs in case alone is one finding.
#[tokio::test]
async fn host_table_differs_in_case() {
    let case = Case::sound();
    let ctx = case.open().await;
    let other = EmptyTable::new(Arc::new(Schema::empty()));
    ctx.register_table(TableReference::bare("Units_V1"), Arc::new(other)).unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.relation.as_deref()), ("R018", Some(DATASET)));
    assert_eq!(finding.observed.as_deref(), Some("`units_v1` and `Units_V1`"));
    assert_eq!(spec_line(finding), line("datasets/units_v1.yaml", "dataset: units_v1"));
}
