//! Definitions, keys and defaults, as the session answers for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array as _, StringArray};
use cstspec_contract::definition::{external_table, statement, view};
use cstspec_contract::sql::{ident, literal};
use cstspec_contract::{Catalog, DefaultValue, Finding, Origin, Relation};
use cstspec_runtime::constraint::{Constraint, ConstraintKind, constraints};
use cstspec_runtime::names::table_reference;
use cstspec_runtime::observe::definition::same_view;
use cstspec_runtime::observe::settings::PinnedSettings;
use cstspec_runtime::system::information_schema::default_sql;
use cstspec_runtime::table::ContractTable;
use datafusion::catalog::TableProvider as _;
use datafusion::common::Result;
use datafusion::common::cast::as_string_array;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::SessionContext;

use crate::causes::{Ledger, Subject, Submission};
use crate::rules;

/// Holds what the session answers for each registered relation against the catalog: its definition, keys, references and defaults. The
/// relations that are registered with another definition.
pub async fn check(ctx: &SessionContext, catalog: &Catalog, ledger: &mut Ledger) -> BTreeSet<String> {
    let mut replaced = BTreeSet::new();
    let registered = |relation: &Relation<'_>| ctx.table_exist(table_reference(relation.name())).unwrap_or(false);
    let relations: Vec<Relation<'_>> = catalog.relations().filter(registered).collect();
    if relations.is_empty() {
        return replaced;
    }
    match definitions(ctx).await {
        Ok(answered) => {
            for relation in &relations {
                let written = answered.get(relation.name()).cloned().flatten();
                if let Some(finding) = redefined(ctx, *relation, written.as_deref()).await {
                    let name = relation.name().to_owned();
                    // A name that drifted says which part of the definition differs.
                    let (about, names) = (Subject::Definition(name.clone()), Subject::OutputNames(name.clone()));
                    ledger.submit(Submission::from(finding).about(about).repeats([names]));
                    replaced.insert(name);
                }
            }
        }
        Err(error) => {
            let observed = error.strip_backtrace();
            ledger.submit(unanswered(ctx, catalog, "a definition of every relation", observed));
            return replaced;
        }
    }
    let kept = |relation: &&Relation<'_>| !replaced.contains(relation.name());
    let kept: Vec<Relation<'_>> = relations.iter().filter(kept).copied().collect();
    let (keys, columns) = match (keys(ctx).await, columns(ctx).await) {
        (Ok(keys), Ok(columns)) => (keys, columns),
        (Err(error), _) | (_, Err(error)) => {
            let expected = "table_constraints, key_column_usage and columns";
            ledger.submit(unanswered(ctx, catalog, expected, error.strip_backtrace()));
            return replaced;
        }
    };
    let first = |relation: &Relation<'_>| columns.get(relation.name()).and_then(|columns| columns.first());
    if let Some(column) = kept.iter().filter_map(first).find(|column| column.ordinal != "1") {
        let observed = format!("{} at {}", column.name, column.ordinal);
        ledger.submit(unanswered(ctx, catalog, "columns counted from 1", observed));
        return replaced;
    }
    let unkeyed = BTreeSet::new();
    for relation in kept {
        let answered = keys.get(relation.name()).unwrap_or(&unkeyed);
        ledger.extend(other_keys(catalog, relation, answered));
        let answered = columns.get(relation.name()).map_or(&[][..], Vec::as_slice);
        ledger.extend(other_defaults(relation, answered));
    }
    replaced
}

/// The finding that `information_schema` does not answer for the catalog.
fn unanswered(ctx: &SessionContext, catalog: &Catalog, expected: &str, observed: String) -> Finding {
    let finding = Finding::new(
        &rules::INFORMATION_SCHEMA_REPLACED,
        "the session's information_schema is not the one that answers for keys and defaults",
    )
    .differing(expected, observed)
    .remedy(
        "SET datafusion.catalog.information_schema = false, and register no schema of that name beside the catalog's",
    );
    let pinned = ctx.state().config().get_extension::<PinnedSettings>();
    match pinned.and_then(|pinned| catalog.session(&pinned.preset)) {
        Some(preset) => finding.at(&preset.origin),
        None => finding,
    }
}

