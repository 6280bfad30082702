//! One file's footer, opened and held against the contract before a row is read.

use std::sync::Arc;

use cstspec_conform::LikelyRename;
use cstspec_contract::Path;
use cstspec_runtime::files::footer::{checks, fetch};
use cstspec_runtime::files::opened::{OpenedFile, ReadContract};
use cstspec_runtime::files::store::FileStore;
use cstspec_runtime::files::table_files::DataFile;
use cstspec_runtime::{FileErrorKind, RuntimeError, guard};
use datafusion::catalog::Session;
use datafusion::common::runtime::SpawnedTask;
use datafusion::parquet::basic::{ConvertedType, LogicalType};
use datafusion::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use datafusion::parquet::schema::types::Type;

use crate::checks::Checks;

/// The facts of one file's footer.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// The file, compared with the contract.
    pub opened: Arc<OpenedFile>,
    /// Fields that it likely has under other names than the contract.
    pub likely: Vec<LikelyRename>,
    /// Columns whose statistics the contract wishes for and the file lacks.
    pub without_statistics: Vec<Path>,
    /// Columns whose bloom filters the contract wishes for and the file lacks.
    pub without_bloom_filters: Vec<Path>,
}

/// Opens files of one dataset.
pub(crate) struct Inspector<'a> {
    /// The session whose settings are those of its scans.
    pub state: &'a dyn Session,
    /// Where the files are.
    pub store: &'a FileStore,
    /// The contract that they are read under.
    pub read: &'a ReadContract,
    /// Whether they are looked at behind their footers too.
    pub checks: Checks,
}

impl Inspector<'_> {
    /// Opens `file` and compares it with the contract.
    ///
    /// # Errors
    ///
    /// Why it cannot be opened at all, one variant per cause.
    pub async fn inspect(&self, file: &DataFile) -> Result<Inspection, RuntimeError> {
        match guard::future(self.opened(file)).await {
            Ok(inspected) => inspected,
            Err(panicked) => {
                let reason = panicked.to_string();
                Err(FileErrorKind::BrokenFooter { reason }.of(&self.read.contract.name, &file.display_path))
            }
        }
    }

    async fn opened(&self, file: &DataFile) -> Result<Inspection, RuntimeError> {
        let hint = self.state.config_options().execution.parquet.metadata_size_hint;
        let opened = fetch::open(self.read, self.store, file, hint).await?;
        let OpenedFile { metadata, schema, .. } = opened.as_ref();
        if let Some(vector) = &file.vector {
            vector.removed(&self.read.contract.name, self.store, file, fetch::rows(metadata)).await?;
        }
        if self.checks == Checks::Rows {
            self.whole(file).await?;
        }
        let leaves = leaves(metadata.file_metadata().schema());
        let scan = &self.read.contract.scan;
        Ok(Inspection {
            opened: Arc::clone(&opened),
            likely: cstspec_conform::likely_renames(&self.read.contract, &self.read.partition_names(), schema),
            without_statistics: self.lacking(&scan.statistics, &leaves, |leaf| lacks_statistics(metadata, leaf)),
            without_bloom_filters: self.lacking(&scan.bloom_filters, &leaves, |leaf| lacks_bloom(metadata, leaf)),
        })
    }

    /// Looks at what a file says behind its footer, in a task of its own: what is decompressed for it takes time, and other files need not
    /// wait.
    async fn whole(&self, file: &DataFile) -> Result<(), RuntimeError> {
        let (dataset, store, file) = (self.read.contract.name.clone(), self.store.clone(), file.clone());
        let location = (dataset.clone(), file.display_path.clone());
        let whole = async move { guard::future(checks::whole(&dataset, &store, &file)).await };
        let reason = match SpawnedTask::spawn(whole).join().await {
            Ok(Ok(held)) => return held,
            Ok(Err(panicked)) => panicked.to_string(),
            Err(stopped) => stopped.to_string(),
        };
        let (dataset, path) = location;
        Err(FileErrorKind::damaged(reason).of(dataset, path))
    }

    /// The wishes that some leaf of the file does not meet. A column of a folder, or one that the file lacks altogether, is not counted.
    fn lacking(&self, wishes: &[Path], leaves: &[Path], lacks: impl Fn(usize) -> bool) -> Vec<Path> {
        wishes
            .iter()
            .filter(|wish| !self.read.partition_names().contains(&wish.column()))
            .filter(|wish| leaves.iter().enumerate().any(|(index, leaf)| leaf.starts_with(wish) && lacks(index)))
            .cloned()
            .collect()
    }
}

fn lacks_statistics(metadata: &ParquetMetaData, leaf: usize) -> bool {
    groups_with_rows(metadata).any(|group| group.column(leaf).statistics().is_none())
}

fn lacks_bloom(metadata: &ParquetMetaData, leaf: usize) -> bool {
    groups_with_rows(metadata).any(|group| group.column(leaf).bloom_filter_offset().is_none())
}

/// Nobody writes statistics or a filter of nothing.
fn groups_with_rows(metadata: &ParquetMetaData) -> impl Iterator<Item = &RowGroupMetaData> {
    metadata.row_groups().iter().filter(|group| group.num_rows() > 0)
}

/// The paths of a file's leaves as specs spell them, in the order of its column chunks.
fn leaves(schema: &Type) -> Vec<Path> {
    let mut leaves = Vec::new();
    for field in schema.get_fields() {
        descend(field, Path::top(field.name()), &mut leaves);
    }
    leaves
}

fn descend(field: &Type, path: Path, leaves: &mut Vec<Path>) {
    if field.is_primitive() {
        leaves.push(path);
        return;
    }
    let (logical, converted) = (field.get_basic_info().logical_type_ref(), field.get_basic_info().converted_type());
    if let [only] = field.get_fields() {
        let is_list = matches!(logical, Some(LogicalType::List)) || converted == ConvertedType::LIST;
        let is_map = matches!(logical, Some(LogicalType::Map))
            || matches!(converted, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
        if is_list {
            // Of old, writers left out the level between the list and its elements.
            let element =
                if only.is_primitive() || only.get_fields().len() != 1 { only } else { &only.get_fields()[0] };
            return descend(element, path, leaves);
        }
        if is_map && !only.is_primitive() {
            for (name, child) in ["key", "value"].iter().zip(only.get_fields()) {
                descend(child, path.join(name), leaves);
            }
            return;
        }
    }
    for child in field.get_fields() {
        descend(child, path.join(child.name()), leaves);
    }
}
