//! The `cstspec` command: the one place where specs, generator and engine meet.

mod args;
mod catalog_source;
mod check;
mod cleanup;
mod console;
mod data;
mod describe;
mod encode;
mod engine_message;
mod error;
mod generate;
mod import;
mod init;
mod limits;
mod manifest;
mod outcome;
mod output;
mod paint;
mod preview;
mod progress;
mod query;
mod query_error;
mod report;
mod report_output;
mod rules;
mod schema;
mod session;
mod settings;
mod suggestion;
mod verify;
mod verify_summary;

use std::process::ExitCode;
use std::{env, io, panic, thread};

use clap::{CommandFactory, Parser};

use crate::args::{Cli, Command, Completions};
use crate::console::Console;
use crate::error::CommandError;
use crate::outcome::Form;

/// The stack that the command runs on, in bytes: specs, queries and plans are walked by recursion, also where they are dropped. The
/// bounds of `cstspec_runtime::limits` fit into a part of it without optimization. The system gives only what is used of it.
const STACK: usize = 128 << 20;

fn main() -> ExitCode {
    if env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(console::broken));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return usage(&answer),
    };
    let console = Console::new(&cli.common);
    if let Err(error) = cleanup::on_signals() {
        console.log(&format!("signals end the command as the system does: {}", error::reason(&error)));
    }
    let form = Form::of(&cli.command);
    let done = match thread::Builder::new().stack_size(STACK).spawn(move || run(&cli, &console)) {
        Ok(work) => work.join(),
        Err(error) => Ok(Err(CommandError::Tool(format!("cannot start a thread: {}", error::reason(&error))))),
    };
    match done {
        Ok(Ok(exit)) => exit,
        Ok(Err(CommandError::ClosedPipe)) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            console.fail(&failure);
            form.fail(&failure);
            ExitCode::from(report_output::FAILED)
        }
        Err(panic) => {
            form.fail(&outcome::broken(&*panic));
            ExitCode::from(report_output::FAILED)
        }
    }
}

fn run(cli: &Cli, console: &Console) -> Result<ExitCode, CommandError> {
    let common = &cli.common;
    match &cli.command {
        Command::Check(args) => check::run(args, common, console),
        Command::Generate(args) => generate::run(args, common, console),
        Command::Describe(args) => describe::run(args, common, console),
        Command::Verify(args) => verify::run(args, common, console),
        Command::Query(args) => query::run(args, common, console),
        Command::Import(args) => import::run(args, common, console),
        Command::Init(args) => init::run(args, common, console),
        Command::Schema(args) => schema::print(args).map(|()| ExitCode::SUCCESS),
        Command::Explain(args) => rules::explain(args, console).map(|()| ExitCode::SUCCESS),
        Command::Rules(args) => rules::list(args, console).map(|()| ExitCode::SUCCESS),
        Command::Completions(args) => completions(args).map(|()| ExitCode::SUCCESS),
    }
}

fn completions(args: &Completions) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cstspec", &mut script);
    console::print(&String::from_utf8_lossy(&script))
}

/// Help and version go to standard output, a mistake to standard error; each must really arrive.
fn usage(answer: &clap::Error) -> ExitCode {
    let printed = answer.print().and_then(|()| io::Write::flush(&mut io::stdout()));
    match printed {
        Err(error) if !answer.use_stderr() && error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = io::Write::write_fmt(
                &mut io::stderr(),
                format_args!("error: cannot write to standard output: {}\n", error::reason(&error)),
            );
            ExitCode::from(report_output::FAILED)
        }
        _ if answer.use_stderr() => {
            let words: Vec<_> = env::args_os().skip(1).collect();
            Form::guess(words.iter().map(AsRef::as_ref)).fail(&outcome::misuse(answer));
            ExitCode::from(report_output::FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}
