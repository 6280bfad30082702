//! Findings of a file, a folder or a location that cannot be read, with the spec's place and the remedy.

use cstspec_contract::{Dataset, Finding, Origin, Path, Rule};
use cstspec_runtime::RuntimeError;
use cstspec_runtime::files::hive;
use cstspec_runtime::files::table_files::{RejectedFile, RejectionScope};

use crate::rules;

/// The findings of what an inventory leaves out: one per cause, whatever number of files it concerns. Errors of the table as a whole are
/// reported with its partition columns.
pub(super) fn findings(contract: &Dataset, refused: &[RejectedFile]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut folders: Vec<(&str, u64, usize)> = Vec::new();
    for RejectedFile { fault, error } in refused {
        match fault {
            RejectionScope::Table => {}
            RejectionScope::File => findings.push(finding(contract, error)),
            RejectionScope::Folder(folder) => {
                if let Some((_, files, _)) = folders.iter_mut().find(|(known, ..)| known == folder) {
                    *files += 1;
                } else {
                    folders.push((folder, 1, findings.len()));
                    findings.push(about(contract, error, Some(folder)).seen_in(folder.as_str()));
                }
            }
        }
    }
    for (_, files, index) in folders.into_iter().filter(|(_, files, _)| *files > 1) {
        let observed = findings[index].observed.take().unwrap_or_default();
        findings[index].observed = Some(format!("{observed}, with {files} files"));
    }
    findings
}

/// The finding of an error that keeps a file or a location from being read, where the others are read.
pub(super) fn finding(contract: &Dataset, error: &RuntimeError) -> Finding {
    let finding = alone(contract, error);
    match error {
        RuntimeError::Checksum { .. } => without(finding, "what reads that column"),
        RuntimeError::Damaged { .. } => without(finding, VALUES),
        RuntimeError::Changed { .. } | RuntimeError::Unfetched { .. } => without(finding, "everything else"),
        _ => finding,
    }
}

/// The finding of an error that ends the reading of everything.
pub(super) fn alone(contract: &Dataset, error: &RuntimeError) -> Finding {
    about(contract, error, None)
}

/// The description of relations that read the values of a damaged page.
pub(super) const VALUES: &str = "what reads the values at fault";

/// `finding`, whose remedy also says what was read without the file.
pub(super) fn without(mut finding: Finding, what: &str) -> Finding {
    if let Some(remedy) = &mut finding.remedy {
        remedy.push_str("; ");
        remedy.push_str(what);
        remedy.push_str(" was read without it");
    }
    finding
}

/// The finding of a file that ends or cannot be decoded while its rows are read.
pub(super) fn damaged(contract: &Dataset, observed: String) -> Finding {
    Finding::new(&rules::FILE_DAMAGED, format!("a file of `{}` is damaged", contract.name))
        .differing("every row that its footer declares", observed)
        .relation(contract.name.as_str())
        .remedy("write or copy it again")
        .at(&contract.origin)
}

/// The finding of an error; `folder` is what is at fault, where it is not the file itself.
fn about(contract: &Dataset, error: &RuntimeError, folder: Option<&str>) -> Finding {
    let dataset = contract.name.as_str();
    let Words { rule, message, expected, observed, remedy } = words(contract, error, folder);
    let mut finding = Finding::new(rule, message)
        .differing(expected, observed)
        .relation(dataset)
        .remedy(remedy)
        .at(&place(contract, error));
    if let Some(path) = error.path() {
        finding = finding.seen_in(path);
    }
    if let RuntimeError::PartitionValue { column, .. }
    | RuntimeError::PartitionNull { column, .. }
    | RuntimeError::DeltaPartition { column, .. } = error
    {
        finding = finding.path(column.as_str());
    }
    finding
}

/// Where what the error breaks was promised.
fn place(contract: &Dataset, error: &RuntimeError) -> Origin {
    match error {
        RuntimeError::PartitionFolder { .. } | RuntimeError::PartitionNull { .. } => contract.key("partitions"),
        RuntimeError::PartitionValue { column, .. } | RuntimeError::DeltaPartition { column, .. } => {
            contract.locate(&Path::top(column.as_str())).unwrap_or_else(|| contract.key("partitions"))
        }
        _ => contract.origin.clone(),
    }
}

