//! The outcome of a command that has no result to show, in the format that was asked for: why it failed, or what it found.
//!
//! People read it on standard error. A program that asked for JSON gets a report besides, of the shape that `cstspec schema report`
//! publishes.

use std::any::Any;
use std::ffi::OsStr;

use cstspec_contract::Finding;

use crate::args::{Command, DescribeFormat, ReportFormat, RowFormat};
use crate::console;
use crate::error::CommandError;
use crate::report::{self, Report};

/// How an outcome is written, beside its sentences on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Not at all.
    Text,
    /// As a report on standard output.
    Report,
    /// As a report of one line, since rows are one line each. It is on standard output while that has no row, and on standard error
    /// afterwards: a reader of rows never takes it for one.
    Line,
}

impl Form {
    /// The form that a command line asks for.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::Check(args) => Self::of_report(args.format),
            Command::Generate(args) => Self::of_report(args.format),
            Command::Verify(args) => Self::of_report(args.format),
            Command::Rules(args) => Self::of_report(args.format),
            Command::Describe(args) => Self::of_schemas(args.format),
            Command::Query(args) => Self::of_rows(args.format),
            Command::Import(_)
            | Command::Init(_)
            | Command::Schema(_)
            | Command::Explain(_)
            | Command::Completions(_) => Self::Text,
        }
    }

    /// The form that goes with a report of this format.
    pub fn of_report(format: ReportFormat) -> Self {
        if format == ReportFormat::Json { Self::Report } else { Self::Text }
    }

    /// The form that goes with schemas of this format.
    pub fn of_schemas(format: DescribeFormat) -> Self {
        if format == DescribeFormat::Json { Self::Report } else { Self::Text }
    }

    /// The form that goes with rows of this format. The ending of an output file asks for nothing but the form of the file.
    pub fn of_rows(format: Option<RowFormat>) -> Self {
        if format == Some(RowFormat::Json) { Self::Line } else { Self::Text }
    }

    /// The form that a command line asks for that cannot be read as a whole.
    pub fn guess<'a>(words: impl IntoIterator<Item = &'a OsStr>) -> Self {
        let words: Vec<&str> = words.into_iter().map(|word| word.to_str().unwrap_or_default()).collect();
        let options = words.split(|word| *word == "--").next().unwrap_or_default();
        let json = options.contains(&"--format=json") || options.windows(2).any(|pair| pair == ["--format", "json"]);
        match json {
            true if options.contains(&"query") => Self::Line,
            true => Self::Report,
            false => Self::Text,
        }
    }

    /// Writes down why the command failed.
    pub fn fail(self, failure: &CommandError) {
        self.write(&Report::failed(failure));
    }

    /// Writes down what was found.
    pub fn find(self, findings: &[Finding]) {
        self.write(&Report::new(None, findings));
    }

    /// The exit code says the same, so nobody is left to be told where the writing fails.
    fn write(self, report: &Report) {
        let text = match self {
            Self::Text => return,
            Self::Report => report::json(report),
            Self::Line => report::line(report),
        };
        let Ok(text) = text else { return };
        if self == Self::Line && console::has_results() {
            console::eprint(&text);
        } else {
            let _ = console::print(&text);
        }
    }
}

/// The mistake of this program that a panic is.
pub fn broken(panic: &(dyn Any + Send)) -> CommandError {
    let why = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    CommandError::Tool(format!("internal error of cstspec: {}; please report it", why.unwrap_or("no reason given")))
}

/// A command line that clap does not take.
pub fn misuse(answer: &clap::Error) -> CommandError {
    let text = answer.render().to_string();
    let (first, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tips: Vec<String> = rest.lines().filter_map(|line| line.trim().strip_prefix("tip: ")).map(&words).collect();
    let help = if tips.is_empty() { "`--help` lists the options".to_owned() } else { tips.join("; ") };
    CommandError::usage_with_help(words(first.strip_prefix("error: ").unwrap_or(first)), Some(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Command lines that cannot be read ask for a form too.
    #[test]
    fn format_of_unreadable_command_line() {
        for (line, form) in [
            ("check --formt json", Form::Text),
            ("check --format json --nope", Form::Report),
            ("--format=json chek", Form::Report),
            ("query --nope --format json", Form::Line),
            ("query --nope -- --format json", Form::Text),
            ("check --format", Form::Text),
        ] {
            assert_eq!(Form::guess(line.split(' ').map(OsStr::new)), form, "{line}");
        }
    }
}
