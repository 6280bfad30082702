//! Catalogs of any number of datasets, grown from the `LibCST` specs.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub fn libcst() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs")
}

/// A catalog of so many datasets, each with two row views and their accessors, in the folder `specs` of a temporary folder. Its artifacts
/// belong into the folder `out` beside it.
pub fn grown(datasets: usize) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let specs = folder.path().join("specs");
    for part in ["types", "functions", "sessions"] {
        copy(&libcst().join(part), &specs.join(part));
    }
    let text = |path: &str| fs::read_to_string(libcst().join(path)).expect("a LibCST spec");
    let dataset = text("datasets/libcst_files_v1.yaml");
    let views = ["cst_refs", "cst_imports"].map(|view| text(&format!("views/{view}.yaml")));
    fs::create_dir_all(specs.join("datasets")).expect("a folder");
    fs::create_dir_all(specs.join("views")).expect("a folder");
    for number in 0..datasets {
        let rename = |text: &str| {
            text.replace("libcst_files_v1", &format!("files_{number}"))
                .replace("cst_ref", &format!("ref_{number}"))
                .replace("cst_imp", &format!("imp_{number}_"))
        };
        // Types keep their names: only relations are many.
        let renamed = rename(&dataset)
            .replace(&format!("ref_{number}>"), "cst_ref>")
            .replace(&format!("imp_{number}_ort>"), "cst_import>");
        fs::write(specs.join(format!("datasets/files_{number}.yaml")), renamed).expect("a spec");
        for (kind, view) in views.iter().enumerate() {
            fs::write(specs.join(format!("views/view_{kind}_{number}.yaml")), rename(view)).expect("a spec");
        }
    }
    let catalog = text("catalog.yaml")
        .lines()
        .filter(|line| !line.starts_with("include") && !line.starts_with("out"))
        .collect::<Vec<_>>()
        .join("\n");
    let catalog = format!("{catalog}\nout: ../out\ninclude: [types, functions, sessions, datasets, views]\n");
    fs::write(specs.join("catalog.yaml"), catalog).expect("a spec");
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder of the LibCST specs") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("a file has a name"))).expect("a copy");
    }
}
