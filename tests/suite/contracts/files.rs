//! Files that are not what they should be: each is named, and everything else is read.

use std::fs;

use cstspec_contract::{Finding, Severity};
use cstspec_runtime::{Depth, Report};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::metadata::KeyValue;

use super::{Case, DATASET, line, only, spec_line};

const SPEC: &str = "datasets/units_v1.yaml";

/// A sound file, and another of `bytes` beside it.
fn beside(bytes: &[u8]) -> Case {
    let case = Case::sound();
    fs::write(case.data("other.parquet"), bytes).unwrap();
    case
}

/// The bytes of a sound file with these key-value pairs in its footer.
fn parquet(pairs: &[(&str, &str)]) -> Vec<u8> {
    let case = Case::new();
    case.write("x.parquet", r#"{"path":"x.py","file_id":"x","refs":[],"scopes":[]}"#);
    if pairs.is_empty() {
        return fs::read(case.data("x.parquet")).unwrap();
    }
    let catalog = case.catalog();
    let schema = catalog.dataset(DATASET).unwrap().schema();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    for (key, value) in pairs {
        writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), (*value).to_owned()));
    }
    writer.close().unwrap();
    bytes
}

/// The one finding of a report about the file beside the sound one, which was read.
fn broken<'r>(report: &'r Report, name: &str) -> &'r Finding {
    let finding = only(report);
    assert_eq!((finding.name.as_ref(), finding.severity), (name, Severity::Error));
    assert_eq!(finding.relation.as_deref(), Some(DATASET));
    assert_eq!(spec_line(finding), line(SPEC, "dataset: units_v1"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data/other.parquet");
    assert!(report.relations.iter().all(|relation| relation.executed && relation.describe_equal));
    assert_eq!(report.relations[0].rows, Some(4));
    assert_eq!((report.sources[0].files, report.sources[0].refused), (1, 1));
    finding
}

#[tokio::test]
async fn a_file_of_no_bytes() {
    let case = beside(b"");
    broken(&case.verify(Depth::Deep).await, "file-empty");
}

#[tokio::test]
async fn a_file_that_is_not_parquet() {
    let case = beside(b"path,file_id\nx.py,x\n");
    broken(&case.verify(Depth::Deep).await, "file-not-parquet");
}

#[tokio::test]
async fn a_file_that_was_cut_off() {
    let bytes = parquet(&[]);
    for length in [4, 7, 11, 12, bytes.len() / 2, bytes.len() - 1] {
        let case = beside(&bytes[..length]);
        broken(&case.verify(Depth::Plain).await, "file-truncated");
    }
}

#[tokio::test]
async fn a_file_with_a_broken_footer() {
    let sound = parquet(&[]);
    let tail = sound.len() - 8;
    let mut garbled = sound.clone();
    garbled[tail - 40..tail].fill(0xee);
    let mut too_long = sound.clone();
    too_long[tail..tail + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut encrypted = sound;
    encrypted[tail + 4..].copy_from_slice(b"PARE");
    for bytes in [garbled, too_long, encrypted] {
        let report = beside(&bytes).verify(Depth::Plain).await;
        assert!(broken(&report, "footer-broken").observed.is_some());
    }
}

#[tokio::test]
async fn metadata_that_is_not_utf_8_is_named_by_its_keys() {
    let mark = "<<other bytes>>";
    let mut spoiled = parquet(&[("plain", "text"), ("schema_ipc", mark), ("defaults_ipc", mark)]);
    for at in 0..spoiled.len() - mark.len() {
        if spoiled[at..].starts_with(mark.as_bytes()) {
            spoiled[at..at + mark.len()].fill(0xff);
        }
    }
    let report = beside(&spoiled).verify(Depth::Plain).await;
    let finding = broken(&report, "metadata-not-utf8");
    assert_eq!(finding.observed.as_deref(), Some("other bytes under `schema_ipc`, `defaults_ipc`"));
    assert!(finding.remedy.as_deref().unwrap().contains("`schema_ipc`, `defaults_ipc`"));
}

#[tokio::test]
async fn an_arrow_schema_that_cannot_be_read() {
    let bytes = parquet(&[]);
    let key = b"ARROW:schema";
    let at = bytes.windows(key.len()).rposition(|window| window == key).unwrap() + key.len() + 8;
    let mut spoiled = bytes;
    spoiled[at..at + 40].fill(b'!');
    broken(&beside(&spoiled).verify(Depth::Plain).await, "file-schema-unreadable");
}

#[tokio::test]
async fn a_page_that_is_damaged_is_found_when_it_is_read_and_told_once() {
    let mut bytes = parquet(&[]);
    bytes[4..120].fill(0xa5);
    let case = beside(&bytes);
    for depth in [Depth::Plain, Depth::Deep] {
        let report = case.verify(depth).await;
        let finding = only(&report);
        assert_eq!((finding.name.as_ref(), finding.severity), ("file-damaged", Severity::Error));
        assert_eq!(finding.data.as_ref().unwrap().file, "/data/other.parquet");
        assert_eq!(spec_line(finding), line(SPEC, "dataset: units_v1"));
        assert!(report.relations.iter().all(|relation| relation.executed));
        assert_eq!(report.relations[0].rows, Some(4));
    }
}

#[tokio::test]
async fn markers_and_other_files_are_told_and_do_no_harm() {
    let case = Case::sound();
    for name in ["_SUCCESS", ".units.parquet.crc", "notes.csv", "_delta/x.json", ".tmp/half.parquet"] {
        let path = case.data(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let report = case.verify(Depth::Plain).await;
    let told: Vec<_> = report.findings.iter().map(|finding| finding.data.as_ref().unwrap().file.as_str()).collect();
    assert_eq!(told, ["/data/.units.parquet.crc", "/data/_SUCCESS", "/data/notes.csv"]);
    assert!(
        report.findings.iter().all(|finding| finding.name == "file-left-out" && finding.severity == Severity::Info),
        "none of them is Parquet"
    );
    assert_eq!(report.relations[0].rows, Some(4));

    for number in 0..40 {
        fs::write(case.data(&format!("part-{number:02}.crc")), "x").unwrap();
    }
    let report = case.verify(Depth::Plain).await;
    assert_eq!(report.findings.len(), 11);
    assert!(report.findings.iter().any(|finding| finding.message == "33 more files of `units_v1` are left out"));
}

#[tokio::test]
async fn a_location_where_nothing_is_or_no_data() {
    let case = Case::new();
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.name.as_ref(), finding.severity), ("location-missing", Severity::Error));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data");
    assert_eq!(spec_line(finding), line(SPEC, "dataset: units_v1"));
    assert!(report.relations.iter().all(|relation| !relation.executed && relation.describe_equal));

    fs::create_dir(case.data("")).unwrap();
    fs::write(case.data("_SUCCESS"), "").unwrap();
    let report = case.verify(Depth::Plain).await;
    assert_eq!(only(&report).name, "location-without-files");
    assert!(report.relations.iter().all(|relation| !relation.executed));
}

#[tokio::test]
async fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = beside(&parquet(&[]));
    let path = case.data("other.parquet");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        eprintln!("skipped: this user may read every file");
        return;
    }
    broken(&case.verify(Depth::Plain).await, "file-denied");
}

#[tokio::test]
async fn verify_never_writes_to_data() {
    let case = beside(b"");
    fs::write(case.data("_SUCCESS"), "").unwrap();
    let before = crate::world::files(&case.data(""));
    case.verify(Depth::Deep).await;
    assert_eq!(crate::world::files(&case.data("")), before);
}
