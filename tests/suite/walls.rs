//! Walls: which crates a crate may link, and which modules a module may import.

mod examples;
mod imports;
mod loops;
mod rooms;
mod syntax;
mod tables;

use std::collections::BTreeSet;
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::world;
use imports::Imports;
use tables::{NO_LOOPS, TABLES};

/// Every package name that `cargo tree` finds below `package` along normal and build edges.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "-e", "normal,build", "--prefix", "none", "-f", "{p}", "-p", package])
        .current_dir(world::workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn members() -> Vec<Package> {
    let manifest = world::workspace().join("Cargo.toml");
    let options = ["--offline".to_owned(), "--locked".to_owned()];
    // Without dependencies: those of other platforms need not be there.
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().other_options(options).exec().unwrap();
    metadata.packages
}

fn is_engine(name: &str) -> bool {
    name == "datafusion" || name.starts_with("datafusion-")
}

/// What builds links no engine and what runs links no YAML and no templates.
#[test]
fn engine_and_yaml_apart() {
    for package in ["cstspec-contract", "cstspec-conform", "cstspec-spec", "cstspec-codegen", "cstspec-report"] {
        let engine: Vec<_> = tree(package).into_iter().filter(|name| is_engine(name) || name == "parquet").collect();
        assert!(engine.is_empty(), "{package} links {engine:?}");
    }
    let runtime = tree("cstspec-runtime");
    assert!(runtime.iter().any(|name| is_engine(name)), "the tree of the runtime was not read");
    for wall in
        ["cstspec-spec", "cstspec-codegen", "saphyr-parser", "saphyr", "yaml_serde", "serde_yaml", "tera", "syn-yaml"]
    {
        assert!(!runtime.contains(wall), "the runtime links {wall}");
    }
}

/// No build script of the workspace builds the engine.
#[test]
fn build_scripts_without_engine() {
    let mut checked = 0;
    for package in members() {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Build) {
            let engine: Vec<_> = tree(&dependency.name).into_iter().filter(|name| is_engine(name)).collect();
            assert!(engine.is_empty(), "the build script of {} builds {engine:?}", package.name);
            checked += 1;
        }
    }
    assert!(checked > 0, "no build-dependency was found: libcst has one");
}

