//! The two streams of the command: results on standard output, everything else on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use cstspec_contract::text::printable_lines;

use crate::args::{Common, When};
use crate::failure::Failure;

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    /// Failures only.
    Quiet,
    /// What a person should know.
    Normal,
    /// What is done, step by step.
    Verbose,
}

/// What is known of the two streams.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// How much is said.
    pub talk: Talk,
    /// How results are painted.
    pub paint: Paint,
    /// Columns of the terminal that results go to; `None` where they go elsewhere and nothing is cut to fit.
    pub width: Option<usize>,
    errors: Paint,
}

impl Console {
    /// The streams as the command line and the environment ask for them.
    pub fn new(common: &Common) -> Self {
        let talk = match (common.quiet, common.verbose) {
            (true, _) => Talk::Quiet,
            (_, true) => Talk::Verbose,
            _ => Talk::Normal,
        };
        let stdout = io::stdout();
        let width = terminal_size::terminal_size_of(&stdout)
            .filter(|_| stdout.is_terminal())
            .map(|(terminal_size::Width(width), _)| usize::from(width).max(20));
        Self {
            talk,
            paint: Paint::choose(common.color, anstream::AutoStream::choice(&stdout)),
            width,
            errors: Paint::choose(common.color, anstream::AutoStream::choice(&io::stderr())),
        }
    }

    /// Says something that a person should know, on standard error.
    pub fn note(&self, text: &str) {
        if self.talk >= Talk::Normal {
            say(&format!("{} {}\n", self.errors.paint(DIM, "note:"), printable_lines(text)));
        }
    }

    /// Says what is being done, on standard error.
    pub fn log(&self, text: &str) {
        if self.talk == Talk::Verbose {
            say(&format!("{}\n", self.errors.paint(DIM, &printable_lines(text))));
        }
    }

    /// How text on standard error is painted.
    pub fn error_paint(&self) -> Paint {
        self.errors
    }

    /// Says why the command ends with exit code 2.
    pub fn fail(&self, failure: &Failure) {
        if let Failure::Query(refused) = failure {
            say(&refused.render(self.errors, self.width));
            return;
        }
        let mut text = format!("{} {}\n", self.errors.paint(RED, "error:"), printable_lines(&failure.to_string()));
        if let Some(help) = failure.help() {
            let _ = writeln!(text, "{} {}", self.errors.paint(CYAN, "help:"), printable_lines(help));
        }
        say(&text);
    }
}

/// Says that the tool itself is wrong, and where: in a sentence, since a backtrace helps nobody who did not write it.
pub fn broken(panic: &PanicHookInfo<'_>) {
    let why = panic.payload_as_str().unwrap_or("no reason given");
    let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    let text = format!(
        "error: internal error of cstspec{place}: {why}; please report it, with the output under RUST_BACKTRACE=1"
    );
    say(&format!("{}\n", printable_lines(&text)));
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
pub fn print(text: &str) -> Result<(), Failure> {
    Results
        .write_all(text.as_bytes())
        .and_then(|()| Results.flush())
        .map_err(|source| Failure::write("standard output", source))
}

/// Writes to standard error, as it is. Nobody is left to be told if that fails.
pub fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Whether a stream takes colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text as it is.
    Plain,
    /// Text between escape sequences.
    Colored,
}

/// What is good.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// What is bad.
pub const RED: Style = AnsiColor::Red.on_default().bold();
/// What may be bad.
pub const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// What helps.
pub const CYAN: Style = AnsiColor::Cyan.on_default().bold();
/// What stands out.
pub const BOLD: Style = Style::new().bold();
/// What steps back.
pub const DIM: Style = Style::new().dimmed();

impl Paint {
    fn choose(asked: When, found: ColorChoice) -> Self {
        match (asked, found) {
            (When::Never, _) | (When::Auto, ColorChoice::Never) => Self::Plain,
            _ => Self::Colored,
        }
    }

    /// `text` in `style`.
    pub fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colored => format!("{style}{text}{style:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plain text stays plain.
    #[test]
    fn text_plain() {
        assert_eq!(Paint::Plain.paint(RED, "x"), "x");
        assert_eq!(Paint::Colored.paint(RED, "x"), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m");
    }
}
