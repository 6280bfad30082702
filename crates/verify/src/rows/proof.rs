//! How each constraint is proven: in the scan of a dataset, or by a query of the engine.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cstspec_contract::{Catalog, Dataset};
use cstspec_runtime::names::table_reference;
use cstspec_runtime::{ContractTable, RuntimeError};
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, internal_err};
use datafusion::prelude::SessionContext;

use super::columns_needed::Needs;
use super::constraint::RowConstraint;
use super::global::{self, GlobalCount};
use super::global_constraint::{Condition, GlobalConstraint};
use super::lineage::{self, Lineage};
use super::order::Order;
use super::per_batch::{self, Evaluation};
use super::scan::{Answer, Check, Failure, Scan, Source};
use super::values::Values;
use super::within_row::WithinRow;
use crate::sources::all_nullable::AllNullableTable;

/// The sessions in which the constraints of a catalog are proven.
pub struct Proof<'a> {
    catalog: &'a Catalog,
    readable: SessionContext,
    /// The source of each registered dataset.
    backing: BTreeMap<&'a str, Backing<'a>>,
    lineage: BTreeMap<&'a str, Lineage<'a>>,
    /// The relations over all files, every field nullable, with operators that spill.
    over_all: SessionContext,
    /// The relations over the rows at hand.
    at_hand: SessionContext,
}

/// The source of a dataset.
struct Backing<'a> {
    contract: &'a Dataset,
    table: Arc<dyn TableProvider>,
    files: Option<Arc<AllNullableTable>>,
}

/// A scan, and what its numbers stand for.
pub struct Planned {
    /// The scan.
    pub scan: Arc<Scan>,
    /// The constraints that it proves, by their numbers.
    pub constraints: Vec<RowConstraint>,
    /// The globals whose broken rows it looks for, by their place among those that were asked of the engine.
    pub searches: Vec<usize>,
}

impl<'a> Proof<'a> {
    /// Opens what is behind the datasets of `catalog` in `readable`. A location that cannot be listed is among `failures`.
    ///
    /// # Errors
    ///
    /// The engine makes no session.
    pub async fn open(readable: &SessionContext, catalog: &'a Catalog, failures: &mut Vec<Failure>) -> Result<Self> {
        let mut backing = BTreeMap::new();
        for contract in &catalog.datasets {
            // WithinRow is not registered has a finding already.
            let Ok(table) = readable.table_provider(table_reference(&contract.name)).await else { continue };
            match behind(readable, contract, table).await {
                Ok(behind) => drop(backing.insert(contract.name.as_str(), behind)),
                // Why nothing of it can be read has a finding already.
                Err(error) if matches!(RuntimeError::inside(&error), Some(RuntimeError::NothingReadable { .. })) => {}
                Err(error) => failures.push(Failure::new(&contract.name, None, &error)),
            }
        }
        let tables = backing.iter().map(|(name, behind)| (*name, Arc::clone(&behind.table))).collect();
        let over_all = per_batch::session(readable, &tables, global::spilling)?;
        let at_hand = backing.iter().map(|(name, behind)| Ok((*name, per_batch::table(behind.table.schema())?)));
        let at_hand: BTreeMap<_, _> = at_hand.collect::<Result<_>>()?;
        let at_hand = per_batch::session(readable, &at_hand, |config| config.with_target_partitions(1))?;
        Ok(Self { catalog, readable: readable.clone(), backing, lineage: lineage::of(catalog), over_all, at_hand })
    }

