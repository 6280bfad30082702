//! The threads that read logs.
//!
//! The kernel blocks threads, panics where a runtime ends before it does (`executor.rs` of `buoyant_kernel_engine` 0.28) and goes down into
//! whatever a log nests. Here it has threads of its own, which live as long as the process and have the room.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::guard;

/// Threads that wait for the store. Blocking calls have threads of their own.
const WORKERS: usize = 2;
/// The stack of each, in bytes.
const STACK: usize = 16 << 20;

/// Runs `work` to its end; it ends early if nobody waits for it.
///
/// # Errors
///
/// Why it did not end, in words.
pub(super) async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
    static THREADS: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let threads = THREADS.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_stack_size(STACK)
            .thread_name("delta-log")
            .on_thread_start(guard::quiet_thread)
            .enable_all()
            .build()
            .map_err(|error| format!("no thread can be started: {error}"))
    });
    let threads = threads.as_ref().map_err(Clone::clone)?;
    // Dropped, it takes its task with it.
    let mut tasks = JoinSet::new();
    tasks.spawn_on(guard::future(work), threads.handle());
    match tasks.join_next().await {
        Some(Ok(Ok(done))) => Ok(done),
        Some(Ok(Err(panicked))) => Err(panicked.to_string()),
        Some(Err(stopped)) => Err(stopped.to_string()),
        None => Err("nobody reads it".to_owned()),
    }
}
