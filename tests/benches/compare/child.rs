//! A side as another process, so that no side's memory and threads are another's.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A process that answers queries, one JSON object a line.
pub struct Answering {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Its name and version.
    pub version: String,
}

/// The cost of a query. Memory and bytes are `None` where nobody tells.
#[derive(Clone, Debug)]
pub struct Taken {
    pub rows: u64,
    pub seconds: f64,
    /// Bytes that were read of the files.
    pub bytes: Option<u64>,
    /// By how many bytes the process grew at most.
    pub grown: Option<u64>,
    /// Seconds of it until the plan was made.
    pub planning: Option<f64>,
}

impl Answering {
    /// Starts it and waits until it is ready; `first` is what it is told before.
    pub fn start(command: &mut Command, first: Option<&Value>) -> Result<Self, String> {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process =
            spawned.map_err(|error| format!("{} does not start: {error}", command.get_program().display()))?;
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut answering = Self { process, requests, answers, version: String::new() };
        if let Some(first) = first {
            answering.write(first)?;
        }
        let ready = answering.read()?;
        ready["ready"].as_str().unwrap_or_default().clone_into(&mut answering.version);
        Ok(answering)
    }

    /// The figures of one run. `profiled` asks for those that cost time to collect.
    pub fn ask(&mut self, sql: &str, profiled: bool) -> Result<Taken, String> {
        self.write(&json!({ "sql": sql, "profiled": profiled }))?;
        let told = self.read()?;
        if let Some(error) = told["error"].as_str() {
            return Err(error.to_owned());
        }
        let (held, peak) = (told["held"].as_u64(), told["peak"].as_u64());
        Ok(Taken {
            rows: told["rows"].as_u64().ok_or("no rows are told")?,
            seconds: told["seconds"].as_f64().ok_or("no time is told")?,
            bytes: told["bytes"].as_u64(),
            grown: held.zip(peak).map(|(held, peak)| peak.saturating_sub(held)),
            planning: told["planning"].as_f64(),
        })
    }

    fn write(&mut self, request: &Value) -> Result<(), String> {
        let requests = self.requests.as_mut().expect("it is open until it is dropped");
        writeln!(requests, "{request}").and_then(|()| requests.flush()).map_err(|error| error.to_string())
    }

    fn read(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err("it ended without an answer".to_owned()),
            Ok(_) => serde_json::from_str(&line).map_err(|error| format!("{error}: {line}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        // It ends when there are no more requests.
        self.requests.take();
        let _ = self.process.wait();
    }
}
