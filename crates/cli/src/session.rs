//! A session of the engine with everything that a catalog declares registered in it.

use std::num::NonZero;
use std::thread;

use cstspec_contract::Catalog;
use cstspec_runtime::{Locations, Options, Registered, RuntimeError};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use tokio::runtime::{Builder, Runtime};

use crate::console::Console;
use crate::data::DataLocations;
use crate::engine_message::sentence;
use crate::error::CommandError;
use crate::limits::{Memory, RAISE, Watch, display_bytes};
use crate::outcome::Form;
use crate::{args, engine_message, limits, settings, suggestion};

/// The stack of a worker, in bytes: views over views make deep plans, and deeper ones without optimization of this program.
const STACK: usize = 32 << 20;
/// The most threads beside the workers, which wait for files. Each has a stack of that size.
const WAITING: usize = 64;
/// The address space that the allocator reserves for a thread beside its stack, in bytes (an arena of glibc).
const ARENA: usize = 64 << 20;
/// The part of a limited address space (`ulimit -v`) that threads may reserve: a process that cannot start a thread, or cannot allocate
/// because others have reserved what there is, is aborted.
const STACKS: u64 = 4;

/// The setting of the engine's memory.
const MEMORY: &str = "datafusion.runtime.memory_limit";

/// The engine as the command line asks for it.
#[derive(Debug)]
pub struct Engine {
    /// Options of its sessions.
    options: Options,
    /// The most memory that the command may take.
    memory: Memory,
    threads: Runtime,
    _watch: Watch,
}

impl Engine {
    /// Starts its threads, and whoever watches its limits.
    pub fn start(args: &args::Engine, catalog: &Catalog, console: &Console, form: Form) -> Result<Self, CommandError> {
        if let Some(name) = args.session.as_deref().filter(|name| catalog.session(name).is_none()) {
            let known = catalog.sessions.iter().map(|session| session.name.as_str());
            let all: Vec<&str> = known.clone().collect();
            let help = suggestion::help(name, known, &format!("the presets are {}", all.join(", ")));
            return Err(CommandError::usage_with_help(
                format!("--session names an unknown preset `{name}`"),
                Some(help),
            ));
        }
        let mut options = Options { session: args.session.clone(), ..Options::default() };
        for (name, value) in &args.settings {
            settings::check(name, value)?;
            if options.settings.insert(name.clone(), value.clone()).is_some() {
                return Err(CommandError::usage(format!("--set is given twice for `{name}`")));
            }
        }
        let memory = Memory::choose(args.memory_limit)?;
        match memory {
            Memory::Asked(_) => options.memory_limit = memory.pool(),
            Memory::Share(_) => options.spare_memory_limit = memory.pool(),
            Memory::Unlimited => {}
        }
        let watch = Watch::start(memory, args.timeout, console, form)?;
        let (workers, waiting) =
            threads(limits::address_space(), thread::available_parallelism().map_or(1, NonZero::get));
        let threads = Builder::new_multi_thread()
            .enable_all()
            .thread_stack_size(STACK)
            .worker_threads(workers)
            .max_blocking_threads(waiting)
            .build()
            .map_err(|error| CommandError::Tool(format!("cannot start the engine's threads: {error}")))?;
        Ok(Self { options, memory, threads, _watch: watch })
    }

    /// Runs `work` to its end.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.threads.block_on(work)
    }

    /// A session with the catalog's settings, datasets, views and statements.
    pub async fn open(
        &self,
        catalog: &Catalog,
        placement: &DataLocations,
        console: &Console,
    ) -> Result<(SessionContext, Registered), CommandError> {
        let preset = self.options.session.as_ref().unwrap_or(&catalog.session);
        console.log(&format!("opening a session with the settings of `{preset}`"));
        let context = cstspec_runtime::session(catalog, &self.options).map_err(|error| error_of(&error))?;
        cstspec_runtime::functions::without_host(&context);
        placement.provide(&context).await?;
        for words in &placement.labels {
            console.log(&format!("data of {words}"));
        }
        let registered = cstspec_runtime::register(&context, catalog, &placement.locations)
            .await
            .map_err(|error| error_of(&error))?;
        Ok((context, registered))
    }

    /// A session with `catalog` registered over `locations`.
    pub async fn open_at(&self, catalog: &Catalog, locations: &Locations) -> Result<SessionContext, CommandError> {
        let context = cstspec_runtime::session(catalog, &self.options).map_err(|error| error_of(&error))?;
        cstspec_runtime::functions::without_host(&context);
        cstspec_runtime::register(&context, catalog, locations).await.map_err(|error| error_of(&error))?;
        Ok(context)
    }

    /// Why the engine has no more memory, if that is what an error says, and what to do.
    pub fn exhausted(&self, error: &DataFusionError) -> Option<CommandError> {
        let DataFusionError::ResourcesExhausted(what) = error.find_root() else { return None };
        let limit = self
            .memory
            .bytes()
            .map_or_else(|| format!("`{MEMORY}`"), |bytes| format!("the limit of {}", display_bytes(bytes)));
        let message =
            format!("the query needs more memory than {limit} allows: {}", what.lines().next().unwrap_or_default());
        Some(CommandError::limit(message, RAISE))
    }
}

/// The numbers of workers and of threads that wait for files, on a machine with so many cores, in an address space of so many bytes.
fn threads(space: Option<u64>, cores: usize) -> (usize, usize) {
    let Some(space) = space else { return (cores, WAITING) };
    let most = usize::try_from(space / STACKS / (STACK + ARENA) as u64).unwrap_or(usize::MAX);
    let workers = cores.min(most / 2).max(1);
    (workers, most.saturating_sub(workers).clamp(1, WAITING))
}

/// Why the runtime stopped.
pub fn error_of(error: &RuntimeError) -> CommandError {
    match error {
        RuntimeError::Engine(error) => CommandError::Engine(sentence(error)),
        RuntimeError::Setting { .. } => CommandError::usage(error.to_string()),
        other => CommandError::Engine(other.to_string()),
    }
}

/// Why a relation is not there, if the engine refused its query.
pub fn unregistered(registered: &Registered, name: &str) -> Option<CommandError> {
    let refused = registered.refused.iter().find(|refused| refused.name == name)?;
    let why = engine_message::reword(&sentence(&refused.error)).message;
    let message = format!("the view `{name}` is not registered, because its query cannot be planned: {why}");
    Some(CommandError::usage_with_help(message, Some(format!("`cstspec verify` has the finding of `{name}`"))))
}

/// Says which views and statements the engine refused, to somebody who asked for something else than to verify them.
pub fn warn_unregistered(registered: &Registered, console: &Console) {
    for refused in &registered.refused {
        let why = engine_message::reword(&sentence(&refused.error)).message;
        console.note(&format!("{} is not registered; `cstspec verify` has the finding: {why}", refused.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads take a part of a limited address space, and one thread of each kind is always there.
    #[test]
    fn threads_of_address_space() {
        assert_eq!(threads(None, 8), (8, WAITING));
        assert_eq!(threads(Some(1 << 50), 8), (8, WAITING));
        assert_eq!(threads(Some(2 << 30), 2), (2, 3));
        assert_eq!(threads(Some(2 << 30), 64), (2, 3));
        assert_eq!(threads(Some(1), 64), (1, 1));
    }
}
