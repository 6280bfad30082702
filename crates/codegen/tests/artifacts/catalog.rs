//! A small catalog that uses every part of the model.

use std::collections::BTreeMap;

use arrow_schema::{Field, IntervalUnit};
use cstspec_contract::prelude::*;
use cstspec_contract::schema::arrow_schema;

/// A dataset, two views, and one of everything else.
pub fn catalog() -> Catalog {
    Catalog {
        name: "zoo".to_owned(),
        doc: "A catalog <of> everything.".to_owned(),
        version: 3,
        engine: "55.2.0".to_owned(),
        session: "hard".to_owned(),
        functions: functions(),
        sessions: sessions(),
        datasets: vec![files()],
        views: vec![refs(), ref_rows(), ref_facts(), types()],
        boundaries: vec![Boundary {
            name: "export".to_owned(),
            doc: String::new(),
            origin: Origin::parse("boundaries/export.yaml#"),
            columns: vec![column(nullable("refs", list(refs_type())), "", "boundaries/export.yaml#columns.refs")],
            nested: nested_origins([], []),
            metadata: text_map([]),
            defaults: vec![DefaultValue {
                path: path("refs.span.len"),
                value: Value::Int(0),
                origin: Origin::parse("boundaries/export.yaml#columns.refs"),
            }],
            missing: MissingPolicy::Error,
            extra: ExtraPolicy::Ignore,
            casts: CastPolicy::Any,
        }],
        statements: vec![Statement {
            name: "refs_by_file".to_owned(),
            doc: "Of one file.".to_owned(),
            origin: Origin::parse("catalog.yaml#statements.refs_by_file"),
            parameters: vec![Utf8, timestamp(TimeUnit::Nanosecond, "UTC"), structure([nullable("a", Int8)])],
            sql: "SELECT *\nFROM \"cst_refs\" WHERE file_id = $1\n".to_owned(),
        }],
    }
}

/// Presets that extend one another, one that lies in several places, and one without a setting of its own.
fn sessions() -> Vec<Session> {
    let preset = |name: &str, extends: Vec<String>, settings| Session {
        name: name.to_owned(),
        doc: "Pinned.".to_owned(),
        origin: Origin::new(format!("sessions/{name}.yaml"), "session"),
        extends,
        settings,
    };
    inherit(vec![
        preset(
            "hard",
            texts(["soft", "missing"]),
            settings_at([
                ("datafusion.execution.batch_size", "1", "sessions/hard.yaml#settings.batch_size"),
                ("datafusion.execution.time_zone", "UTC", "sessions/other.yaml#settings.time_zone"),
            ]),
        ),
        preset("same", texts(["hard"]), settings_at([])),
        preset(
            "soft",
            vec![],
            settings(
                "sessions/soft.yaml#settings",
                [
                    ("datafusion.execution.batch_size", "2"),
                    ("datafusion.explain.show_schema", "true"),
                    ("datafusion.execution.target_partitions", "4"),
                ],
            ),
        ),
    ])
}

fn refs_type() -> DataType {
    structure([
        required("ref_id", Utf8),
        nullable("span", structure([nullable("start", structure([nullable("line0", Int32)])), nullable("len", Int32)])),
        annotated(&nullable("attrs", map(Utf8, Utf8)), [("default_value", "{}"), ("ARROW:extension:name", "x.y")]),
    ])
}

