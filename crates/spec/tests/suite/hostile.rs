//! Specs that mean harm: each ends in clear findings, in bounded time, and never in a panic.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use cstspec_contract::Finding;
use cstspec_spec::{Compiled, compile, compile_embedded};

use crate::folder::{CATALOG, sound, write};
use crate::text::text;

/// The longest time for any input, even in a build without optimization.
const LONGEST: Duration = Duration::from_secs(30);

/// The time that this thread has worked for: on a busy machine it waits for longer than that.
fn worked(start: Instant) -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = statistics.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Compiles, and holds time and size of the findings to their bounds.
fn timed(compile: impl FnOnce() -> Compiled) -> Vec<Finding> {
    let start = Instant::now();
    let before = worked(start);
    let compiled = compile();
    let took = worked(start).saturating_sub(before);
    assert!(took < LONGEST, "{took:?}");
    let size: usize = compiled.findings.iter().map(|finding| format!("{finding:?}").len()).sum();
    assert!(size < 64 * 1024 * 1024, "findings of {size} bytes");
    compiled.findings
}

/// The findings of a sound catalog with one more file.
fn findings(spec: &str) -> Vec<Finding> {
    files(&[("case.yaml", spec)])
}

fn files(more: &[(&str, &str)]) -> Vec<Finding> {
    let mut files = vec![("catalog.yaml", CATALOG), ("plain.yaml", "session: plain\n")];
    files.extend(more);
    timed(|| compile_embedded(&files))
}

/// The names of the findings, each once. Where they are cut short, that is said too, and left out here.
fn names(findings: &[Finding]) -> Vec<&str> {
    const CUT: &str = "findings-cut-short";
    let most = 100;
    let mut names: Vec<&str> = findings.iter().map(|finding| finding.name.as_ref()).collect();
    assert!(names.len() < 2 * most || names.contains(&CUT), "{} findings, and no word of more", names.len());
    names.retain(|name| *name != CUT);
    names.dedup();
    names
}

fn dataset(columns: &str) -> String {
    format!("dataset: thing\nversion: 1\ncolumns:\n{columns}")
}

fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// Aliases do not multiply.
#[test]
fn aliases_bounded() {
    let mut bomb =
        "dataset: thing\nversion: 1\ncolumns:\n  a0: &a0 { type: list<utf8>, default: [x, x, x] }\n".to_owned();
    for level in 1..60 {
        let item = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "  a{level}: &a{level} {{ type: list<utf8>, default: [{item}, {item}, {item}] }}");
    }
    assert_eq!(names(&findings(&bomb)), ["yaml-alias"]);
    // An alias of a node that it stands in.
    let found = findings("dataset: thing\nversion: 1\ncolumns: &c { id: *c }\n");
    assert_eq!(names(&found), ["yaml-alias"], "{}", text(&found));
    // A merge key.
    let found = findings("dataset: &d thing\nversion: 1\ncolumns: { <<: *d, id: utf8 }\n");
    assert_eq!(names(&found), ["yaml-alias"], "{}", text(&found));
}

/// Types do not multiply.
#[test]
fn types_bounded() {
    for form in ["struct<a: T, b: T>", "map<T, T>", "union<a: T, b: T>", "struct<a: dictionary<int8, T>, b: list<T>>"] {
        let specs: Vec<(String, String)> = (0..=40)
            .map(|level| {
                let is = if level == 0 { "int64".to_owned() } else { form.replace('T', &format!("t{}", level - 1)) };
                (format!("t{level}.yaml"), format!("type: t{level}\nis: \"{is}\"\n"))
            })
            .collect();
        let mut more: Vec<(&str, &str)> = specs.iter().map(|(file, spec)| (file.as_str(), spec.as_str())).collect();
        more.push(("case.yaml", "dataset: thing\nversion: 1\ncolumns: { id: t40, other: t39 }\n"));
        let found = files(&more);
        assert_eq!((names(&found), found.len()), (vec!["specs-too-large"], 1), "{form}: {}", text(&found));
    }
    // Fields that multiply by being taken over: they collide at once.
    let specs: Vec<(String, String)> = (1..40)
        .map(|level| (format!("t{level}.yaml"), format!("type: t{level}\nextends: [t{0}, t{0}]\n", level - 1)))
        .collect();
    let mut more: Vec<(&str, &str)> = specs.iter().map(|(file, spec)| (file.as_str(), spec.as_str())).collect();
    more.push(("t0.yaml", "type: t0\nfields: { a: utf8, b: utf8 }\n"));
    assert_eq!(names(&files(&more)), ["name-collision"]);
}

