//! Work on bytes that somebody else wrote: a panic of the crates that decode them is an error of the file at hand.
//!
//! The parquet, arrow and kernel crates assert what they take for granted of a file (`traps_files.rs` in the tests has some). Everything
//! that is done for one file runs in here, and a panic comes back as [`Panicked`]. Its text is kept and not printed: the hook that was
//! there before, a host's for example, is asked about every other panic.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, Location};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;
use std::{future, thread};

use datafusion::common::DataFusionError;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};

/// The most letters of a panic's text that are told.
const MOST_LETTERS: usize = 300;

thread_local! {
    /// How many guards this thread is in.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
    /// Where the last panic in one of them was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic of a reader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reader gave up: {text}{}", place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default())]
pub struct Panicked {
    text: String,
    place: Option<String>,
}

impl From<Panicked> for DataFusionError {
    fn from(panicked: Panicked) -> Self {
        Self::External(Box::new(panicked))
    }
}

/// Runs `work`.
///
/// # Errors
///
/// Its panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    watch();
    let _inside = Inside::enter();
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Panicked::of(payload.as_ref()))
}

/// Runs `work` to its end.
///
/// # Errors
///
/// Its panic.
pub async fn future<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    future::poll_fn(|context| match caught(|| work.as_mut().poll(context)) {
        Ok(polled) => polled.map(Ok),
        Err(panicked) => Poll::Ready(Err(panicked)),
    })
    .await
}

/// The items of `work`, and its panic as the last one.
pub fn stream<T: 'static>(work: BoxStream<'static, T>) -> impl Stream<Item = Result<T, Panicked>> + Send + 'static {
    let mut work = Some(work);
    stream::poll_fn(move |context| {
        let Some(stream) = work.as_mut() else { return Poll::Ready(None) };
        match caught(|| stream.poll_next_unpin(context)) {
            Ok(polled) => polled.map(|item| item.map(Ok)),
            Err(panicked) => {
                // What it holds is as the panic left it.
                let _ = caught(|| work = None);
                Poll::Ready(Some(Err(panicked)))
            }
        }
    })
}

/// Keeps the texts of all panics of this thread from being printed: whoever waits for its work gets them.
#[cfg(feature = "delta")]
pub fn quiet_thread() {
    watch();
    std::mem::forget(Inside::enter());
}

/// One guard on this thread.
struct Inside;

impl Inside {
    fn enter() -> Self {
        GUARDS.set(GUARDS.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        GUARDS.set(GUARDS.get() - 1);
    }
}

impl Panicked {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("it does not say why").split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shortened: String = text.chars().take(MOST_LETTERS).collect();
        if shortened.len() < text.len() {
            shortened.push('…');
        }
        Self { text: shortened, place: PLACE.take() }
    }
}

/// Puts a hook before the one that is there, once in a process.
fn watch() {
    static WATCHED: Once = Once::new();
    // No hook can be changed by a thread that panics.
    if thread::panicking() {
        return;
    }
    WATCHED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if GUARDS.try_with(Cell::get).is_ok_and(|guards| guards > 0) {
                let _ = PLACE.try_with(|place| place.replace(panic.location().map(spelled)));
            } else {
                before(panic);
            }
        }));
    });
}

/// A place in the source of a crate, without the folder that this machine keeps it in.
fn spelled(place: &Location<'_>) -> String {
    let file = place.file().replace('\\', "/");
    let of_crate = file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/')).map(|(_, file)| file);
    let of_std = || file.find("/library/").filter(|_| file.starts_with("/rustc/")).map(|at| &file[at + 1..]);
    format!("{}:{}", of_crate.or_else(of_std).unwrap_or(&file), place.line())
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};

    use super::{caught, future, stream as guarded};

    /// A panic comes back with its text and place.
    #[test]
    fn panic_has_text_and_place() {
        let panicked = caught(|| assert_eq!(1, 2, "of\nlines")).unwrap_err().to_string();
        assert!(panicked.starts_with("the reader gave up: assertion `left == right` failed: of lines left: 1"));
        assert!(panicked.contains("guard.rs:"), "{panicked}");
        assert_eq!(caught(|| 3), Ok(3));
    }

    #[tokio::test]
    async fn stream_ends_with_panic() {
        let items = stream::iter(0..4).map(|item| if item == 2 { panic!("at two") } else { item });
        let shortened: Vec<_> = guarded(items.boxed()).collect().await;
        assert!(matches!(shortened.as_slice(), [Ok(0), Ok(1), Err(_)]), "{shortened:?}");
        let polled = future(async { tokio::task::yield_now().await }).await;
        assert_eq!(polled, Ok(()));
    }
}
