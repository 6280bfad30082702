//! `verify --deep` on the sample: everything that the LibCST catalog promises of rows holds, and is looked at.

use std::collections::BTreeMap;
use std::sync::Mutex;

use cstspec_runtime::{Depth, Progress, verify};

use crate::world;

/// Keeps what it is told of files.
#[derive(Default)]
struct Kept(Mutex<Vec<(String, usize, usize)>>);

impl Progress for Kept {
    fn relation(&self, _name: &str, _index: usize, _total: usize) {}

    fn files(&self, dataset: &str, done: usize, total: usize) {
        self.0.lock().unwrap().push((dataset.to_owned(), done, total));
    }
}

#[tokio::test]
async fn every_promise_of_the_sample_is_proven() {
    let (_folder, sample) = world::sample();
    let catalog = cstspec_libcst::catalog();
    let ctx = world::open(&catalog, &world::at([(world::DATASET, sample.as_path())])).await;
    let kept = Kept::default();
    let report = verify(&ctx, &catalog, Depth::Deep, &kept).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.contracts.is_sorted());

    let mut kinds: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for contract in &report.contracts {
        assert_eq!(contract.broken, 0, "{contract:?}");
        let (promises, checked) = kinds.entry(&contract.kind).or_default();
        *promises += 1;
        *checked += contract.checked;
    }
    let promises: BTreeMap<&str, usize> = kinds.iter().map(|(kind, (promises, _))| (*kind, *promises)).collect();
    let views = |promised: fn(&cstspec_contract::View) -> usize| catalog.views.iter().map(promised).sum::<usize>();
    assert_eq!(promises["key"], 1 + views(|view| usize::from(!view.key.is_empty())));
    assert_eq!(promises["reference"], views(|view| view.references.len()));
    assert_eq!(promises["order"], 1);
    // The ten structs that repeat the file's identity, each with two fields of it.
    assert_eq!(promises["identity"], 20);
    for (kind, (_, checked)) in kinds {
        assert!(checked > 0, "{kind}");
    }
    // Every element of every list of nodes was looked at, and every key of them.
    let rows = |name: &str| report.relations.iter().find(|relation| relation.name == name).unwrap().rows.unwrap();
    let checked = |relation: &str, kind: &str, column: &str| {
        let is = |contract: &&cstspec_runtime::ContractReport| {
            contract.relation == relation && contract.kind == kind && contract.columns.last().unwrap() == column
        };
        report.contracts.iter().find(is).unwrap().checked
    };
    assert_eq!(checked(world::DATASET, "not_null", "nodes.cst_id"), rows("cst_nodes"));
    assert_eq!(checked("cst_nodes", "key", "cst_id"), rows("cst_nodes"));
    assert_eq!(checked("cst_call_args", "reference", "call_id"), rows("cst_call_args"));

    let dataset = world::DATASET.to_owned();
    assert_eq!(*kept.0.lock().unwrap(), [(dataset.clone(), 0, 1), (dataset, 1, 1)]);
}