    /// The datasets that can be scanned.
    pub fn datasets(&self) -> impl Iterator<Item = &'a str> {
        self.backing.keys().copied()
    }

    /// Whether the relations of `global` can be asked at all. Those that cannot have findings already.
    pub fn knows(&self, global: &GlobalConstraint) -> bool {
        let known =
            |name: &str| self.readable.table_exist(table_reference(name)).unwrap_or(false) && self.is_backed(name);
        known(&global.constraint.relation) && global.constraint.target.as_deref().is_none_or(known)
    }

    /// Whether there is something behind every dataset that `relation` is made from.
    fn is_backed(&self, relation: &str) -> bool {
        match self.catalog.view(relation) {
            Some(view) => view.depends_on.iter().all(|read| self.is_backed(read)),
            None => self.backing.contains_key(relation),
        }
    }

    /// Whether `global` is about a key of a dataset itself.
    pub fn is_dataset_key(&self, global: &GlobalConstraint) -> bool {
        matches!(global.condition, Condition::Unique) && self.catalog.dataset(&global.constraint.relation).is_some()
    }

    /// The dataset in whose rows, one by one, `global` can be proven, once the keys of the `proven` ones are.
    pub fn within(&self, global: &GlobalConstraint, proven: &BTreeSet<&str>) -> Option<&'a str> {
        let RowConstraint { relation, columns, .. } = &global.constraint;
        let lineage = self.lineage.get(relation.as_str())?;
        let dataset = lineage.dataset.name.as_str();
        let within = match &global.condition {
            Condition::Unique => !self.is_dataset_key(global) && lineage.names_a_row(columns),
            Condition::Present => true,
            // The values of a query are those of no dataset.
            Condition::Among(_) => false,
            Condition::Refers { .. } => self.waits_for(global).is_some_and(|dataset| proven.contains(dataset)),
        };
        (within && self.backing.contains_key(dataset)).then_some(dataset)
    }

    /// The dataset whose key makes a reference stay within one row. While that is not proven, another row with the same key may hold what is
    /// referred to.
    pub fn waits_for(&self, global: &GlobalConstraint) -> Option<&'a str> {
        let Condition::Refers { target, to } = &global.condition else { return None };
        let lineage = self.lineage.get(global.constraint.relation.as_str())?;
        let stays = lineage.stays_within(&global.constraint.columns, self.lineage.get(target.as_str())?, to);
        stays.then_some(lineage.dataset.name.as_str())
    }

    /// The datasets whose rows have a key of which nothing in `asked` is broken.
    pub fn proven(&self, asked: &[(GlobalConstraint, GlobalCount)]) -> BTreeSet<&'a str> {
        let holds = |dataset: &&&'a Dataset| {
            dataset.constraints.row_key().is_some_and(|key| {
                asked.iter().any(|(global, counted)| {
                    global.constraint.relation == dataset.name
                        && global.constraint.columns == key
                        && counted.counts.broken == 0
                })
            })
        };
        self.backing
            .values()
            .map(|behind| &behind.contract)
            .filter(holds)
            .map(|dataset| dataset.name.as_str())
            .collect()
    }

    /// Asks the engine for `global` over all files.
    ///
    /// # Errors
    ///
    /// The engine's error.
    pub async fn ask(&self, global: &GlobalConstraint) -> Result<GlobalCount> {
        let RowConstraint { relation, columns, target, .. } = &global.constraint;
        for relation in std::iter::once(relation).chain(target) {
            per_batch::need(&self.over_all, self.catalog, relation).await?;
        }
        let key = match self.catalog.view(relation) {
            Some(view) => view.key.as_slice(),
            None => {
                self.catalog.dataset(relation).and_then(|dataset| dataset.constraints.row_key()).unwrap_or_default()
            }
        };
        match &global.condition {
            Condition::Unique => global::unique(&self.over_all, relation, columns).await,
            Condition::Refers { target, to } => {
                global::refers(&self.over_all, relation, columns, key, target, to).await
            }
            Condition::Present => {
                let counts = global::absent(&self.over_all, relation, &columns[0], key).await?;
                Ok(GlobalCount { counts, values: Vec::new() })
            }
            Condition::Among(allowed) => {
                let Some(view) = self.catalog.view(relation) else {
                    return internal_err!("`{relation}` has allowed values of its own and is no view");
                };
                let counts = global::among(&self.over_all, view, allowed).await?;
                Ok(GlobalCount { counts, values: Vec::new() })
            }
        }
    }

    /// Asks the engine for the key `global` of a view, over datasets without the rows that repeat their `keys`.
    ///
    /// # Errors
    ///
    /// The engine's error.
    pub async fn ask_without_repeats(
        &self,
        global: &GlobalConstraint,
        keys: &BTreeMap<String, Vec<Vec<String>>>,
    ) -> Result<GlobalCount> {
        let mut tables = BTreeMap::new();
        for (name, behind) in &self.backing {
            let table = match keys.get(*name) {
                Some(keys) => global::first_of_each(&self.over_all, name, &behind.table.schema(), keys).await?,
                None => Arc::clone(&behind.table),
            };
            tables.insert(*name, table);
        }
        let once = per_batch::session(&self.readable, &tables, global::spilling)?;
        let RowConstraint { relation, columns, .. } = &global.constraint;
        per_batch::need(&once, self.catalog, relation).await?;
        global::unique(&once, relation, columns).await
    }

    /// The datasets that `relation` is made from, by name.
    pub fn behind(&self, relation: &str) -> BTreeSet<&'a str> {
        match self.catalog.view(relation) {
            Some(view) => view.depends_on.iter().flat_map(|read| self.behind(read)).collect(),
            None => self.catalog.dataset(relation).map(|dataset| dataset.name.as_str()).into_iter().collect(),
        }
    }

    /// Whether nothing of `dataset` can be read.
    pub fn lacks(&self, dataset: &str) -> bool {
        !self.backing.contains_key(dataset)
    }

    /// Whether the session has `relation` at all.
    pub fn has(&self, relation: &str) -> bool {
        self.readable.table_exist(table_reference(relation)).unwrap_or(false)
    }

    /// The scan of `dataset` that proves what is promised of its values, its order, and `within` its rows, and that looks for the places of
    /// what is broken of `asked`. A view that the engine does not plan is among `failures`.
    ///
    /// # Errors
    ///
    /// A constraint that no array can be held against.
    pub async fn scan(
        &self,
        dataset: &str,
        within: &[GlobalConstraint],
        asked: &[(GlobalConstraint, GlobalCount)],
        failures: &mut Vec<Failure>,
    ) -> Result<Planned> {
        let behind = &self.backing[dataset];
        let contract = behind.contract;
        let mut constraints = Vec::new();
        let values = Values::of(self.catalog, contract, &mut constraints)?;
        let order = Order::of(contract, &behind.table.schema(), &mut constraints)?;

        let mut evaluated = Evaluated::default();
        let comes_from = |global: &GlobalConstraint| {
            self.lineage.get(global.constraint.relation.as_str()).is_some_and(|lineage| lineage.dataset.name == dataset)
        };
        let mut checks = Vec::new();
        for global in within.iter().filter(|global| comes_from(global)) {
            let (of, columns) = evaluated.place(&global.constraint.relation, &global.constraint.columns);
            let what = match &global.condition {
                Condition::Unique => WithinRow::Unique { of, columns },
                Condition::Present => WithinRow::Present { of, column: columns[0] },
                // It is asked of the engine.
                Condition::Among(_) => continue,
                Condition::Refers { target, to } => {
                    let (to, to_columns) = evaluated.place(target, to);
                    WithinRow::Refers { of, columns, to, to_columns }
                }
            };
            checks.push(Check { what, answer: Answer::RowConstraint(constraints.len()) });
            constraints.push(global.constraint.clone());
        }
        let mut searches = Vec::new();
        for (index, (global, counted)) in asked.iter().enumerate() {
            if counted.values.is_empty() || !comes_from(global) {
                continue;
            }
            let (of, columns) = evaluated.place(&global.constraint.relation, &global.constraint.columns);
            let what = WithinRow::Find { of, columns, wanted: counted.values.clone() };
            checks.push(Check { what, answer: Answer::Search(searches.len()) });
            searches.push(index);
        }

        let places = |names: &[String]| -> Vec<usize> {
            names.iter().filter_map(|name| contract.columns.iter().position(|column| column.name() == name)).collect()
        };
        let mut needs = Needs::default();
        values.paths().for_each(|path| needs.path(path));
        let names = order.iter().flat_map(Order::columns).map(|index| contract.columns[index].name());
        names
            .chain(contract.constraints.row_key().into_iter().flatten().map(String::as_str))
            .for_each(|name| needs.column(name));
        let mut evaluations = Vec::new();
        for (relation, columns) in evaluated.0 {
            needs.relation(self.catalog, contract, &relation, &columns);
            if relation == dataset {
                evaluations.push(Evaluation::own(&relation, places(&columns)));
                continue;
            }
            let needed = per_batch::need(&self.at_hand, self.catalog, &relation).await;
            let planned = match needed {
                Ok(()) => Evaluation::plan(&self.at_hand, &relation, &columns).await,
                Err(error) => Err(error),
            };
            match planned {
                Ok(evaluation) => evaluations.push(evaluation),
                Err(error) => {
                    failures.push(Failure::new(&relation, None, &error));
                    evaluations.push(Evaluation::own(&relation, Vec::new()));
                    let dead = evaluations.len() - 1;
                    checks.retain(|check: &Check| check.what.needs().all(|needed| needed != dead));
                }
            }
        }
        let scan = Scan {
            dataset: dataset.to_owned(),
            source: match &behind.files {
                Some(files) => Source::Files(Arc::clone(files)),
                None => Source::Provider(Arc::clone(&behind.table)),
            },
            ctx: self.at_hand.clone(),
            readable: self.readable.clone(),
            schema: behind.table.schema(),
            shown_key: contract.constraints.row_key().map(&places).unwrap_or_default(),
            file_key: contract.constraints.row_key().map(&places).unwrap_or_default(),
            reads: needs.narrowed(contract),
            values,
            order,
            evaluations,
            checks,
            constraints: constraints.len(),
            searches: searches.len(),
        };
        Ok(Planned { scan: Arc::new(scan), constraints, searches })
    }
}

