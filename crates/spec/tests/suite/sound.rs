//! Corners of the language that are allowed: what they compile to.

use cstspec_contract::prelude::path;
use cstspec_contract::{Catalog, Value};
use cstspec_spec::compile_embedded;

use crate::folder::CATALOG;
use crate::text::text;

/// The catalog of a sound head with more files.
fn catalog(more: &[(&str, &str)]) -> Catalog {
    let mut files = vec![("catalog.yaml", CATALOG), ("plain.yaml", "session: plain\n")];
    files.extend(more);
    let compiled = compile_embedded(&files);
    assert!(compiled.findings.is_empty(), "{}", text(&compiled.findings));
    compiled.catalog.unwrap()
}

/// The columns of a relation as `name type`, with `not null` where they are.
fn columns(catalog: &Catalog, relation: &str) -> Vec<String> {
    let relation = catalog.relation(relation).unwrap();
    let column = |column: &cstspec_contract::Column| {
        let not_null = if column.field.is_nullable() { "" } else { " not null" };
        format!("{} {}{not_null}", column.name(), column.field.data_type())
    };
    relation.columns().iter().map(column).collect()
}

fn sql<'c>(catalog: &'c Catalog, view: &str) -> &'c str {
    &catalog.view(view).unwrap().sql
}

/// Lists inside structs inside lists become rows with context.
#[test]
fn nested_lists_with_context() {
    let catalog = catalog(&[
        ("unit.yaml", "type: unit\nfields: { name: utf8, body: \"struct<lines: list<line>, size: int64>\" }\n"),
        ("line.yaml", "type: line\nfields: { number: int64, text: utf8 }\n"),
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns:\n  path: { type: utf8, nullable: false }\n  meta: \"struct<owner: struct<name: utf8 not null>, tree: struct<units: list<unit>>>\"\n",
        ),
        (
            "lines.yaml",
            "view: lines\nrows: { of: files, unnest: meta.tree.units.body.lines }\ncontext: { unit: meta.tree.units.name, size: meta.tree.units.body.size }\ncolumns: { path: row, owner: { row: meta.owner.name } }\n",
        ),
    ]);
    assert_eq!(
        columns(&catalog, "lines"),
        ["path Utf8 not null", "owner Utf8", "unit Utf8", "size Int64", "number Int64", "text Utf8"]
    );
    assert_eq!(
        sql(&catalog, "lines"),
        "\
SELECT
  path,
  owner,
  unit,
  size,
  get_field(element_2, 'number') AS number,
  get_field(element_2, 'text') AS text
FROM (
  SELECT
    path,
    owner,
    get_field(element_1, 'name') AS unit,
    get_field(get_field(element_1, 'body'), 'size') AS size,
    unnest(get_field(get_field(element_1, 'body'), 'lines')) AS element_2
  FROM (
    SELECT
      path,
      get_field(get_field(meta, 'owner'), 'name') AS owner,
      unnest(get_field(get_field(meta, 'tree'), 'units')) AS element_1
    FROM files
  )
)
"
    );
    let locate = |path: &str| {
        catalog.relation("lines").unwrap().locate(&cstspec_contract::prelude::path(path)).unwrap().to_string()
    };
    assert_eq!(locate("text"), "line.yaml#fields.text");
    assert_eq!(locate("unit"), "lines.yaml#context.unit");
}

/// Names of the query itself give way to names of columns.
#[test]
fn query_names_yield_to_columns() {
    let catalog = catalog(&[
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns:\n  element_1: { type: utf8, nullable: false }\n  entry: { type: utf8, nullable: false }\n  always: list<int8>\n  list: list<odd>\n",
        ),
        (
            "odd.yaml",
            "type: odd\nfields:\n  element_1_: utf8\n  Odd Name: utf8\n  attrs: map<utf8, int64>\n  b: int64\n",
        ),
        (
            "lines.yaml",
            "view: lines\nrows: { of: files, unnest: list }\ncolumns:\n  element_1: row\n  entry: row\n  x: { expr: '\"Odd Name\" || element_1' }\nomit: [Odd Name]\nkey: [element_1, entry]\naccessors:\n  by_key: { entries: attrs }\n  packed: { unpack: { entry: { out: b } } }\n",
        ),
        ("types.yaml", "view: kinds\ndiagnose: { of: files, columns: [always] }\n"),
        (
            "functions.yaml",
            "functions:\n  arrow_typeof: { signatures: [arrow_typeof(any) -> utf8] }\n  arrow_metadata: { signatures: [\"arrow_metadata(any) -> map<utf8, utf8>\"] }\n",
        ),
    ]);
    let lines = sql(&catalog, "lines");
    assert!(lines.contains("unnest(list) AS element__1\n"), "{lines}");
    assert!(lines.contains("get_field(element__1, 'Odd Name') AS \"Odd Name\"\n"), "{lines}");
    assert!(sql(&catalog, "by_key").contains("unnest(map_entries(attrs)) AS entry_\n"), "{}", sql(&catalog, "by_key"));
    assert!(sql(&catalog, "packed").contains("get_field(entry_, 'out') AS out\n"), "{}", sql(&catalog, "packed"));
    assert!(sql(&catalog, "kinds").contains("(SELECT 1 AS always_)"), "{}", sql(&catalog, "kinds"));
}

