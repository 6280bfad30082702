//! How long `check`, `generate` and `generate --check` take: on the LibCST specs, and on catalogs of 1 to 1,000 datasets.
//!
//! ```text
//! cargo bench -p cstspec-codegen
//! ```
//!
//! The growing catalogs repeat the LibCST dataset, two of its row views and their accessors under other names, over the same named
//! types. The `items/s` of a benchmark are datasets per second: where they stay equal from line to line, the growth is linear.

use std::path::Path;

use cstspec_codegen::{Mode, Roots, apply, plan};
use cstspec_spec::{compile, json_schemas};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

use crate::grown::{grown, libcst};

mod grown;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 30)]
fn check_libcst(bencher: Bencher) {
    let specs = libcst();
    bencher.bench(|| black_box(compile(&specs)).catalog.expect("the LibCST specs are sound"));
}

#[divan::bench(sample_count = 30)]
fn generate_check_libcst(bencher: Bencher) {
    let specs = libcst();
    bencher.bench(|| generate_check(&specs));
}

#[divan::bench(args = [1, 10, 100, 1000], sample_count = 5, sample_size = 1)]
fn check(bencher: Bencher, datasets: usize) {
    let folder = grown(datasets);
    let specs = folder.path().join("specs");
    bencher
        .counter(ItemsCount::new(datasets))
        .bench(|| black_box(compile(&specs)).catalog.expect("the grown specs are sound"));
}

/// From nothing: every artifact is written.
#[divan::bench(args = [1, 10, 100, 1000], sample_count = 5, sample_size = 1)]
fn generate(bencher: Bencher, datasets: usize) {
    let folder = grown(datasets);
    let specs = folder.path().join("specs");
    bencher
        .counter(ItemsCount::new(datasets))
        // All are removed at the end: a file system may search long for room beside what was just removed.
        .with_inputs(|| tempfile::tempdir_in(folder.path()).expect("a temporary folder").keep())
        .bench_values(|out| {
            let compiled = compile(&specs);
            let catalog = compiled.catalog.expect("the grown specs are sound");
            let artifacts = plan(&catalog, &json_schemas()).expect("it can be planned");
            // Beside the specs, as `Roots` takes it.
            let out_name = Path::new("..").join(out.file_name().expect("a folder has a name"));
            apply(&artifacts, &Roots::resolve(&specs, &out_name), Mode::Write).expect("it can be written");
            out
        });
}

#[divan::bench(args = [1, 10, 100, 1000], sample_count = 5, sample_size = 1)]
fn generate_check_of(bencher: Bencher, datasets: usize) {
    let folder = grown(datasets);
    let specs = folder.path().join("specs");
    let compiled = compile(&specs);
    let artifacts =
        plan(&compiled.catalog.expect("the grown specs are sound"), &json_schemas()).expect("it can be planned");
    apply(&artifacts, &Roots::resolve(&specs, Path::new("../out")), Mode::Write).expect("it can be written");
    bencher.counter(ItemsCount::new(datasets)).bench(|| generate_check(&specs));
}

/// The work of `cstspec generate --check` without its output.
fn generate_check(specs: &Path) {
    let compiled = compile(specs);
    let roots = Roots::resolve(specs, &compiled.out.expect("the specs name a folder"));
    let artifacts = plan(&compiled.catalog.expect("the specs are sound"), &json_schemas()).expect("it can be planned");
    let outcome = apply(&artifacts, &roots, Mode::Check).expect("it can be checked");
    assert!(outcome.changes.is_empty(), "the artifacts are stale");
}
