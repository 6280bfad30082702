//! Texts that are no YAML, or not the YAML that is meant: each is found where it is to be mended, with what mends it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Anchor, Located, Node, Place, Reading, Tree, read};

fn place(found: &Located) -> Place {
    match &found.anchor {
        Anchor::Place(place) => *place,
        other => panic!("{other:?} is no place"),
    }
}

/// What is found in `text`, as `line:column code message | remedy`.
fn found(text: &str) -> Vec<String> {
    let shown = |found: &Located| {
        let Place { line, column, .. } = place(found);
        let finding = &found.finding;
        format!("{line}:{column} {} {} | {}", finding.code, finding.message, finding.remedy.as_deref().unwrap_or(""))
    };
    read(text).findings.iter().map(shown).collect()
}

/// The value at `key` in a text that is YAML.
fn value(text: &str, key: &str) -> String {
    let Reading { tree, findings, .. } = read(text);
    let tree = tree.unwrap_or_else(|| panic!("{text:?}: {findings:?}"));
    match tree.find(key).map(|(tree, _)| &tree.node) {
        Some(Node::Scalar(scalar)) => scalar.text.clone(),
        other => panic!("{text:?} has {other:?} at {key}"),
    }
}

/// What is not closed is found where it is opened.
#[test]
fn unclosed_found_where_opened() {
    for (text, at, words) in [
        ("a: b\nc: [day\nversion: 1\n", "2:4", "`[` is opened here and never closed"),
        ("a: b\nc: [day\n", "2:4", "`[` is opened here and never closed"),
        ("a: b\nc: [day\n\n\n", "2:4", "`[` is opened here and never closed"),
        ("c:\n  - [a, b]\n  - [c, d\n  - [e]\n", "3:5", "`[` is opened here and never closed"),
        ("c: { a: 1\nd: { b: 2 }\n", "1:4", "`{` is opened here and never closed"),
        ("c: { a: [1, 2 }\n", "1:9", "`[` is opened here, and `}` closes it on line 1"),
        ("c: {\n  a: [1,\n  b: 2\n}\nd: 1\n", "2:6", "`[` is opened here, and `}` closes it on line 4"),
        ("a: 'one\nb: two\n", "1:4", "`'` is opened here and never closed"),
        ("a: \"one\nb: two\n", "1:4", "`\"` is opened here and never closed"),
        ("a: 'one\nb: 'two'\nc: 1\n", "1:4", "`'` is opened here, and the next one closes it on line 2"),
        ("a: \"one\nb: \"two\"\nc: 1\n", "1:4", "`\"` is opened here, and the next one closes it on line 2"),
        ("é: 'ü'\nö: [ä,\n", "2:4", "`[` is opened here and never closed"),
        ("a: b\r\nc: [day\r\nversion: 1\r\n", "2:4", "`[` is opened here and never closed"),
        ("a: |\n  it's [ fine\nb: [x\n", "3:4", "`[` is opened here and never closed"),
        ("a: b # it's [ fine\nb: {x\n", "2:4", "`{` is opened here and never closed"),
        ("[", "1:1", "`[` is opened here and never closed"),
    ] {
        let found = found(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        assert!(found[0].starts_with(&format!("{at} C009 {words}")), "{text:?}: {found:?}");
    }
}

/// Values that need quotes after `t: ` in a block, and whether they need them between braces too.
const UNQUOTED: [(&str, &str); 29] = [
    ("list<struct<offset: int32, opname: utf8>>", "C009"),
    ("struct<a: int32>", "C009"),
    ("map<utf8, struct<a: T not null>>", "C009"),
    ("struct<\"service.name\": utf8>", "C009"),
    ("struct<'x': \"a\\\\b\">", "C009"),
    ("one: two", "C009"),
    ("one: two # three", "C009"),
    ("it's so: or not", "C009"),
    ("time:", "C009"),
    ("@today", "C009"),
    ("`a`", "C009"),
    ("%d", "C009"),
    ("| a", "C009"),
    ("> 5", "C009"),
    ("- a", "C009"),
    (", a", "C009"),
    ("] a", "C009"),
    ("} a", "C009"),
    ("\"a\" || b", "C009"),
    ("'a' || b", "C009"),
    ("[a] + 1", "C009"),
    ("{a: 1}.a", "C009"),
    ("*.parquet", "C011"),
    ("**/*.parquet", "C011"),
    ("* 2", "C011"),
    ("*a", "C011"),
    ("&a & b", "C011"),
    ("!a", "C011"),
    ("!= 3", "C011"),
];

/// The line after `write ` in a remedy.
fn line(found: &str) -> Option<&str> {
    found.rsplit_once("write ").map(|(_, line)| line).filter(|line| !line.starts_with("the value out"))
}

/// Values that need quotes are shown in quotes.
#[test]
fn values_shown_quoted() {
    for (written, code) in UNQUOTED {
        let meant = written.split(" # ").next().unwrap();
        for (before, at) in [("", "1:4"), ("a: 1\nb:\n  ", "3:6"), ("- a: 1\n  ", "2:6")] {
            let text = format!("{before}t: {written}\n");
            let found = found(&text);
            assert!(found[0].starts_with(&format!("{at} {code} ")), "{text:?}: {found:?}");
            // An anchor is read over, and stands for no text.
            let Some(line) = line(&found[0]) else {
                assert_eq!(written, "&a & b", "{text:?}: {found:?}");
                continue;
            };
            assert_eq!(value(line, "t"), meant, "{text:?}: {found:?}");
        }
    }
}

/// Items that need quotes are shown in quotes.
#[test]
fn items_shown_quoted() {
    for (text, at, mended) in [
        ("files:\n  - *.parquet\n", "2:5", "\"*.parquet\""),
        ("files: [a, *.parquet, b]\n", "1:12", "\"*.parquet\""),
        ("files: [a, **/*.parquet]\n", "1:12", "\"**/*.parquet\""),
        ("t: { type: struct<a: int32, b: utf8>, nullable: false }\n", "1:12", "type: \"struct<a: int32, b: utf8>\""),
        ("t: { doc: x, type: list<struct<a: int32>> }\n", "1:20", "type: \"list<struct<a: int32>>\""),
        ("t: {\n  type: struct<a: int32>,\n  doc: b\n}\n", "2:9", "type: \"struct<a: int32>\""),
        ("t: { expr: a[1], type: b }\n", "1:12", "expr: \"a[1]\""),
        ("t: { expr: f(a)[1], type: b }\n", "1:12", "expr: \"f(a)[1]\""),
        ("t: { expr: \"a\" + 1, type: b }\n", "1:12", "expr: '\"a\" + 1'"),
        ("t: { expr: @a }\n", "1:12", "expr: \"@a\""),
        ("t: { expr: `a` }\n", "1:12", "expr: \"`a`\""),
        ("t: struct<a: int32,\n     b: utf8>\nd: 1\n", "1:4", "t: \"struct<a: int32, b: utf8>\""),
        ("\"t\": a: b\n", "1:6", "\"t\": \"a: b\""),
    ] {
        let found = found(text);
        assert!(found[0].starts_with(&format!("{at} ")), "{text:?}: {found:?}");
        assert_eq!(line(&found[0]), Some(mended), "{text:?}: {found:?}");
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
    }
}

/// A line below a value is reported as that.
#[test]
fn line_below_value() {
    let found = found("doc: The thing\n  note: that this\n");
    assert!(found[0].starts_with("2:3 C009 this line continues the value of `doc`"), "{found:?}");
}

/// Lines that stand wrong are reported as that.
#[test]
fn lines_misplaced() {
    for (text, at, words) in [
        // The blank after a colon, or the colon.
        (
            "dataset: a\nversion:1\ncolumns:\n  id: int64\n",
            "2:1",
            "no blank after the colon in `version:1` | write version: 1",
        ),
        ("dataset:a\nversion: 1\n", "1:1", "no blank after the colon in `dataset:a` | write dataset: a"),
        ("a: 1\ncolumns\n  id: int64\nb: 2\n", "2:1", "no colon in `columns`, which is among keys | write columns:"),
        ("a:\n  id int64\n  name: utf8\n", "2:3", "no colon in `id int64`, which is among keys | write id: int64"),
        ("a:\n  name: utf8\n  id int64\n", "3:3", "no colon in `id int64`, which is among keys | write id: int64"),
        ("a: 1\r\nversion:1\r\nb: 2\r\n", "2:1", "no blank after the colon in `version:1` | write version: 1"),
        // Tabs.
        ("a:\n\tid: int64\n\tname: utf8\n", "2:1", "a tab indents this line, and one more below | indent with spaces"),
        ("a:\n  b:\n  \tid: int64\n", "3:3", "a tab indents this line | indent with spaces"),
        // Spaces.
        (
            "a:\n    id: int64\n  name: utf8\nb: 1\n",
            "3:3",
            "this line is indented by 2 spaces, as none is that it could stand beside | indent it by 0 or 4 spaces",
        ),
        (
            "a:\n  - x: 1\n    y: 1\n   z: 1\n",
            "4:4",
            "this line is indented by 3 spaces, as none is that it could stand beside | indent it by 2 or 4 spaces",
        ),
        (
            "a:\n  b: |\n      text\n c: 1\n",
            "4:2",
            "this line is indented by 1 space, as none is that it could stand beside | indent it by 0 or 2 spaces",
        ),
        (
            "doc: |\n    x\n  y\n",
            "3:3",
            "this line is indented by 2 spaces, as none is that it could stand beside | indent it by 0 or 4 spaces",
        ),
        ("a:\tb\nc: 1\n", "1:3", "a tab after a colon | write a space"),
        ("a:\n  b: c\n\td: e\n", "3:1", "a tab indents this line | indent with spaces"),
        ("a: |\n\tx\n", "2:1", "a tab indents this line | indent with spaces"),
        // Signs that do not belong there.
        ("a: [b]]\nc: 1\n", "1:7", "`]` closes nothing | remove it"),
        ("a: { b: [c] }}\nc: 1\n", "1:14", "`}` closes nothing | remove it"),
        ("a: b\0c\n", "1:5", "a character that YAML does not allow, U+0000 | remove it"),
        ("a: b\n\u{feff}c: d\n", "2:1", "a byte order mark inside the file, U+FEFF | remove it"),
        // Dashes.
        ("a:\n  - b\n  c\n", "3:3", "a line without `- ` among the items of a sequence | begin it with `- `"),
        (
            "a:\n  id: int64\n  - name: utf8\n",
            "3:3",
            "an item of a sequence among the keys of a mapping | remove the `- `",
        ),
        ("a:\n  - b\n  c: d\n", "3:3", "a line without `- ` among the items of a sequence | begin it with `- `"),
        ("a:\n- b: 1\nc: 2\n- d: 3\n", "4:1", "an item of a sequence among the keys of a mapping | remove the `- `"),
        // Backslashes.
        ("a: \"^\\d+$\"\nb: 1\n", "1:6", "`\\d` is not an escape of double quotes | write `\\\\` for a backslash"),
    ] {
        let found = found(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        assert!(found[0].starts_with(&format!("{at} C009 {words}")), "{text:?}: {found:?}");
    }
}

/// The value at `key`, where mistakes elsewhere were read on over.
fn read_on(text: &str, key: &str) -> Option<String> {
    match read(text).tree?.find(key)?.0.node {
        Node::Scalar(ref scalar) => Some(scalar.text.clone()),
        _ => None,
    }
}

/// Mistakes of a file come all at once.
#[test]
fn file_mistakes_together() {
    let text = "\
dataset: orders
version:1
doc: é: ü
columns:
  a: struct<x: int32>
  b: int64
  c: { type: struct<y: int32>, doc: ü }
  d: [é, 'ö'
  e: utf8
   f: utf8
  g: @x
  h: \"\\d\"
keys:
  - a: [1,
       2
  - b: {
    c: 1
  - d: 4
partitions: 'day
unique:
    i: 1
  j: 1
  k: 1
last: ok
";
    let places: Vec<String> = found(text).iter().map(|found| found.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(places, ["2:1", "3:6", "5:6", "7:14", "8:6", "10:4", "11:6", "12:7", "14:8", "16:8", "19:13", "22:3"]);
    for (key, meant) in [
        ("dataset", "orders"),
        ("columns.b", "int64"),
        ("columns.e", "utf8"),
        ("keys.2.d", "4"),
        ("unique.i", "1"),
        ("last", "ok"),
    ] {
        assert_eq!(read_on(text, key).as_deref(), Some(meant), "{key}");
    }
    for key in ["version", "columns.a", "columns.c", "columns.f", "keys.0.a", "partitions", "unique.j"] {
        assert_eq!(read_on(text, key), None, "{key}");
    }
    let windows = text.replace('\n', "\r\n");
    assert_eq!(found(&windows), found(text));
}

/// A key that merges is none.
#[test]
fn merge_key_refused() {
    let found = found("a:\n  <<: { b: 1 }\n  c: 2\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("2:3 C011 a key that merges"), "{found:?}");
    assert_eq!(read_on("a:\n  <<: { b: 1 }\n  c: 2\n", "a.c").as_deref(), Some("2"));
}

/// What follows from a mistake is none of its own.
#[test]
fn follow_ups_suppressed() {
    for text in ["a: [\n]b: {\n}c: 'd\n", "{ a: [1\nb: 2\n", "- a\nb: c\n- d\n", "é: [\nö: [\n", "a: 'x\n'b: [y\n c: z"]
    {
        let found = found(text);
        assert!(found.len() <= 2, "{text:?}: {found:?}");
    }
}

/// Values that commas cut are put together.
#[test]
fn comma_cut_values_joined() {
    for (text, key, meant, at, mended) in [
        ("{ t: { type: map<utf8, utf8>, doc: d } }", "t.type", "map<utf8, utf8>", "1:14", "type: \"map<utf8, utf8>\""),
        ("{ t: map<utf8, utf8> }", "t", "map<utf8, utf8>", "1:6", "t: \"map<utf8, utf8>\""),
        ("{ t: decimal128(10, 2), u: decimal128(9, 2) }", "u", "decimal128(9, 2)", "1:6", "t: \"decimal128(10, 2)\""),
        ("{ t: f(a, b, g(c, d)), u: 1 }", "t", "f(a, b, g(c, d))", "1:6", "t: \"f(a, b, g(c, d))\""),
        ("{ t: f(a < 1, b), u: 1 }", "t", "f(a < 1, b)", "1:6", "t: \"f(a < 1, b)\""),
        ("[utf8, map<utf8, utf8>, int64]", "1", "map<utf8, utf8>", "1:8", "\"map<utf8, utf8>\""),
        (
            "[\"f(map<K, V>) -> list<V>\", g(map<K, V>, K) -> list<V>]",
            "1",
            "g(map<K, V>, K) -> list<V>",
            "1:29",
            "\"g(map<K, V>, K) -> list<V>\"",
        ),
    ] {
        let found = found(text);
        assert!(found[0].starts_with(&format!("{at} C019 ")), "{text:?}: {found:?}");
        assert_eq!(line(&found[0]), Some(mended), "{text:?}");
        assert_eq!(value(text, key), meant, "{text:?}");
    }
    // What makes no whole value stays apart.
    for text in
        ["{ t: a < b, u, v: 1 }", "{ t: f(a, u: b }", "[a < b, c]", "[f(a, [b], c)]", "{ t: \"a(\", b) }", "t: f(a, b)"]
    {
        assert!(found(text).is_empty(), "{text:?}: {:?}", found(text));
    }
    let tree = read("{ t: a < b, u, v: 1 }").tree;
    assert!(tree.as_ref().and_then(|tree| tree.find("u")).is_some_and(|(tree, _)| tree.is_nothing()));
    assert_eq!(found("{ t: f(a, u, u }").len(), 1, "a key twice");
}

/// Nothing stands where its key does.
#[test]
fn empty_value_place() {
    let tree = read("a:\n\n\nb: 1\nc:\n").tree.unwrap();
    let at = |key: &str| tree.find(key).map(|(tree, _)| tree.place.line);
    assert_eq!((at("a"), at("c")), (Some(1), Some(5)));
}

/// Many signs take no longer than they are.
#[test]
fn many_signs_linear() {
    let many = |part: &str| part.repeat(60_000);
    for text in [
        format!("a: [{}] b\n", many("'x', ")),
        format!("a: {}\n  b: c\n", many("[")),
        format!("a: {}\n{}", many("["), many("  b\n")),
        format!("a: {{ t: f(x, {} }}\n", many("b, ")),
        format!("a: [ f(x, {} ]\n", many("b, ")),
        format!("a: [ {} ]\n", many("f(x, ")),
        format!("{}b: c: d\n", many("a: 'x\n")),
        format!("{}b: c: d\n", many("a: |\n  x\n")),
        format!("a:\n{}", many("  b: c: d\n")),
        format!("a:\n{}", many("\tb: c\n")),
        format!("a: \"{}\"\n", many("\\d")),
    ] {
        let Reading { tree, findings, .. } = read(&text);
        assert!(tree.is_some() || !findings.is_empty(), "{:?}", &text[..40]);
    }
}

/// Places of everything in a tree.
fn places(tree: &Tree, into: &mut Vec<Place>) {
    into.push(tree.place);
    match &tree.node {
        Node::Sequence(items) => items.iter().for_each(|item| places(item, into)),
        Node::Mapping(mapping) => mapping.entries().iter().for_each(|entry| {
            into.push(entry.place);
            places(&entry.value, into);
        }),
        Node::Scalar(_) | Node::Refused => {}
    }
}

/// Whether a place is in `text`, and the line there has something to show.
fn is_there(text: &str, place: Place) -> bool {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = lines.split('\n').collect();
    let Some(line) = lines.get(place.line as usize - 1) else { return false };
    let column = place.column as usize - 1;
    let here = text.get(..place.offset).is_some();
    here && column <= line.chars().count() && (!line.trim().is_empty() || text.trim().is_empty())
}

const SOUND: [&str; 4] = [
    "dataset: orders\nversion: 1\ncolumns:\n  id: { type: int64, nullable: false }\n  attrs: map<utf8, utf8>\n",
    "view: v # why\nrows: { of: orders, unnest: items.parts }\ncolumns:\n  a: { expr: \"f('x', y)\", type: 'struct<a: utf8>' }\n",
    "- [a, 'b', \"c\"]\n- k: |\n    one [ '\n    two\n  l: >-\n    é: ü\n- { a: { b: [1, 2.5, null] } }\n",
    "\u{feff}doc: >\n  a\n\n  b\r\nnote: 'it''s'\r\nlist:\r\n  - x\r\n",
];

const PIECES: [&str; 36] = [
    "",
    " ",
    "\n",
    "\t",
    "\r",
    "\r\n",
    "\0",
    "\u{feff}",
    "é",
    "\u{2028}",
    ":",
    ": ",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "#",
    " #",
    "|\n",
    ">-\n",
    "*a",
    "&a ",
    "!!x ",
    "---\n",
    "...\n",
    "- ",
    "? ",
    "<<: ",
    "%",
    "@",
    "\\",
    "map<a, b>",
    "f(",
];

/// Mutated texts end in findings with places.
#[test]
fn mutated_texts() {
    let mut chance = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |most: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance % u64::try_from(most.max(1)).unwrap()).unwrap()
    };
    let mut syntax = 0;
    for round in 0..4_000 {
        let mut text: Vec<char> = SOUND[below(SOUND.len())].chars().collect();
        for _ in 0..=below(4) {
            let (at, to) = (below(text.len() + 1), below(text.len() + 1));
            match below(4) {
                0 => drop(text.drain(at.min(to)..at.max(to).min(at.min(to) + 8))),
                1 => text.truncate(at.max(4)),
                _ => drop(text.splice(at..at, PIECES[below(PIECES.len())].chars())),
            }
        }
        let text: String = text.into_iter().collect();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let Reading { tree, findings: found, lost } = read(&text);
            assert!(tree.is_some() || !found.is_empty(), "nothing, and no word of why");
            for found in &found {
                assert!(is_there(&text, place(found)), "{found:?}");
                assert!(found.finding.remedy.as_ref().is_some_and(|remedy| !remedy.is_empty()), "{found:?}");
            }
            let mut all = Vec::new();
            if let Some(tree) = &tree {
                places(tree, &mut all);
            }
            for place in all {
                assert!(text.get(..place.offset).is_some(), "{place:?}");
            }
            assert!(lost.iter().all(|bytes| text.get(bytes.clone()).is_some()), "{lost:?}");
            assert!(lost.is_sorted_by(|one, next| one.end <= next.start), "{lost:?}");
            usize::from(found.iter().any(|found| found.finding.code == "C009"))
        }));
        syntax += result.unwrap_or_else(|_| panic!("round {round}: {text:?}"));
    }
    assert!(syntax > 400, "{syntax} texts are no YAML");
}