/// Positions of every level, and a condition over them, through lists in lists and maps.
#[test]
fn positions_of_each_level() {
    let files = (
        "files.yaml",
        "dataset: files\nversion: 1\ncolumns:\n  id: int64\n  grid: 'list<list<struct<cells: map<utf8, list<int64>>>>>'\n",
    );
    let view = "view: cells\nrows:\n  of: files\n  unnest: grid.cells.value\n  as: cell\n  position: { grid.cells.value: at, grid: [upper, lower] }\n\
                where: at < lower\ncontext: { name: grid.cells.key }\ncolumns: { id: row, twice: { expr: at * 2 } }\n";
    let catalog = catalog(&[files, ("cells.yaml", view)]);
    assert_eq!(
        columns(&catalog, "cells"),
        [
            "id Int64",
            "name Utf8",
            "upper Int64 not null",
            "lower Int64 not null",
            "at Int64 not null",
            "cell Int64",
            "twice Int64 not null"
        ]
    );
    assert_eq!(
        sql(&catalog, "cells"),
        "\
SELECT
  id,
  name,
  upper,
  lower,
  at,
  cell,
  at * 2 AS twice
FROM (
  SELECT
    id,
    name,
    coalesce(element_1_index, 0) AS upper,
    coalesce(element_2_index, 0) AS lower,
    coalesce(element_4_index, 0) AS at,
    element_4 AS cell
  FROM (
    SELECT
      id,
      get_field(element_3, 'key') AS name,
      element_1_index,
      element_2_index,
      unnest(get_field(element_3, 'value')) AS element_4,
      unnest(element_indices(get_field(element_3, 'value'))) AS element_4_index
    FROM (
      SELECT
        id,
        element_1_index,
        element_2_index,
        unnest(map_entries(get_field(element_2, 'cells'))) AS element_3
      FROM (
        SELECT
          id,
          element_1_index,
          unnest(element_1) AS element_2,
          unnest(element_indices(element_1)) AS element_2_index
        FROM (
          SELECT
            id,
            unnest(grid) AS element_1,
            unnest(element_indices(grid)) AS element_1_index
          FROM files
        )
      )
    )
  )
)
WHERE at < lower
"
    );
    let docs: Vec<&str> =
        catalog.relation("cells").unwrap().columns()[2..5].iter().map(|column| column.doc.as_str()).collect();
    let index = |list: &str| format!("The index of the element in `{list}`, from 0.");
    assert_eq!(docs, [index("grid"), index("grid"), index("grid.cells.value")]);
}

/// An element's field gives way to a position of its name, and so do the names of the query.
#[test]
fn position_instead_of_a_field() {
    let catalog = catalog(&[
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns:\n  element_1_index: int64\n  list: 'list<struct<at: utf8, n: int64>>'\n",
        ),
        (
            "v.yaml",
            "view: v\nrows: { of: files, unnest: list, position: at }\ncolumns: { element_1_index: row, text: { field: at } }\n\
             omit: [at]\nwhere: at < n\n",
        ),
    ]);
    assert_eq!(columns(&catalog, "v"), ["element_1_index Int64", "at Int64 not null", "n Int64", "text Utf8"]);
    let v = sql(&catalog, "v");
    assert!(v.contains("unnest(element_indices(list)) AS element__1_index\n"), "{v}");
    assert!(v.contains("coalesce(element__1_index, 0) AS at,\n"), "{v}");
}

