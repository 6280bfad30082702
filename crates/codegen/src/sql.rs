//! SQL and DESCRIBE artifacts.

use cstspec_contract::artifact::one_line;
use cstspec_contract::sql::ident;
use cstspec_contract::{Dataset, Relation, View, definition, describe};
use serde::Serialize;

use crate::CodegenError;
use crate::header::header;
use crate::template::Templates;

/// Data of `view.sql.tera`.
#[derive(Serialize)]
struct ViewText<'a> {
    header: String,
    doc: String,
    sql: &'a str,
}

/// `sql/<view>.sql`: two lines of comment, an empty line, and the query byte for byte.
pub(crate) fn view(templates: &Templates, catalog: &str, view: &View) -> Result<String, CodegenError> {
    let View { doc, origin, sql, .. } = view;
    templates.render("view.sql.tera", &ViewText { header: header(catalog, &origin.file), doc: one_line(doc), sql })
}

/// Data of `describe.txt.tera`.
#[derive(Serialize)]
struct DescribeText {
    header: String,
    document: String,
}

/// `describe/<relation>.txt`.
pub(crate) fn describe(templates: &Templates, catalog: &str, relation: Relation<'_>) -> Result<String, CodegenError> {
    let schema = relation.schema();
    let document = describe::document(&describe::rows(&schema), &schema);
    templates.render("describe.txt.tera", &DescribeText { header: header(catalog, &relation.origin().file), document })
}

/// Data of `definition.sql.tera`.
#[derive(Serialize)]
struct DefinitionText {
    header: String,
    definition: String,
}

/// `definitions/<dataset>.sql`: the statement that mounts the dataset, as `SHOW CREATE TABLE` answers it, under a line of comment.
/// The location is a folder called `stem` for the host to replace.
pub(crate) fn definition(
    templates: &Templates,
    catalog: &str,
    dataset: &Dataset,
    stem: &str,
) -> Result<String, CodegenError> {
    let definition = definition::external_table(dataset, &ident(&dataset.name), &format!("{stem}/"), &[]);
    templates
        .render("definition.sql.tera", &DefinitionText { header: header(catalog, &dataset.origin.file), definition })
}
