//! `query` ended from outside at any moment: the target is as it was or whole, and nothing is beside it.
//!
//! `CSTSPEC_KILLS` is how often each signal is sent; a seed is printed by a test that fails.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::{cstspec, empty, run, stderr};

/// Rows of the result.
const ROWS: usize = 200_000;

fn kills() -> u64 {
    std::env::var("CSTSPEC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

fn start(folder: &Path, target: &str) -> Child {
    let sql = format!("SELECT a.cst_id FROM cst_nodes a, cst_nodes b LIMIT {ROWS}");
    cstspec(folder)
        .args(["query", &sql, "-q", "--built-in", "-o", target])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn send(signal: &str, child: &Child) {
    let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).stderr(Stdio::null()).status();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn is_whole(text: &str) -> bool {
    text == "old\n" || (text.lines().count() == ROWS + 1 && text.ends_with('\n'))
}

/// Signals leave the target old or whole and nothing beside it.
#[test]
fn signals_leave_target_whole() {
    // From before the command knows of signals to after it has written all.
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1), ("KILL", 9)] {
        let here = empty();
        for round in 0..kills() {
            let target = here.path().join("rows.csv");
            fs::write(&target, "old\n").unwrap();
            let mut child = start(here.path(), "rows.csv");
            let after = 2_500 * (round * 7 % kills().max(1) + 1) / kills().max(1);
            thread::sleep(Duration::from_millis(after));
            send(signal, &child);
            let status = child.wait().unwrap();
            let told =
                status.code() == Some(0) || status.code() == Some(128 + number) || status.signal() == Some(number);
            assert!(told, "{signal} after {after} ms: {status}");
            assert!(is_whole(&fs::read_to_string(&target).unwrap()), "{signal} after {after} ms");
            assert_eq!(names(here.path()), ["rows.csv"], "{signal} after {after} ms");
        }
    }
}

/// Whether this process ignores a signal, as below `nohup`: those that it starts do so too.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// A signal while rows are written has its exit code.
#[test]
fn signal_exit_code() {
    let here = empty();
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        if is_ignored(number) {
            continue;
        }
        // More rows than a pipe holds, which nobody reads.
        let sql = "SELECT a.cst_id FROM cst_nodes a, cst_nodes b";
        let mut child = cstspec(here.path())
            .args(["query", sql, "-q", "--built-in", "--format", "csv"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The first bytes say that it is at work.
        let mut first = [0; 1];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
        send(signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(128 + number.cast_signed()), "{signal}");
    }
}

/// A signal that is ignored stays ignored.
#[test]
fn signal_ignored() {
    let here = empty();
    let line = format!(
        "trap '' HUP; exec {} query 'SELECT count(*) AS n FROM cst_nodes a, cst_nodes b' -q --built-in --format csv -o rows.csv",
        env!("CARGO_BIN_EXE_cstspec")
    );
    let mut child = Command::new("sh").args(["-c", &line]).current_dir(here.path()).spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    send("HUP", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(names(here.path()), ["rows.csv"]);
}

/// What a killed run left is removed by the next one.
#[test]
fn killed_run_leftovers_removed() {
    let here = empty();
    // As a file system without unnamed files has it.
    fs::write(here.path().join(".cstspec-Ab12Cd.partial"), "some rows").unwrap();
    fs::write(here.path().join(".cstspec-mine.partial"), "somebody's").unwrap();
    let output = run(here.path(), &["query", "SELECT 1 AS one", "-q", "-o", "rows.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(names(here.path()), [".cstspec-mine.partial", "rows.csv"]);
}
