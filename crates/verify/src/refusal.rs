//! What becomes of a file, a folder or a location that cannot be read: a finding, with the spec's place and what to do.

use cstspec_contract::{Dataset, Finding, Origin, Path, Rule};
use cstspec_runtime::RuntimeError;
use cstspec_runtime::files::hive;
use cstspec_runtime::files::table_files::{RejectedFile, RejectionScope};

use crate::rules;

/// The findings of what an inventory leaves out: one per cause, whatever number of files it concerns. What concerns the table as a
/// whole is told with its partition columns.
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

/// What reads the values of a damaged page.
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
    Finding::new(&rules::FILE_DAMAGED, format!("a file of `{}` is damaged inside", contract.name))
        .differing("every row that its footer promises", observed)
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

/// What a finding says.
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
            format!("nothing is at the location of `{dataset}`"),
            "a Parquet file, or a folder of them",
            "no file and no folder",
            "correct the location, or bring the data there",
        ),
        RuntimeError::Unreadable { reason, .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("the location of `{dataset}` may not be read"),
            "a location that can be read",
            reason,
            "give the right to read it",
        ),
        RuntimeError::Listing { reason, .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("the location of `{dataset}` cannot be listed"),
            "a list of its files",
            reason,
            "see whether the store can be reached, and verify again",
        ),
        RuntimeError::NoStore { .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("nobody registered the store of `{dataset}`"),
            "an object store for the location's URL",
            "none",
            "register the store on the session",
        ),
        RuntimeError::NoFiles { expected, other, .. } if other.is_empty() => say(
            &rules::LOCATION_WITHOUT_FILES,
            format!("the location of `{dataset}` holds no data file"),
            expected,
            "none",
            "correct the location, or leave it out if the dataset is meant to be empty",
        ),
        RuntimeError::NoFiles { expected, other, .. } => say(
            &rules::LOCATION_WITHOUT_FILES,
            format!("the location of `{dataset}` holds Parquet files under other names alone"),
            expected,
            other,
            "say with `scan.files` how the data files are called, such as `scan: { files: [\"*.parq\"] }`",
        ),
        RuntimeError::InsideDelta { table, .. } => say(
            &rules::LOCATION_UNREADABLE,
            format!("the location of `{dataset}` is inside a Delta table"),
            "the folder that holds `_delta_log`",
            &format!("a part of `{table}`"),
            "give the table itself as the location, and filter it",
        ),
        RuntimeError::LinkToNowhere { target, reason, .. } => say(
            &rules::LINK_TO_NOWHERE,
            format!("a link of `{dataset}` leads to no file"),
            "a file",
            &format!("a link to `{target}`: {reason}"),
            "restore the file that it leads to, or remove the link",
        ),
        RuntimeError::LinkedAgain { target, .. } => say(
            &rules::FOLDER_LINKED_AGAIN,
            format!("a folder of `{dataset}` is read under another path already"),
            "files of its own in each partition's folder",
            &format!("the files of `{target}`"),
            "remove the link, or put files of its own there",
        ),
        RuntimeError::NotAFile { kind, .. } => say(
            &rules::NO_REGULAR_FILE,
            format!("`{dataset}` has {kind} where a file should be"),
            "a Parquet file",
            kind,
            "move it elsewhere, or correct the location",
        ),
        RuntimeError::Unspelled { .. } => say(
            &rules::FILE_NAME_UNREADABLE,
            file("has a name that cannot be read"),
            "a name in UTF-8 without control characters, that does not end in `#` and a number",
            "another name",
            "rename it",
        ),
        RuntimeError::ClosedFolder { reason, .. } => say(
            &rules::FOLDER_UNREADABLE,
            format!("a folder of `{dataset}` cannot be listed"),
            "a list of its files",
            reason,
            "give the right to list it, or move it elsewhere",
        ),
        RuntimeError::Vanished { .. } => say(
            &rules::FILE_VANISHED,
            file("is gone since it was listed"),
            "the file",
            "no such file",
            "verify again once no writer is at work, or restore the file",
        ),
        RuntimeError::DeniedFile { reason, .. } => say(
            &rules::FILE_DENIED,
            file("may not be read"),
            "a file that can be read",
            reason,
            "give the right to read it",
        ),
        RuntimeError::EmptyFile { .. } => {
            say(&rules::FILE_EMPTY, file("has no bytes"), "a Parquet file", "0 bytes", "remove it, or write it again")
        }
        RuntimeError::NotParquet { reason, .. } => say(
            &rules::FILE_NOT_PARQUET,
            file("is not Parquet"),
            "a Parquet file",
            reason,
            "move it elsewhere, or write it again as Parquet",
        ),
        RuntimeError::Truncated { .. } => say(
            &rules::FILE_TRUNCATED,
            file("ends before its footer"),
            "a footer and `PAR1` at its end",
            "it begins with `PAR1` and ends otherwise",
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
            "text under every key",
            &format!("other bytes under {keys}"),
            &format!("write it again without {keys}, or with text there, in base64 for example"),
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

/// What is said of a file that could be opened and not be read.
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
            "is damaged inside",
            "pages with the checksums that their writer took",
            format!("the checksum of a page does not fit its bytes: {}", of(column, *group)),
            "take a sound copy of it: bytes have changed since it was written",
        ),
        RuntimeError::Damaged { chunk, reason, .. } => say(
            &rules::FILE_DAMAGED,
            "is damaged inside",
            "every row that its footer promises",
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
            "verify again once no writer is at work",
        ),
        RuntimeError::Unfetched { reason, .. } => say(
            &rules::FILE_UNFETCHED,
            "could not be fetched",
            "its bytes",
            reason.clone(),
            "see whether the store can be reached, and verify again",
        ),
        RuntimeError::DeltaSize { size, logged, .. } => say(
            &rules::DELTA_FILE_SIZE_DIFFERS,
            "is not of the size that its log says",
            &format!("{logged} bytes"),
            format!("{size} bytes"),
            "restore the file, or ask for a version that does without it",
        ),
        _ => None,
    }
}

