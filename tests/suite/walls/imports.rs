//! Which file imports from which: the paths of [`super::syntax`] followed to the files that define what they name.
//!
//! A path through a re-export is followed to the definition, so that a module that only re-exports stands between nobody. The
//! re-export itself is an import of the module that makes it, like any other `use`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::syntax::{self, Scope};

/// Sources by path: `crates/spec/src/lib.rs` to its text.
pub type Sources = BTreeMap<String, String>;

/// One file that imports from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: String,
    pub to: String,
    /// The path as it is written.
    pub path: String,
}

/// The imports of a workspace.
#[derive(Debug, Default)]
pub struct Imports {
    /// Every import of one file from another, sorted.
    pub all: Vec<Import>,
    /// Files that are compiled outside tests.
    pub files: BTreeSet<String>,
    /// Files that are compiled for tests alone.
    pub tests: BTreeSet<String>,
    /// Files that no module declares.
    pub undeclared: BTreeSet<String>,
}

/// How often a path may lead through a re-export before it counts as a circle.
const MOST_STEPS: usize = 64;

struct Module {
    file: String,
    root: usize,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    scope: Scope,
}

struct Workspace<'a> {
    sources: &'a Sources,
    modules: Vec<Module>,
    /// The roots of the libraries by the name that code calls them by.
    crates: BTreeMap<String, usize>,
    /// Files of modules for tests alone, with those of the modules below them.
    tests: BTreeSet<String>,
}