/// Relations of large types are not multiplied.
#[test]
fn large_relations_bounded() {
    let mut specs: Vec<(String, String)> = (0..=13)
        .map(|level| {
            let of = if level == 0 { "utf8".to_owned() } else { format!("t{}", level - 1) };
            (format!("t{level}.yaml"), format!("type: t{level}\nfields: {{ a: {of}, b: {of} }}\n"))
        })
        .collect();
    specs.extend((0..2_000).map(|number| {
        (format!("v{number}.yaml"), format!("dataset: v{number}\nversion: 1\ncolumns: {{ id: list<t12> }}\n"))
    }));
    let more: Vec<(&str, &str)> = specs.iter().map(|(file, spec)| (file.as_str(), spec.as_str())).collect();
    let found = files(&more);
    assert!(found.iter().all(|finding| finding.name == "specs-too-large"), "{}", text(&found));
}

/// Nesting is bounded everywhere.
#[test]
fn nesting_bounded() {
    let deep = 10_000;
    let flow = |open: &str, close: &str| format!("{}{}", open.repeat(deep), close.repeat(deep));
    for (default, name) in
        [(flow("[", "]"), "yaml-too-deep"), (flow("{a: ", "}"), "yaml-too-deep"), ("[".repeat(deep), "yaml-too-deep")]
    {
        let found = findings(&dataset(&format!("  id: {{ type: utf8, default: {default} }}\n")));
        assert_eq!(names(&found), [name], "{}", text(&found));
    }
    let block = repeated(1_000, |depth| " ".repeat(depth) + "a:\n");
    assert_eq!(names(&findings(&block)), ["yaml-too-deep"]);
    assert_eq!(names(&findings(&"- ".repeat(deep))), ["yaml-too-deep"]);
    let keys = findings(&"? ".repeat(deep));
    assert!(matches!(names(&keys).as_slice(), ["yaml-too-deep" | "yaml-syntax"]), "{}", text(&keys));

    for ty in [flow("list<", ">"), flow("struct<a: ", ">"), "map<".repeat(deep), flow("(", ")"), ",".repeat(deep)] {
        let found = findings(&dataset(&format!("  id: \"{ty}\"\n")));
        assert_eq!(names(&found), ["type-syntax"], "{}", text(&found));
    }
    for (signature, name) in [
        (format!("f({}) -> utf8", flow("list<", ">")), "signature-syntax"),
        (format!("f({}", "(".repeat(deep)), "signature-syntax"),
    ] {
        let found = findings(&format!("functions: {{ f: {{ signatures: [\"{signature}\"] }} }}\n"));
        assert_eq!(names(&found), [name], "{}", text(&found));
    }
    let expressions = [
        flow("(", ")"),
        "NOT ".repeat(deep) + "a",
        "- ".repeat(deep) + "1",
        vec!["a"; 20_000].join(" || "),
        "CASE WHEN ".repeat(deep),
        "f(".repeat(deep),
        "a".repeat(500_000),
        flow("[", "]"),
        "a".to_owned() + &"[1]".repeat(deep),
        "x::int".to_owned() + &"::int".repeat(deep),
    ];
    for expression in expressions {
        let more = [
            ("of.yaml", "dataset: of\nversion: 1\ncolumns: { l: \"list<struct<a: utf8>>\" }\n"),
            (
                "case.yaml",
                &format!(
                    "view: thing\nrows: {{ of: of, unnest: l }}\ncolumns: {{ x: {{ expr: \"{expression}\" }} }}\n"
                ),
            ),
            ("sql.yaml", &format!("view: sql\nsql: \"SELECT {expression} AS x FROM of\"\noutput: {{ x: utf8 }}\n")),
        ];
        let found = files(&more);
        assert!(!found.is_empty(), "{}", &expression[..20]);
    }
    let path = vec!["a"; 100_000].join(".");
    let found = files(&[
        ("of.yaml", "dataset: of\nversion: 1\ncolumns: { l: \"list<struct<a: utf8>>\" }\n"),
        ("case.yaml", &format!("view: thing\nrows: {{ of: of, unnest: {path} }}\n")),
    ]);
    assert_eq!(names(&found), ["unknown-column"]);
}

