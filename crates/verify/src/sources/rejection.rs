//! The findings of files, folders and locations that cannot be read: each kind of error has its rule and its place in the spec here, and
//! its words in `cstspec_runtime`.

use cstspec_contract::{Dataset, Finding, Origin, Path, Rule};
use cstspec_runtime::files::table_files::{RejectedFile, RejectionScope};
use cstspec_runtime::{FileErrorKind, RuntimeError, Wording};

use crate::rules;

/// The findings of what an inventory leaves out: one per cause, whatever number of files it concerns. Errors of the table as a whole are
/// reported with its partition columns.
pub fn findings(contract: &Dataset, refused: &[RejectedFile]) -> Vec<Finding> {
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
                    findings.push(alone(contract, error).seen_in(folder.as_str()));
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
pub fn finding(contract: &Dataset, error: &RuntimeError) -> Finding {
    let finding = alone(contract, error);
    match error.kind() {
        Some(FileErrorKind::Checksum { .. }) => without(finding, "what reads that column"),
        Some(FileErrorKind::Damaged { .. } | FileErrorKind::Scan(_)) => {
            without(finding, "what reads the values at fault")
        }
        Some(FileErrorKind::Changed { .. } | FileErrorKind::Unfetched { .. }) => without(finding, "everything else"),
        _ => finding,
    }
}

/// The finding of an error that ends the reading of everything.
pub fn alone(contract: &Dataset, error: &RuntimeError) -> Finding {
    let dataset = contract.name.as_str();
    let Some(error) = error.file() else {
        return Finding::new(&rules::DATASET_FAILS, format!("`{dataset}` cannot be read"))
            .differing("every row", error.to_string())
            .relation(dataset)
            .remedy("correct the cause that the error names")
            .at(&contract.origin);
    };
    let Wording { message, expected, observed, remedy, .. } = error.wording();
    let finding = Finding::new(rule(&error.kind), message)
        .differing(expected, observed)
        .relation(dataset)
        .remedy(remedy)
        .at(&place(contract, &error.kind))
        .seen_in(error.path.as_str());
    match error.kind.column() {
        Some(column) => finding.path(column),
        None => finding,
    }
}

/// `finding`, whose remedy also says what was read without the file.
fn without(mut finding: Finding, what: &str) -> Finding {
    if let Some(remedy) = &mut finding.remedy {
        remedy.push_str("; ");
        remedy.push_str(what);
        remedy.push_str(" was read without it");
    }
    finding
}

/// The place in the spec of the promise that the error breaks.
fn place(contract: &Dataset, kind: &FileErrorKind) -> Origin {
    let partitions = || contract.key("partitions");
    match kind {
        FileErrorKind::PartitionFolder { .. }
        | FileErrorKind::UndeclaredPartition { .. }
        | FileErrorKind::PartitionNull { .. } => partitions(),
        FileErrorKind::PartitionValue { column, .. } | FileErrorKind::DeltaPartition { column, .. } => {
            contract.locate(&Path::top(column.as_str())).unwrap_or_else(partitions)
        }
        _ => contract.origin.clone(),
    }
}

/// The rule of each kind.
fn rule(kind: &FileErrorKind) -> &'static Rule {
    use FileErrorKind as Kind;
    match kind {
        Kind::Missing => &rules::LOCATION_MISSING,
        Kind::Unreadable { .. }
        | Kind::BadLocation { .. }
        | Kind::NoStore
        | Kind::Listing { .. }
        | Kind::InsideDelta { .. } => &rules::LOCATION_UNREADABLE,
        Kind::NoFiles { .. } => &rules::LOCATION_WITHOUT_FILES,
        Kind::LinkToNowhere { .. } => &rules::LINK_TO_NOWHERE,
        Kind::LinkedAgain { .. } => &rules::FOLDER_LINKED_AGAIN,
        Kind::NotAFile { .. } => &rules::NO_REGULAR_FILE,
        Kind::Unspelled => &rules::FILE_NAME_UNREADABLE,
        Kind::ClosedFolder { .. } => &rules::FOLDER_UNREADABLE,
        Kind::Vanished => &rules::FILE_VANISHED,
        Kind::DeniedFile { .. } => &rules::FILE_DENIED,
        Kind::EmptyFile => &rules::FILE_EMPTY,
        Kind::Truncated => &rules::FILE_TRUNCATED,
        Kind::BrokenFooter { .. } => &rules::FOOTER_BROKEN,
        Kind::MetadataNotUtf8 { .. } => &rules::METADATA_NOT_UTF8,
        Kind::SchemaUnreadable { .. } => &rules::FILE_SCHEMA_UNREADABLE,
        Kind::NotParquet { .. } => &rules::FILE_NOT_PARQUET,
        Kind::PartitionFolder { folder: None, .. } => &rules::FILE_OUTSIDE_PARTITIONS,
        Kind::PartitionFolder { folder: Some(_), .. } => &rules::PARTITION_FOLDER_ASTRAY,
        Kind::UndeclaredPartition { .. } => &rules::PARTITION_UNDECLARED,
        Kind::PartitionValue { .. } => &rules::PARTITION_VALUE_UNREADABLE,
        Kind::PartitionNull { .. } => &rules::PARTITION_VALUE_NULL,
        // `drift.rs` and `relation.rs` have its findings.
        Kind::Drift(_) => &rules::DATASET_FAILS,
        Kind::Scan(_) | Kind::Checksum { .. } | Kind::Damaged { .. } => &rules::FILE_DAMAGED,
        Kind::Changed { .. } => &rules::FILE_CHANGED,
        Kind::Unfetched { .. } => &rules::FILE_UNFETCHED,
        Kind::DeltaPartition { .. } => &rules::DELTA_PARTITION_UNREADABLE,
        Kind::NoDelta | Kind::DeltaFeatures { .. } => &rules::DELTA_UNSUPPORTED,
        Kind::NotDelta { .. } => &rules::DELTA_LOG_MISSING,
        Kind::NoVersion { .. } => &rules::DELTA_VERSION_MISSING,
        Kind::DeltaLog { .. } => &rules::DELTA_LOG_UNREADABLE,
        Kind::DeltaFile { .. } | Kind::DeltaOutside { .. } => &rules::DELTA_FILE_MISSING,
        Kind::DeltaSize { .. } => &rules::DELTA_FILE_SIZE_DIFFERS,
        Kind::DeltaSchema { .. } => &rules::DELTA_SCHEMA_REFUSED,
        Kind::DeltaVector { .. } => &rules::DELTA_VECTOR_UNREADABLE,
    }
}