fn files() -> Dataset {
    Dataset {
        name: "files_v1".to_owned(),
        doc: "One row per file; see [the issue] and <T>.".to_owned(),
        version: 1,
        origin: Origin::parse("datasets/files.yaml#"),
        columns: vec![
            column(nullable("repo", Utf8), "Where it is from.", "datasets/files.yaml#columns.repo"),
            column(required("file_id", Utf8), "", "datasets/files.yaml#columns.file_id"),
            column(nullable("refs", list(refs_type())), "Name\n\nreferences.", "datasets/files.yaml#columns.refs"),
            column(nullable("type", Utf8View), "", "datasets/files.yaml#columns.type"),
        ],
        metadata: text_map([("schema_name", "files_v1")]),
        nested: nested_origins(
            [("refs", "types/ref.yaml#fields"), ("refs.span", "types/span.yaml#fields")],
            [("refs.ref_id", "types/id.yaml#fields.ref_id")],
        ),
        partitions: texts(["repo"]),
        ordering: Ordering {
            keys: vec![SortKey { column: "file_id".to_owned(), descending: true }],
            scope: OrderScope::Table,
            origin: Origin::parse("datasets/files.yaml#ordering"),
        },
        constraints: Constraints {
            primary_key: texts(["file_id"]),
            unique: vec![texts(["repo", "file_id"])],
            not_null: paths(["refs.ref_id"]),
            references: vec![Reference {
                columns: texts(["file_id"]),
                relation: "files_v1".to_owned(),
                to: texts(["file_id"]),
                origin: Origin::parse("datasets/files.yaml#references.0"),
            }],
            origin: Origin::parse("datasets/files.yaml#constraints"),
        },
        defaults: vec![DefaultValue {
            path: path("refs.attrs"),
            value: Value::Entries(vec![(
                "k".to_owned(),
                Value::List(vec![
                    Value::Null,
                    Value::Bool(true),
                    Value::Int(-170_000_000),
                    Value::Decimal("1.50".to_owned()),
                    Value::Text("a\"b".to_owned()),
                ]),
            )]),
            origin: Origin::parse("datasets/files.yaml#defaults"),
        }],
        allowed: vec![AllowedValues {
            path: path("repo"),
            elements: 0,
            values: vec![Value::Text("a".to_owned())],
            origin: Origin::parse("datasets/files.yaml#allowed"),
        }],
        evolution: Evolution {
            renames: renames([("refs.id", "ref_id")]),
            paths: path_policies([(
                "refs.span",
                PathPolicy {
                    casts: Some(CastPolicy::Any),
                    extra: Some(ExtraPolicy::Error),
                    origin: Origin::parse("datasets/files.yaml#evolution.paths.refs.span"),
                    ..PathPolicy::default()
                },
            )]),
            ..Evolution::default()
        },
        scan: Scan { listing_cache_ttl_ms: Some(120_000), listing_mutable: true, ..Scan::default() },
    }
}

fn refs() -> View {
    View {
        name: "cst_refs".to_owned(),
        doc: "One row per reference.".to_owned(),
        origin: Origin::parse("views/refs.yaml#"),
        columns: vec![
            column(required("file_id", Utf8), "The file.", "views/refs.yaml#columns.file_id"),
            column(nullable("ref_id", Utf8), "The id.", "types/ref.yaml#fields.ref_id"),
            column(nullable("span", structure([nullable("len", Int32)])), "", "types/ref.yaml#fields.span"),
        ],
        nested: nested_origins([], []),
        sql: "-- the inner query unnests\n\nSELECT file_id\nFROM files_v1\n".to_owned(),
        depends_on: texts(["files_v1"]),
        body: ViewBody::Rows {
            of: "files_v1".to_owned(),
            unnest: path("refs"),
            condition: None,
            sources: vec![
                ColumnSource::Row(path("file_id")),
                ColumnSource::Expr("stable_id('a', b)".to_owned()),
                ColumnSource::Element(path("span")),
                ColumnSource::Context(path("x.y")),
            ],
        },
        key: texts(["file_id", "ref_id"]),
        not_null: texts(["ref_id"]),
        allowed: vec![],
        references: vec![],
    }
}

