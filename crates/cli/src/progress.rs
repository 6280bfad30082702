//! Progress: a bar on a terminal, and nothing elsewhere.

use cstspec_contract::text::printable;
use cstspec_verify::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::{Console, Verbosity};

/// A bar on standard error that goes away when it is dropped.
pub struct Bar<'a> {
    bar: ProgressBar,
    console: &'a Console,
}

impl<'a> Bar<'a> {
    /// A bar that shows itself on a terminal only.
    pub fn new(console: &'a Console) -> Self {
        // A log and a bar would overwrite each other.
        let target = match console.verbosity {
            Verbosity::Normal => ProgressDrawTarget::stderr(),
            Verbosity::Quiet | Verbosity::Verbose => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos:>3}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar, console }
    }
}

impl Progress for Bar<'_> {
    fn relation(&self, name: &str, index: usize, total: usize) {
        self.console.log(&format!("verifying {name} ({}/{total})", index + 1));
        self.bar.set_length(total as u64);
        self.bar.set_position(index as u64);
        self.bar.set_message(printable(name).into_owned());
    }

    fn files(&self, dataset: &str, done: usize, total: usize) {
        if done == 0 {
            self.console.log(&format!("proving {dataset} on {total} files"));
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("files of {}", printable(dataset)));
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
