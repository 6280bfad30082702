//! The order of the rooms: which modules of a crate may import which.

use super::imports::Imports;

/// A module at or below the top of a crate, with all below it.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub name: &'static str,
    /// The module's path below `src`, without `.rs` or `/mod.rs`. A room below another one is told apart from the rest of it.
    pub path: &'static str,
    /// The responsibility of the room, and so the reason why it does without the rooms above it.
    pub reason: &'static str,
}

/// A row of a table of rooms.
pub const fn room(path: &'static str, reason: &'static str) -> Room {
    Room { name: path, path, reason }
}

/// The imports that violate the order of a crate's rooms, which are listed from the ground up.
///
/// The crate's root (`lib.rs` or `main.rs`) stands above all: it declares, re-exports and composes, and no room imports what it defines.
pub fn violations(imports: &Imports, krate: &str, rooms: &[Room]) -> Vec<String> {
    let source = format!("crates/{krate}/src/");
    let place = |file: &str| file.strip_prefix(&source).and_then(|inside| place(rooms, inside));
    let mut found = Vec::new();
    for room in rooms {
        if !imports.files.iter().any(|file| file.strip_prefix(&source).is_some_and(|inside| holds(room, inside))) {
            found.push(format!(
                "the room `{}` of {krate} does not exist: `{source}{}` is no module",
                room.name, room.path
            ));
        }
    }
    for file in imports.files.iter().filter(|file| file.starts_with(&source)) {
        if place(file).is_none() {
            found.push(format!("{file} belongs to no room: give it one in tests/suite/walls/tables.rs"));
        }
    }
    for import in &imports.all {
        let (Some(from), Some(to)) = (place(&import.from), place(&import.to)) else { continue };
        if to > from {
            let lower = &rooms[from];
            let upper = rooms
                .get(to)
                .map_or("the crate's root".to_owned(), |room| format!("`{}` ({})", room.name, room.reason));
            found.push(format!(
                "{} imports `{}` of {}: `{}` ({}) stands below {upper}",
                import.from, import.path, import.to, lower.name, lower.reason
            ));
        }
    }
    found
}

/// The position of the room of a file: the most specific one. The root comes after the last room.
fn place(rooms: &[Room], inside: &str) -> Option<usize> {
    if matches!(inside, "lib.rs" | "main.rs") {
        return Some(rooms.len());
    }
    let holding = rooms.iter().enumerate().filter(|(_, room)| holds(room, inside));
    holding.max_by_key(|(_, room)| room.path.len()).map(|(position, _)| position)
}

fn holds(room: &Room, inside: &str) -> bool {
    let module = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    module == room.path || module.strip_prefix(room.path).is_some_and(|rest| rest.starts_with('/'))
}