/// Wide documents take no longer than they are.
#[test]
fn wide_documents_linear() {
    let wide = 60_000;
    let unknown =
        "dataset: thing\nversion: 1\ncolumns: { id: utf8 }\n".to_owned() + &repeated(wide, |at| format!("k{at}: 1\n"));
    assert_eq!(names(&findings(&unknown)), ["unknown-key"]);
    let twice = dataset(&"  id: utf8\n".repeat(wide));
    assert_eq!(names(&findings(&twice)), ["duplicate-key"]);
    let wrong = dataset(&repeated(wide, |at| format!("  c{at}: 1\n")));
    assert_eq!(names(&findings(&wrong)), ["wrong-type"]);
    let wrong_mappings = dataset(&repeated(30_000, |at| format!("  c{at}: {{ nullable: true }}\n")));
    assert_eq!(names(&findings(&wrong_mappings)), ["missing-key"]);
    let ambiguous = dataset("  id: utf8\n") + "partitions:\n" + &"- no\n".repeat(wide);
    assert!(names(&findings(&ambiguous)).contains(&"ambiguous-scalar"));
    let many_columns = dataset(&repeated(wide, |at| format!("  c{at}: utf8\n")));
    assert_eq!(names(&findings(&many_columns)), ["specs-too-large"]);
    let bad_names = dataset(&repeated(wide, |at| format!("  C{at}: utf8\n")));
    assert!(names(&findings(&bad_names)).contains(&"name-needs-quotes"));
    let bad_types = dataset(&repeated(wide, |at| format!("  c{at}: utf9\n")));
    assert_eq!(names(&findings(&bad_types)), ["unknown-type"]);
    let on_one_line =
        format!("{{ dataset: thing, version: 1, columns: {{ {} }} }}", repeated(wide, |at| format!("c{at}: utf9, ")));
    assert_eq!(names(&findings(&on_one_line)), ["unknown-type"]);
    let fields = format!("type: thing\nfields:\n{}", repeated(wide, |at| format!("  a{at}: utf8\n")));
    assert_eq!(names(&findings(&fields)), ["specs-too-large"]);
    let same_fields = format!(
        "type: thing\nfields:\n{}",
        repeated(wide, |at| format!("  {}{at}: utf8\n", if at % 2 == 0 { "a" } else { "A" }))
    );
    assert_eq!(names(&findings(&same_fields)), ["specs-too-large"]);
    let columns = repeated(15_000, |at| format!("  column_{at}: {{ type: utf8, nullable: false }}\n"));
    let keys =
        dataset(&columns) + "constraints:\n  primary_key:\n" + &repeated(15_000, |at| format!("  - colum_{at}\n"));
    assert_eq!(names(&findings(&keys)), ["key-column-unknown"]);
    let renames =
        dataset(&columns) + "evolution:\n  renames:\n" + &repeated(10_000, |at| format!("    old_{at}: colum_{at}\n"));
    assert_eq!(names(&findings(&renames)), ["rename-target-unknown"]);
    let items = vec!["0"; 200_000].join(",");
    let list = dataset(&format!("  id: {{ type: list<int8>, default: [{items}, 1000] }}\n"));
    assert_eq!(names(&findings(&list)), ["default-type-mismatch"]);
    let long = "k".repeat(100_000);
    let nested = dataset(&format!(
        "  id:\n    type: utf8\n    default:\n      ? {long}\n      : ? {long}\n        : [{}]\n",
        vec!["no"; 60_000].join(",")
    ));
    assert_eq!(names(&findings(&nested)), ["default-type-mismatch", "ambiguous-scalar"]);
}