/// One row per element of a named type: a field taken over, one replaced, one left out, one from inside another.
fn ref_rows() -> View {
    let span = structure([nullable("start", structure([nullable("line0", Int32)])), nullable("len", Int32)]);
    let attrs =
        annotated(&nullable("attrs", map(Utf8, Utf8)), [("default_value", "{}"), ("ARROW:extension:name", "x.y")]);
    View {
        name: "ref_rows".to_owned(),
        doc: "One row per reference.".to_owned(),
        origin: Origin::parse("views/ref_rows.yaml#"),
        columns: vec![
            column(required("file_id", Utf8), "The file.", "views/ref_rows.yaml#columns.file_id"),
            column(nullable("ref_id", Utf8), "The id.", "types/id.yaml#fields.ref_id"),
            column(nullable("span", span), "The span.", "views/ref_rows.yaml#columns.span"),
            column(attrs, "Facts.", "types/ref.yaml#fields.attrs"),
            column(nullable("line", Int32), "", "views/ref_rows.yaml#columns.line"),
        ],
        nested: nested_origins([("span", "types/span.yaml#fields")], []),
        sql: "SELECT 1 AS a".to_owned(),
        depends_on: texts(["files_v1"]),
        body: ViewBody::Rows {
            of: "files_v1".to_owned(),
            unnest: path("refs"),
            condition: Some("bstart > 0 AND kind <> '\"'".to_owned()),
            sources: vec![
                ColumnSource::Row(path("file_id")),
                ColumnSource::Element(path("ref_id")),
                ColumnSource::Expr("span".to_owned()),
                ColumnSource::Element(path("attrs")),
                ColumnSource::Element(path("span.start.line0")),
            ],
        },
        key: texts(["file_id", "ref_id"]),
        not_null: vec![],
        allowed: vec![],
        references: vec![Reference {
            columns: texts(["file_id"]),
            relation: "files_v1".to_owned(),
            to: texts(["file_id"]),
            origin: Origin::parse("views/ref_rows.yaml#references.0"),
        }],
    }
}

/// A view that keeps columns of another.
fn ref_facts() -> View {
    View {
        name: "ref_facts".to_owned(),
        doc: "One row per fact of a reference.".to_owned(),
        origin: Origin::parse("views/ref_rows.yaml#accessors.ref_facts"),
        columns: vec![
            column(nullable("ref_id", Utf8), "The id.", "types/id.yaml#fields.ref_id"),
            column(required("file_id", Utf8), "The file.", "views/ref_rows.yaml#columns.file_id"),
            column(nullable("fact_key", Utf8), "", "views/ref_rows.yaml#accessors.ref_facts"),
            column(nullable("fact_value", Utf8), "", "views/ref_rows.yaml#accessors.ref_facts"),
        ],
        nested: nested_origins([], []),
        sql: "SELECT 1 AS a".to_owned(),
        depends_on: texts(["ref_rows"]),
        body: ViewBody::Entries { of: "ref_rows".to_owned(), map: path("attrs"), keys: texts(["ref_id", "file_id"]) },
        key: vec![],
        not_null: vec![],
        allowed: vec![],
        references: vec![],
    }
}

/// A view with a Rust keyword for a name, and a column of every type.
fn types() -> View {
    let every: Vec<DataType> = vec![
        DataType::Null,
        Boolean,
        Int64,
        UInt8,
        Float16,
        Float64,
        Date32,
        Date64,
        Binary,
        BinaryView,
        LargeUtf8,
        DataType::Timestamp(TimeUnit::Second, None),
        timestamp(TimeUnit::Microsecond, "+02:00"),
        DataType::Time32(TimeUnit::Millisecond),
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Duration(TimeUnit::Second),
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::FixedSizeBinary(16),
        DataType::Decimal32(9, 2),
        DataType::Decimal64(18, 2),
        DataType::Decimal128(38, -2),
        DataType::Decimal256(76, 2),
        list(list(Utf8)),
        large_list(structure([required("a", structure([]))])),
        DataType::List(required("element", Utf8)),
        DataType::ListView(nullable("item", Utf8)),
        DataType::LargeListView(nullable("item", Utf8)),
        DataType::FixedSizeList(annotated(&nullable("item", Utf8), [("k", "v")]), 3),
        map_of(required("keys", Utf8), nullable("values", structure([nullable("x", Int16)]))),
        DataType::Map(required("entries", structure([required("key", Utf8), nullable("value", Utf8)])), true),
        dictionary(Int32, Utf8),
        DataType::RunEndEncoded(required("run_ends", Int32), nullable("values", Utf8)),
        union([(0, nullable("a", Int32)), (5, nullable("b", structure([nullable("c", Utf8)])))], UnionMode::Dense),
    ];
    let columns = every.into_iter().enumerate().map(|(number, data_type)| {
        let field = Field::new(format!("c{number}"), data_type, number % 2 == 0);
        column(std::sync::Arc::new(field), "", "views/type.yaml#columns")
    });
    View {
        name: "type".to_owned(),
        doc: String::new(),
        origin: Origin::parse("views/type.yaml#"),
        columns: columns.collect(),
        nested: nested_origins([], []),
        sql: "SELECT 1 AS a".to_owned(),
        depends_on: vec![],
        body: ViewBody::Pack {
            of: "cst_refs".to_owned(),
            keys: texts(["file_id"]),
            name: "span".to_owned(),
            fields: text_pairs([("bstart", "bstart")]),
        },
        key: vec![],
        not_null: vec![],
        allowed: vec![],
        references: vec![],
    }
}

