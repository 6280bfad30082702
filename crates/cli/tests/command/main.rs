//! The command as a person or a program meets it. The engine is not linked: only the built command is run.
//!
//! Transcripts are sessions that anybody could type; `TRYCMD=overwrite cargo test -p cstspec` writes what is answered now.

mod artifacts;
mod boundaries;
mod broken_data;
mod cases;
mod checksums;
mod damage;
mod edges;
mod failures;
mod formats;
mod import;
mod init;
mod interrupted;
#[cfg(unix)]
mod interrupts;
mod left_out;
mod limits;
mod manifest;
mod output;
mod refresh;
mod reports;
mod specs;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command, in a folder.
fn cstspec(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cstspec"));
    command.current_dir(folder).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// The specs of the built-in catalog.
fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs")
}

/// A folder of specs that a test owns.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/catalogs").join(name)
}

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().expect("the system gives folders for tests")
}

/// The output of the command in a folder: about its specs, or those of `--specs`, or else the built-in catalog.
fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = cstspec(folder);
    if !args.contains(&"--specs") && !folder.join("specs").exists() {
        command.arg("--built-in");
    }
    command.args(args).output().expect("the command starts")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("results are UTF-8")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("messages are UTF-8")
}

/// The command ends with code 2 and one sentence that holds `words`.
fn fails_with(output: &Output, words: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(words), "`{words}` is not in: {said}");
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
    let sentences = said.lines().filter(|line| line.starts_with("error:")).count();
    assert_eq!(sentences, 1, "{said}");
}

#[test]
fn transcripts() {
    trycmd::TestCases::new().env("NO_COLOR", "1").case("tests/command/transcripts/*.trycmd");
}
