//! The generator: what `check` passes becomes artifacts that are well formed, are fresh once they are written, and leave what
//! somebody else put beside them.
//!
//! An input is that of [`specs`](super::specs).

use std::fs;

use cstspec_codegen::{ArtifactKind, Artifacts, Mode, Roots, apply, plan};
use cstspec_contract::artifact::{describe_body, sql_body};
use cstspec_spec::json_schemas;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::specs::compiled;

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some(catalog) = compiled(&String::from_utf8_lossy(data)).catalog else { return };
    let artifacts = plan(&catalog, &json_schemas()).expect("what `check` passes is generated");
    well_formed(&artifacts);

    let folder = tempfile::tempdir().expect("a folder");
    let specs = folder.path().join("specs");
    fs::create_dir(&specs).expect("a folder for specs");
    let roots = Roots { out: folder.path().join("out"), specs, repository: folder.path().to_owned() };
    apply(&artifacts, &roots, Mode::Write).expect("artifacts are written");
    let foreign = roots.out.join("sql/mine.sql");
    fs::create_dir_all(foreign.parent().expect("it is in a folder")).expect("a folder for SQL");
    let mine = !foreign.exists();
    if mine {
        fs::write(&foreign, "SELECT 1\n").expect("a file of somebody else");
    }
    let again = apply(&artifacts, &roots, Mode::Write).expect("artifacts are written again");
    assert_eq!((again.written, again.removed), (0, 0), "a second run finds everything as it is");
    if mine {
        assert_eq!(fs::read_to_string(&foreign).expect("it is still there"), "SELECT 1\n");
    }
}

/// Each artifact is what its kind says.
fn well_formed(artifacts: &Artifacts) {
    for artifact in artifacts.iter() {
        let text = std::str::from_utf8(&artifact.bytes).expect("artifacts are text");
        match artifact.kind {
            ArtifactKind::Schema => drop(serde_json::from_str::<serde_json::Value>(text).expect("JSON")),
            ArtifactKind::ViewSql => {
                let parsed = Parser::parse_sql(&GenericDialect {}, &sql_body(text));
                let statements = parsed.unwrap_or_else(|error| panic!("{}: {error}\n{text}", artifact.path));
                assert_eq!(statements.len(), 1, "{}: one statement\n{text}", artifact.path);
            }
            ArtifactKind::Describe => assert!(!describe_body(text).is_empty(), "{}: a description", artifact.path),
            // The generator parses its Rust to lay it out, and the engine alone reads its own definitions.
            ArtifactKind::Rust | ArtifactKind::Definition => {}
        }
    }
}
