//! Candidates for the order of rows, each proven on the columns that it names alone.

use std::sync::Arc;

use cstspec_contract::report::RowConstraintKind;
use cstspec_contract::{Catalog, Column, Dataset, ExtraPolicy, OrderScope, Ordering, SortKey};
use cstspec_runtime::Locations;
use cstspec_verify::{Checks, NoProgress};

use super::is_key_type;
use crate::console::Console;
use crate::error::CommandError;
use crate::import::table::Table;
use crate::session::Engine;

/// How many columns are looked at beside those that files say they are sorted by.
const MOST_COLUMNS: usize = 3;

/// The first candidate that holds on all rows becomes the order of the draft.
pub async fn of_order(
    engine: &Engine,
    catalog: &Catalog,
    locations: &Locations,
    table: &mut Table,
    console: &Console,
) -> Result<(), CommandError> {
    let candidates = candidates(table);
    let Some(location) = locations.get(&table.draft.dataset).filter(|_| !candidates.is_empty()) else { return Ok(()) };
    console.log(&format!("looking at {} orders", candidates.len()));
    let Some(whole) = catalog.dataset(&table.draft.dataset) else { return Ok(()) };
    let mut probe = Catalog { datasets: Vec::new(), views: Vec::new(), ..catalog.clone() };
    let mut probed = Locations::new();
    for (number, ordering) in candidates.iter().enumerate() {
        let name = format!("order_{number:02}");
        let used = |column: &&Column| {
            whole.partitions.iter().any(|partition| partition == column.name())
                || ordering.keys.iter().any(|key| key.column == column.name())
        };
        let columns: Vec<_> = whole.columns.iter().filter(used).map(|column| Arc::clone(&column.field)).collect();
        let mut dataset = Dataset::new(name.as_str(), columns);
        dataset.partitions.clone_from(&whole.partitions);
        dataset.scan = whole.scan.clone();
        dataset.evolution.extra = ExtraPolicy::Ignore;
        dataset.ordering = ordering.clone();
        probe.datasets.push(dataset);
        probed.insert(name, location.clone());
    }
    let context = engine.open_at(&probe, &probed).await?;
    let report = cstspec_verify::verify(&context, &probe, Checks::Rows, &NoProgress).await;
    let holds = |number: usize| {
        let name = format!("order_{number:02}");
        report.contracts.iter().any(|proven| {
            proven.relation == name
                && proven.kind == RowConstraintKind::Order
                && proven.checked > 1
                && proven.broken == 0
        })
    };
    if let Some(number) = (0..candidates.len()).find(|number| holds(*number)) {
        table.draft.ordering = candidates[number].clone();
    }
    Ok(())
}

/// The orders that are looked at, the best first.
fn candidates(table: &Table) -> Vec<Ordering> {
    let draft = &table.draft;
    let key = |column: &String, descending: bool| SortKey { column: column.clone(), descending };
    let mut keys: Vec<Vec<SortKey>> = Vec::new();
    let is_known = |name: &String| draft.schema.field_with_name(name).is_ok_and(|field| is_key_type(field.data_type()));
    let sorted: Vec<SortKey> = table
        .surveyed
        .sorted
        .iter()
        .take_while(|(name, _)| is_known(name))
        .map(|(name, descending)| key(name, *descending))
        .collect();
    keys.push(sorted);
    keys.push(draft.primary_key.iter().map(|column| key(column, false)).collect());
    let columns = draft.schema.fields().iter().filter(|field| is_key_type(field.data_type()));
    let columns = columns.filter(|field| {
        !draft.partitions.contains(field.name())
            && !draft.allowed.contains_key(&cstspec_contract::Path::top(field.name().as_str()))
    });
    keys.extend(columns.take(MOST_COLUMNS).map(|field| vec![key(field.name(), false)]));
    keys.retain(|keys| !keys.is_empty());
    let scopes: &[OrderScope] =
        if table.surveyed.files > 1 { &[OrderScope::Table, OrderScope::File] } else { &[OrderScope::File] };
    let mut candidates: Vec<Ordering> = Vec::new();
    for keys in keys {
        for scope in scopes {
            let ordering = Ordering { keys: keys.clone(), scope: *scope, ..Ordering::default() };
            if !candidates.contains(&ordering) {
                candidates.push(ordering);
            }
        }
    }
    candidates
}