/// Reads the Rust files below `crates/*/src`.
pub fn sources(workspace: &Path) -> Sources {
    let mut sources = Sources::new();
    let folders: Vec<_> = fs::read_dir(workspace.join("crates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    for folder in folders {
        collect(workspace, &folder.join("src"), &mut sources);
    }
    sources
}

fn collect(workspace: &Path, folder: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(workspace, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(workspace).unwrap().to_str().unwrap().replace('\\', "/");
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

impl Imports {
    /// Follows every path of every source.
    pub fn of(sources: &Sources) -> Self {
        let mut workspace = Workspace { sources, modules: Vec::new(), crates: BTreeMap::new(), tests: BTreeSet::new() };
        for file in sources.keys() {
            let parts: Vec<&str> = file.split('/').collect();
            if let ["crates", name, "src", root @ ("lib.rs" | "main.rs")] = parts[..] {
                let module = workspace.add_file(file, None, None);
                if root == "lib.rs" {
                    workspace.crates.insert(format!("cstspec_{name}"), module);
                }
            }
        }
        let files: BTreeSet<String> = workspace.modules.iter().map(|module| module.file.clone()).collect();
        let tests = workspace.tests.clone();
        let known = |file: &&String| files.contains(*file) || tests.contains(*file);
        let undeclared = sources.keys().filter(|file| !known(file)).cloned().collect();
        let mut all: Vec<Import> = Vec::new();
        for (index, module) in workspace.modules.iter().enumerate() {
            let scope = &module.scope;
            let brought = scope.imports.values().chain(scope.local_imports.values()).chain(&scope.globs);
            let brought = brought.map(|path| (path, workspace.follow(index, path, MOST_STEPS)));
            let written = scope.paths.iter().map(|path| (path, workspace.written(index, path)));
            for (path, target) in brought.chain(written) {
                if let Some(target) = target.map(|target| &workspace.modules[target].file)
                    && *target != module.file
                {
                    all.push(Import { from: module.file.clone(), to: target.clone(), path: path.join("::") });
                }
            }
        }
        all.sort();
        all.dedup();
        Self { all, files, tests, undeclared }
    }
}

impl Workspace<'_> {
    fn add_file(&mut self, file: &str, root: Option<usize>, parent: Option<usize>) -> usize {
        let scope = syntax::read(&self.sources[file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        let (folder, name) = file.rsplit_once('/').expect("a file of a crate stands in a folder");
        let below = match name {
            "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
            _ => file.trim_end_matches(".rs").to_owned(),
        };
        self.add(file, scope, &below, root, parent)
    }

    /// Adds a module with all below it, whose files stand in the folder `below`.
    fn add(&mut self, file: &str, mut scope: Scope, below: &str, root: Option<usize>, parent: Option<usize>) -> usize {
        let inline = std::mem::take(&mut scope.inline);
        let declared = std::mem::take(&mut scope.declared);
        for name in &scope.tests {
            let (file, folder) = (format!("{below}/{name}.rs"), format!("{below}/{name}/"));
            let files = self.sources.keys().filter(|path| **path == file || path.starts_with(&folder));
            self.tests.extend(files.cloned());
        }
        let index = self.modules.len();
        let root = root.unwrap_or(index);
        self.modules.push(Module { file: file.to_owned(), root, parent, children: BTreeMap::new(), scope });
        for (name, scope) in inline {
            let child = self.add(file, scope, &format!("{below}/{name}"), Some(root), Some(index));
            self.modules[index].children.insert(name, child);
        }
        for name in declared {
            let candidates = [format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")];
            let found = candidates.iter().find(|candidate| self.sources.contains_key(*candidate));
            let found = found.unwrap_or_else(|| panic!("{file} declares the module `{name}`, which has no file"));
            let child = self.add_file(found, Some(root), Some(index));
            self.modules[index].children.insert(name, child);
        }
        index
    }

    /// The module in which a path in the code of `module` ends, if it is one of the workspace.
    fn written(&self, module: usize, path: &[String]) -> Option<usize> {
        match path {
            // A name alone is an item of the module, a variable, or imported by a `use` that counts itself. One that comes from a
            // glob is followed.
            [name] if !is_keyword(name) => {
                let own = self.binds(module, name) || self.modules[module].children.contains_key(name);
                if own { None } else { self.through_globs(module, path, MOST_STEPS) }
            }
            _ => self.follow(module, path, MOST_STEPS),
        }
    }

    fn follow(&self, module: usize, path: &[String], steps: usize) -> Option<usize> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        let here = &self.modules[module];
        match first.as_str() {
            "crate" => self.enter(here.root, rest, steps),
            "self" => self.enter(module, rest, steps),
            "super" => self.enter(here.parent?, rest, steps),
            _ if self.binds(module, first) || here.children.contains_key(first) => self.enter(module, path, steps),
            name => match self.crates.get(name) {
                Some(&root) => self.enter(root, rest, steps),
                None => self.through_globs(module, path, steps),
            },
        }
    }

    /// Follows a path that is known to begin in `module`.
    fn enter(&self, module: usize, path: &[String], steps: usize) -> Option<usize> {
        let steps = steps.checked_sub(1)?;
        let Some((first, rest)) = path.split_first() else { return Some(module) };
        let here = &self.modules[module];
        let child = here.children.get(first).copied();
        let imported = here.scope.imports.get(first).or_else(|| here.scope.local_imports.get(first));
        // `pub(crate) use name;` gives a macro a path.
        let imported = imported.filter(|import| import.as_slice() != std::slice::from_ref(first));
        match first.as_str() {
            "super" => return self.enter(here.parent?, rest, steps),
            "self" => return self.enter(module, rest, steps),
            _ => {}
        }
        // A module and a function of one name: further segments are the module's.
        if let Some(child) = child.filter(|_| !rest.is_empty()) {
            return self.enter(child, rest, steps);
        }
        if rest.is_empty() && here.scope.items.contains(first) {
            return Some(module);
        }
        if let Some(import) = imported {
            return self.follow(module, &[import.as_slice(), rest].concat(), steps);
        }
        if let Some(child) = child {
            return Some(child);
        }
        if here.scope.items.contains(first) {
            return Some(module);
        }
        Some(self.through_globs(module, path, steps).unwrap_or(module))
    }

    fn through_globs(&self, module: usize, path: &[String], steps: usize) -> Option<usize> {
        let steps = steps.checked_sub(1)?;
        self.modules[module].scope.globs.iter().find_map(|glob| {
            let target = self.follow(module, glob, steps).filter(|target| *target != module)?;
            let found = self.binds(target, &path[0]) || self.modules[target].children.contains_key(&path[0]);
            if found { self.enter(target, path, steps) } else { self.through_globs(target, path, steps) }
        })
    }

    /// Whether a name is an item of a module or imported into it.
    fn binds(&self, module: usize, name: &str) -> bool {
        let scope = &self.modules[module].scope;
        scope.items.contains(name) || scope.imports.contains_key(name) || scope.local_imports.contains_key(name)
    }
}

fn is_keyword(name: &str) -> bool {
    matches!(name, "crate" | "self" | "super" | "Self")
}
