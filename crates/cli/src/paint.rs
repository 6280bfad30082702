//! Colours and emphasis of text, as the command line asks for them.

use anstream::ColorChoice;
pub use cstspec_report::paint::{BOLD, CYAN, DIM, GREEN, Paint, RED, YELLOW};

use crate::args::When;

/// The paint of a stream, as the command line and the terminal have it.
pub fn choose(option: When, terminal: ColorChoice) -> Paint {
    match (option, terminal) {
        (When::Never, _) | (When::Auto, ColorChoice::Never) => Paint::Plain,
        _ => Paint::Colored,
    }
}
