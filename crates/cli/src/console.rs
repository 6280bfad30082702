//! The two streams of the command: results on standard output, everything else on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use cstspec_contract::text::printable_lines;

use crate::args::Common;
use crate::error::CommandError;
use crate::paint::{self, CYAN, DIM, Paint, RED};

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Failures only.
    Quiet,
    /// Notes and warnings.
    Normal,
    /// Steps too.
    Verbose,
}

/// Properties of the two streams.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// How much is said.
    pub verbosity: Verbosity,
    /// How results are painted.
    pub paint: Paint,
    /// Columns of the terminal that results go to; `None` where they go elsewhere and nothing is cut to fit.
    pub width: Option<usize>,
    errors: Paint,
}

impl Console {
    /// The streams as the command line and the environment ask for them.
    pub fn new(common: &Common) -> Self {
        let verbosity = match (common.quiet, common.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let stdout = io::stdout();
        let width = terminal_size::terminal_size_of(&stdout)
            .filter(|_| stdout.is_terminal())
            .map(|(terminal_size::Width(width), _)| usize::from(width).max(20));
        Self {
            verbosity,
            paint: paint::choose(common.color, anstream::AutoStream::choice(&stdout)),
            width,
            errors: paint::choose(common.color, anstream::AutoStream::choice(&io::stderr())),
        }
    }

    /// Says something that a person should know, on standard error.
    pub fn note(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            eprint(&format!("{} {}\n", self.errors.paint(DIM, "note:"), printable_lines(text)));
        }
    }

    /// Says what is being done, on standard error.
    pub fn log(&self, text: &str) {
        if self.verbosity == Verbosity::Verbose {
            eprint(&format!("{}\n", self.errors.paint(DIM, &printable_lines(text))));
        }
    }

    /// How text on standard error is painted.
    pub fn error_paint(&self) -> Paint {
        self.errors
    }

    /// Says why the command ends with exit code 2.
    pub fn fail(&self, failure: &CommandError) {
        if let CommandError::Query(refused) = failure {
            eprint(&refused.render(self.errors, self.width));
            return;
        }
        let mut text = format!("{} {}\n", self.errors.paint(RED, "error:"), printable_lines(&failure.to_string()));
        if let Some(help) = failure.help() {
            let _ = writeln!(text, "{} {}", self.errors.paint(CYAN, "help:"), printable_lines(help));
        }
        eprint(&text);
    }
}

/// Says that the tool itself is wrong, and where: in a sentence, since a backtrace helps nobody who did not write it.
pub fn broken(panic: &PanicHookInfo<'_>) {
    let why = panic.payload_as_str().unwrap_or("no reason given");
    let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    let text = format!(
        "error: internal error of cstspec{place}: {why}; please report it, with the output under RUST_BACKTRACE=1"
    );
    eprint(&format!("{}\n", printable_lines(&text)));
}

/// Whether a result is on standard output already.
static RESULTS: AtomicBool = AtomicBool::new(false);

/// Whether a result is on standard output already, if only a part of one.
pub fn has_results() -> bool {
    RESULTS.load(Ordering::Relaxed)
}

/// Standard output, for results that come bit by bit.
pub struct Results;

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stdout().write(bytes)?;
        RESULTS.fetch_or(written > 0, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Writes a result to standard output. It is on its way out of the process when this returns.
pub fn print(text: &str) -> Result<(), CommandError> {
    Results
        .write_all(text.as_bytes())
        .and_then(|()| Results.flush())
        .map_err(|source| CommandError::write("standard output", source))
}

/// Writes to standard error, as it is. Nobody is left to be told if that fails.
pub fn eprint(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