/// Many relations of unknown names take no longer than they are.
#[test]
fn unknown_relations_linear() {
    let specs: Vec<(String, String)> = (0..3_000)
        .map(|number| {
            let view = format!("view: view_{number}\nrows: {{ of: vieww_{number}, unnest: lines }}\nreferences: [{{ columns: [a], relation: viev_{number} }}]\n");
            (format!("v{number}.yaml"), view)
        })
        .collect();
    let more: Vec<(&str, &str)> = specs.iter().map(|(file, spec)| (file.as_str(), spec.as_str())).collect();
    assert_eq!(names(&files(&more)), ["unknown-relation"]);
    // Expressions that are all wrong.
    let columns = repeated(8_000, |at| format!("  x{at}: {{ expr: colum_{at} }}\n"));
    let fields: Vec<String> = (0..5_000).map(|at| format!("column_{at}: utf8")).collect();
    let of = "dataset: of\nversion: 1\ncolumns: { l: list<item> }\n";
    let item = format!("type: item\nfields: {{ {} }}\n", fields.join(", "));
    let view = format!("view: thing\nrows: {{ of: of, unnest: l }}\ncolumns:\n{columns}");
    assert_eq!(names(&files(&[("of.yaml", of), ("item.yaml", &item), ("view.yaml", &view)])), ["unknown-column"]);
}

/// Characters that cannot be seen are shown as what they are.
#[test]
fn invisible_characters_shown() {
    let found = findings("dataset: \"a\\0\\e[2J\\u202eb\"\nversion: 1\ncolumns: { \"x\\ny\": \"ut\\x07f8\" }\n");
    assert_eq!(names(&found), ["invalid-name", "type-syntax"], "{}", text(&found));
    assert!(found.iter().all(|finding| {
        !format!("{}{:?}", finding.message, finding.expected).contains(['\0', '\u{1b}', '\u{202e}', '\u{7}', '\n'])
    }));
    assert!(found[0].message.contains("`a\\u{0}\\u{1b}[2J\\u{202e}b`"), "{}", found[0].message);
    let long = "x".repeat(900_000);
    for spec in [
        dataset(&format!("  ? {long}\n  : utf8\n")),
        format!("dataset: {long}\nversion: 1\ncolumns: {{ id: utf8 }}\npartitions: [{long}]\n"),
        dataset(&format!("  id: {long}\n")),
        format!("? {long}\n: 1\n"),
    ] {
        let found = findings(&spec);
        assert!(!found.is_empty());
        assert!(found.iter().all(|finding| finding.message.len() < 10_000));
    }
    for raw in [
        "dataset: a\0b\n",
        "\u{1}",
        "\0",
        "dataset: \u{85}x\n",
        "\u{feff}\u{feff}dataset: x\n",
        "\t- a\n",
        "a\rb\r",
        "%YAML 1.1\n---\ndataset: x\n",
    ] {
        assert!(!findings(raw).is_empty(), "{raw:?}");
    }
}

/// Line ends and byte order marks change no place.
#[test]
fn line_ends_keep_places() {
    let spec =
        "# why\ndataset: thing\nversion: 1\ncolumns:\n  one: >-\n    list<\n    utf9>\n  two: { type: 'utf9' }\n";
    let places = |spec: &str| -> Vec<_> {
        let found = findings(spec);
        assert_eq!(names(&found), ["unknown-type"], "{}", text(&found));
        found.into_iter().map(|finding| finding.spec.map(|place| (place.line, place.column))).collect()
    };
    let expected = vec![Some((Some(7), Some(5))), Some((Some(8), Some(17)))];
    assert_eq!(places(spec), expected);
    assert_eq!(places(&spec.replace('\n', "\r\n")), expected);
    assert_eq!(places(&spec.replace('\n', "\r")), expected);
    assert_eq!(places(&format!("\u{feff}{spec}")), expected);
    let marked = "\u{feff}{ dataset: é, version: 1, columns: { a: utf9 } }";
    assert_eq!(findings(marked)[1].spec.as_ref().unwrap().column, Some(41));
}

