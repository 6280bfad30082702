//! The floor: row views as flat files, which is what reading a nested table cannot beat.

use std::fs::File;
use std::path::{Path, PathBuf};

use cstspec_contract::Catalog;
use datafusion::parquet::arrow::ArrowWriter;
use futures::StreamExt as _;

use crate::side::{plain, stored};
use crate::tiling::{self, ROWS, Tiling};

/// The folder of the flat files beside the folder `nested`, which are written unless they are there from an earlier run.
pub async fn kept(catalog: &Catalog, tiling: Tiling, nested: &Path, cache: &Path) -> PathBuf {
    let name = nested.file_name().expect("a folder has a name").to_string_lossy();
    let folder = cache.join(format!("{name}-flat"));
    if !folder.exists() {
        let unfinished = tempfile::tempdir_in(cache).expect("the cache can be written");
        write(catalog, tiling, nested, unfinished.path()).await;
        std::fs::rename(unfinished.keep(), &folder).expect("nobody else writes the same files");
    }
    folder
}

/// One file for each row view, with the columns that are not computed, in the order of the nested table's rows. It is stored as that is: in
/// row groups of the elements of as many rows, and in pages of one copy's elements.
async fn write(catalog: &Catalog, tiling: Tiling, nested: &Path, folder: &Path) {
    // One partition, and so one order.
    let ctx = plain(catalog, nested, 1).await;
    for view in &catalog.views {
        let Some(columns) = stored(view) else { continue };
        let columns: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        let frame = ctx.table(&view.name).await.expect("the view is registered");
        let rows = frame.clone().count().await.expect("the view can be read");
        let properties = tiling::stored((rows * tiling.group / (tiling.copies * ROWS)).max(1), rows / tiling.copies);
        let frame = frame.select_columns(&columns).expect("these are its columns");
        let mut batches = frame.execute_stream().await.expect("the view can be planned");
        let out = File::create(folder.join(format!("{}.parquet", view.name))).expect("the folder can be written");
        let mut writer =
            ArrowWriter::try_new(out, batches.schema(), Some(properties)).expect("the schema can be stored");
        while let Some(batch) = batches.next().await {
            writer.write(&batch.expect("the view can be read")).expect("rows can be written");
        }
        writer.close().expect("the file can be closed");
    }
}
