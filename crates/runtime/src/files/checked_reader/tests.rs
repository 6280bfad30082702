//! Which changes of a file its listing shows.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use datafusion::object_store::ObjectMeta;
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path;

use super::Held;
use crate::RuntimeError;

/// Who listed a file.
#[derive(Clone, Copy, Debug)]
enum By {
    /// The store of this machine's files.
    Machine,
    /// Another store.
    Store,
    /// The log of a Delta table.
    Log,
}

use By::{Log, Machine, Store};

/// The version of a file in a store: its size, its tag, and its modification time.
type Said = (u64, Option<&'static str>, Duration);

const NOW: Duration = Duration::from_secs(1_700_000_000);
const LATER: Duration = Duration::from_millis(1_700_000_000_400);
const MUCH_LATER: Duration = Duration::from_secs(1_700_000_001);

fn meta((size, tag, written): Said) -> ObjectMeta {
    ObjectMeta {
        location: Path::from("units/a.parquet"),
        last_modified: (UNIX_EPOCH + written).into(),
        size,
        e_tag: tag.map(str::to_owned),
        version: None,
    }
}

fn compared(by: By, listed: Said, now: Said) -> Result<(), RuntimeError> {
    let held = Held {
        store: Arc::new(InMemory::new()),
        local: matches!(by, Machine),
        dataset: "units_v1".to_owned(),
        display_path: "units/a.parquet".to_owned(),
        listed: meta(listed),
        logged: matches!(by, Log),
        failure: Mutex::default(),
    };
    held.compare(&meta(now))
}

#[test]
fn listing_shows_store_version() {
    let (size, tag, time) = ("it has 8 bytes, and had 9", "another file is in its place", "it was written at");
    let cases: [(By, Said, Said, Option<&str>); 15] = [
        (Store, (9, Some("a"), NOW), (9, Some("a"), NOW), None),
        (Store, (9, Some("a"), NOW), (8, Some("a"), NOW), Some(size)),
        (Store, (9, Some("a"), NOW), (9, Some("b"), NOW), Some(tag)),
        (Store, (9, Some("a"), NOW), (9, Some("b"), MUCH_LATER), Some(time)),
        // The tag of a version decides alone, with quotes or without.
        (Store, (9, Some("a"), NOW), (9, Some("\"a\""), MUCH_LATER), None),
        // A weak tag is as good as none, and times are compared in seconds.
        (Store, (9, Some("W/\"a\""), NOW), (9, Some("W/\"b\""), LATER), None),
        (Store, (9, Some("W/\"a\""), NOW), (9, Some("W/\"a\""), MUCH_LATER), Some(time)),
        (Store, (9, None, NOW), (9, None, LATER), None),
        (Store, (9, None, NOW), (9, None, MUCH_LATER), Some(time)),
        (Machine, (9, Some("1-0-9"), NOW), (9, Some("1-0-9"), NOW), None),
        (Machine, (9, Some("1-0-9"), NOW), (9, Some("2-0-9"), NOW), Some(tag)),
        (Machine, (9, None, NOW), (9, None, LATER), Some(time)),
        (Machine, (9, None, NOW), (8, None, NOW), Some(size)),
        // A log knows the size of a file and no version of it.
        (Log, (9, None, NOW), (9, Some("b"), MUCH_LATER), None),
        (Log, (9, None, NOW), (8, None, NOW), Some("its log declares")),
    ];
    for (by, listed, now, words) in cases {
        let found = compared(by, listed, now).map_err(|error| error.to_string());
        match words {
            None => assert_eq!(found, Ok(()), "{by:?} {listed:?} {now:?}"),
            Some(words) => {
                let error = found.expect_err(words);
                assert!(
                    error.contains(words) && error.contains("units/a.parquet"),
                    "{by:?} {listed:?} {now:?}: {error}"
                );
            }
        }
    }
}