/// Elements that are no structs are one column.
#[test]
fn scalar_elements() {
    let catalog = catalog(&[
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns:\n  id: utf8\n  tags: list<utf8 not null>\n  matrix: list<list<float64>>\n  maps: \"list<map<utf8, int64>>\"\n",
        ),
        (
            "tags.yaml",
            "view: tags\nrows: { of: files, unnest: tags, as: tag }\ncolumns: { id: row, long: { expr: tag || '!' } }\n",
        ),
        ("matrix.yaml", "view: matrix_rows\nrows: { of: files, unnest: matrix }\n"),
        ("cells.yaml", "view: cells\nrows: { of: matrix_rows, unnest: matrix, as: cell }\n"),
        (
            "maps.yaml",
            "view: all_maps\nrows: { of: files, unnest: maps }\ncolumns: { maps: { nullable: false, doc: One map. } }\naccessors:\n  map_entries_of: { entries: maps, keys: [] }\n",
        ),
    ]);
    assert_eq!(columns(&catalog, "tags"), ["id Utf8", "tag Utf8", "long Utf8"]);
    assert_eq!(columns(&catalog, "matrix_rows"), ["matrix List(Float64)"]);
    assert_eq!(columns(&catalog, "cells"), ["cell Float64"]);
    assert_eq!(catalog.view("all_maps").unwrap().not_null, ["maps"]);
    assert_eq!(columns(&catalog, "map_entries_of"), ["map_key Utf8", "map_value Int64"]);
    let order: Vec<&str> = catalog.views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(order, ["all_maps", "map_entries_of", "matrix_rows", "cells", "tags"]);
}

#[test]
fn accessors_of_nested_maps() {
    let catalog = catalog(&[
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns:\n  id: { type: utf8, nullable: false }\n  units: \"list<struct<place: struct<labels: map<utf8, struct<low: int8 not null>>>>>\"\n",
        ),
        (
            "units.yaml",
            "view: units\nrows: { of: files, unnest: units }\ncolumns: { id: row }\nkey: [id]\naccessors:\n  unit_labels: { entries: place.labels }\n  unit_label_a: { entry: place.labels, key: a b, as: a }\n",
        ),
    ]);
    assert_eq!(columns(&catalog, "unit_labels")[1..], ["label_key Utf8", "label_value Struct(\"low\": non-null Int8)"]);
    assert!(sql(&catalog, "unit_labels").contains("unnest(map_entries(get_field(place, 'labels')))"));
    assert_eq!(columns(&catalog, "unit_label_a")[1], "a List(Struct(\"low\": non-null Int8))");
    assert!(sql(&catalog, "unit_label_a").contains("map_extract(get_field(place, 'labels'), 'a b') AS a"));
}

/// What a struct takes over keeps its origin.
#[test]
fn struct_keeps_origin() {
    let catalog = catalog(&[
        (
            "a.yaml",
            "type: a\nfields: { x: { type: utf8, doc: The x., default: none }, inline: \"struct<deep: list<struct<y: int8>>>\" }\n",
        ),
        ("b.yaml", "type: b\nextends: [a]\nfields: { z: a }\n"),
        ("c.yaml", "type: c\nextends: [b]\nfields: { m: \"map<utf8, a>\" }\n"),
        ("d.yaml", "type: d\nis: list<c>\n"),
        ("files.yaml", "dataset: files\nversion: 1\ncolumns: { d: d, e: \"struct<c: c, t: utf8>\" }\n"),
    ]);
    let files = catalog.relation("files").unwrap();
    for (path, origin) in [
        ("d", "files.yaml#columns.d"),
        ("d.x", "a.yaml#fields.x"),
        ("d.inline", "a.yaml#fields.inline"),
        ("d.inline.deep", "a.yaml#fields.inline"),
        ("d.inline.deep.y", "a.yaml#fields.inline"),
        ("d.z", "b.yaml#fields.z"),
        ("d.z.x", "a.yaml#fields.x"),
        ("d.z.inline.deep.y", "a.yaml#fields.inline"),
        ("d.m", "c.yaml#fields.m"),
        ("d.m.key", "c.yaml#fields.m"),
        ("d.m.value", "c.yaml#fields.m"),
        ("d.m.value.x", "a.yaml#fields.x"),
        ("e.c", "files.yaml#columns.e"),
        ("e.t", "files.yaml#columns.e"),
        ("e.c.z.x", "a.yaml#fields.x"),
    ] {
        assert_eq!(files.locate(&cstspec_contract::prelude::path(path)).unwrap().to_string(), origin, "{path}");
    }
    let defaults: Vec<String> = catalog.datasets[0].defaults.iter().map(|default| default.path.to_string()).collect();
    assert_eq!(defaults, ["d.m.value.x", "d.x", "d.z.x", "e.c.m.value.x", "e.c.x", "e.c.z.x"]);
}

