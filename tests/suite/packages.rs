//! Packages: a published crate compiles from its own files alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use cargo_metadata::{MetadataCommand, Package};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Lit, Macro, Meta};

use crate::world;

/// Members that are published, in the order of their names. The tests of the workspace are not.
fn published() -> Vec<Package> {
    let manifest = world::workspace().join("Cargo.toml");
    let options = ["--offline".to_owned(), "--locked".to_owned()];
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().other_options(options).exec().unwrap();
    let mut packages: Vec<Package> =
        metadata.packages.into_iter().filter(|package| package.publish.is_none()).collect();
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    packages
}

/// The files of a package, by their paths in it.
fn listed(package: &Package) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--locked", "-p", package.name.as_str()])
        .current_dir(world::workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|path| path.replace('\\', "/")).collect()
}

/// A file that a source takes in when it is compiled.
#[derive(Debug, PartialEq, Eq)]
enum Included {
    /// Relative to the folder of the source.
    Beside(String),
    /// Relative to the folder of the package.
    Package(String),
    /// Made by the build script.
    Built,
    /// Named by something that is not a literal.
    Unknown(String),
}

/// Reads the files that one source takes in: macros that include, and paths of modules.
#[derive(Default)]
struct Reader {
    included: Vec<Included>,
}

impl Reader {
    fn of(text: &str) -> Vec<Included> {
        let mut reader = Self::default();
        reader.visit_file(&syn::parse_file(text).unwrap());
        reader.included
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_macro(&mut self, found: &'a Macro) {
        let name = found.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if ["include", "include_str", "include_bytes"].contains(&name.as_str()) {
            self.included.push(argument(found));
        } else if found.tokens.to_string().contains("include_str !") {
            self.included.push(Included::Unknown(format!("include_str! inside {name}!")));
        }
        visit::visit_macro(self, found);
    }

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        if let Meta::NameValue(pair) = &attribute.meta {
            match &pair.value {
                Expr::Lit(literal) if pair.path.is_ident("path") => {
                    let Lit::Str(text) = &literal.lit else { return };
                    self.included.push(Included::Beside(text.value()));
                }
                // `#[doc = include_str!("...")]`
                Expr::Macro(found) => self.visit_macro(&found.mac),
                _ => {}
            }
        }
    }
}

/// The file that a macro includes: a literal, or a literal behind the folder of the package or of the build script.
fn argument(found: &Macro) -> Included {
    if let Ok(text) = found.parse_body::<syn::LitStr>() {
        return Included::Beside(text.value());
    }
    let whole = found.tokens.to_string();
    let Ok(concat) = found.parse_body::<syn::ExprMacro>() else { return Included::Unknown(whole) };
    let parts = concat.mac.parse_body_with(syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated);
    let parts: Vec<Expr> = parts.map(|parts| parts.into_iter().collect()).unwrap_or_default();
    let [Expr::Macro(base), Expr::Lit(rest)] = parts.as_slice() else { return Included::Unknown(whole) };
    let Lit::Str(rest) = &rest.lit else { return Included::Unknown(whole) };
    match base.mac.parse_body::<syn::LitStr>().map(|name| name.value()).as_deref() {
        Ok("CARGO_MANIFEST_DIR") => Included::Package(rest.value().trim_start_matches('/').to_owned()),
        Ok("OUT_DIR") => Included::Built,
        _ => Included::Unknown(whole),
    }
}

/// `path` without `.` and `..`; none if it leaves the package.
fn inside(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// The string literals of a source that lead out of the folder of its package, as a build script would name them.
fn leading_out(text: &str) -> Vec<String> {
    struct Literals(Vec<String>);
    impl Visit<'_> for Literals {
        fn visit_lit_str(&mut self, literal: &syn::LitStr) {
            self.0.push(literal.value());
        }
    }
    let mut literals = Literals(Vec::new());
    literals.visit_file(&syn::parse_file(text).unwrap());
    literals.0.retain(|text| text.starts_with("..") || text.starts_with("/.."));
    literals.0
}

