//! The description of each kind of error about a file: one table, from which the error's text and the finding of `verify` come.

use super::file::{FileError, FileErrorKind as Kind};

/// The description of what is wrong with a file or a location, as a finding has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// What is wrong, with the name of the dataset and without the path.
    pub message: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub observed: String,
    /// What to do.
    pub remedy: String,
    cited: Cited,
}

/// What the error's text quotes besides the message and the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cited {
    /// The message says it all.
    Nothing,
    Observed,
    Both,
}

/// The dataset and, in the error's text, the path that a message is about.
#[derive(Clone, Copy)]
struct Subject<'a> {
    dataset: &'a str,
    path: Option<&'a str>,
}

impl Subject<'_> {
    /// ```text
    /// a file of `units` has no bytes
    /// `/data/a.parquet`, a file of `units`, has no bytes
    /// ```
    fn named(self, noun: &str, predicate: &str) -> String {
        match self.path {
            Some(path) => format!("`{path}`, {noun}, {predicate}"),
            None => format!("{noun} {predicate}"),
        }
    }

    fn file(self, predicate: &str) -> String {
        self.named(&format!("a file of `{}`", self.dataset), predicate)
    }

    fn folder(self, predicate: &str) -> String {
        self.named(&format!("a folder of `{}`", self.dataset), predicate)
    }

    fn location(self, predicate: &str) -> String {
        self.named(&format!("the location of `{}`", self.dataset), predicate)
    }

    fn delta_table(self, predicate: &str) -> String {
        self.named(&format!("the Delta table of `{}`", self.dataset), predicate)
    }

    fn log(self, predicate: &str) -> String {
        match self.path {
            Some(path) => format!("the log of `{path}`, the location of `{}`, {predicate}", self.dataset),
            None => format!("the log of `{}` {predicate}", self.dataset),
        }
    }

    fn store(self, predicate: &str) -> String {
        match self.path {
            Some(path) => format!("the object store of `{path}`, the location of `{}`, {predicate}", self.dataset),
            None => format!("the object store of `{}` {predicate}", self.dataset),
        }
    }

    /// A message that ends with the location.
    fn before_location(self, words: &str) -> String {
        match self.path {
            Some(path) => format!("{words} `{path}`, the location of `{}`", self.dataset),
            None => format!("{words} the location of `{}`", self.dataset),
        }
    }

    /// A message with a subject of its own.
    fn at(self, message: String) -> String {
        match self.path {
            Some(path) => format!("{message}, at `{path}`"),
            None => message,
        }
    }
}

impl FileError {
    /// The description of the error, for a finding.
    pub fn wording(&self) -> Wording {
        self.kind.describe(Subject { dataset: &self.dataset, path: None })
    }

    /// The text of the error, with its path.
    pub(super) fn sentence(&self) -> String {
        let subject = Subject { dataset: &self.dataset, path: Some(&self.path) };
        match &self.kind {
            Kind::Drift(source) => match self.row {
                Some(row) => format!("`{}`, a file of `{}`, row {row}: {source}", self.path, self.dataset),
                None => format!("`{}`, a file of `{}`: {source}", self.path, self.dataset),
            },
            Kind::Scan(source) => format!("{}: {source}", subject.file("cannot be read")),
            kind => {
                let Wording { message, expected, observed, remedy, cited } = kind.describe(subject);
                match cited {
                    Cited::Nothing => format!("{message}; {remedy}"),
                    Cited::Observed => format!("{message}: {observed}; {remedy}"),
                    Cited::Both => format!("{message}: expected {expected}, found {observed}; {remedy}"),
                }
            }
        }
    }
}

/// A description whose message says it all.
fn plain(message: String, expected: &str, observed: &str, remedy: &str) -> Wording {
    let (expected, observed, remedy) = (expected.to_owned(), observed.to_owned(), remedy.to_owned());
    Wording { message, expected, observed, remedy, cited: Cited::Nothing }
}

/// A description with the reason why it is so.
fn because(message: String, expected: &str, reason: &str, remedy: &str) -> Wording {
    Wording { cited: Cited::Observed, ..plain(message, expected, reason, remedy) }
}

/// A description that needs both what is expected and what is found.
fn differing(message: String, expected: &str, observed: &str, remedy: &str) -> Wording {
    Wording { cited: Cited::Both, ..plain(message, expected, observed, remedy) }
}

