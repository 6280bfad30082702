//! How long `cargo build` takes after one edit of a spec, for catalogs of 1 and of 100 datasets.
//!
//! ```text
//! cargo bench -p cstspec-codegen --bench edit
//! ```
//!
//! A crate like `crates/libcst` is made around a grown catalog: a build script that calls the generator, and the generated modules. It is
//! built in the profile that people edit in, unoptimized, in the same target folder, so that the engine is there. Then a dataset gets one
//! column more, and `cargo build` is timed: it runs the build script and compiles the crate. `DATASETS` and `RUNS` in the environment say
//! for how many, separated by commas, and how often.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

mod grown;

fn main() {
    let text = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let runs: usize = text("RUNS", "5").parse().expect("RUNS is a number");
    for datasets in text("DATASETS", "1,100").split(',') {
        let datasets: usize = datasets.parse().expect("DATASETS are numbers");
        let folder = grown::grown(datasets);
        let edited = Edited::around(folder.path());
        // The engine, where it is not built yet, and everything else.
        edited.build();
        let idle: Vec<Duration> = (0..runs).map(|_| edited.build()).collect();
        let edits: Vec<Duration> = (0..runs)
            .map(|number| {
                edited.add_column(number);
                edited.build()
            })
            .collect();
        println!("{datasets} datasets: {} after an edit, {} after none", told(edits), told(idle));
    }
}

/// The median, with the fastest and the slowest.
fn told(mut times: Vec<Duration>) -> String {
    times.sort();
    let [median, least, most] = [times[times.len() / 2], times[0], times[times.len() - 1]];
    format!("{:.2} s ({:.2} to {:.2})", median.as_secs_f64(), least.as_secs_f64(), most.as_secs_f64())
}

/// A workspace of one crate whose specs are edited.
struct Edited {
    root: PathBuf,
}

impl Edited {
    /// A workspace around the folder of a grown catalog: with this one's lock file, versions and profiles, so that nothing of the engine
    /// is built anew.
    fn around(root: &Path) -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspace = workspace.canonicalize().expect("the crate is in a workspace");
        let read = |path: &str| fs::read_to_string(workspace.join(path)).expect("the workspace is whole");
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("it is below the root"))
                .expect("a temporary folder can be written");
            fs::write(path, text).expect("a temporary folder can be written");
        };
        let manifest = read("Cargo.toml");
        let (head, rest) = manifest.split_once("members = [").expect("the workspace has members");
        let (_, rest) = rest.split_once(']').expect("a list ends");
        let rest = rest.replace("path = \"crates/", &format!("path = \"{}/crates/", workspace.display()));
        write("Cargo.toml", &format!("{head}members = [\"out\"]{rest}"));
        write("Cargo.lock", &read("Cargo.lock"));
        let libcst = read("crates/libcst/Cargo.toml");
        write("out/Cargo.toml", &libcst.replace("cstspec-libcst", "cstspec-grown"));
        write("out/build.rs", &read("crates/libcst/build.rs").replace("../../", "../"));
        write("out/src/lib.rs", "//! A grown catalog.\n\n#[rustfmt::skip]\npub mod generated;\n");
        Self { root: root.to_owned() }
    }

    /// The time of one `cargo build`.
    fn build(&self) -> Duration {
        // The folder that this benchmark was built in.
        let target = std::env::current_exe().expect("it is a file");
        let target = target.ancestors().nth(3).expect("it is in deps, in a profile, in the target folder");
        let mut command = Command::new(env!("CARGO"));
        // What cargo tells of the package that this is: build scripts below the engine look at it too, and would run again, here and in
        // the next build of the workspace.
        let told = |name: &str| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
            command.env_remove(name);
        }
        let start = Instant::now();
        let output = command
            .args(["build", "--offline", "--quiet"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target)
            // The build script writes only where it does not check.
            .env_remove("CI")
            .output();
        let taken = start.elapsed();
        let output = output.expect("cargo has run this");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        taken
    }

    fn add_column(&self, number: usize) {
        let path = self.root.join("specs/datasets/files_0.yaml");
        let spec = fs::read_to_string(&path).expect("the spec was written");
        let edited = spec.replacen("metadata:", &format!("  edit_{number}: int64\nmetadata:"), 1);
        assert_ne!(spec, edited, "the spec has metadata after its columns");
        fs::write(path, edited).expect("a temporary folder can be written");
    }
}