/// Every file that a packaged source takes in is in its package.
#[test]
fn includes_inside_packages() {
    let mut wrong = Vec::new();
    let mut resolved = 0;
    for package in published() {
        let root = package.manifest_path.parent().unwrap().as_std_path();
        let files = listed(&package);
        for file in files.iter().filter(|file| Path::new(file).extension().is_some_and(|ending| ending == "rs")) {
            let text = fs::read_to_string(root.join(file)).unwrap();
            let folder = Path::new(file).parent().unwrap();
            for included in Reader::of(&text) {
                let path: PathBuf = match &included {
                    Included::Built => continue,
                    Included::Beside(path) => folder.join(path),
                    Included::Package(path) => path.into(),
                    Included::Unknown(_) => {
                        wrong.push(format!("{}: {file} includes {included:?}", package.name));
                        continue;
                    }
                };
                resolved += 1;
                if !inside(&path).is_some_and(|path| files.contains(&path)) {
                    wrong.push(format!("{}: {file} includes {}, which is not packaged", package.name, path.display()));
                }
            }
        }
        if let Some(text) = files.get("build.rs").map(|script| fs::read_to_string(root.join(script)).unwrap()) {
            wrong.extend(leading_out(&text).into_iter().map(|path| format!("{}: build.rs reads {path}", package.name)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(resolved > 35, "only {resolved} includes were found: libcst alone has a query per view");
}

/// A package has a description, a README, both licences, and the version of each member that it depends on.
#[test]
fn metadata_complete() {
    let packages = published();
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    assert!(names.contains(&"cstspec") && names.contains(&"cstspec-runtime"), "{names:?}");
    assert!(!names.contains(&"cstspec-tests") && !names.contains(&"cstspec-cstream"), "{names:?}");
    for package in &packages {
        let name = &package.name;
        let files = listed(package);
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
            assert!(files.contains(file), "{name} has no {file}");
        }
        assert!(package.description.is_some() && package.documentation.is_some(), "{name} has no description or page");
        assert!(package.license.is_some() && package.rust_version.is_some(), "{name} has no licence or Rust version");
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let is_published = names.contains(&dependency.name.as_str());
            let has_version = !dependency.req.comparators.is_empty();
            let is_for_tests = dependency.kind == cargo_metadata::DependencyKind::Development;
            assert!(
                is_for_tests || (is_published && has_version),
                "{name} depends on {} by its path alone",
                dependency.name
            );
        }
    }
}

/// The page on a crate of one's own has the versions of today.
#[test]
fn own_crate_page_versions() {
    let page = fs::read_to_string(world::workspace().join("docs/own-crate.md")).unwrap();
    let manifest = fs::read_to_string(world::workspace().join("Cargo.toml")).unwrap();
    let packages = published();
    for name in ["cstspec-contract", "cstspec-runtime", "cstspec-codegen", "cstspec-testing"] {
        let package = packages.iter().find(|package| package.name.as_str() == name).unwrap();
        assert!(page.contains(&format!("{name} = \"{}\"", package.version)), "{name} {}", package.version);
        let rust = package.rust_version.as_ref().unwrap();
        assert!(page.contains(&format!("Rust is {}.{} ", rust.major, rust.minor)), "{rust}");
    }
    for (name, before) in [("datafusion", ""), ("arrow", "Arrow and Parquet ")] {
        let (_, rest) = manifest.split_once(&format!("\n{name} = {{ version = \"")).unwrap();
        let version = rest.split('"').next().unwrap();
        assert!(page.contains(&format!("{before}{version}")), "{name} {version}");
    }
}

/// The folder of templates that people open is the one that is packaged.
#[test]
fn templates_linked() {
    let top = world::workspace().join("templates").canonicalize().unwrap();
    assert_eq!(top, world::workspace().join("crates/codegen/templates").canonicalize().unwrap());
}

/// The reader sees each form.
#[test]
fn include_forms() {
    let text = r#"
        #[path = "../a.rs"] mod a;
        #[doc = include_str!("b.md")] mod b { const B: &str = include_str!("c/d.sql"); }
        const C: [&[u8]; 1] = [include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/e"))];
        const D: &str = include!(concat!(env!("OUT_DIR"), "/f.rs"));
        const E: &str = include_str!(concat!("g", "h"));
        fn f() { println!("include_str!({:?})", include_str!("i")); }
    "#;
    let beside = |path: &str| Included::Beside(path.to_owned());
    let found = Reader::of(text);
    assert_eq!(found[..4], [beside("../a.rs"), beside("b.md"), beside("c/d.sql"), Included::Package("e".to_owned())]);
    assert_eq!(found[4], Included::Built);
    assert!(matches!(found[5..], [Included::Unknown(_), Included::Unknown(_)]), "{found:?}");
    assert_eq!(inside(Path::new("src/../../x")), None);
    assert_eq!(inside(Path::new("src/./a/../b")), Some("src/b".to_owned()));
    assert_eq!(leading_out("fn main() { run(\"../../specs\"); run(\"specs\"); }"), ["../../specs"]);
}
