//! Candidates among the elements of lists: keys, references, and sets of values.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field};
use cstspec_contract::Path;
use cstspec_contract::sql::{ident, literal};
use cstspec_import::{Draft, ListView, Reference, singular};
use datafusion::prelude::SessionContext;

use super::question::{all_numbers, count, numbers, texts};
use super::{are_words, is_id, is_key_type, is_set, is_text, rank, repeats};
use crate::import::table::Table;

/// The most fields of an element that are looked at for a key.
const MOST_KEYS: usize = 6;
/// Names of places in an order.
const PLACES: [&str; 8] = ["idx", "index", "ordinal", "position", "pos", "seq", "number", "rank"];
/// The most references that are looked at.
const MOST_REFERENCES: usize = 200;
/// How many fields one query counts.
const FIELDS_OF_QUERY: usize = 8;
/// Names of the two ends of an edge.
const ENDS: [&str; 12] =
    ["src", "dst", "source", "target", "from", "to", "parent", "child", "parent_id", "child_id", "src_id", "dst_id"];

/// Gives the view of the number `number` the key columns of its row. A field of the elements with the name of one is replaced by it if
/// every element repeats the value of its row.
pub async fn take_key(context: &SessionContext, draft: &mut Draft, number: usize) {
    let (schema, dataset) = (draft.schema.clone(), draft.dataset.clone());
    let view = &draft.views[number];
    let fields = view.fields(&schema);
    let mut taken: Vec<String> = fields.iter().map(|field| field.name().to_lowercase()).collect();
    if fields.is_empty() {
        taken.push(view.list.to_lowercase());
    }
    let mut row = Vec::new();
    for column in &draft.primary_key {
        let repeated = fields.iter().find(|field| field.name() == column);
        let same_type = repeated.is_some_and(|field| {
            schema.field_with_name(column).is_ok_and(|declared| declared.data_type() == field.data_type())
        });
        let is_copy = same_type && {
            let (list, key) = (ident(&view.list), ident(column));
            let sql = format!(
                "SELECT count(*), count(*) FILTER (WHERE get_field(e, {}) IS DISTINCT FROM k) \
                 FROM (SELECT {key} AS k, unnest({list}) AS e FROM {}) WHERE e IS NOT NULL",
                literal(column),
                ident(&dataset)
            );
            matches!(numbers(context, &sql).await, Some([rows, 0]) if rows > 0)
        };
        let name = if is_copy || !taken.contains(&column.to_lowercase()) {
            column.clone()
        } else {
            free(&dataset, column, &taken)
        };
        taken.push(name.to_lowercase());
        row.push((name, column.clone()));
    }
    draft.views[number].row = row;
}

/// Another name for the column of a row, since an element has a field of its name.
pub fn free(dataset: &str, column: &str, taken: &[String]) -> String {
    let first = format!("{}_{column}", singular(dataset));
    let others = (2..).map(|number| format!("{first}_{number}"));
    std::iter::once(first.clone()).chain(others).find(|name| !taken.contains(&name.to_lowercase())).unwrap_or_default()
}

/// The paths of a field of one type, each with the values there.
type Places = Vec<(Path, Vec<String>)>;

/// Candidates among the elements of each list view.
pub async fn of_elements(context: &SessionContext, table: &mut Table) {
    let draft = &mut table.draft;
    let mut sets: Vec<(DataType, String, Places)> = Vec::new();
    for number in 0..draft.views.len() {
        draft.views[number].key = key(context, draft, number).await;
        for (field, values) in value_sets(context, draft, number).await {
            let view = &draft.views[number];
            let column = draft.schema.field_with_name(&view.list).map(|column| column.data_type().clone());
            let element =
                column.as_ref().ok().and_then(cstspec_contract::list_child).map(|item| item.data_type().clone());
            let Some(element) = element else { continue };
            let path = Path::top(view.list.as_str()).join(&field);
            match sets.iter_mut().find(|(known, name, _)| *known == element && *name == field) {
                Some((.., places)) => places.push((path, values)),
                None => sets.push((element, field, vec![(path, values)])),
            }
        }
    }
    // Fields of one type have one set of values, wherever the type is.
    for (.., places) in sets {
        let mut values: Vec<String> = places.iter().flat_map(|(_, values)| values.clone()).collect();
        values.sort();
        values.dedup();
        draft.allowed.extend(places.into_iter().map(|(path, _)| (path, values.clone())));
    }
    let references = references(context, draft).await;
    for (number, found) in references {
        draft.views[number].references = found;
    }
}

/// Whether `field` is not a column of its own in the view: the row's column of its name is there, or every row would have the same.
fn is_shadow(view: &ListView, draft: &Draft, field: &Field) -> bool {
    let is_replaced = view.row.iter().any(|(name, _)| name == field.name());
    let is_key = draft.primary_key.contains(field.name());
    is_replaced || (repeats(&draft.schema, field) && !is_key)
}

