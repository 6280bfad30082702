//! Sources that go against the rules, each in one way, and the reader that has to notice.

use super::imports::{Import, Imports, Sources};
use super::rooms::{Room, room, violations};
use super::{loops, syntax};

const ROOMS: [Room; 3] = [
    room("ground", "the ground knows nothing"),
    room("files", "files know no scan"),
    room("scan", "the scan reads files"),
];

/// The sources of a crate `x` with these rooms, of which `files/list.rs` has the given text.
fn with(text: &str) -> Sources {
    let sources = [
        ("lib.rs", "mod ground; mod files; mod scan; pub struct AtTheRoot;"),
        ("ground.rs", "pub struct Ground;"),
        ("files/mod.rs", "mod list; pub use list::List;"),
        ("files/list.rs", text),
        (
            "scan/mod.rs",
            "mod plan; pub use plan::Plan; pub fn run() {} macro_rules! go { () => {} } pub(crate) use go;",
        ),
        ("scan/plan.rs", "use crate::files::List; pub struct Plan(List); pub mod inner { pub struct Deep; }"),
    ];
    sources.iter().map(|(name, text)| (format!("crates/x/src/{name}"), (*text).to_owned())).collect()
}

fn refused(text: &str) -> Vec<String> {
    violations(&Imports::of(&with(text)), "x", &ROOMS)
}

const LIST: &str = "pub struct List;";

/// Import against the order fails with the reason.
#[test]
fn import_against_order() {
    assert_eq!(refused(LIST), Vec::<String>::new());
    let cases = [
        ("use crate::scan::Plan;", "crate::scan::Plan", "plan.rs"),
        ("use crate::scan::run as start;", "crate::scan::run", "mod.rs"),
        ("use crate::scan;", "crate::scan", "mod.rs"),
        ("use crate::scan::*;", "crate::scan", "mod.rs"),
        (
            "use crate::{ground::Ground, scan::{plan::{self, inner::Deep}}};",
            "crate::scan::plan::inner::Deep",
            "plan.rs",
        ),
        ("pub use crate::scan::Plan;", "crate::scan::Plan", "plan.rs"),
        ("pub(crate) use super::super::scan::Plan;", "super::super::scan::Plan", "plan.rs"),
        ("use super::super::{scan::run};", "super::super::scan::run", "mod.rs"),
        ("use self::super::super::scan::Plan;", "self::super::super::scan::Plan", "plan.rs"),
        ("use crate::scan::plan as p; fn f() -> p::inner::Deep { todo!() }", "p::inner::Deep", "plan.rs"),
        ("fn f(plan: crate::scan::Plan) {}", "crate::scan::Plan", "plan.rs"),
        ("fn f() { super::super::scan::run(); }", "super::super::scan::run", "mod.rs"),
        ("fn f() { use crate::scan::run; run() }", "crate::scan::run", "mod.rs"),
        ("fn f() -> Vec<Option<crate::scan::Plan>> { vec![] }", "crate::scan::Plan", "plan.rs"),
        ("impl From<crate::scan::Plan> for List { fn from(_: u8) -> Self { List } }", "crate::scan::Plan", "plan.rs"),
        ("fn f() { println!(\"{:?}\", crate::scan::run()); }", "crate::scan::run", "mod.rs"),
        ("macro_rules! m { () => { $crate::scan::run() } }", "crate::scan::run", "mod.rs"),
        ("macro_rules! m { () => { use $crate::{ground::Ground, scan::{Plan}}; } }", "crate::scan::Plan", "plan.rs"),
        ("fn f() { crate::scan::go!() }", "crate::scan::go", "mod.rs"),
        ("#[serde(deserialize_with = \"crate::scan::run\")] struct S;", "crate::scan::run", "mod.rs"),
        ("struct S { #[schemars(with = \"Option<crate::scan::Plan>\")] field: u8 }", "crate::scan::Plan", "plan.rs"),
        ("mod inside { use super::super::super::scan::run; }", "super::super::super::scan::run", "mod.rs"),
        ("#[cfg(any(test, feature = \"x\"))] use crate::scan::run;", "crate::scan::run", "mod.rs"),
        ("#[cfg(not(test))] use crate::scan::run;", "crate::scan::run", "mod.rs"),
    ];
    for (text, path, file) in cases {
        let refused = refused(&format!("{text} {LIST}"));
        let expected = format!(
            "crates/x/src/files/list.rs imports `{path}` of crates/x/src/scan/{file}: `files` (files know no scan) stands below `scan` (the \
             scan reads files)"
        );
        assert!(refused.contains(&expected), "{text}: {refused:#?}");
    }
}

/// Import of an item of the root fails.
#[test]
fn import_from_root() {
    let refused = refused(&format!("use crate::AtTheRoot; {LIST}"));
    assert_eq!(refused.len(), 1, "{refused:#?}");
    assert!(refused[0].ends_with("stands below the crate's root"), "{}", refused[0]);
}

