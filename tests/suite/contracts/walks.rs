//! Folders with links, pipes and names that no store can spell: each is named, and every other file is read.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use arrow::array::RecordBatch;
use cstspec_contract::report::Report;
use cstspec_contract::{Finding, Severity};
use cstspec_verify::Checks;
use datafusion::prelude::SessionContext;

use super::{Case, DATASET, only};
use crate::world;

/// The finding of `verify` for the valid file in `units.parquet` and an entry beside it: one finding, and the file's rows.
async fn beside(case: &Case, name: &str, seen: &str) -> Finding {
    let report = case.verify(Checks::Rows).await;
    let finding = only(&report);
    assert_eq!((finding.name.as_ref(), finding.severity), (name, Severity::Error));
    assert_eq!(finding.data.as_ref().unwrap().file, seen);
    assert_eq!(report.relations[0].rows, Some(4));
    assert_eq!((report.sources[0].files, report.sources[0].refused), (1, 1));
    let refused = failure(&case.open().await).await;
    assert!(refused.contains(seen), "a query does not go on without it: {refused}");
    finding.clone()
}

async fn failure(ctx: &SessionContext) -> String {
    ctx.sql("SELECT path FROM units_v1").await.unwrap().collect().await.unwrap_err().to_string()
}

async fn count(ctx: &SessionContext) -> usize {
    let batches = ctx.sql("SELECT path FROM units_v1").await.unwrap().collect().await.unwrap();
    batches.iter().map(RecordBatch::num_rows).sum()
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.as_ref()).collect()
}

/// A link to nowhere is named.
#[tokio::test]
async fn link_to_nowhere() {
    for target in ["gone.parquet", "other.parquet", "/no/such/store/ab12"] {
        let case = Case::sound();
        symlink(target, case.data("other.parquet")).unwrap();
        let finding = beside(&case, "link-to-nowhere", "/data/other.parquet").await;
        assert!(finding.observed.unwrap().contains(&format!("`{target}`")), "the second leads to itself");
    }
}

/// A link that may have led to a folder is named.
#[tokio::test]
async fn link_to_missing_folder() {
    let case = Case::sound();
    symlink("gone", case.data("repo=gamma")).unwrap();
    beside(&case, "link-to-nowhere", "/data/repo=gamma").await;

    let case = Case::sound();
    symlink("gone", case.data("shard-1")).unwrap();
    symlink("itself", case.data("itself")).unwrap();
    symlink("gone", case.data("notes.txt")).unwrap();
    symlink("gone", case.data("_lock")).unwrap();
    let report = case.verify(Checks::Schema).await;
    assert_eq!(codes(&report), ["R114", "R114", "R115", "R117"]);
    assert!(report.findings.iter().all(|finding| finding.severity < Severity::Error));
    let ctx = case.open().await;
    assert_eq!(count(&ctx).await, 4);
    let told = cstspec_verify::ignored(&ctx).await;
    assert_eq!(told.iter().map(|finding| finding.code.as_ref()).collect::<Vec<_>>(), ["R117", "R115"]);
}

/// A pipe a socket or a device is named and never opened.
#[tokio::test]
async fn pipe_socket_or_device() {
    let case = Case::sound();
    pipe(&case.data("other.parquet"));
    assert_eq!(beside(&case, "no-regular-file", "/data/other.parquet").await.observed.as_deref(), Some("a pipe"));

    let case = Case::sound();
    let _socket = UnixListener::bind(case.data("other.parquet")).unwrap();
    assert_eq!(beside(&case, "no-regular-file", "/data/other.parquet").await.observed.as_deref(), Some("a socket"));

    let case = Case::sound();
    symlink("/dev/zero", case.data("other.parquet")).unwrap();
    assert_eq!(beside(&case, "no-regular-file", "/data/other.parquet").await.observed.as_deref(), Some("a device"));

    let case = Case::sound();
    pipe(&case.data("notes"));
    assert_eq!(codes(&case.verify(Checks::Schema).await), ["R114"], "a pipe with another name is no data");
}

/// A pipe as a location is named.
#[tokio::test]
async fn location_is_pipe() {
    let case = Case::new();
    fs::create_dir(case.data("")).unwrap();
    let path = case.data("x.parquet");
    pipe(&path);
    let ctx = world::open(&case.catalog(), &world::at([(DATASET, path.as_path())])).await;
    let report = case.verify_in(&ctx, Checks::Schema).await;
    assert_eq!(only(&report).name, "no-regular-file");
    assert!(failure(&ctx).await.contains("has a pipe in the place of a file"));
}

