//! Datasets that take the columns of another one.

use cstspec_contract::prelude::path;
use cstspec_contract::{Catalog, Dataset, Value};
use cstspec_spec::Compiled;

use crate::folder;
use crate::text::text;

const ORDERS: &str = "dataset: orders
doc: One row per order.
version: 2
columns:
  id: { type: int64, nullable: false, doc: The order. }
  state: { type: utf8, default: open, allowed: [open, done] }
  lines: { type: list, items: { sku: { type: utf8, doc: The article. }, count: { type: int32, default: 1 } } }
metadata: { owner: sales }
partitions: [state]
ordering: { by: [id] }
constraints:
  primary_key: [id]
  not_null: [lines.sku]
  references: [{ columns: [id], relation: orders }]
evolution: { casts: any }
";

fn compiled(more: &[(&str, &str)]) -> Compiled {
    folder::compiled(&[&[("orders.yaml", ORDERS)], more].concat())
}

fn catalog(more: &[(&str, &str)]) -> Catalog {
    folder::clean(compiled(more))
}

fn names(dataset: &Dataset) -> Vec<&str> {
    dataset.columns.iter().map(cstspec_contract::Column::name).collect()
}

/// The columns come first with all that is said of them, and the constraints with them; the files are the dataset's own.
#[test]
fn like_takes_columns_and_constraints() {
    let catalog =
        catalog(&[("more.yaml", "dataset: more\nversion: 1\nlike: orders\ncolumns: { at: timestamp(us) }\n")]);
    let (orders, more) = (catalog.dataset("orders").unwrap(), catalog.dataset("more").unwrap());
    assert_eq!(names(more), ["id", "state", "lines", "at"]);
    assert_eq!(more.columns[..3], orders.columns[..]);
    assert_eq!((&more.defaults, &more.allowed, &more.nested), (&orders.defaults, &orders.allowed, &orders.nested));
    assert_eq!(more.constraints, orders.constraints);
    assert_eq!(more.defaults[1].value, Value::Text("open".to_owned()));
    assert_eq!(more.locate(&path("lines.sku")).unwrap().to_string(), "orders.yaml#columns.lines.items.sku");
    assert_eq!(more.locate(&path("at")).unwrap().to_string(), "more.yaml#columns.at");
    assert_eq!((more.doc.as_str(), more.version), ("", 1));
    assert!(more.metadata.is_empty() && more.partitions.is_empty() && more.ordering.keys.is_empty());
    assert_eq!(more.evolution.casts, cstspec_contract::CastPolicy::Widening);
}

/// Own constraints take the place of the others, and they and everything else may name columns that are taken.
#[test]
fn own_parts_name_taken_columns() {
    let catalog = catalog(&[(
        "more.yaml",
        "dataset: more
version: 1
like: orders
columns: { at: { type: date32, nullable: false } }
partitions: [at, state]
ordering: { by: [id, at] }
constraints: { unique: [[id, at]], references: [{ columns: [id], relation: orders }] }
evolution: { renames: { number: id, lines.article: sku }, paths: { lines.count: { casts: any } } }
scan: { statistics: [id, lines.sku] }
",
    )]);
    let more = catalog.dataset("more").unwrap();
    assert!(more.constraints.primary_key.is_empty() && more.constraints.not_null.is_empty());
    assert_eq!(more.constraints.unique, [["id", "at"]]);
    assert_eq!(more.constraints.references.len(), 1);
    let alone = self::catalog(&[("more.yaml", "dataset: more\nversion: 1\nlike: orders\nconstraints: {}\n")]);
    let more = alone.dataset("more").unwrap();
    assert!(more.constraints.primary_key.is_empty(), "an empty mapping takes no constraints");
    assert_eq!(names(more), ["id", "state", "lines"], "it need not have columns of its own");
}

/// A dataset may take columns that another one takes, in whatever order the files are.
#[test]
fn like_in_a_row() {
    let catalog = catalog(&[
        ("a.yaml", "dataset: a\nversion: 1\nlike: m\ncolumns: { last: utf8 }\n"),
        ("z.yaml", "dataset: m\nversion: 1\nlike: orders\ncolumns: { first: utf8 }\n"),
        ("v.yaml", "view: lines\nrows: { of: a, unnest: lines }\ncolumns: { id: row, last: row }\n"),
    ]);
    assert_eq!(names(catalog.dataset("a").unwrap()), ["id", "state", "lines", "first", "last"]);
    let columns: Vec<&str> =
        catalog.view("lines").unwrap().columns.iter().map(cstspec_contract::Column::name).collect();
    assert_eq!(columns, ["id", "last", "sku", "count"]);
}

/// A mistake in the other dataset is reported once, where it is.
#[test]
fn mistake_in_base_reported_once() {
    let found = compiled(&[
        ("bad.yaml", "dataset: bad\nversion: 1\ncolumns: { id: int65, ok: int64 }\n"),
        ("more.yaml", "dataset: more\nversion: 1\nlike: bad\nconstraints: { primary_key: [id] }\npartitions: [ok]\n"),
    ])
    .findings;
    assert_eq!(found.len(), 1, "{}", text(&found));
    assert_eq!(found[0].code, "C102");
}
