//! From a catalog to its artifacts, in memory.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{Catalog, Dataset, Origin, Relation, View};
use serde_json::Value;

use crate::header::schema_header;
use crate::rust::{self, Named};
use crate::template::Templates;
use crate::{Artifact, ArtifactKind, Artifacts, CodegenError, Root, sql};

/// The spec file that names the catalog.
const CATALOG: &str = "catalog.yaml";

/// The artifacts of `catalog`, and of the JSON Schemas of the spec language by file name. Pure: equal input, equal bytes.
pub fn plan(catalog: &Catalog, schemas: &BTreeMap<String, String>) -> Result<Artifacts, CodegenError> {
    let mut plan = Plan { templates: Templates::parse()?, artifacts: Artifacts::of(&catalog.name) };
    let names = rust::artifacts(catalog.relations().map(|relation| relation.name()));
    let context = rust::Context::of(catalog, &names);
    plan.catalog(catalog, &names, &context)?;
    for dataset in &catalog.datasets {
        let files = &names[dataset.name.as_str()];
        plan.dataset(dataset, files, &context)?;
        plan.describe(Relation::Dataset(dataset), files)?;
    }
    for view in &catalog.views {
        let files = &names[view.name.as_str()];
        plan.view(view, files, &context)?;
        plan.describe(Relation::View(view), files)?;
    }
    for (file, text) in schemas {
        plan.schema(file, text)?;
    }
    Ok(plan.artifacts)
}

/// The names that files of each relation have without their ending, by the relation's name: `describe/<name>.txt`.
pub fn file_stems(catalog: &Catalog) -> BTreeMap<&str, String> {
    let names = rust::artifacts(catalog.relations().map(|relation| relation.name()));
    names.into_iter().map(|(relation, named)| (relation, named.stem)).collect()
}

struct Plan {
    templates: Templates,
    artifacts: Artifacts,
}

impl Plan {
    /// The modules that belong to no relation.
    fn catalog(
        &mut self,
        catalog: &Catalog,
        names: &BTreeMap<&str, Named>,
        context: &rust::Context<'_>,
    ) -> Result<(), CodegenError> {
        let Catalog { functions, sessions, boundaries, statements, .. } = catalog;
        let text = rust::modules(&self.templates, catalog, names, context)?;
        self.rust("mod", CATALOG, None, &text)?;

        if !context.types().is_empty() {
            let text = rust::types(&self.templates, context)?;
            self.rust("types", &sources(context.types().iter().map(|named| &named.origin)), None, &text)?;
        }
        let text = rust::list(&self.templates, "The functions that the catalog expects.", "Function", functions)?;
        self.rust("functions", &sources(functions.iter().map(|item| &item.origin)), None, &text)?;
        let text = rust::sessions(&self.templates, sessions)?;
        self.rust("sessions", &sources(sessions.iter().map(|item| &item.origin)), None, &text)?;
        let text = rust::boundaries(&self.templates, context, boundaries)?;
        self.rust("boundaries", &sources(boundaries.iter().map(|item| &item.origin)), None, &text)?;
        let text = rust::list(&self.templates, "The prepared statements.", "Statement", statements)?;
        self.rust("statements", &sources(statements.iter().map(|item| &item.origin)), None, &text)
    }

    fn dataset(&mut self, dataset: &Dataset, named: &Named, context: &rust::Context<'_>) -> Result<(), CodegenError> {
        let Dataset { name, origin, .. } = dataset;
        let text = rust::dataset(&self.templates, context, dataset)?;
        self.rust(&named.module, &origin.file, Some(name), &text)?;
        let text = sql::definition(&self.templates, self.artifacts.catalog(), dataset, &named.stem)?;
        self.relation(
            ArtifactKind::Definition,
            format!("definitions/{}.sql", named.stem),
            Relation::Dataset(dataset),
            text,
        )
    }

    fn view(&mut self, view: &View, named: &Named, context: &rust::Context<'_>) -> Result<(), CodegenError> {
        let View { name, origin, .. } = view;
        let text = rust::view(&self.templates, context, view, &format!("../../sql/{}.sql", named.stem))?;
        self.rust(&named.module, &origin.file, Some(name), &text)?;
        let text = sql::view(&self.templates, self.artifacts.catalog(), view)?;
        self.relation(ArtifactKind::ViewSql, format!("sql/{}.sql", named.stem), Relation::View(view), text)
    }

    fn describe(&mut self, relation: Relation<'_>, named: &Named) -> Result<(), CodegenError> {
        let text = sql::describe(&self.templates, self.artifacts.catalog(), relation)?;
        self.relation(ArtifactKind::Describe, format!("describe/{}.txt", named.stem), relation, text)
    }

    /// A JSON Schema, its keys sorted, with the notice as its comment.
    fn schema(&mut self, file: &str, text: &str) -> Result<(), CodegenError> {
        let path = format!("schema/{file}");
        let refused = |reason: String| CodegenError::Schema { path: path.clone(), reason };
        let mut schema: Value = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        schema
            .as_object_mut()
            .ok_or_else(|| refused("it is not an object".to_owned()))?
            .insert("$comment".to_owned(), Value::String(schema_header()));
        let mut text = serde_json::to_string_pretty(&sorted(schema)).map_err(|error| refused(error.to_string()))?;
        text.push('\n');
        self.artifacts.add(Artifact {
            root: Root::Specs,
            path,
            bytes: text.into_bytes(),
            kind: ArtifactKind::Schema,
            source: None,
            relation: None,
        })
    }

    /// `src/generated/<module>.rs`.
    fn rust(&mut self, module: &str, source: &str, relation: Option<&str>, text: &str) -> Result<(), CodegenError> {
        let path = format!("src/generated/{module}.rs");
        let bytes = rust::format(&path, self.artifacts.catalog(), source, text)?;
        self.artifacts.add(Artifact {
            root: Root::Out,
            path,
            bytes,
            kind: ArtifactKind::Rust,
            source: Some(source.to_owned()),
            relation: relation.map(str::to_owned),
        })
    }

    fn relation(
        &mut self,
        kind: ArtifactKind,
        path: String,
        relation: Relation<'_>,
        text: String,
    ) -> Result<(), CodegenError> {
        self.artifacts.add(Artifact {
            root: Root::Out,
            path,
            bytes: text.into_bytes(),
            kind,
            source: Some(relation.origin().file.clone()),
            relation: Some(relation.name().to_owned()),
        })
    }
}

/// The spec files of several items; without items, the file that could name some.
fn sources<'a>(origins: impl Iterator<Item = &'a Origin>) -> String {
    let files: BTreeSet<&str> = origins.map(|origin| origin.file.as_str()).collect();
    if files.is_empty() { CATALOG.to_owned() } else { files.into_iter().collect::<Vec<_>>().join(", ") }
}

/// `value` with the keys of every object sorted: a map keeps another order when any crate of a build asks `serde_json` for it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let sorted_keys: BTreeMap<String, Value> =
                object.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(sorted_keys.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        leaf => leaf,
    }
}