impl Kind {
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each kind")]
    fn describe(&self, of: Subject<'_>) -> Wording {
        let dataset = of.dataset;
        match self {
            Self::Missing => plain(
                of.location("does not exist"),
                "a Parquet file, or a folder of them",
                "no file or folder",
                "correct the location, or write the data there",
            ),
            Self::Unreadable { reason } => because(
                of.before_location("permission denied for"),
                "a location that can be read",
                reason,
                "grant read permission",
            ),
            Self::BadLocation { reason } => {
                because(of.location("is neither a path nor a URL"), "a path or a URL", reason, "correct the location")
            }
            Self::NoStore => plain(
                of.store("is not registered"),
                "an object store for the location's URL",
                "none",
                "register the store on the session",
            ),
            Self::Listing { reason } => because(
                of.location("cannot be listed"),
                "a list of its files",
                reason,
                "check that the store is reachable, and try again",
            ),
            Self::NoFiles { expected, other } if other.is_empty() => differing(
                of.location("has no data file"),
                expected,
                "none",
                "correct the location, or omit it if the dataset is meant to be empty",
            ),
            Self::NoFiles { expected, other } => differing(
                of.location("has only Parquet files that do not match its file patterns"),
                expected,
                other,
                "set `scan.files` to the patterns of the data files, such as `scan: { files: [\"*.parq\"] }`",
            ),
            Self::InsideDelta { table } => because(
                of.location("is inside a Delta table"),
                "the folder that contains `_delta_log`",
                &format!("a part of `{table}`"),
                "use the table itself as the location, and filter it",
            ),
            Self::LinkToNowhere { target, reason } => because(
                of.named(&format!("a link of `{dataset}`"), "is dangling"),
                "a file",
                &format!("a link to `{target}`: {reason}"),
                "restore the target of the link, or remove the link",
            ),
            Self::LinkedAgain { target } => because(
                of.folder("is already read under another path"),
                "files of its own in each partition's folder",
                &format!("the files of `{target}`"),
                "remove the link, or replace it by a folder with other files",
            ),
            Self::NotAFile { kind } => plain(
                of.at(format!("`{dataset}` has {kind} in the place of a file")),
                "a Parquet file",
                kind,
                "move it elsewhere, or correct the location",
            ),
            Self::Unspelled => differing(
                of.file("has an invalid name"),
                "a name in UTF-8 without control characters, that does not end in `#` and a number",
                "another name",
                "rename it",
            ),
            Self::ClosedFolder { reason } => because(
                of.folder("cannot be listed"),
                "a list of its files",
                reason,
                "grant permission to list it, or move it elsewhere",
            ),
            Self::Vanished => plain(
                of.file("was removed after it was listed"),
                "the file",
                "no such file",
                "try again when no writer is active, or restore the file",
            ),
            Self::DeniedFile { reason } => because(
                of.file("cannot be read: permission denied"),
                "a file that can be read",
                reason,
                "grant read permission",
            ),
            Self::EmptyFile => plain(of.file("is empty"), "a Parquet file", "0 bytes", "remove it, or rewrite it"),
            Self::Truncated => plain(
                of.file("ends before its footer"),
                "a footer and `PAR1` at its end",
                "it begins with `PAR1` and does not end with it",
                "write or copy it again",
            ),
            Self::BrokenFooter { reason } => {
                because(of.file("has a broken footer"), "a footer that can be read", reason, "write or copy it again")
            }
            Self::MetadataNotUtf8 { keys } => because(
                of.file("has metadata that is not UTF-8"),
                "text values",
                &format!("bytes that are not UTF-8 under {keys}"),
                &format!("rewrite it without {keys}, or with text values, in base64 for example"),
            ),
            Self::SchemaUnreadable { reason } => because(
                of.file("has a schema that cannot be read"),
                "a schema with Arrow types",
                reason,
                "write it again",
            ),
            Self::NotParquet { reason } => because(
                of.file("is not Parquet"),
                "a Parquet file",
                reason,
                "move it elsewhere, or rewrite it as Parquet",
            ),
            Self::PartitionFolder { expected, folder: None } => plain(
                of.file("is outside of its partitions"),
                expected,
                "no `key=value` folder",
                &format!("move the file into a folder {expected}"),
            ),
            Self::PartitionFolder { expected, folder: Some(folder) } => because(
                of.at(format!("a folder of `{dataset}` is not one of its partitions")),
                expected,
                &format!("`{folder}`"),
                &format!("rename or move it, so that its files are in {expected}"),
            ),
            Self::UndeclaredPartition { folder } => because(
                of.file(&format!("is in a folder `key=value`, and `{dataset}` declares no partitions")),
                "no `key=value` folder",
                &format!("`{folder}`"),
                "declare the key under `partitions:`, or move the file",
            ),
            Self::PartitionValue { column, value, data_type } => differing(
                of.at(format!("a folder of `{dataset}` has an invalid value of `{column}`")),
                data_type,
                &format!("`{value}`"),
                &format!("rename the folder, or change the type of `{column}`"),
            ),
            Self::PartitionNull { column } => plain(
                of.at(format!("a folder of `{dataset}` has the rows whose `{column}` is NULL")),
                &format!("a value of `{column}`"),
                "`__HIVE_DEFAULT_PARTITION__`",
                &format!("declare `{column}` nullable, or write these rows under a value of it"),
            ),
            Self::Drift(source) => because(
                of.file("does not match its contract"),
                "the schema and the values that the contract declares",
                &source.to_string(),
                source.remedy(),
            ),
            Self::Scan(source) => Self::damaged(source.find_root().strip_backtrace()).describe(of),
            Self::Checksum { column, group } => because(
                of.file("is damaged"),
                "pages that match their checksums",
                &format!("a page does not match its checksum: column `{column}`, row group {group}"),
                "restore it from an undamaged copy: bytes have changed since it was written",
            ),
            Self::Damaged { chunk, reason } => because(
                of.file("is damaged"),
                "every row that its footer declares",
                &match chunk {
                    Some((column, group)) => format!("column `{column}`, row group {group}: {reason}"),
                    None => reason.clone(),
                },
                "write or copy it again",
            ),
            Self::Changed { reason } => because(
                of.file("has changed since it was listed"),
                "the file that was listed",
                reason,
                "try again when no writer is active",
            ),
            Self::Unfetched { reason } => because(
                of.file("could not be fetched"),
                "its bytes",
                reason,
                "check that the store is reachable, and try again",
            ),
            Self::DeltaPartition { column, value, data_type } => differing(
                of.at(format!("the log of `{dataset}` has a value of `{column}` that does not fit the contract")),
                data_type,
                &value.as_ref().map_or_else(|| "NULL".to_owned(), |value| format!("`{value}`")),
                "change the column's type or nullability, or rewrite the rows under another value",
            ),
            Self::NoDelta => because(
                of.location("is a Delta table"),
                "a build that supports Delta",
                "a build without its feature `delta`",
                "build with the feature `delta`",
            ),
            Self::NotDelta { asked } => differing(
                of.location("is not a Delta table"),
                &format!("a Delta table, for `{asked}` of it"),
                "no `_delta_log`",
                "correct the location, or omit the version to read the files",
            ),
            Self::NoVersion { asked, known } => differing(
                of.delta_table("has no such version"),
                &format!("`{asked}`"),
                known,
                "request one of the available versions",
            ),
            Self::DeltaLog { reason } => because(
                of.log("cannot be read"),
                "a Delta log",
                reason,
                "restore the files of `_delta_log`, or request a version before the damage",
            ),
            Self::DeltaFeatures { features } => because(
                of.delta_table("needs reader features that this build does not support"),
                "reader features that this build supports",
                features,
                "remove the feature from the table, or request a version before it",
            ),
            Self::DeltaFile { reason } => because(
                of.named(&format!("a file that the log of `{dataset}` names"), "does not exist"),
                "the file",
                reason,
                "restore the file, or request a version that does not need it",
            ),
            Self::DeltaOutside { reason } => because(
                of.named(&format!("a file that the log of `{dataset}` names"), "is not a file of the table"),
                "a file below the table, or below the source of a clone",
                reason,
                "if the table is a shallow clone, name its source in the location: `TABLE?clone_of=SOURCE`; if it is not, restore its log",
            ),
            Self::DeltaSize { size, logged } => differing(
                of.file("has another size than its log declares"),
                &format!("{logged} bytes"),
                &format!("{size} bytes"),
                "restore the file, or request a version that does not need it",
            ),
            Self::DeltaSchema { reason } => because(
                of.log("has a column that the contract does not allow"),
                "the column as the contract declares it",
                reason,
                "change the column of the table, or the policy under `evolution`",
            ),
            Self::DeltaVector { reason } => because(
                format!("the deletion vector of {}", of.file("cannot be used")),
                "the deleted rows of the file",
                reason,
                "restore the vector, or request a version before it",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