/// What is said of a Delta table that cannot be read, or of a file of one.
fn delta_words(contract: &Dataset, error: &RuntimeError) -> Option<Words> {
    let dataset = contract.name.as_str();
    let say = |rule, message: String, expected: String, observed: String, remedy: &str| {
        Some(Words { rule, message, expected, observed, remedy: remedy.to_owned() })
    };
    match error {
        RuntimeError::NotDelta { asked, .. } => say(
            &rules::DELTA_LOG_MISSING,
            format!("the location of `{dataset}` is no Delta table"),
            format!("a Delta table, for `{asked}` of it"),
            "no `_delta_log`".to_owned(),
            "correct the location, or leave the version out to read the files that are there",
        ),
        RuntimeError::NoVersion { asked, known, .. } => say(
            &rules::DELTA_VERSION_MISSING,
            format!("the Delta table of `{dataset}` has no such version"),
            format!("`{asked}`"),
            known.clone(),
            "ask for one of the versions that are there",
        ),
        RuntimeError::DeltaLog { reason, .. } => say(
            &rules::DELTA_LOG_UNREADABLE,
            format!("the log of `{dataset}` cannot be read"),
            "a Delta log".to_owned(),
            reason.clone(),
            "restore the files of `_delta_log`, or ask for a version before the damage",
        ),
        RuntimeError::DeltaFeatures { features, .. } => say(
            &rules::DELTA_UNSUPPORTED,
            format!("the Delta table of `{dataset}` asks for more of its reader than there is"),
            "reader features that this build has".to_owned(),
            features.clone(),
            "take the feature away from the table, or ask for a version before it",
        ),
        RuntimeError::NoDelta { .. } => say(
            &rules::DELTA_UNSUPPORTED,
            format!("the location of `{dataset}` is a Delta table"),
            "a build with Delta".to_owned(),
            "a build without its feature `delta`".to_owned(),
            "build with the feature `delta`",
        ),
        RuntimeError::DeltaFile { reason, .. } => say(
            &rules::DELTA_FILE_MISSING,
            format!("a file that the log of `{dataset}` names is not there"),
            "the file".to_owned(),
            reason.clone(),
            "restore the file, or ask for a version that does without it",
        ),
        RuntimeError::DeltaVector { reason, .. } => say(
            &rules::DELTA_VECTOR_UNREADABLE,
            format!("the deletion vector of a file of `{dataset}` cannot be used"),
            "the rows of the file that are deleted".to_owned(),
            reason.clone(),
            "restore the vector, or ask for a version before it",
        ),
        RuntimeError::DeltaSchema { reason, .. } => say(
            &rules::DELTA_SCHEMA_REFUSED,
            format!("the log of `{dataset}` has a column that the contract does not allow"),
            "the column as the contract declares it".to_owned(),
            reason.clone(),
            "change the column of the table, or what `evolution` allows",
        ),
        RuntimeError::DeltaPartition { column, value, data_type, .. } => say(
            &rules::DELTA_PARTITION_UNREADABLE,
            format!("the log of `{dataset}` gives `{column}` a value that the contract cannot have"),
            data_type.clone(),
            value.as_ref().map_or_else(|| "NULL".to_owned(), |value| format!("`{value}`")),
            "change the column's type or nullability, or write the rows again under another value",
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
                message: format!("a file of `{dataset}` lies outside its partitions"),
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
            message: format!("a folder of `{dataset}` has a value that is no `{column}`"),
            expected: data_type.clone(),
            observed: format!("`{value}`"),
            remedy: format!("rename the folder, or change the type of `{column}`"),
        },
        RuntimeError::PartitionNull { column, .. } => Words {
            rule: &rules::PARTITION_VALUE_NULL,
            message: format!("a folder of `{dataset}` holds the rows whose `{column}` is NULL"),
            expected: format!("a value of `{column}`"),
            observed: "`__HIVE_DEFAULT_PARTITION__`".to_owned(),
            remedy: format!("declare `{column}` nullable, or write these rows under a value of it"),
        },
        other => Words {
            rule: &rules::DATASET_FAILS,
            message: format!("`{dataset}` cannot be read"),
            expected: "every row".to_owned(),
            observed: other.to_string(),
            remedy: "mend what the error names".to_owned(),
        },
    }
}
