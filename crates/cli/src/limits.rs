//! How much memory and time a command may take.
//!
//! The engine's operators take their memory from a pool: they spill to disk, or fail, when it is used up. Not all memory comes from
//! there: functions, readers and the optimizer take theirs from the system. So the memory of the process is watched as well, and the
//! command ends in order when it passes the limit. A limit of the system (`ulimit -v`) would abort it instead.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use crate::args;
use crate::cleanup;
use crate::console::Console;
use crate::error::{self, CommandError};
use crate::outcome::Form;
use crate::report_output::FAILED;

/// How often the process is looked at.
const PERIOD: Duration = Duration::from_millis(10);
/// The least limit: below it there is no memory for the engine itself.
const LEAST: u64 = 128 << 20;

/// The most memory that a command may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// A part of what there is.
    Share(u64),
    /// So many bytes, as somebody asked.
    Asked(u64),
    /// No limit.
    Unlimited,
}

impl Memory {
    /// What the command line asks for, or half of what there is.
    pub fn choose(limit: Option<args::MemoryLimit>) -> Result<Self, CommandError> {
        match limit {
            Some(args::MemoryLimit::None) => Ok(Self::Unlimited),
            Some(args::MemoryLimit::Bytes(bytes)) if bytes < LEAST => {
                Err(CommandError::usage(format!("--memory-limit must be at least {}", display_bytes(LEAST))))
            }
            Some(args::MemoryLimit::Bytes(bytes)) => Ok(Self::Asked(bytes)),
            None => Ok(available().map_or(Self::Unlimited, |bytes| Self::Share((bytes / 2).max(LEAST)))),
        }
    }

    /// The limit in bytes.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Self::Share(bytes) | Self::Asked(bytes) => Some(bytes),
            Self::Unlimited => None,
        }
    }

    /// The engine's part of the limit, in bytes: the rest is for what does not come from its pool.
    pub fn pool(self) -> Option<u64> {
        self.bytes().map(|bytes| bytes / 4 * 3)
    }
}

/// A size as people write it.
pub fn display_bytes(bytes: u64) -> String {
    ByteSize::b(bytes).display().iec().to_string()
}

/// The remedy of an exceeded memory limit.
pub const RAISE: &str = "raise --memory-limit, or set it to `none`";

/// The memory that there is: of the machine, of the control group, of the process's own limit, whichever is least.
fn available() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory();
    let group = system.cgroup_limits().map(|limits| limits.total_memory);
    [Some(system.total_memory()), group, address_space()].into_iter().flatten().filter(|bytes| *bytes > 0).min()
}

/// The most that the process may have by `ulimit -v`; `None` where the system does not say, and where there is no limit.
pub fn address_space() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Ends the command at its limits, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _running: Option<Sender<()>>,
}

impl Watch {
    /// Watches the process from now on.
    pub fn start(
        memory: Memory,
        timeout: Option<Duration>,
        console: &Console,
        form: Form,
    ) -> Result<Self, CommandError> {
        if memory.bytes().is_none() && timeout.is_none() {
            return Ok(Self { _running: None });
        }
        let started = Instant::now();
        let (running, stopped) = mpsc::channel();
        let console = *console;
        let stop = move |message: String, help: &str| -> ! {
            let failure = CommandError::limit(message, help);
            let say = || {
                console.fail(&failure);
                form.fail(&failure);
            };
            cleanup::end(say, FAILED)
        };
        let watch = move || {
            let mut process = Process::new();
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                if let Some(timeout) = timeout.filter(|timeout| started.elapsed() >= *timeout) {
                    let timeout = humantime::format_duration(timeout);
                    stop(
                        format!("stopped after {timeout}, the limit of --timeout"),
                        "raise --timeout, or run a smaller query",
                    );
                }
                let (Some(limit), Some(resident)) = (memory.bytes(), process.resident()) else { continue };
                if resident > limit {
                    let (limit, resident) = (display_bytes(limit), display_bytes(resident));
                    stop(format!("stopped at {resident} of memory, above the limit of {limit}"), RAISE);
                }
            }
        };
        thread::Builder::new()
            .name("limits".to_owned())
            .spawn(watch)
            .map_err(|error| CommandError::Tool(format!("cannot start a thread: {}", error::reason(&error))))?;
        Ok(Self { _running: Some(running) })
    }
}

/// This process, as the system sees it.
struct Process {
    system: System,
    own: Option<sysinfo::Pid>,
}

impl Process {
    fn new() -> Self {
        Self { system: System::new(), own: sysinfo::get_current_pid().ok() }
    }

    /// The bytes of memory that it has.
    fn resident(&mut self) -> Option<u64> {
        let own = self.own?;
        let what = ProcessRefreshKind::nothing().with_memory().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, what);
        self.system.process(own).map(sysinfo::Process::memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The process has memory and the machine has more.
    #[test]
    fn memory_of_process_and_machine() {
        let resident = Process::new().resident().unwrap();
        assert!(resident > 0 && resident < available().unwrap(), "{resident}");
    }

    /// A limit that the engine cannot start with is refused.
    #[test]
    fn limit_too_small() {
        assert!(Memory::choose(Some(args::MemoryLimit::Bytes(1 << 20))).is_err());
        assert_eq!(Memory::choose(Some(args::MemoryLimit::None)).unwrap().pool(), None);
        assert_eq!(Memory::choose(Some(args::MemoryLimit::Bytes(1 << 30))).unwrap().pool(), Some(3 << 28));
        assert!(matches!(Memory::choose(None).unwrap(), Memory::Share(bytes) if bytes >= LEAST));
    }
}