/// The columns of relations that are evaluated over the rows at hand, each relation once.
#[derive(Default)]
struct Evaluated(Vec<(String, Vec<String>)>);

impl Evaluated {
    /// The place of `relation`, and those of `columns` in it.
    fn place(&mut self, relation: &str, columns: &[String]) -> (usize, Vec<usize>) {
        let known = self.0.iter().position(|(name, _)| name == relation);
        let index = known.unwrap_or_else(|| {
            self.0.push((relation.to_owned(), Vec::new()));
            self.0.len() - 1
        });
        let all = &mut self.0[index].1;
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            places.push(all.iter().position(|known| known == column).unwrap_or_else(|| {
                all.push(column.clone());
                all.len() - 1
            }));
        }
        (index, places)
    }
}

/// The files of a dataset of ours; the table itself where somebody else provides it.
async fn behind<'a>(
    readable: &SessionContext,
    contract: &'a Dataset,
    table: Arc<dyn TableProvider>,
) -> Result<Backing<'a>> {
    let any: &dyn Any = table.as_ref();
    let Some(ours) = any.downcast_ref::<ContractTable>() else {
        return Ok(Backing { contract, table, files: None });
    };
    let table_files = ours.readable(&readable.state()).await?;
    let provided = table_files.provided.is_some();
    let files = Arc::new(AllNullableTable::new(contract, table_files));
    Ok(Backing { contract, table: Arc::clone(&files) as Arc<dyn TableProvider>, files: (!provided).then_some(files) })
}