fn functions() -> Vec<Function> {
    let variable = |name: &str| Pattern::Variable(name.to_owned());
    vec![Function {
        name: "map_extract".to_owned(),
        doc: "The values of a key.".to_owned(),
        origin: Origin::parse("functions/map.yaml#functions.map_extract"),
        kind: FunctionKind::Scalar,
        provider: Provider::Engine,
        signatures: vec![
            Signature {
                parameters: vec![
                    Parameter {
                        pattern: Pattern::Map(Box::new(variable("K")), Box::new(Pattern::Any)),
                        optional: false,
                    },
                    Parameter {
                        pattern: Pattern::OneOf(vec![
                            variable("K"),
                            Pattern::Type(list(structure([nullable("a", Utf8)]))),
                        ]),
                        optional: true,
                    },
                ],
                rest: Some(vec![Pattern::Struct(vec![("a".to_owned(), Pattern::Family(Family::Numeric))])]),
                returns: Pattern::List(Box::new(Pattern::Dependent)),
                nulls: NullRule::Propagate,
            },
            Signature {
                parameters: vec![Parameter { pattern: Pattern::Any, optional: false }],
                rest: Some(vec![Pattern::Any]),
                returns: Pattern::Dependent,
                nulls: NullRule::Arguments(vec![1, 2]),
            },
        ],
    }]
}

/// The JSON Schemas that go with it.
pub fn schemas() -> BTreeMap<String, String> {
    BTreeMap::from([(
        "dataset.schema.json".to_owned(),
        "{\n  \"title\": \"dataset\",\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\"\n}\n".to_owned(),
    )])
}

/// The catalog with one field more at the end of the structs of `refs`, where the dataset and the row view carry it.
pub fn widened() -> Catalog {
    let mut catalog = catalog();
    for column in &mut catalog.datasets[0].columns {
        if column.name() == "refs" {
            let DataType::List(item) = column.field.data_type() else { unreachable!("refs is a list") };
            let DataType::Struct(fields) = item.data_type() else { unreachable!("of structs") };
            let fields: Vec<FieldRef> = fields.iter().cloned().chain([nullable("expr_ctx", Utf8)]).collect();
            column.field = nullable("refs", list(DataType::Struct(fields.into())));
        }
    }
    let view = catalog.views.iter_mut().find(|view| view.name == "ref_rows").unwrap();
    view.columns.insert(4, column(nullable("expr_ctx", Utf8), "", "types/ref.yaml#fields.expr_ctx"));
    let ViewBody::Rows { sources, .. } = &mut view.body else { unreachable!("one row per reference") };
    sources.insert(4, ColumnSource::Element(path("expr_ctx")));
    assert_ne!(arrow_schema(&catalog.datasets[0].columns, &BTreeMap::new()), files().schema());
    catalog
}
