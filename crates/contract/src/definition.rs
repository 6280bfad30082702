//! The statements that recreate relations.

use crate::artifact::one_line;
use crate::sql::{ident, idents, literal};
use crate::{Dataset, OrderScope, Reference, View, describe};

/// The format that a dataset is stored as in its definition: the factory under this name takes the contract from the catalog.
pub const FORMAT: &str = "CSTSPEC";

/// The option that names the dataset whose contract a table keeps; the table's own name where it is left out.
pub const DATASET_OPTION: &str = "contract.dataset";

/// The option that says which version of the dataset's contract a table was made with.
pub const VERSION_OPTION: &str = "contract.version";

/// The statement that creates `view`, without a semicolon.
pub fn view(view: &View) -> String {
    format!("CREATE VIEW {} AS\n{}", ident(&view.name), view.sql.trim_end())
}

/// The statement that mounts `dataset` as the table `name` over `location`, without a semicolon, under comments with all that the
/// contract says. Plain DDL cannot spell nested contracts, so the statement names the contract instead.
///
/// `name` is SQL already: quoted and qualified where it must be. An empty location is an empty table. `options` stand behind those
/// that name the contract.
pub fn external_table(dataset: &Dataset, name: &str, location: &str, options: &[(String, String)]) -> String {
    let doc = one_line(&dataset.doc);
    let mut lines = if doc.is_empty() { Vec::new() } else { vec![format!("-- {doc}"), "--".to_owned()] };
    lines.push("-- columns:".to_owned());
    lines.extend(describe::tree(&dataset.schema()).lines().map(|line| format!("--   {}", comment(line))));
    let promises = promises(dataset);
    if !promises.is_empty() {
        lines.push("--".to_owned());
    }
    lines.extend(promises.into_iter().map(|(name, value)| format!("-- {name}: {}", one_line(&value))));
    let version = dataset.version.to_string();
    let contract = [(DATASET_OPTION, dataset.name.as_str()), (VERSION_OPTION, version.as_str())];
    let options = contract.into_iter().chain(options.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let options: Vec<String> = options.map(|(key, value)| format!("{key} {}", literal(value))).collect();
    lines.extend([
        String::new(),
        format!("CREATE EXTERNAL TABLE {name}"),
        format!("STORED AS {FORMAT}"),
        format!("LOCATION {}", literal(location)),
        format!("OPTIONS ({})", options.join(", ")),
    ]);
    lines.join("\n")
}

/// The statement of a definition, without the comments above it.
pub fn statement(definition: &str) -> &str {
    let mut rest = definition;
    while let Some((line, below)) = rest.split_once('\n') {
        if !line.is_empty() && !line.starts_with("--") {
            break;
        }
        rest = below;
    }
    rest
}

/// The partitions, order, keys and references that are declared.
fn promises(dataset: &Dataset) -> Vec<(&'static str, String)> {
    let Dataset { partitions, ordering, constraints, .. } = dataset;
    let scope = match ordering.scope {
        OrderScope::File => "in each file",
        OrderScope::Table => "over the whole table",
    };
    let order: Vec<String> = ordering
        .keys
        .iter()
        .map(|key| format!("{} {}", ident(&key.column), if key.descending { "DESC" } else { "ASC" }))
        .collect();
    let order = if order.is_empty() { String::new() } else { format!("{} {scope}", order.join(", ")) };
    let unique: Vec<String> = constraints.unique.iter().map(|key| format!("({})", idents(key))).collect();
    let mut promises = vec![
        ("partitions", idents(partitions)),
        ("order", order),
        ("primary key", idents(&constraints.primary_key)),
        ("unique", unique.join(", ")),
    ];
    promises.extend(constraints.references.iter().map(|Reference { columns, relation, to, .. }| {
        ("references", format!("({}) to {} ({})", idents(columns), ident(relation), idents(to)))
    }));
    promises.retain(|(_, value)| !value.is_empty());
    promises
}

/// A line of the tree, with its indentation, that stays inside its comment.
fn comment(line: &str) -> String {
    let depth = line.len() - line.trim_start().len();
    format!("{}{}", " ".repeat(depth), one_line(line))
}

#[cfg(test)]
mod tests {
    use super::statement;

    /// A statement is what stands under the comments.
    #[test]
    fn statement_without_comments() {
        assert_eq!(statement("-- a\n--\n\nCREATE x\n-- b"), "CREATE x\n-- b");
        assert_eq!(statement("CREATE VIEW x AS\nSELECT 1"), "CREATE VIEW x AS\nSELECT 1");
        assert_eq!(statement(""), "");
    }
}