/// The finding that a relation's name stands for something else.
async fn redefined(ctx: &SessionContext, relation: Relation<'_>, written: Option<&str>) -> Option<Finding> {
    let name = relation.name();
    let expected = match relation {
        Relation::View(declared) => {
            if written.is_some_and(|written| same_view(written, declared)) {
                return None;
            }
            view(declared)
        }
        Relation::Dataset(dataset) => {
            let provider = ctx.table_provider(table_reference(name)).await.ok();
            let table = provider.as_ref().and_then(|provider| provider.downcast_ref::<ContractTable>());
            if written.is_none() && table.is_some_and(|table| table.get_table_definition().is_none()) {
                return None;
            }
            let location = table.map_or("...", |table| table.location().unwrap_or_default());
            let expected = external_table(dataset, &ident(name), location, &[]);
            if written.is_some_and(|written| statement(written) == statement(&expected)) {
                return None;
            }
            statement(&expected).to_owned()
        }
    };
    let observed = written.map_or("no statement: another provider has the name", statement);
    Some(
        Finding::new(&rules::DEFINITION_DIFFERS, format!("the definition of `{name}` differs from the catalog"))
            .differing(expected, observed)
            .relation(name)
            .remedy(
                "register the catalog again, and look for code that registers another table or view under this name",
            )
            .at(relation.origin()),
    )
}

/// A finding for each kind of constraint that is answered otherwise.
fn other_keys(catalog: &Catalog, relation: Relation<'_>, answered: &BTreeSet<Promise>) -> Vec<Finding> {
    let declared = constraints(catalog, relation);
    let promised: BTreeSet<Promise> = declared.iter().map(Promise::of).collect();
    let name = relation.name();
    let mut findings = Vec::new();
    for kind in [ConstraintKind::PrimaryKey, ConstraintKind::Unique, ConstraintKind::ForeignKey] {
        let only = |these: &BTreeSet<Promise>, others: &BTreeSet<Promise>| -> Vec<String> {
            let of_kind = these.difference(others).filter(|promise| promise.kind == kind.as_sql());
            of_kind.map(|promise| promise.words.clone()).collect()
        };
        let (missing, extra) = (only(&promised, answered), only(answered, &promised));
        if missing.is_empty() && extra.is_empty() {
            continue;
        }
        let listed = |words: &[String]| if words.is_empty() { "none".to_owned() } else { words.join("; ") };
        let of_kind = declared.iter().filter(|constraint| constraint.kind == kind);
        let index = of_kind.map(Promise::of).position(|promise| missing.contains(&promise.words));
        findings.push(
            Finding::new(&rules::KEYS_DIFFER, format!("information_schema has another {} of `{name}`", kind.as_sql()))
                .differing(listed(&missing), listed(&extra))
                .relation(name)
                .remedy("register the catalog that is verified: the session was made from another one")
                .at(&index.map_or_else(|| relation.origin().clone(), |index| written_at(relation, kind, index))),
        );
    }
    findings
}

/// A constraint without its name and that of the key referred to: what the spec says of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Promise {
    kind: String,
    words: String,
}

impl Promise {
    fn of(constraint: &Constraint) -> Self {
        let to = constraint.references.as_ref().map(|to| (to.relation.as_str(), to.columns.as_slice()));
        Self::new(constraint.kind.as_sql(), &constraint.columns, to)
    }

    fn new(kind: &str, columns: &[String], to: Option<(&str, &[String])>) -> Self {
        let columns = columns.join(", ");
        let words = match to {
            Some((relation, to)) => format!("({columns}) to {relation} ({})", to.join(", ")),
            None => format!("({columns})"),
        };
        Self { kind: kind.to_owned(), words }
    }
}

/// Where the constraint at `index` among those of its kind was written.
fn written_at(relation: Relation<'_>, kind: ConstraintKind, index: usize) -> Origin {
    let references = match relation {
        Relation::Dataset(dataset) => &dataset.constraints.references,
        Relation::View(view) => &view.references,
    };
    match (kind, relation) {
        (ConstraintKind::ForeignKey, _) => {
            references.get(index).map_or_else(|| relation.origin().clone(), |reference| reference.origin.clone())
        }
        (ConstraintKind::PrimaryKey, Relation::Dataset(dataset)) => dataset.constraints.origin.join("primary_key"),
        (ConstraintKind::Unique, Relation::Dataset(dataset)) => dataset.constraints.origin.join("unique"),
        (_, Relation::View(view)) => view.origin.join("key"),
    }
}

/// A finding for each column whose default is answered otherwise.
fn other_defaults(relation: Relation<'_>, answered: &[AnsweredColumn]) -> Vec<Finding> {
    let declared: &[DefaultValue] = match relation {
        Relation::Dataset(dataset) => &dataset.defaults,
        Relation::View(_) => &[],
    };
    let name = relation.name();
    let mut findings = Vec::new();
    for column in relation.columns() {
        let default = declared.iter().find(|default| default.path.only() == Some(column.name()));
        let expected = default.map(|default| default_sql(&default.value, column.field.data_type()));
        let Some(found) = answered.iter().find(|answered| answered.name == column.name()) else { continue };
        if found.default == expected {
            continue;
        }
        let words = |default: Option<String>| default.unwrap_or_else(|| "no default".to_owned());
        findings.push(
            Finding::new(
                &rules::DEFAULT_DIFFERS,
                format!("information_schema has another default of `{name}.{}`", column.name()),
            )
            .differing(words(expected), words(found.default.clone()))
            .relation(name)
            .path(column.name())
            .remedy("register the catalog that is verified: the session was made from another one")
            .at(default.map_or(&column.origin, |default| &default.origin)),
        );
    }
    findings
}

