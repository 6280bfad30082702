//! The texts of a new folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cstspec_contract::Catalog;
use cstspec_contract::text::printable;

use super::origin::Crates;
use super::table::Placed;
use super::{GENERATED, SPECS};
use crate::import::summary::shell;

/// The test of the crate.
pub const TEST: &str = "tests/contract.rs";
/// Its module, which insta puts before the names of snapshots.
pub const TEST_MODULE: &str = "contract";

/// What the texts of a new folder depend on.
pub struct Layout<'a> {
    /// The name of the crate.
    pub name: &'a str,
    /// The name of the dataset.
    pub dataset: &'a str,
    /// Where the table is.
    pub data: Placed,
    /// Where cstspec comes from.
    pub crates: &'a Crates,
    /// The catalog of the specs.
    pub catalog: &'a Catalog,
}

impl Layout<'_> {
    /// A crate around `specs`, without its artifacts and snapshots.
    pub fn crate_around(&self, specs: &BTreeMap<String, String>) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.common();
        for (path, text) in specs {
            files.insert(format!("{SPECS}/{path}"), format!("{}{text}", schema_line(path)).into_bytes());
        }
        let texts = [
            ("Cargo.toml", self.manifest()),
            ("build.rs", BUILD.to_owned()),
            ("src/lib.rs", self.library()),
            (TEST, self.test()),
            (".gitignore", "/target\n*.snap.new\n".to_owned()),
            (".gitattributes", format!("{ATTRIBUTES}{GENERATED_ATTRIBUTES}")),
            (".github/workflows/contract.yml", self.workflow("cargo test", CRATE_NOTE)),
            ("README.md", self.readme_of_crate()),
        ];
        files.extend(texts.map(|(path, text)| (path.to_owned(), text.into_bytes())));
        files.extend(self.crates.lock().map(|lock| ("Cargo.lock".to_owned(), lock)));
        files
    }

    /// The folder without a crate.
    pub fn specs_only(&self, specs: &BTreeMap<String, String>) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.common();
        files.extend(specs.iter().map(|(path, text)| (format!("{SPECS}/{path}"), text.clone().into_bytes())));
        let steps = format!("cargo install cstspec --locked\n      - run: {}", self.verify_command());
        let texts = [
            (".gitattributes", ATTRIBUTES.to_owned()),
            (".github/workflows/contract.yml", self.workflow(&steps, "")),
            ("README.md", self.readme_of_specs()),
        ];
        files.extend(texts.map(|(path, text)| (path.to_owned(), text.into_bytes())));
        files
    }

    fn common(&self) -> BTreeMap<String, Vec<u8>> {
        self.data.copy.clone().into_iter().collect()
    }

    /// The command that verifies the data, in the new folder.
    pub fn verify_command(&self) -> String {
        format!("cstspec verify --deep --data {}", shell(&format!("{}={}", self.dataset, self.data.location)))
    }

    fn manifest(&self) -> String {
        let dependency = |name: &str| format!("cstspec-{name} = {}\n", self.crates.dependency(name));
        format!(
            "\
[package]
name = \"{name}\"
description = \"The contract of a table: generated from specs, checked by tests.\"
version = \"0.1.0\"
edition = \"2024\"
rust-version = \"{rust}\"
publish = false

# Its own workspace, also in a folder that belongs to another one.
[workspace]

# The engine comes with cstspec-runtime, at the version that the generated code needs: cstspec_runtime::datafusion.
[dependencies]
{contract}{runtime}
[build-dependencies]
{codegen}
[dev-dependencies]
{testing}insta = \"1\"

# The engine is large: line numbers are enough of its debug info.
[profile.dev]
debug = \"line-tables-only\"

[profile.dev.build-override]
debug = \"line-tables-only\"
",
            name = self.name,
            rust = env!("CARGO_PKG_RUST_VERSION"),
            contract = dependency("contract"),
            runtime = dependency("runtime"),
            codegen = dependency("codegen"),
            testing = dependency("testing"),
        )
    }

    fn library(&self) -> String {
        format!(
            "\
//! The catalog `{catalog}`, generated from `{SPECS}/` by `cargo build`.
//!
//! ```no_run
//! use cstspec_runtime::{{Location, Locations, Options, session}};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {{
//! let ctx = session(&{library}::catalog(), &Options::default())?;
//! let locations = Locations::from([({dataset:?}.to_owned(), Location::parse({location:?})?)]);
//! {library}::register_all(&ctx, &locations).await?;
//! # Ok(())
//! # }}
//! ```

#[rustfmt::skip]
#[path = \"../{GENERATED}/src/generated/mod.rs\"]
pub mod generated;

pub use generated::{{catalog, register_all}};
",
            catalog = self.catalog.name,
            library = self.name.replace('-', "_"),
            dataset = self.dataset,
            location = self.data.location,
        )
    }

    fn test(&self) -> String {
        let place = if self.data.copy.is_some() { "" } else { ELSEWHERE };
        let location = match self.data.copy {
            Some(_) => format!("{:?}", self.data.location),
            None => "data.as_str()".to_owned(),
        };
        let data = match self.data.copy {
            Some(_) => String::new(),
            None => format!(
                "    let data = std::env::var(\"CSTSPEC_DATA\").unwrap_or_else(|_| {:?}.to_owned());\n",
                self.data.location
            ),
        };
        format!(
            "\
//! Holds the engine and the data to the contract.

use cstspec_testing::Contract;

{place}fn contract() -> Contract {{
{data}    Contract::open(&{library}::catalog(), [({dataset:?}, {location})]).specs({SPECS:?})
}}

#[test]
fn data_holds() {{
    contract().verify();
}}

#[test]
fn describe_as_reviewed() {{
    contract().describe_each(|relation, text| insta::assert_snapshot!(relation, text));
}}
",
            library = self.name.replace('-', "_"),
            dataset = self.dataset,
        )
    }

    fn workflow(&self, steps: &str, note: &str) -> String {
        let mut text = format!(
            "{note}name: contract\non: [push, pull_request]\n\njobs:\n  contract:\n    runs-on: ubuntu-latest\n"
        );
        if self.data.copy.is_none() {
            text.push_str("    # The data is not in the repository: CSTSPEC_DATA is its location here.\n");
            text.push_str("    # env: { CSTSPEC_DATA: ... }\n");
        }
        if matches!(self.crates, Crates::Folder(_)) && !note.is_empty() {
            text.push_str("    # Cargo.toml names a checkout of cstspec by its path: have that checked out here, or use versions.\n");
        }
        let _ = write!(
            text,
            "    steps:\n      - uses: actions/checkout@v4\n      # The first build of the engine takes minutes; later ones take it from here.\n      \
             - uses: Swatinem/rust-cache@v2\n      - run: {steps}\n"
        );
        text
    }

    fn readme_of_crate(&self) -> String {
        let data = match &self.data.copy {
            Some((path, _)) => format!("The test reads `{path}`."),
            None => format!(
                "The test reads `{}`, or the location in the environment variable `CSTSPEC_DATA`.",
                printable(&self.data.location)
            ),
        };
        format!(
            "\
# {name}

The contract of the table `{dataset}`: [cstspec](https://docs.rs/cstspec) generates this crate from the YAML in `{SPECS}/`.

```
cargo test                          # the first build compiles the query engine and takes some minutes
```

{data}

## Change the contract

1. Edit `{SPECS}/`, for example a field more in a type.
2. `cargo build` updates `{GENERATED}/`. Review `git diff`: one more field is one more line.
3. `cargo test` fails, because the engine describes relations otherwise than the snapshots. Review and accept them:
   `cargo insta review` (`cargo install cargo-insta`), or `INSTA_UPDATE=always cargo test` and `git diff`.
4. Commit the specs, `{GENERATED}/` and `tests/snapshots/` together.

With `CI` set, `cargo build` compares `{GENERATED}/` with the specs and writes nothing.

| folder | content |
|---|---|
| `{SPECS}/` | the contract, as people write it |
| `{GENERATED}/` | Rust, SQL and expected DESCRIBE outputs; not edited |
| `src/lib.rs` | `catalog()` and `register_all()` of the generated code |
| `{TEST}` | the data and the engine against the contract |
",
            name = self.name,
            dataset = printable(self.dataset),
        )
    }

    fn readme_of_specs(&self) -> String {
        format!(
            "\
# {name}

The contract of the table `{dataset}`, for [cstspec](https://docs.rs/cstspec). `{SPECS}/` is what people write.

```
cstspec check
{verify}
cstspec describe
cstspec query 'SHOW TABLES'
```

`check` reports mistakes in the specs at their line and column. `verify` holds the engine and all rows to the contract; it ends with exit code 1 if
they differ. `.github/workflows/contract.yml` runs it for each change.
",
            name = self.name,
            dataset = printable(self.dataset),
            verify = self.verify_command(),
        )
    }
}

/// The files by the first folder of their path, and how many there are of each.
pub fn entries(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, usize> {
    let mut entries = BTreeMap::new();
    for path in files.keys() {
        let entry = path.split_once('/').map_or_else(|| path.clone(), |(folder, _)| format!("{folder}/"));
        *entries.entry(entry).or_default() += 1;
    }
    entries
}

/// The first line of a spec, by which editors find its JSON Schema.
fn schema_line(path: &str) -> String {
    let (up, kind) = match path.split_once('/') {
        Some((folder, _)) => ("../", folder.trim_end_matches('s')),
        None => ("", "catalog"),
    };
    format!("# yaml-language-server: $schema={up}schema/{kind}.schema.json\n")
}

/// The build script.
const BUILD: &str = "\
//! Keeps `generated/` up to date with `specs/`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    cstspec_codegen::build::run(Path::new(\"specs\"))
}
";

/// Before the function that names the data, if it is not in the folder.
const ELSEWHERE: &str =
    "/// The data is outside of this repository: `CSTSPEC_DATA` is its location, where it is another one.\n";

/// Attributes of files that every folder has.
const ATTRIBUTES: &str = "* text=auto eol=lf\n*.parquet binary\n";

/// Attributes of generated files: their diffs stay visible.
const GENERATED_ATTRIBUTES: &str = "\
generated/** linguist-generated=true
specs/schema/** linguist-generated=true
tests/snapshots/** linguist-generated=true
";

/// The first line of a workflow that builds a crate.
const CRATE_NOTE: &str = "# `CI` is set here: the build compares generated/ with the specs and writes nothing, and insta accepts no snapshot.\n";