/// The texts of a finding.
struct Words {
    rule: &'static Rule,
    message: String,
    expected: String,
    observed: String,
    remedy: String,
}

// One arm for each error: a table in all but form.
#[expect(clippy::too_many_lines)]
fn words(contract: &Dataset, error: &RuntimeError, folder: Option<&str>) -> Words {
    let dataset = contract.name.as_str();
    let say = |rule, message: String, expected: &str, observed: &str, remedy: &str| Words {
        rule,
        message,
        expected: expected.to_owned(),
        observed: observed.to_owned(),
        remedy: remedy.to_owned(),
    };
    let file = |what: &str| format!("a file of `{dataset}` {what}");
    match error {
        RuntimeError::Missing { .. } => say(
            &rules::LOCATION_MISSING,
            format!("the location of `{dataset}` does not exist"),
            "a Parquet file, or a folder of them",
            "no file or folder",
            "correct the location, or write the data there",
        ),
        RuntimeError::Unreadable { reason, .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("permission denied for the location of `{dataset}`"),
            "a location that can be read",
            reason,
            "grant read permission",
        ),
        RuntimeError::Listing { reason, .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("the location of `{dataset}` cannot be listed"),
            "a list of its files",
            reason,
            "check that the store is reachable, and verify again",
        ),
        RuntimeError::NoStore { .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("the object store of `{dataset}` is not registered"),
            "an object store for the location's URL",
            "none",
            "register the store on the session",
        ),
        RuntimeError::NoFiles { expected, other, .. } if other.is_empty() => say(
            &rules::LOCATION_WITHOUT_FILES,
            format!("the location of `{dataset}` has no data file"),
            expected,
            "none",
            "correct the location, or omit it if the dataset is meant to be empty",
        ),
        RuntimeError::NoFiles { expected, other, .. } => say(
            &rules::LOCATION_WITHOUT_FILES,
            format!("the location of `{dataset}` has only Parquet files that do not match its file patterns"),
            expected,
            other,
            "set `scan.files` to the patterns of the data files, such as `scan: { files: [\"*.parq\"] }`",
        ),
        RuntimeError::InsideDelta { table, .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("the location of `{dataset}` is inside a Delta table"),
            "the folder that contains `_delta_log`",
            &format!("a part of `{table}`"),
            "use the table itself as the location, and filter it",
        ),
        RuntimeError::LinkToNowhere { target, reason, .. } => say(
            &rules::LINK_TO_NOWHERE,
            format!("a link of `{dataset}` is dangling"),
            "a file",
            &format!("a link to `{target}`: {reason}"),
            "restore the target of the link, or remove the link",
        ),
        RuntimeError::LinkedAgain { target, .. } => say(
            &rules::FOLDER_LINKED_AGAIN,
            format!("a folder of `{dataset}` is already read under another path"),
            "files of its own in each partition's folder",
            &format!("the files of `{target}`"),
            "remove the link, or replace it by a folder with other files",
        ),
        RuntimeError::NotAFile { kind, .. } => say(
            &rules::NO_REGULAR_FILE,
            format!("`{dataset}` has {kind} in the place of a file"),
            "a Parquet file",
            kind,
            "move it elsewhere, or correct the location",
        ),
        RuntimeError::Unspelled { .. } => say(
            &rules::FILE_NAME_UNREADABLE,
            file("has an invalid name"),
            "a name in UTF-8 without control characters, that does not end in `#` and a number",
            "another name",
            "rename it",
        ),
        RuntimeError::ClosedFolder { reason, .. } => say(
            &rules::FOLDER_UNREADABLE,
            format!("a folder of `{dataset}` cannot be listed"),
            "a list of its files",
            reason,
            "grant permission to list it, or move it elsewhere",
        ),
        RuntimeError::Vanished { .. } => say(
            &rules::FILE_VANISHED,
            file("was removed after it was listed"),
            "the file",
            "no such file",
            "verify again when no writer is active, or restore the file",
        ),
        RuntimeError::DeniedFile { reason, .. } => say(
            &rules::FILE_DENIED,
            file("cannot be read: permission denied"),
            "a file that can be read",
            reason,
            "grant read permission",
        ),
        RuntimeError::EmptyFile { .. } => {
            say(&rules::FILE_EMPTY, file("is empty"), "a Parquet file", "0 bytes", "remove it, or rewrite it")
        }
        RuntimeError::NotParquet { reason, .. } => say(
            &rules::FILE_NOT_PARQUET,
            file("is not Parquet"),
            "a Parquet file",
            reason,
            "move it elsewhere, or rewrite it as Parquet",
        ),
        RuntimeError::Truncated { .. } => say(
            &rules::FILE_TRUNCATED,
            file("ends before its footer"),
            "a footer and `PAR1` at its end",
            "it begins with `PAR1` and does not end with it",
            "write or copy it again",
        ),
        RuntimeError::BrokenFooter { reason, .. } => say(
            &rules::FOOTER_BROKEN,
            file("has a broken footer"),
            "a footer that can be read",
            reason,
            "write or copy it again",
        ),
        RuntimeError::MetadataNotUtf8 { keys, .. } => say(
            &rules::METADATA_NOT_UTF8,
            file("has metadata that is not UTF-8"),
            "text values",
            &format!("bytes that are not UTF-8 under {keys}"),
            &format!("rewrite it without {keys}, or with text values, in base64 for example"),
        ),
        RuntimeError::SchemaUnreadable { reason, .. } => say(
            &rules::FILE_SCHEMA_UNREADABLE,
            file("has a schema that cannot be read"),
            "a schema with Arrow types",
            reason,
            "write it again",
        ),
        _ => read_words(contract, error)
            .or_else(|| delta_words(contract, error))
            .unwrap_or_else(|| partition_words(contract, error, folder)),
    }
}

