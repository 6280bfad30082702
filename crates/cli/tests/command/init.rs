//! `init`: a folder around the specs of a table. Whether cargo builds it is tested from outside, by `tests/outside`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::{cstspec, empty, fails_with, stderr, stdout};

/// The table of the built-in sample.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../libcst/sample/libcst_files_v1.parquet").canonicalize().unwrap()
}

fn init(here: &Path, args: &[&str]) -> Output {
    cstspec(here).arg("init").args(args).output().unwrap()
}

fn made(here: &Path, args: &[&str]) -> String {
    let output = init(here, args);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    stdout(&output).to_owned()
}

/// Every file below `folder` with its content, by path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn text(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The specs are clean, the artifacts are those that the specs make, and the data holds.
fn sound(folder: &Path, data: &str) {
    for args in [
        vec!["check", "--fail-on", "warning"],
        vec!["generate", "--check"],
        vec!["verify", "--deep", "--fail-on", "warning", "--data", data],
    ] {
        let output = cstspec(folder).args(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}{}", stdout(&output), stderr(&output));
    }
}

/// Without a table the folder has the example with its data.
#[test]
fn example_whole() {
    let here = empty();
    let said = made(here.path(), &["demo"]);
    let demo = here.path().join("demo");
    assert!(said.contains("dataset orders, from the built-in example") && said.contains("6 rows"), "{said}");
    assert!(said.ends_with("\nnext: cd demo && cargo test\n"), "{said}");
    sound(&demo, "orders=data/orders.parquet");
    let files = files(&demo);
    for path in [
        ".gitattributes",
        ".github/workflows/contract.yml",
        ".gitignore",
        "Cargo.toml",
        "README.md",
        "build.rs",
        "data/orders.parquet",
        "generated/describe/items.txt",
        "generated/src/generated/mod.rs",
        "specs/catalog.yaml",
        "specs/schema/view.schema.json",
        "specs/views/items.yaml",
        "src/lib.rs",
        "tests/contract.rs",
        "tests/snapshots/contract__items.snap",
        "tests/snapshots/contract__orders.snap",
    ] {
        assert!(files.contains_key(path), "{path} is not among {:?}", files.keys());
    }
    assert!(text(&demo, "README.md").lines().count() < 50, "a README of one screen");
    let specs = text(&demo, "specs/types/item.yaml");
    assert!(specs.starts_with("# yaml-language-server: $schema=../schema/type.schema.json\ntype: item\n"), "{specs}");
    assert!(text(&demo, "specs/catalog.yaml").contains("catalog: demo\n"));
    assert!(text(&demo, "specs/catalog.yaml").contains("\nout: \"../generated\"\n"));
    // The snapshot is what insta writes of the engine's answer.
    let snapshot = text(&demo, "tests/snapshots/contract__items.snap");
    let described = text(&demo, "generated/describe/items.txt");
    let body = described.split_once('\n').unwrap().1.trim_end();
    assert_eq!(snapshot, format!("---\nsource: tests/contract.rs\nexpression: text\n---\n{body}\n"));
    // Equal bytes each time.
    made(here.path(), &["again", "--name", "demo"]);
    assert_eq!(self::files(&here.path().join("again")), files);
}

/// A small file is copied, and its test reads the copy.
#[test]
fn table_copied() {
    let here = empty();
    let from = sample();
    let said = made(here.path(), &["deep/er/demo", "--from", from.to_str().unwrap()]);
    assert!(said.contains("176 leaves") && said.contains("next: cd deep/er/demo && cargo test"), "{said}");
    let demo = here.path().join("deep/er/demo");
    let copy = "data/libcst_files_v1.parquet";
    assert!(fs::read(demo.join(copy)).unwrap() == fs::read(from).unwrap());
    assert!(text(&demo, "tests/contract.rs").contains(&format!("[(\"libcst_files_v1\", \"{copy}\")]")));
    sound(&demo, &format!("libcst_files_v1={copy}"));
}