/// Names that no store can spell keep nobody from the others.
#[tokio::test]
async fn names_unreadable() {
    for (name, shown) in [
        (&b"other\xff.parquet"[..], "/data/other\\xff.parquet"),
        (b"other\nline.parquet", "/data/other\\nline.parquet"),
        (b"other\x1b[31m.parquet", "/data/other\\u{1b}[31m.parquet"),
    ] {
        let case = Case::sound();
        fs::copy(case.data("units.parquet"), case.data("").join(OsStr::from_bytes(name))).unwrap();
        beside(&case, "file-name-unreadable", shown).await;
    }
    let case = Case::sound();
    for name in [&b"notes\xff.txt"[..], b"notes\n.txt", b"_\x1b"] {
        fs::write(case.data("").join(OsStr::from_bytes(name)), "x").unwrap();
    }
    let report = case.verify(Checks::Schema).await;
    assert_eq!(codes(&report), ["R114"; 3]);
    assert_eq!((report.relations[0].rows, count(&case.open().await).await), (Some(4), 4));
}

/// Files in a folder that no store can spell are one finding.
#[tokio::test]
async fn folder_names_unreadable() {
    let case = Case::sound();
    let folder = case.data("").join(OsStr::from_bytes(b"d\xff"));
    fs::create_dir(&folder).unwrap();
    fs::copy(case.data("units.parquet"), folder.join("a.parquet")).unwrap();
    fs::copy(case.data("units.parquet"), folder.join("b.parquet")).unwrap();
    let report = case.verify(Checks::Schema).await;
    let finding = only(&report);
    assert_eq!((finding.name.as_ref(), report.relations[0].rows), ("file-name-unreadable", Some(4)));
    assert!(finding.observed.as_deref().unwrap().ends_with("with 2 files"));
}

/// Links to files and folders elsewhere are read.
#[tokio::test]
async fn links_to_files_and_folders() {
    let store = Case::sound();
    let case = Case::new();
    fs::create_dir_all(case.data("linked")).unwrap();
    symlink(store.data("units.parquet"), case.data("linked/a.parquet")).unwrap();
    let report = case.verify(Checks::Schema).await;
    assert_eq!((codes(&report), report.relations[0].rows), (vec![], Some(4)));

    let case = Case::new();
    fs::create_dir_all(case.data("")).unwrap();
    symlink(store.data(""), case.data("shard")).unwrap();
    symlink(store.data("units.parquet"), case.data("b.parquet")).unwrap();
    assert_eq!(count(&case.open().await).await, 8, "two links to one file are two files");
}

/// Loops of links end and are named.
#[tokio::test]
async fn link_loops() {
    let case = Case::sound();
    symlink(".", case.data("again")).unwrap();
    fs::create_dir(case.data("deep")).unwrap();
    symlink("..", case.data("deep/up")).unwrap();
    let report = case.verify(Checks::Schema).await;
    let told: Vec<_> = report.findings.iter().map(|finding| finding.data.as_ref().unwrap().file.as_str()).collect();
    assert_eq!((codes(&report), told), (vec!["R117"; 2], vec!["/data/again", "/data/deep/up"]));
    assert_eq!(report.relations[0].rows, Some(4));
    let ctx = case.open().await;
    assert_eq!(count(&ctx).await, 4);
    let told = cstspec_verify::ignored(&ctx).await;
    assert_eq!(told.iter().map(|finding| finding.code.as_ref()).collect::<Vec<_>>(), ["R117"; 2]);
}

/// A folder under two names is read once.
#[tokio::test]
async fn folder_with_two_names() {
    let case = Case::new();
    case.write("v3/units.parquet", Case::ROWS);
    symlink("v3", case.data("latest")).unwrap();
    let report = case.verify(Checks::Schema).await;
    assert_eq!((codes(&report), report.relations[0].rows), (vec!["R117"], Some(4)));
    assert_eq!(only(&report).data.as_ref().unwrap().file, "/data/latest");

    let case = Case::new();
    case.write("a/repo=alpha/units.parquet", Case::ROWS);
    fs::rename(case.data("a/repo=alpha"), case.data("repo=alpha")).unwrap();
    fs::remove_dir(case.data("a")).unwrap();
    symlink("repo=alpha", case.data("repo=beta")).unwrap();
    let report = case.verify(Checks::Schema).await;
    assert!(codes(&report).contains(&"R117"), "{:#?}", report.findings);
    assert!(failure(&case.open().await).await.contains("repo=beta"), "the link stands for rows of another partition");
}