/// Documents that are none are reported so.
#[test]
fn documents_empty() {
    for (spec, name) in [
        ("", "unknown-kind"),
        ("# only a comment\n", "unknown-kind"),
        ("{}", "unknown-kind"),
        ("[dataset, case]", "unknown-kind"),
        ("dataset", "unknown-kind"),
        ("doc: first\ndataset: thing\nversion: 1\ncolumns: { id: utf8 }\n", "unknown-kind"),
        ("catalog: other\n", "unknown-kind"),
        ("dataset: a\nversion: 1\ncolumns: { id: utf8 }\n---\ndataset: b\n", "yaml-syntax"),
        ("dataset: a\nversion: 1\ncolumns: { id: utf8 }\n...\nmore", "yaml-syntax"),
        ("!!map { dataset: a, version: 1, columns: { id: utf8 } }", "yaml-alias"),
    ] {
        let found = findings(spec);
        assert_eq!(names(&found), [name], "{spec:?}: {}", text(&found));
        assert!(found.iter().all(|finding| finding.spec.as_ref().unwrap().line.is_some()), "{spec:?}");
    }
    for catalog in ["", "{}", "[]", "*a", "catalog", "catalog: [", "include: 5\n", "catalog: c\n---\n"] {
        let compiled = compile_embedded(&[("catalog.yaml", catalog)]);
        assert!(compiled.catalog.is_none() && !compiled.findings.is_empty(), "{catalog:?}");
    }
    assert!(compile_embedded(&[]).findings.iter().any(|finding| finding.name == "catalog-missing"));
}

/// Folders are read with suspicion.
#[test]
fn folders_untrusted() {
    let specs = sound();
    let root = specs.path();
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.yaml", "session: secret\n");
    symlink(outside.path(), root.join("away")).unwrap();
    symlink(outside.path().join("secret.yaml"), root.join("secret.yaml")).unwrap();
    symlink("nowhere.yaml", root.join("dangling.yaml")).unwrap();
    symlink("user@host.1:2", root.join(".#plain.yaml")).unwrap();
    symlink("/dev/zero", root.join("zero.yaml")).unwrap();
    symlink("/etc/hostname", root.join("not-a-spec.txt")).unwrap();
    fs::create_dir(root.join("folder.yaml")).unwrap();
    std::os::unix::net::UnixListener::bind(root.join("socket.yaml")).unwrap();
    let found = timed(|| compile(root));
    let seen: Vec<(String, &str)> =
        found.iter().map(|finding| (finding.spec.clone().unwrap().file, finding.name.as_ref())).collect();
    assert_eq!(
        seen.iter().map(|(file, name)| (file.as_str(), *name)).collect::<Vec<_>>(),
        [
            ("away", "include-escapes"),
            ("dangling.yaml", "specs-unreadable"),
            ("secret.yaml", "include-escapes"),
            ("socket.yaml", "not-a-file"),
            ("zero.yaml", "include-escapes"),
        ],
        "{}",
        text(&found)
    );
    assert!(!text(&found).contains("session"));
}

#[test]
fn includes_inside() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "x.yaml", "session: x\n");
    let absolute = outside.path().to_string_lossy().into_owned();
    for (include, name) in [
        ("..", "include-escapes"),
        ("types/../..", "include-escapes"),
        ("types/../plain.yaml", "include-escapes"),
        (absolute.as_str(), "include-escapes"),
        ("away", "include-escapes"),
        ("loop", "include-missing"),
        ("\"a\\0b\"", "include-missing"),
        ("'~'", "include-missing"),
    ] {
        let specs = sound();
        fs::create_dir(specs.path().join("types")).unwrap();
        symlink(outside.path(), specs.path().join("away")).unwrap();
        symlink("loop", specs.path().join("loop")).unwrap();
        write(specs.path(), "catalog.yaml", CATALOG.replace("[.]", &format!("[plain.yaml, {include}]")));
        let found = timed(|| compile(specs.path()));
        assert_eq!(names(&found), [name], "{include}: {}", text(&found));
        assert_eq!(found[0].spec.as_ref().unwrap().key, "include.1");
    }
    // One file by many names is one file.
    let specs = sound();
    write(specs.path(), "types/x.yaml", "type: x\nis: utf8\n");
    let includes = "[., ./types, types/, ./types/./x.yaml, plain.yaml, catalog.yaml, types//x.yaml]";
    write(specs.path(), "catalog.yaml", CATALOG.replace("[.]", includes));
    let found = timed(|| compile(specs.path()));
    assert!(found.is_empty(), "{}", text(&found));
}