#[test]
fn dependencies_one_way() {
    let ours = |package: &Package, kind: DependencyKind| -> BTreeSet<String> {
        let of_kind = package.dependencies.iter().filter(|dependency| dependency.kind == kind);
        of_kind.map(|dependency| dependency.name.clone()).filter(|name| name.starts_with("cstspec")).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    for package in members() {
        let (normal, build) = match package.name.as_str() {
            "cstspec-contract" => (set(&[]), set(&[])),
            "cstspec-conform" | "cstspec-report" | "cstspec-spec" => (set(&["cstspec-contract"]), set(&[])),
            "cstspec-runtime" => (set(&["cstspec-conform", "cstspec-contract"]), set(&[])),
            "cstspec-verify" => (set(&["cstspec-conform", "cstspec-contract", "cstspec-runtime"]), set(&[])),
            "cstspec-codegen" | "cstspec-import" => (set(&["cstspec-contract", "cstspec-spec"]), set(&[])),
            "cstspec-testing" => {
                let below = ["codegen", "contract", "report", "runtime", "spec", "verify"];
                (below.iter().map(|name| format!("cstspec-{name}")).collect(), set(&[]))
            }
            "cstspec-libcst" => (set(&["cstspec-contract", "cstspec-runtime"]), set(&["cstspec-codegen"])),
            "cstspec" | "cstspec-cstream" | "cstspec-tests" => continue,
            other => panic!("{other} has no place in this table"),
        };
        assert!(ours(&package, DependencyKind::Normal).is_subset(&normal), "{}", package.name);
        assert_eq!(ours(&package, DependencyKind::Build), build, "{}", package.name);
    }
}

/// There is one Arrow.
#[test]
fn single_arrow() {
    let lock = std::fs::read_to_string(world::workspace().join("Cargo.lock")).unwrap();
    for name in ["arrow", "arrow-schema", "arrow-array", "parquet", "sqlparser", "datafusion"] {
        let entry = format!("name = \"{name}\"\n");
        assert_eq!(lock.matches(&entry).count(), 1, "{name}");
    }
}

/// A package of the engine's tree with other features is another build of the engine: some minutes for each selection of packages.
#[test]
fn engine_features_unified() {
    let features = |edges: &str, selection: &[&str]| -> BTreeSet<String> {
        let mut arguments = vec!["tree", "--offline", "--locked", "-e", edges, "--prefix", "none", "-f", "{p} {f}"];
        arguments.extend(selection);
        let output = Command::new(env!("CARGO")).args(arguments).current_dir(world::workspace()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
    };
    let all = "normal,build,dev";
    let alone = features(all, &["-p", "cstspec-runtime"]);
    let names: BTreeSet<&str> = alone.iter().filter_map(|line| line.split_whitespace().next()).collect();
    // What generated code is printed with, and what C compilers are called with: the engine uses both in build scripts alone, which
    // have features of their own.
    let building = ["proc-macro2", "syn", "quote", "shlex"];
    let other = |line: &&String| {
        let name = line.split_whitespace().next().unwrap_or_default();
        // The project's own crates have features without a part of the engine.
        !name.starts_with("cstspec") && names.contains(name) && !building.contains(&name) && !alone.contains(*line)
    };
    let together = features(all, &["--workspace"]);
    // What build scripts link has features of its own, and so lines of its own.
    let less = |line: &&String| !line.starts_with("cstspec") && !together.contains(*line);
    let differing: Vec<&String> = together.iter().filter(other).chain(alone.iter().filter(less)).collect();
    assert!(differing.is_empty(), "turn these features on in crates/runtime/Cargo.toml too: {differing:#?}");

    // `cargo run` builds no tests, and so without what only they turn on.
    let run = features("normal,build", &["-p", "cstspec-runtime"]);
    let package = |line: &str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    let ran: BTreeSet<Vec<String>> = run.iter().map(|line| package(line)).collect();
    let differing: Vec<&String> =
        alone.iter().filter(|line| ran.contains(&package(line)) && !run.contains(*line)).collect();
    assert!(differing.is_empty(), "tests turn these features on, which nothing that runs does: {differing:#?}");
}

/// Rooms import only from rooms below.
#[test]
fn rooms_in_order() {
    let imports = Imports::of(&imports::sources(&world::workspace()));
    let violations: Vec<String> =
        TABLES.iter().flat_map(|(krate, rooms)| rooms::violations(&imports, krate, rooms)).collect();
    assert!(violations.is_empty(), "{} imports go against the order of the rooms: {violations:#?}", violations.len());
}

/// Files and modules import one another in no loop.
#[test]
fn loops_absent() {
    let imports = Imports::of(&imports::sources(&world::workspace()));
    let files = NO_LOOPS.iter().flat_map(|folder| {
        assert!(imports.files.iter().any(|file| file.starts_with(folder)), "{folder} has no files");
        loops::between_files(&imports, folder)
    });
    let modules = TABLES.iter().flat_map(|(krate, _)| loops::between_top_modules(&imports, krate));
    let loops: Vec<String> = files.chain(modules).collect();
    assert!(loops.is_empty(), "{loops:#?}");
}

/// Every crate has rooms and every file a module.
#[test]
fn rooms_complete() {
    let sources = imports::sources(&world::workspace());
    let imports = Imports::of(&sources);
    assert!(imports.undeclared.is_empty(), "no module declares {:?}", imports.undeclared);
    let crates: BTreeSet<&str> = sources.keys().filter_map(|file| file.split('/').nth(1)).collect();
    let listed: BTreeSet<&str> = TABLES.iter().map(|(krate, _)| *krate).collect();
    assert_eq!(crates, listed, "the tables in tests/suite/walls/tables.rs");
}
