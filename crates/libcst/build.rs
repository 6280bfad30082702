//! Keeps the generated modules, SQL and DESCRIBE outputs of this crate up to date with `specs/`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    cstspec_codegen::build::run(Path::new("../../specs"))
}