/// Links between folders do not multiply.
#[test]
fn folder_links_bounded() {
    let specs = sound();
    for level in 0..14 {
        let folder = specs.path().join(format!("d{level}"));
        fs::create_dir(&folder).unwrap();
        for link in 0..8 {
            symlink(format!("../d{}", level + 1), folder.join(format!("l{link}"))).unwrap();
        }
    }
    write(specs.path(), "d14/x.yaml", "type: x\nis: utf8\n");
    let found = timed(|| compile(specs.path()));
    assert!(found.is_empty(), "{}", text(&found));
    // A loop over two folders.
    symlink("../d0", specs.path().join("d14/back")).unwrap();
    let found = timed(|| compile(specs.path()));
    assert_eq!(names(&found), ["folder-loop"], "{}", text(&found));
}

/// A catalog that is no file is reported so.
#[test]
fn catalog_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("catalog.yaml")).unwrap();
    assert_eq!(names(&timed(|| compile(folder.path()))), ["not-a-file"]);

    let folder = tempfile::tempdir().unwrap();
    symlink("catalog.yaml", folder.path().join("catalog.yaml")).unwrap();
    assert_eq!(names(&timed(|| compile(folder.path()))), ["specs-unreadable"]);

    let elsewhere = sound();
    let folder = tempfile::tempdir().unwrap();
    symlink(elsewhere.path().join("catalog.yaml"), folder.path().join("catalog.yaml")).unwrap();
    assert_eq!(names(&timed(|| compile(folder.path()))), ["include-escapes"]);

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("catalog.yaml"), "").unwrap();
    assert_eq!(names(&timed(|| compile(folder.path()))), ["wrong-type"]);
    fs::write(folder.path().join("catalog.yaml"), b"catalog: \xff\n").unwrap();
    assert_eq!(names(&timed(|| compile(folder.path()))), ["invalid-utf8"]);
    assert_eq!(names(&timed(|| compile(&folder.path().join("catalog.yaml")))), ["catalog-missing"]);
    assert_eq!(names(&timed(|| compile(&folder.path().join("nowhere")))), ["catalog-missing"]);
}

/// Files that may not be read are named.
#[test]
fn files_unreadable() {
    use std::os::unix::fs::PermissionsExt as _;
    let specs = sound();
    write(specs.path(), "types/x.yaml", "type: x\nis: utf8\n");
    write(specs.path(), "y.yaml", "type: y\nis: x\n");
    let lock = |mode| {
        fs::set_permissions(specs.path().join("types"), fs::Permissions::from_mode(mode)).unwrap();
        fs::set_permissions(specs.path().join("plain.yaml"), fs::Permissions::from_mode(mode & 0o666)).unwrap();
    };
    lock(0);
    if fs::read(specs.path().join("plain.yaml")).is_ok() {
        eprintln!("skipped: this user may read everything");
        lock(0o755);
        return;
    }
    let found = timed(|| compile(specs.path()));
    lock(0o755);
    // Neither the type nor the preset is said to be missing.
    assert_eq!((names(&found), found.len()), (vec!["specs-unreadable"], 2), "{}", text(&found));
}

/// There may be too many files.
#[test]
fn files_too_many() {
    let specs = sound();
    fs::create_dir(specs.path().join("types")).unwrap();
    for number in 0..20_010 {
        fs::write(specs.path().join(format!("types/t{number}.yaml")), format!("type: t{number}\nis: utf8\n")).unwrap();
    }
    let found = timed(|| compile(specs.path()));
    assert_eq!((names(&found), found.len()), (vec!["specs-too-large"], 1), "{}", text(&found));

    let specs = sound();
    let line = "# x\n".repeat(250_000);
    for number in 0..40 {
        write(specs.path(), &format!("t{number}.yaml"), format!("type: t{number}\nis: utf8\n{line}"));
    }
    let found = timed(|| compile(specs.path()));
    assert_eq!((names(&found), found.len()), (vec!["specs-too-large"], 1), "{}", text(&found));
}