/// Data that is a folder stays where it is, and the test finds it from the new folder.
#[test]
fn table_referred_to() {
    let here = empty();
    for part in ["trees/day=1/a.parquet", "trees/day=2/b.parquet"] {
        let part = here.path().join(part);
        fs::create_dir_all(part.parent().unwrap()).unwrap();
        fs::copy(sample(), part).unwrap();
    }
    made(here.path(), &["x/demo", "--from", "trees/", "--dataset", "all trees"]);
    let demo = here.path().join("x/demo");
    let test = text(&demo, "tests/contract.rs");
    assert!(test.contains("unwrap_or_else(|_| \"../../trees/\".to_owned())"), "{test}");
    assert!(test.contains("[(\"all trees\", data.as_str())]"), "{test}");
    assert!(!demo.join("data").exists());
    assert!(text(&demo, ".github/workflows/contract.yml").contains("CSTSPEC_DATA"));
    sound(&demo, "all trees=../../trees/");
    assert!(text(&demo, "specs/datasets/all_trees.yaml").contains("partitions: [day]"));
}

/// People without Rust get specs, data and a workflow.
#[test]
fn specs_alone() {
    let here = empty();
    let said = made(here.path(), &["demo", "--specs-only"]);
    let demo = here.path().join("demo");
    let command = "cstspec verify --deep --data orders=data/orders.parquet";
    assert!(said.ends_with(&format!("next: cd demo && {command}\n")), "{said}");
    let names: Vec<String> = files(&demo).into_keys().collect();
    assert_eq!(
        names,
        [
            ".gitattributes",
            ".github/workflows/contract.yml",
            "README.md",
            "data/orders.parquet",
            "specs/catalog.yaml",
            "specs/datasets/orders.yaml",
            "specs/types/item.yaml",
            "specs/views/items.yaml",
        ]
    );
    for path in ["README.md", ".github/workflows/contract.yml"] {
        assert!(text(&demo, path).contains(command), "{path}");
    }
    let output = cstspec(&demo).args(["verify", "--deep", "--data", "orders=data/orders.parquet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let refused = init(here.path(), &["other", "--specs-only", "--crates", "crates.io"]);
    assert_eq!(refused.status.code(), Some(2));
}

/// An empty folder is filled, the current one too; any other place is refused and left as it is.
#[test]
fn folder_not_vacant() {
    let here = empty();
    fs::create_dir_all(here.path().join("full/.git")).unwrap();
    fs::create_dir(here.path().join("void")).unwrap();
    fs::write(here.path().join("file"), "mine").unwrap();
    let before = files(here.path());
    for (folder, words) in [
        ("full", "the folder full is not empty: it has `.git`"),
        (".", "the folder . is not empty"),
        ("file", "file is a file"),
        ("file/demo", "file is no folder"),
        ("file/demo/more", "file is no folder"),
    ] {
        fails_with(&init(here.path(), &[folder]), words);
        assert!(stderr(&init(here.path(), &[folder])).contains("help: name a folder that is empty or does not exist"));
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", here.path().join("link")).unwrap();
        fails_with(&init(here.path(), &["link"]), "link is a link that leads nowhere");
        fs::remove_file(here.path().join("link")).unwrap();
    }
    fails_with(&init(here.path(), &["demo", "--built-in"]), "select a catalog that is there");
    fails_with(&init(here.path(), &["demo", "--specs", "specs"]), "select a catalog that is there");
    assert_eq!(files(here.path()), before);
    assert!(!here.path().join("demo").exists());
    made(&here.path().join("void"), &["."]);
    assert!(text(&here.path().join("void"), "Cargo.toml").contains("name = \"void\""));
}

/// A table that cannot be imported leaves nothing behind.
#[test]
fn table_unreadable() {
    let here = empty();
    fs::create_dir(here.path().join("void")).unwrap();
    fs::write(here.path().join("broken.parquet"), "PAR1 and no footer").unwrap();
    fails_with(&init(here.path(), &["a/demo", "--from", "none.parquet"]), "none.parquet");
    for from in ["broken.parquet", "void"] {
        let output = init(here.path(), &["a/demo", "--from", from]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stdout(&output).ends_with("nothing is written\n"), "{}", stdout(&output));
    }
    assert!(!here.path().join("a").exists());
}

/// The crate has a name that cargo takes: the folder's, or one that is made of it, or the one that is asked for.
#[test]
fn crate_names() {
    let here = empty();
    for (folder, name) in [("2024", "catalog-2024"), ("My Trees", "my-trees"), ("fn", "catalog-fn"), ("größe", "gr-e")]
    {
        let output = init(here.path(), &[folder]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let note =
            format!("note: no crate can be called `{folder}`: this one is `{name}`; --name selects another name");
        assert!(stderr(&output).contains(&note), "{}", stderr(&output));
        let demo = here.path().join(folder);
        assert!(text(&demo, "Cargo.toml").contains(&format!("name = \"{name}\"")));
        assert!(text(&demo, "src/lib.rs").contains(&format!("{}::catalog()", name.replace('-', "_"))));
    }
    for name in ["", "1a", "fn", "größe", "a b", "cstspec-x", "insta", "std", "../x", "a\nb"] {
        let output = init(here.path(), &["demo", "--name", name]);
        fails_with(&output, "--name requires a name that a crate can have");
        assert!(stderr(&output).contains("help: use letters, digits"), "{}", stderr(&output));
    }
    assert!(!here.path().join("demo").exists());
    made(here.path(), &["demo", "--name", "my_Crate-2"]);
    assert!(text(&here.path().join("demo"), "specs/catalog.yaml").contains("catalog: my_crate_2\n"));
}

/// A crate depends on the checkout that the command was built in, on the one that is named, or on published versions.
#[test]
fn crate_dependencies() {
    let here = empty();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let crates = checkout.join("crates");
    let named = format!(
        "cstspec-runtime = {{ version = \"{}\", path = \"{}\" }}\n",
        env!("CARGO_PKG_VERSION"),
        crates.join("runtime").display()
    );
    let [whole, inner] = [&checkout, &crates].map(|path| path.to_str().unwrap().to_owned());
    for (folder, more) in [("a", vec![]), ("b", vec!["--crates", &whole]), ("c", vec!["--crates", &inner])] {
        made(here.path(), &[vec![folder], more].concat());
        let manifest = text(&here.path().join(folder), "Cargo.toml");
        assert!(manifest.contains(&named), "{manifest}");
        assert_eq!(text(&here.path().join(folder), "Cargo.lock"), text(&checkout, "Cargo.lock"));
    }
    made(here.path(), &["d", "--crates", "crates.io"]);
    let manifest = text(&here.path().join("d"), "Cargo.toml");
    assert!(manifest.contains(&format!("cstspec-testing = \"{}\"\n", env!("CARGO_PKG_VERSION"))), "{manifest}");
    assert!(!here.path().join("d/Cargo.lock").exists());
    fails_with(&init(here.path(), &["e", "--crates", "a"]), "--crates names a, which has no crates of cstspec");
    assert!(!here.path().join("e").exists());
}

/// A signal leaves the whole folder, or nothing.
#[cfg(unix)]
#[test]
fn signals_leave_whole_folder() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    for signal in ["INT", "TERM", "KILL"] {
        let here = empty();
        for round in 0..6 {
            let from = sample();
            let mut child = cstspec(here.path())
                .args(["init", "a/demo", "--from", from.to_str().unwrap()])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(round * 400));
            let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
            let _ = child.wait().unwrap();
            let demo = here.path().join("a/demo");
            if demo.exists() {
                sound(&demo, "libcst_files_v1=data/libcst_files_v1.parquet");
                fs::remove_dir_all(here.path().join("a")).unwrap();
            }
            // A killed run may leave the staged folder beside the target.
            let is_left = here.path().join("a").exists();
            assert!(!is_left || signal == "KILL", "round {round} of {signal} left a folder");
            let _ = fs::remove_dir_all(here.path().join("a"));
        }
    }
}