/// The key of a view: the key of its row with one field of the element.
async fn key(context: &SessionContext, draft: &Draft, number: usize) -> Vec<String> {
    let view = &draft.views[number];
    let is_place = |name: &str| PLACES.iter().any(|place| name == *place || name.ends_with(&format!("_{place}")));
    let mut fields: Vec<(usize, &Field)> = view
        .fields(&draft.schema)
        .iter()
        .filter(|field| is_key_type(field.data_type()) && !is_shadow(view, draft, field))
        .filter(|field| is_id(field.name()) || is_place(&field.name().to_lowercase()))
        .map(|field| (rank(field), field.as_ref()))
        .collect();
    let own = format!("{}_id", singular(&view.list));
    fields.sort_by_key(|(rank, field)| (*field.name() != own && field.name() != "id", *rank));
    let relation = ident(&view.name);
    for (_, field) in fields.into_iter().take(MOST_KEYS) {
        let columns: Vec<String> =
            view.row.iter().map(|(name, _)| name.clone()).chain([field.name().clone()]).collect();
        let listed: Vec<_> = columns.iter().map(|column| ident(column)).collect();
        let sql = format!("SELECT count(*), count({}) FROM {relation}", ident(field.name()));
        let Some([rows, present]) = numbers(context, &sql).await else { continue };
        if rows < 2 || present < rows {
            continue;
        }
        let sql = format!("SELECT count(*) FROM (SELECT DISTINCT {} FROM {relation})", listed.join(", "));
        if count(context, &sql).await == Some(rows) {
            return columns;
        }
    }
    Vec::new()
}

/// Text fields of the elements with few values, each with these values.
async fn value_sets(context: &SessionContext, draft: &Draft, number: usize) -> BTreeMap<String, Vec<String>> {
    let view = &draft.views[number];
    let fields: Vec<&Field> = view
        .fields(&draft.schema)
        .iter()
        .filter(|field| is_text(field.data_type()) && !is_id(field.name()) && !repeats(&draft.schema, field))
        .map(AsRef::as_ref)
        .collect();
    let relation = ident(&view.name);
    let mut sets = BTreeMap::new();
    for chunk in fields.chunks(FIELDS_OF_QUERY) {
        let counts: Vec<String> = chunk
            .iter()
            .map(|field| {
                let column = ident(field.name());
                format!("count({column}), count(DISTINCT {column})")
            })
            .collect();
        let sql = format!("SELECT {} FROM {relation}", counts.join(", "));
        let Some(found) = all_numbers(context, &sql).await else { continue };
        for (field, counts) in chunk.iter().zip(found.chunks(2)) {
            if !is_set(counts[0], counts[1]) {
                continue;
            }
            let column = ident(field.name());
            let sql = format!("SELECT DISTINCT {column} FROM {relation} WHERE {column} IS NOT NULL");
            if let Some(values) = texts(context, &sql).await.filter(|values| are_words(values)) {
                sets.insert(field.name().clone(), values);
            }
        }
    }
    sets
}

/// References between the elements of lists, by the number of the view.
async fn references(context: &SessionContext, draft: &Draft) -> Vec<(usize, Vec<Reference>)> {
    let mut asked = 0;
    let mut found = Vec::new();
    for (number, view) in draft.views.iter().enumerate() {
        let mut references = Vec::new();
        for field in view.fields(&draft.schema).iter().filter(|field| is_key_type(field.data_type())) {
            if is_shadow(view, draft, field) {
                continue;
            }
            for target in &draft.views {
                let Some((own, of_row)) = target.key.split_last() else { continue };
                if of_row.len() != view.row.len()
                    || !refers(view, field, target, own, draft)
                    || asked >= MOST_REFERENCES
                {
                    continue;
                }
                asked += 1;
                let columns: Vec<String> =
                    view.row.iter().map(|(name, _)| name.clone()).chain([field.name().clone()]).collect();
                let equal: Vec<String> = columns
                    .iter()
                    .zip(&target.key)
                    .map(|(one, other)| format!("x.{} = y.{}", ident(one), ident(other)))
                    .collect();
                let (relation, column) = (ident(&view.name), ident(field.name()));
                let sql = format!("SELECT count({column}) FROM {relation}");
                if count(context, &sql).await.is_none_or(|rows| rows == 0) {
                    continue;
                }
                let sql = format!(
                    "SELECT count(*) FROM (SELECT * FROM {relation} WHERE {column} IS NOT NULL) x LEFT ANTI JOIN {} y ON {}",
                    ident(&target.name),
                    equal.join(" AND ")
                );
                if count(context, &sql).await == Some(0) {
                    references.push(Reference { columns, relation: target.name.clone(), to: target.key.clone() });
                    break;
                }
            }
        }
        if !references.is_empty() {
            found.push((number, references));
        }
    }
    found
}

/// Whether `field` of the elements of `view` may refer to the field `own` of the elements of `target`: the types are the same, and the names
/// say so.
fn refers(view: &ListView, field: &Field, target: &ListView, own: &str, draft: &Draft) -> bool {
    let is_own_key = view.key.last().is_some_and(|key| key == field.name());
    let target_field = target.fields(&draft.schema).iter().find(|field| field.name() == own);
    let same_type = target_field.is_some_and(|target| target.data_type() == field.data_type());
    if !same_type || is_own_key || (view.list == target.list && field.name() == own) {
        return false;
    }
    let name = field.name().to_lowercase();
    let element = singular(&target.list).to_lowercase();
    name == own.to_lowercase()
        && view.list != target.list
        && !["id", "idx", "index", "kind", "name"].contains(&name.as_str())
        || name.ends_with(&format!("_{}", own.to_lowercase()))
        || name.strip_suffix("_id").is_some_and(|stem| stem == element || stem.ends_with(&format!("_{element}")))
        || (ENDS.contains(&name.as_str()) && (is_id(own) || own == "id"))
}
