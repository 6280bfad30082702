//! The queries that every side answers, in the same words.

use cstspec_contract::{Catalog, ColumnSource, ViewBody};

use crate::tiling;

/// The kind of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One column of a row view, as it is.
    Column,
    /// One column of a row view, its values counted.
    Group,
    /// The rows of a row view, counted.
    Count,
    /// A condition on the file, or on a field of the elements.
    Filter,
    /// Two row views over the same table.
    Join,
    /// A view in full.
    View,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Group, Self::Column, Self::Count, Self::Filter, Self::Join, Self::View];

    pub fn title(self) -> &'static str {
        match self {
            Self::Column => "One column of a row view",
            Self::Group => "One column of a row view, grouped",
            Self::Count => "count(*) of a row view",
            Self::Filter => "Filters",
            Self::Join => "Joins",
            Self::View => "Views in full",
        }
    }
}

/// A query, and what it is called in the tables.
#[derive(Clone, Debug)]
pub struct Query {
    pub kind: Kind,
    pub name: String,
    pub sql: String,
}

/// The columns of each row view that are grouped and read: one with few values, and one with many.
const COLUMNS: [(&str, &str, &str); 12] = [
    ("cst_nodes", "kind", "cst_id"),
    ("cst_edges", "slot", "dst"),
    ("cst_refs", "ref_kind", "ref_text"),
    ("cst_defs", "kind", "name"),
    ("cst_callsites", "callee_shape", "callee_text"),
    ("cst_call_args", "keyword", "arg_text"),
    ("cst_type_exprs", "expr_role", "expr_text"),
    ("cst_imports", "module", "name"),
    ("cst_docstrings", "owner_kind", "docstring"),
    ("cst_decorators", "decorator_text", "bstart"),
    ("cst_parse_manifest", "encoding", "module_name"),
    ("cst_parse_errors", "error_type", "message"),
];

/// One file of the sample, by its path and id there.
const FILE: (&str, &str) = ("src/tomli/_parser.py", "file:1a18cb4f52f84d44e837c358bf0d7d5a");

/// All queries over a table of so many copies of the sample. `every_column` reads each field of each row view in turn.
pub fn queries(catalog: &Catalog, copies: usize, every_column: bool) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut add = |kind, name: String, sql: String| queries.push(Query { kind, name, sql });
    for (view, grouped, _) in COLUMNS {
        let sql = format!("SELECT {grouped}, count(*) AS rows FROM {view} GROUP BY {grouped}");
        add(Kind::Group, format!("{view} by {grouped}"), sql);
    }
    for (view, _, read) in COLUMNS {
        let columns = if every_column { fields(catalog, view) } else { vec![read.to_owned()] };
        for column in columns {
            add(Kind::Column, format!("{view}.{column}"), format!("SELECT {column} FROM {view}"));
        }
    }
    add(Kind::Column, "cst_refs.ref_id".to_owned(), "SELECT ref_id FROM cst_refs".to_owned());
    for (view, ..) in COLUMNS {
        add(Kind::Count, format!("count of {view}"), format!("SELECT count(*) AS rows FROM {view}"));
    }

    let copy = copies / 2;
    let (folder, id) = (tiling::folder(copy), tiling::id(copy, FILE.1));
    let path = FILE.0;
    let conditions = [
        ("cst_refs, one file_id", format!("SELECT ref_text, bstart, bend FROM cst_refs WHERE file_id = '{id}'")),
        ("cst_refs, one file_id, in full", format!("SELECT * FROM cst_refs WHERE file_id = '{id}'")),
        ("cst_refs, one path", format!("SELECT ref_text, bstart FROM cst_refs WHERE path = '{folder}/{path}'")),
        ("cst_defs, a folder", format!("SELECT name, kind FROM cst_defs WHERE path LIKE '{folder}/%'")),
        (
            "cst_nodes, a folder",
            format!("SELECT kind, count(*) FROM cst_nodes WHERE path LIKE '{folder}/%' GROUP BY kind"),
        ),
        ("cst_nodes, one kind", "SELECT file_id, cst_id FROM cst_nodes WHERE kind = 'FunctionDef'".to_owned()),
        ("cst_refs, one name", "SELECT path, bstart FROM cst_refs WHERE ref_text = 'parse_float'".to_owned()),
        ("cst_nodes, no such kind", "SELECT count(*) FROM cst_nodes WHERE kind = 'Zzz'".to_owned()),
    ];
    for (name, sql) in conditions {
        add(Kind::Filter, name.to_owned(), sql);
    }

    let joins = [
        (
            "refs with the defs of their name",
            "SELECT d.kind, count(*) AS rows FROM cst_refs r JOIN cst_defs d ON r.file_id = d.file_id AND r.ref_text = d.name \
             GROUP BY d.kind",
        ),
        (
            "refs with the defs of their file",
            "SELECT count(*) AS rows FROM cst_refs r JOIN cst_defs d ON r.file_id = d.file_id",
        ),
        (
            "calls with their arguments, by id",
            "SELECT c.callee_shape, count(*) AS rows FROM cst_callsites c JOIN cst_call_args a ON c.call_id = a.call_id \
             GROUP BY c.callee_shape",
        ),
        (
            "edges with their parents",
            "SELECT n.kind, e.slot, count(*) AS rows FROM cst_edges e JOIN cst_nodes n ON e.file_id = n.file_id \
             AND e.src = n.cst_id GROUP BY n.kind, e.slot",
        ),
    ];
    for (name, sql) in joins {
        add(Kind::Join, name.to_owned(), sql.to_owned());
    }

    for view in &catalog.views {
        add(Kind::View, view.name.clone(), format!("SELECT * FROM {}", view.name));
    }
    queries
}

/// The columns of a row view that are fields of its elements.
fn fields(catalog: &Catalog, view: &str) -> Vec<String> {
    let view = catalog.view(view).expect("the row views of the suite are in the catalog");
    let ViewBody::Rows { sources, .. } = &view.body else { panic!("`{}` is no row view", view.name) };
    let columns = view.columns.iter().zip(sources);
    columns
        .filter(|(_, source)| matches!(source, ColumnSource::Element(_)))
        .map(|(column, _)| column.name().to_owned())
        .collect()
}