/// Import in order or in a test passes.
#[test]
fn import_allowed() {
    let cases = [
        "use crate::ground::Ground;",
        "fn f() -> crate::ground::Ground { crate::ground::Ground }",
        "#[cfg(test)] mod tests { use crate::scan::run; fn f() { crate::scan::run() } }",
        "#[cfg(test)] mod tests;",
        "#[cfg(all(test, feature = \"x\"))] use crate::scan::run;",
        "#[cfg(test)] impl List { fn f() { crate::scan::run() } }",
        "impl List { #[cfg(test)] fn f() { crate::scan::run() } }",
        "/// See [`crate::scan::Plan`].\nstruct Documented;",
        "#[cfg(doc)] use crate::scan::Plan;",
        "fn f() -> &'static str { \"crate::scan::run\" }",
        "fn f(scan: u8) -> u8 { scan }",
        "pub(in crate::files) struct Inside;",
        "use std::fmt; fn f() { other::scan::run() }",
    ];
    for text in cases {
        assert_eq!(refused(&format!("{text} {LIST}")), Vec::<String>::new(), "{text}");
    }
}

/// Table that does not fit the files fails.
#[test]
fn table_without_files() {
    let imports = Imports::of(&with(LIST));
    let missing = violations(&imports, "x", &ROOMS[..2]);
    let place = "belongs to no room: give it one in tests/suite/walls/tables.rs";
    assert_eq!(missing, ["mod.rs", "plan.rs"].map(|file| format!("crates/x/src/scan/{file} {place}")));

    let more = [&ROOMS[..], &[room("optimizer", "rewrites plans")]].concat();
    let absent = "the room `optimizer` of x does not exist: `crates/x/src/optimizer` is no module";
    assert_eq!(violations(&imports, "x", &more), [absent]);
}

/// Room below a room is reported apart.
#[test]
fn room_below_room() {
    let rooms = [ROOMS[0], room("scan/plan", "plans are data"), ROOMS[1], ROOMS[2]];
    let found = violations(&Imports::of(&with(LIST)), "x", &rooms);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("`scan/plan` (plans are data) stands below `files`"), "{}", found[0]);
}

/// Loop of files is found and a parent with children is none.
#[test]
fn loop_of_files() {
    let sources = |parent: &str, child: &str, sibling: &str| -> Sources {
        let files = [
            ("lib.rs", "mod folder;"),
            ("folder/mod.rs", parent),
            ("folder/child.rs", child),
            ("folder/sibling.rs", sibling),
        ];
        files.iter().map(|(name, text)| (format!("crates/x/src/{name}"), (*text).to_owned())).collect()
    };
    let found = |parent: &str, child: &str, sibling: &str| {
        loops::between_files(&Imports::of(&sources(parent, child, sibling)), "crates/x/src/folder")
    };
    let parent = "mod child; mod sibling; pub use child::Child; fn f() { sibling::run() }";
    assert_eq!(found(parent, "pub struct Child;", "pub fn run() { super::child::Child; }"), Vec::<String>::new());
    // A name that the parent re-exports is the child's.
    assert_eq!(found(parent, "pub struct Child;", "use super::Child; pub fn run() {}"), Vec::<String>::new());

    let of_the_parent = "mod child; mod sibling; struct Shared; pub use child::Child;";
    let described = found(of_the_parent, "use super::Shared; pub struct Child;", "");
    let expected = "2 in one loop (child.rs, mod.rs): crates/x/src/folder/child.rs imports `super::Shared` of crates/x/src/folder/mod.rs, \
                    crates/x/src/folder/mod.rs imports `child::Child` of crates/x/src/folder/child.rs";
    assert_eq!(described, [expected]);

    let siblings =
        found("mod child; mod sibling;", "use super::sibling::run;", "pub fn run() { super::child::other() }");
    assert!(siblings[0].starts_with("2 in one loop (child.rs, sibling.rs)"), "{siblings:#?}");
}

/// Loop of top modules is found.
#[test]
fn loop_of_modules() {
    let sources = with(&format!("use crate::scan::run; {LIST}"));
    let found = loops::between_top_modules(&Imports::of(&sources), "x");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("2 in one loop (files, scan): "), "{}", found[0]);
    assert_eq!(loops::between_top_modules(&Imports::of(&with(LIST)), "x"), Vec::<String>::new());
}

/// Import from another crate leads to its file.
#[test]
fn import_from_other_crate() {
    let mut sources = with(&format!("use cstspec_y::Thing; {LIST}"));
    sources.insert("crates/y/src/lib.rs".to_owned(), "mod thing; pub use thing::*;".to_owned());
    sources.insert("crates/y/src/thing.rs".to_owned(), "pub struct Thing;".to_owned());
    let (from, to) = ("crates/x/src/files/list.rs".to_owned(), "crates/y/src/thing.rs".to_owned());
    let import = Import { from, to, path: "cstspec_y::Thing".to_owned() };
    assert!(Imports::of(&sources).all.contains(&import));
}

/// File without a declaration is known as such.
#[test]
fn file_undeclared() {
    let mut sources = with(&format!("#[cfg(test)] mod tests; {LIST}"));
    sources.insert("crates/x/src/forgotten.rs".to_owned(), String::new());
    sources.insert("crates/x/src/files/list/tests.rs".to_owned(), "use crate::scan::run;".to_owned());
    let imports = Imports::of(&sources);
    assert!(imports.undeclared.iter().eq(["crates/x/src/forgotten.rs"]), "{:?}", imports.undeclared);
    assert!(imports.tests.iter().eq(["crates/x/src/files/list/tests.rs"]), "{:?}", imports.tests);
}

/// Source that does not parse is an error.
#[test]
fn source_unparsable() {
    assert!(syntax::read("use crate::;").is_err());
}