/// A column as `information_schema.columns` has it.
#[derive(Debug)]
struct AnsweredColumn {
    name: String,
    ordinal: String,
    default: Option<String>,
}

/// The result of `SHOW CREATE TABLE`, by relation.
async fn definitions(ctx: &SessionContext) -> Result<BTreeMap<String, Option<String>>> {
    let sql = format!("SELECT table_name, definition FROM information_schema.views WHERE {}", here(ctx, ""));
    let mut definitions = BTreeMap::new();
    for [name, definition] in texts(ctx, &sql).await? {
        definitions.insert(name.unwrap_or_default(), definition);
    }
    Ok(definitions)
}

/// The columns of one constraint, and the relation and columns that it refers to.
type Columns = (Vec<String>, Option<String>, Vec<String>);

/// Keys and references, by relation.
async fn keys(ctx: &SessionContext) -> Result<BTreeMap<String, BTreeSet<Promise>>> {
    let sql = format!(
        "SELECT c.table_name, c.constraint_name, c.constraint_type,
                k.column_name, k.referenced_table_name, k.referenced_column_name
         FROM information_schema.table_constraints AS c
         JOIN information_schema.key_column_usage AS k
           ON c.constraint_catalog = k.constraint_catalog AND c.constraint_schema = k.constraint_schema
          AND c.table_name = k.table_name AND c.constraint_name = k.constraint_name
         WHERE {}
         ORDER BY c.table_name, c.constraint_name, k.ordinal_position",
        here(ctx, "c.")
    );
    let mut constraints: BTreeMap<[String; 3], Columns> = BTreeMap::new();
    for [table, name, kind, column, relation, to] in texts(ctx, &sql).await? {
        let key = [table, name, kind].map(Option::unwrap_or_default);
        let (columns, target, targets) = constraints.entry(key).or_default();
        columns.extend(column);
        *target = relation;
        targets.extend(to);
    }
    let mut keys: BTreeMap<String, BTreeSet<Promise>> = BTreeMap::new();
    for ([table, _, kind], (columns, target, targets)) in constraints {
        let to = target.as_deref().map(|relation| (relation, targets.as_slice()));
        keys.entry(table).or_default().insert(Promise::new(&kind, &columns, to));
    }
    Ok(keys)
}

/// Columns in the order of their ordinals, by relation.
async fn columns(ctx: &SessionContext) -> Result<BTreeMap<String, Vec<AnsweredColumn>>> {
    let sql = format!(
        "SELECT table_name, column_name, arrow_cast(ordinal_position, 'Utf8'), column_default
         FROM information_schema.columns WHERE {} ORDER BY table_name, ordinal_position",
        here(ctx, "")
    );
    let mut columns: BTreeMap<String, Vec<AnsweredColumn>> = BTreeMap::new();
    for [table, name, ordinal, default] in texts(ctx, &sql).await? {
        let ordinal = ordinal.unwrap_or_default();
        let column = AnsweredColumn { name: name.unwrap_or_default(), ordinal, default };
        columns.entry(table.unwrap_or_default()).or_default().push(column);
    }
    Ok(columns)
}

/// The condition that a row is about the schema that the catalog is registered in.
fn here(ctx: &SessionContext, qualifier: &str) -> String {
    let state = ctx.state();
    let home = &state.config_options().catalog;
    format!(
        "{qualifier}table_catalog = {} AND {qualifier}table_schema = {}",
        literal(&home.default_catalog),
        literal(&home.default_schema)
    )
}

/// The rows of a query whose `N` columns are text.
async fn texts<const N: usize>(ctx: &SessionContext, sql: &str) -> Result<Vec<[Option<String>; N]>> {
    let mut rows = Vec::new();
    for batch in unbounded(ctx).sql(sql).await?.collect().await? {
        let text = |column: usize| as_string_array(batch.column(column));
        let columns: Vec<&StringArray> = (0..N).map(text).collect::<Result<_>>()?;
        let cell = |row: usize, column: usize| {
            columns.get(column).filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
        };
        rows.extend((0..batch.num_rows()).map(|row| std::array::from_fn(|column| cell(row, column))));
    }
    Ok(rows)
}

/// The same session with memory of its own: how little the host's may use says nothing of what it answers.
fn unbounded(ctx: &SessionContext) -> SessionContext {
    let state = ctx.state();
    // A default catalog that the engine makes would hide the session's own.
    let config = state.config().clone().with_create_default_catalog_and_schema(false);
    let builder = SessionStateBuilder::new_from_existing(state).with_config(config);
    SessionContext::new_with_state(builder.with_runtime_env(Arc::new(RuntimeEnv::default())).build())
}