/// The texts for a file that could be opened and not be read.
fn read_words(contract: &Dataset, error: &RuntimeError) -> Option<Words> {
    let dataset = contract.name.as_str();
    let say = |rule, what: &str, expected: &str, observed: String, remedy: &str| {
        let (message, expected) = (format!("a file of `{dataset}` {what}"), expected.to_owned());
        Some(Words { rule, message, expected, observed, remedy: remedy.to_owned() })
    };
    let of = |column: &str, group: usize| format!("column `{column}`, row group {group}");
    match error {
        RuntimeError::Checksum { column, group, .. } => say(
            &rules::FILE_DAMAGED,
            "is damaged",
            "pages that match their checksums",
            format!("a page does not match its checksum: {}", of(column, *group)),
            "restore it from an undamaged copy: bytes have changed since it was written",
        ),
        RuntimeError::Damaged { chunk, reason, .. } => say(
            &rules::FILE_DAMAGED,
            "is damaged",
            "every row that its footer declares",
            match chunk {
                Some((column, group)) => format!("{}: {reason}", of(column, *group)),
                None => reason.clone(),
            },
            "write or copy it again",
        ),
        RuntimeError::Changed { reason, .. } => say(
            &rules::FILE_CHANGED,
            "has changed since it was listed",
            "the file that was listed",
            reason.clone(),
            "verify again when no writer is active",
        ),
        RuntimeError::Unfetched { reason, .. } => say(
            &rules::FILE_UNFETCHED,
            "could not be fetched",
            "its bytes",
            reason.clone(),
            "check that the store is reachable, and verify again",
        ),
        RuntimeError::DeltaSize { size, logged, .. } => say(
            &rules::DELTA_FILE_SIZE_DIFFERS,
            "has another size than its log declares",
            &format!("{logged} bytes"),
            format!("{size} bytes"),
            "restore the file, or request a version that does not need it",
        ),
        _ => None,
    }
}

