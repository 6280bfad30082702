//! The generated Rust of the hand-made catalog, checked in under `tests/zoo` and compiled into this test. It is a
//! test of its own, since the one that writes the folder must run where generated code does not compile.
//!
//! `mod.rs` alone is not: it registers the catalog in an engine, which this crate never links. `cstspec-libcst` compiles one.

#![allow(
    clippy::doc_markdown,
    clippy::too_many_lines,
    clippy::unreadable_literal,
    reason = "as the generated `mod.rs` allows"
)]
#![allow(
    dead_code,
    reason = "a test uses few of the constants that a catalog publishes, and one catalog serves two tests"
)]

use cstspec_contract::Catalog;

use crate::catalog::catalog;

#[path = "../artifacts/catalog.rs"]
mod catalog;
#[rustfmt::skip]
#[path = "../zoo/src/generated/boundaries.rs"]
mod boundaries;
#[rustfmt::skip]
#[path = "../zoo/src/generated/cst_refs.rs"]
mod cst_refs;
#[rustfmt::skip]
#[path = "../zoo/src/generated/files_v1.rs"]
mod files_v1;
#[rustfmt::skip]
#[path = "../zoo/src/generated/functions.rs"]
mod functions;
#[rustfmt::skip]
#[path = "../zoo/src/generated/ref_facts.rs"]
mod ref_facts;
#[rustfmt::skip]
#[path = "../zoo/src/generated/ref_rows.rs"]
mod ref_rows;
#[rustfmt::skip]
#[path = "../zoo/src/generated/sessions.rs"]
mod sessions;
#[rustfmt::skip]
#[path = "../zoo/src/generated/statements.rs"]
mod statements;
#[rustfmt::skip]
#[path = "../zoo/src/generated/type_.rs"]
mod type_;
#[rustfmt::skip]
#[path = "../zoo/src/generated/types.rs"]
mod types;

/// Generated code builds an equal catalog.
#[test]
fn compiled_catalog_equals_loaded() {
    let whole = catalog();
    let compiled = Catalog {
        functions: functions::all(),
        sessions: sessions::all(),
        datasets: vec![files_v1::contract()],
        views: vec![cst_refs::contract(), ref_rows::contract(), ref_facts::contract(), type_::contract()],
        boundaries: boundaries::all(),
        statements: statements::all(),
        ..whole.clone()
    };
    assert_eq!(compiled, whole);
}

/// Generated code knows names and schemas.
#[test]
fn compiled_names_and_schemas() {
    let whole = catalog();
    assert_eq!((files_v1::NAME, cst_refs::NAME, type_::NAME), ("files_v1", "cst_refs", "type"));
    assert_eq!(files_v1::schema(), whole.datasets[0].schema());
    assert_eq!(cst_refs::schema(), whole.views[0].schema());
    assert_eq!(ref_rows::schema(), whole.views[1].schema());
    assert_eq!(ref_facts::schema(), whole.views[2].schema());
    assert_eq!(type_::schema(), whole.views[3].schema());
    // Names come from where the columns do: the type of the elements, and the view that they are kept from.
    assert_eq!(
        (ref_rows::columns::REF_ID, ref_rows::columns::SPAN, ref_rows::columns::LINE),
        ("ref_id", "span", "line")
    );
    assert_eq!((ref_facts::columns::REF_ID, ref_facts::columns::FILE_ID), ("ref_id", "file_id"));
    assert_eq!((types::ref_::ATTRS, types::ref_::REF_ID, types::id::REF_ID), ("attrs", "ref_id", "ref_id"));
    assert_eq!(files_v1::columns::FILE_ID, "file_id");
    assert_eq!(files_v1::columns::TYPE, "type");
    assert!(cst_refs::SQL.ends_with(&whole.views[0].sql));
}
