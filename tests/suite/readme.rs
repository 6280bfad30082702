//! The README's two commands are the ones that CI runs.

use std::fs;

use crate::world;

/// CI runs the commands of the readme.
#[test]
fn readme_commands_in_ci() {
    let readme = fs::read_to_string(world::workspace().join("README.md")).unwrap();
    let ci = fs::read_to_string(world::workspace().join(".ci/run")).unwrap();
    for command in ["cargo run -- verify", "cargo test --workspace"] {
        assert!(readme.contains(command), "the README does not show `{command}`");
        let step = format!("step {command}");
        let runs = |line: &str| line == step || line.starts_with(&format!("{step} 2>&1 | tee "));
        assert!(ci.lines().any(runs), ".ci/run does not run `{command}`");
    }
}