/// Many links to one another end.
#[tokio::test]
async fn links_between_folders() {
    let case = Case::sound();
    for folder in 0..26 {
        fs::create_dir(case.data(&format!("f{folder}"))).unwrap();
    }
    for folder in 0..26 {
        for link in ["left", "right"] {
            symlink(format!("../f{}", (folder + 1) % 26), case.data(&format!("f{folder}/{link}"))).unwrap();
        }
    }
    let report = case.verify(Checks::Schema).await;
    assert_eq!((codes(&report), report.relations[0].rows), (vec!["R117"; 11], Some(4)));
}

/// A folder that is called like a file is a folder.
#[tokio::test]
async fn folder_named_like_file() {
    let case = Case::new();
    case.write("x.parquet/part-0.parquet", Case::ROWS);
    fs::write(case.data("x.parquet/_SUCCESS"), "").unwrap();
    let report = case.verify(Checks::Schema).await;
    assert_eq!((codes(&report), report.relations[0].rows), (vec!["R114"], Some(4)));
}

/// A folder that is closed keeps nobody from the others.
#[tokio::test]
async fn folder_closed() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = Case::sound();
    fs::create_dir(case.data("closed")).unwrap();
    fs::set_permissions(case.data("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(case.data("closed")).is_ok() {
        eprintln!("skipped: this user may list every folder");
        return;
    }
    let report = case.verify(Checks::Schema).await;
    fs::set_permissions(case.data("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((codes(&report), report.relations[0].rows), (vec!["R104"], Some(4)));
}

/// A dangling link in a partition is named.
#[tokio::test]
async fn dangling_link_in_partition() {
    let case = Case::new();
    let rows: Vec<&str> = Case::ROWS.trim().lines().collect();
    case.write("repo=alpha/units.parquet", rows[0]);
    symlink("gone", case.data("repo=alpha/other.parquet")).unwrap();
    let report = case.verify(Checks::Schema).await;
    assert!(codes(&report).contains(&"R115"), "{:#?}", report.findings);
    assert_eq!(report.relations[0].rows, Some(1));
}

/// Folders that links multiply are each read once.
#[tokio::test]
async fn links_multiplying_folders() {
    // 26 folders with two links each to the next: 2^26 paths to the last one, inside the location or behind a link out of it.
    for inside in [true, false] {
        let case = Case::sound();
        let chain = if inside { case.data("chain") } else { case.data("").parent().unwrap().join("chain") };
        for level in 0..26 {
            let folder = chain.join(level.to_string());
            fs::create_dir_all(&folder).unwrap();
            for name in ["a", "b"] {
                symlink(format!("../{}", level + 1), folder.join(name)).unwrap();
            }
        }
        fs::create_dir_all(chain.join("26")).unwrap();
        fs::copy(case.data("units.parquet"), chain.join("26/units.parquet")).unwrap();
        if !inside {
            symlink("../chain/0", case.data("start")).unwrap();
        }
        let report = case.verify(Checks::Schema).await;
        assert!(report.findings.iter().all(|finding| finding.severity != Severity::Error), "{:#?}", codes(&report));
        assert_eq!(report.sources[0].files, 2, "the file in the last folder is read once");
        assert_eq!(report.relations[0].rows, Some(8));
    }
}

/// A pipe or a device as a location is refused by name.
#[tokio::test]
async fn location_is_pipe_or_device() {
    let case = Case::sound();
    let at = case.data("pipe.parquet");
    pipe(&at);
    for at in [at.as_path(), Path::new("/dev/zero")] {
        let locations = world::at([(DATASET, at)]);
        let ctx = world::open(&case.catalog(), &locations).await;
        let report = case.verify_in(&ctx, Checks::Rows).await;
        let finding = only(&report);
        assert_eq!(finding.code, "R116");
        let named = finding.data.as_ref().unwrap().file.trim_start_matches('/');
        assert!(at.ends_with(named), "{named}");
        assert!(failure(&ctx).await.contains(at.to_str().unwrap()));
    }
}
