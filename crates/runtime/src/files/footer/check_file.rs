//! The footer of a Parquet file that another reader opens, checked before it does.

use bytes::{Bytes, BytesMut};
use datafusion::object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, Result as StoreResult};
use datafusion::parquet::file::metadata::ParquetMetaDataReader;

use super::checks;
use super::fetch::{AT_FIRST, LONGEST, MAGIC, TAIL};
use crate::guard;

/// Checks the footer of `file` against the file and against itself, as that of a data file is checked. How many rows it declares. The
/// outer error is the store's, the inner one is the contradiction.
pub async fn check_file(store: &dyn ObjectStore, file: &ObjectMeta) -> StoreResult<Result<u64, checks::Wrong>> {
    let size = file.size;
    let start = size.saturating_sub(AT_FIRST as u64);
    let end = store.get_range(&file.location, start..size).await?;
    let begin = match begin(&end, size) {
        Ok(begin) => begin,
        Err(why) => return Ok(Err(why)),
    };
    let footer = if let Some(before) = begin.checked_sub(start) {
        end.slice(usize::try_from(before).expect("what was fetched fits into memory")..)
    } else {
        let mut whole = BytesMut::from(store.get_range(&file.location, begin..start).await?);
        whole.extend_from_slice(&end);
        whole.freeze()
    };
    let footer = footer.slice(..footer.len().saturating_sub(MAGIC.len() + 4));
    if footer.len() as u64 + begin + TAIL != size {
        return Ok(Err(format!("it has {size} bytes, and fewer can be read")));
    }
    let checked = guard::caught(|| {
        checks::footer(&footer)?;
        let decoded = ParquetMetaDataReader::decode_metadata(&footer).map_err(|error| error.to_string())?;
        checks::counts(&decoded, MAGIC.len() as u64..begin)?;
        Ok(u64::try_from(decoded.file_metadata().num_rows()).unwrap_or(0))
    });
    Ok(checked.unwrap_or_else(|panicked| Err(panicked.to_string())))
}

/// Where the footer begins, in a file of `size` bytes of which `end` are the last ones.
fn begin(end: &Bytes, size: u64) -> Result<u64, checks::Wrong> {
    let tail = end.slice(end.len().saturating_sub(MAGIC.len() + 4)..);
    let Some(length) = tail.strip_suffix(MAGIC).and_then(|length| length.try_into().ok()) else {
        return Err("it does not end as Parquet".to_owned());
    };
    let length = u64::from(u32::from_le_bytes(length));
    if length > LONGEST {
        return Err(format!("its footer has {length} bytes, and at most {LONGEST} can be read"));
    }
    (size - TAIL)
        .checked_sub(length)
        .filter(|begin| *begin >= MAGIC.len() as u64)
        .ok_or_else(|| format!("it says that its footer has {length} bytes, and the file has {size}"))
}