/// The texts for a Delta table that cannot be read, or for a file of one.
fn delta_words(contract: &Dataset, error: &RuntimeError) -> Option<Words> {
    let dataset = contract.name.as_str();
    let say = |rule, message: String, expected: String, observed: String, remedy: &str| {
        Some(Words { rule, message, expected, observed, remedy: remedy.to_owned() })
    };
    match error {
        RuntimeError::NotDelta { asked, .. } => say(
            &rules::DELTA_LOG_MISSING,
            format!("the location of `{dataset}` is not a Delta table"),
            format!("a Delta table, for `{asked}` of it"),
            "no `_delta_log`".to_owned(),
            "correct the location, or omit the version to read the files",
        ),
        RuntimeError::NoVersion { asked, known, .. } => say(
            &rules::DELTA_VERSION_MISSING,
            format!("the Delta table of `{dataset}` has no such version"),
            format!("`{asked}`"),
            known.clone(),
            "request one of the available versions",
        ),
        RuntimeError::DeltaLog { reason, .. } => say(
            &rules::DELTA_LOG_UNREADABLE,
            format!("the log of `{dataset}` cannot be read"),
            "a Delta log".to_owned(),
            reason.clone(),
            "restore the files of `_delta_log`, or request a version before the damage",
        ),
        RuntimeError::DeltaFeatures { features, .. } => say(
            &rules::DELTA_UNSUPPORTED,
            format!("the Delta table of `{dataset}` needs reader features that this build does not support"),
            "reader features that this build supports".to_owned(),
            features.clone(),
            "remove the feature from the table, or request a version before it",
        ),
        RuntimeError::NoDelta { .. } => say(
            &rules::DELTA_UNSUPPORTED,
            format!("the location of `{dataset}` is a Delta table"),
            "a build that supports Delta".to_owned(),
            "a build without its feature `delta`".to_owned(),
            "build with the feature `delta`",
        ),
        RuntimeError::DeltaFile { reason, .. } => say(
            &rules::DELTA_FILE_MISSING,
            format!("a file that the log of `{dataset}` names does not exist"),
            "the file".to_owned(),
            reason.clone(),
            "restore the file, or request a version that does not need it",
        ),
        RuntimeError::DeltaVector { reason, .. } => say(
            &rules::DELTA_VECTOR_UNREADABLE,
            format!("the deletion vector of a file of `{dataset}` cannot be used"),
            "the deleted rows of the file".to_owned(),
            reason.clone(),
            "restore the vector, or request a version before it",
        ),
        RuntimeError::DeltaSchema { reason, .. } => say(
            &rules::DELTA_SCHEMA_REFUSED,
            format!("the log of `{dataset}` has a column that the contract does not allow"),
            "the column as the contract declares it".to_owned(),
            reason.clone(),
            "change the column of the table, or the policy under `evolution`",
        ),
        RuntimeError::DeltaPartition { column, value, data_type, .. } => say(
            &rules::DELTA_PARTITION_UNREADABLE,
            format!("the log of `{dataset}` has a value of `{column}` that does not fit the contract"),
            data_type.clone(),
            value.as_ref().map_or_else(|| "NULL".to_owned(), |value| format!("`{value}`")),
            "change the column's type or nullability, or rewrite the rows under another value",
        ),
        _ => None,
    }
}

fn partition_words(contract: &Dataset, error: &RuntimeError, folder: Option<&str>) -> Words {
    let dataset = contract.name.as_str();
    let expected = hive::expected(contract);
    match error {
        RuntimeError::PartitionFolder { .. } => match folder {
            None => Words {
                rule: &rules::FILE_OUTSIDE_PARTITIONS,
                message: format!("a file of `{dataset}` is outside of its partitions"),
                observed: "no `key=value` folder".to_owned(),
                remedy: format!("move the file into a folder {expected}"),
                expected,
            },
            Some(folder) => Words {
                rule: &rules::PARTITION_FOLDER_ASTRAY,
                message: format!("a folder of `{dataset}` is not one of its partitions"),
                observed: format!("`{}`", folder.rsplit('/').next().unwrap_or(folder)),
                remedy: format!("rename or move it, so that its files are in {expected}"),
                expected,
            },
        },
        RuntimeError::PartitionValue { column, value, data_type, .. } => Words {
            rule: &rules::PARTITION_VALUE_UNREADABLE,
            message: format!("a folder of `{dataset}` has an invalid value of `{column}`"),
            expected: data_type.clone(),
            observed: format!("`{value}`"),
            remedy: format!("rename the folder, or change the type of `{column}`"),
        },
        RuntimeError::PartitionNull { column, .. } => Words {
            rule: &rules::PARTITION_VALUE_NULL,
            message: format!("a folder of `{dataset}` has the rows whose `{column}` is NULL"),
            expected: format!("a value of `{column}`"),
            observed: "`__HIVE_DEFAULT_PARTITION__`".to_owned(),
            remedy: format!("declare `{column}` nullable, or write these rows under a value of it"),
        },
        other => Words {
            rule: &rules::DATASET_FAILS,
            message: format!("`{dataset}` cannot be read"),
            expected: "every row".to_owned(),
            observed: other.to_string(),
            remedy: "correct the cause that the error names".to_owned(),
        },
    }
}