/// A boundary has the defaults that its columns and their types were given.
#[test]
fn boundary_defaults() {
    let catalog = catalog(&[
        ("a.yaml", "type: a\nfields: { x: { type: utf8, default: none }, z: int64 }\n"),
        ("out.yaml", "boundary: out\ncolumns:\n  l: list<a>\n  size: { type: int64, default: 0 }\n  plain: utf8\n"),
    ]);
    let defaults = catalog.boundaries[0].defaults.iter();
    let defaults: Vec<String> =
        defaults.map(|default| format!("{} {} {}", default.path, default.value, default.origin)).collect();
    assert_eq!(defaults, ["l.x \"none\" a.yaml#fields.x.default", "size 0 out.yaml#columns.size.default"]);
}

/// Defaults may be NULL where NULL is allowed.
#[test]
fn null_defaults() {
    let catalog = catalog(&[
        ("maybe.yaml", "type: maybe\nis: int64\ndefault: null\n"),
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns:\n  a: { type: utf8, default: null }\n  b: { type: maybe }\n  c: { type: maybe, nullable: false }\n  d: { type: maybe, default: 5 }\n  e: { type: \"decimal128(20, 2)\", default: 123456789012345678.10 }\n",
        ),
    ]);
    let defaults: Vec<(String, Value)> =
        catalog.datasets[0].defaults.iter().map(|default| (default.path.to_string(), default.value.clone())).collect();
    let expected = [
        ("a", Value::Null),
        ("b", Value::Null),
        ("d", Value::Int(5)),
        ("e", Value::Decimal("123456789012345678.10".to_owned())),
    ];
    assert_eq!(defaults, expected.map(|(path, value)| (path.to_owned(), value)));
}

/// Presets take over settings whose names have dots.
#[test]
fn presets_with_dotted_settings() {
    let catalog = catalog(&[
        (
            "base.yaml",
            "session: base\nsettings:\n  datafusion.execution.batch_size: 4096\n  datafusion.execution.target_partitions: 2\n",
        ),
        (
            "fast.yaml",
            "session: fast\nextends: [base]\nsettings: { datafusion.execution.batch_size: 8192, datafusion.execution.parquet.pushdown_filters: true }\n",
        ),
    ]);
    let fast = catalog.session("fast").unwrap();
    let settings: Vec<String> =
        fast.settings.iter().map(|(name, setting)| format!("{name}={} {}", setting.value, setting.origin)).collect();
    assert_eq!(
        settings,
        [
            "datafusion.execution.batch_size=8192 fast.yaml#settings.datafusion.execution.batch_size",
            "datafusion.execution.parquet.pushdown_filters=true fast.yaml#settings.datafusion.execution.parquet.pushdown_filters",
            "datafusion.execution.target_partitions=2 base.yaml#settings.datafusion.execution.target_partitions",
        ]
    );
}

/// Quoted scalars are text whatever they look like.
#[test]
fn quoted_scalars_text() {
    let catalog = catalog(&[(
        "files.yaml",
        "dataset: files\nversion: 1\ncolumns:\n  \"y\": { type: utf8, default: \"no\", allowed: [\"no\", \"012\", '1_000', \"null\"] }\nmetadata: { a: \"true\", b: true, c: 1.50, d: 0x10 }\n",
    )]);
    let dataset = &catalog.datasets[0];
    assert_eq!(dataset.allowed[0].values.last(), Some(&Value::Text("null".to_owned())));
    let metadata: Vec<&str> = dataset.metadata.values().map(String::as_str).collect();
    assert_eq!(metadata, ["true", "true", "1.50", "16"]);
}

/// Fields of structs may be called anything but paths of their own.
#[test]
fn struct_field_names() {
    let catalog = catalog(&[
        ("odd.yaml", "type: odd\nfields: { Order ID: utf8, select: utf8, \"1st\": int8, ä: int8 }\n"),
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns: { odd: odd }\nconstraints: { not_null: [odd.Order ID] }\n",
        ),
    ]);
    assert_eq!(catalog.datasets[0].constraints.not_null, [path("odd.Order ID")]);
}
