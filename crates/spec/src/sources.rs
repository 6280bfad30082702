//! The files of a specs folder, read with suspicion.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use cstspec_contract::{Finding, Origin, SpecPlace};

use crate::finding::{At, Found};
use crate::model::CatalogSpec;
use crate::rules;
use crate::yaml::{self, KeyPath, Place, Tree};

/// The file that every specs folder has.
pub const CATALOG: &str = "catalog.yaml";
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// The most files that one catalog has.
const MAX_FILES: usize = 20_000;
/// How deep folders may nest.
const MAX_FOLDERS: usize = 16;

/// The files of one catalog with their texts and trees.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, Source>,
}

/// One file.
#[derive(Clone, Debug)]
struct Source {
    text: String,
    /// `None` where the text is no YAML.
    tree: Option<Tree>,
}

impl Sources {
    /// Reads the specs in `folder`: `catalog.yaml` and what it includes. Every trouble is a finding; what can be read is read.
    pub fn read(folder: &Path) -> (Self, Vec<Finding>) {
        let mut reader = Reader { folder, sources: Self::default(), findings: Vec::new(), folders: BTreeSet::new() };
        reader.read_catalog();
        let Reader { sources, findings, .. } = reader;
        (sources, findings)
    }

    /// Takes specs that are in memory, as pairs of path and text.
    pub fn embedded(files: &[(&str, &str)]) -> (Self, Vec<Finding>) {
        let mut sources = Self::default();
        let mut findings = Vec::new();
        for (path, text) in files {
            sources.add(path, (*text).to_owned(), &mut findings);
        }
        (sources, findings)
    }

    fn add(&mut self, path: &str, text: String, findings: &mut Vec<Finding>) {
        let (tree, found) = yaml::read(&text);
        self.files.insert(path.to_owned(), Source { text, tree });
        findings.extend(found.into_iter().map(|found| self.settle(path, found)));
    }

    /// The files that are YAML, sorted by path.
    pub fn trees(&self) -> impl Iterator<Item = (&str, &Tree)> {
        self.files.iter().filter_map(|(path, source)| Some((path.as_str(), source.tree.as_ref()?)))
    }

    /// Every file that was read, with its text, sorted by path.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, source)| (path.as_str(), source.text.as_str()))
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(|source| source.text.as_str())
    }

    /// Line and column, both from 1, of the promise at `origin`. Where the key itself was not written (a column that a named type
    /// brought in), the nearest key above it.
    pub fn place(&self, origin: &Origin) -> Option<(u32, u32)> {
        let tree = self.files.get(&origin.file)?.tree.as_ref()?;
        let (_, place) = nearest(tree, &origin.key);
        Some((place.line, place.column))
    }

    /// Gives a finding its place in `file`.
    pub fn settle(&self, file: &str, found: Found) -> Finding {
        let Found { mut finding, at } = found;
        let source = self.files.get(file);
        let tree = source.and_then(|source| source.tree.as_ref());
        let (key, place) = match at {
            At::File => (KeyPath::root(), None),
            At::Place(place) => (KeyPath::root(), Some(place)),
            At::Key(key) => {
                let place = tree.map(|tree| nearest(tree, key.as_str()).1);
                (key, place)
            }
            At::Value(key) => {
                let place = tree.map(|tree| nearest(tree, key.as_str()).0.place);
                (key, place)
            }
            At::Inside(key, offset) => {
                let text = source.map_or("", |source| source.text.as_str());
                let place = tree.map(|tree| nearest(tree, key.as_str()).0.place_inside(text, offset));
                (key, place)
            }
        };
        finding.spec = Some(SpecPlace {
            file: file.to_owned(),
            key: key.as_str().to_owned(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
        });
        finding
    }
}

/// The node at `key`, or the nearest one above it, and where its key stands.
fn nearest<'a>(tree: &'a Tree, key: &str) -> (&'a Tree, Place) {
    let mut key = key;
    loop {
        if let Some(found) = tree.find(key) {
            return found;
        }
        key = key.rsplit_once('.').map_or("", |(above, _)| above);
    }
}

struct Reader<'a> {
    folder: &'a Path,
    sources: Sources,
    findings: Vec<Finding>,
    /// The canonical paths of the folders being walked, to see a loop.
    folders: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    fn read_catalog(&mut self) {
        let path = self.folder.join(CATALOG);
        if !path.exists() {
            let finding = Finding::new(&rules::CATALOG_MISSING, format!("no {CATALOG} in `{}`", self.folder.display()))
                .remedy("name the folder that holds catalog.yaml, or write one");
            self.report(CATALOG, finding);
            return;
        }
        let Ok(root) = fs::canonicalize(self.folder) else {
            self.unreadable(CATALOG, "its folder cannot be resolved");
            return;
        };
        self.read_file(&path, CATALOG);
        for (number, include) in self.includes().into_iter().enumerate() {
            self.read_include(&root, &include, number);
        }
    }

    /// The includes of the catalog. Its other mistakes are reported when it is decoded for good.
    fn includes(&self) -> Vec<String> {
        let tree = self.sources.files.get(CATALOG).and_then(|source| source.tree.as_ref());
        let spec = tree.and_then(|tree| yaml::decode::<CatalogSpec>(tree, "catalog").0);
        spec.map(|spec| spec.include).unwrap_or_default()
    }

    fn read_include(&mut self, root: &Path, include: &str, number: usize) {
        let key = KeyPath::root().join("include").index(number);
        let relative = Path::new(include);
        let plain =
            relative.components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
        let path = self.folder.join(relative);
        let inside = match fs::canonicalize(&path) {
            Ok(canonical) => canonical.starts_with(root),
            Err(error) if plain => {
                let finding = Finding::new(&rules::INCLUDE_MISSING, format!("the include `{include}` cannot be read"))
                    .differing("a folder or file below the specs folder", error.to_string())
                    .remedy("create it, or remove it from `include`");
                self.findings.push(self.sources.settle(CATALOG, Found::at_value(finding, key)));
                return;
            }
            Err(_) => false,
        };
        if !plain || !inside {
            let finding =
                Finding::new(&rules::INCLUDE_ESCAPES, format!("the include `{include}` leaves the specs folder"))
                    .differing("a folder or file below the specs folder", format!("`{include}`"))
                    .remedy("move the specs into the folder of catalog.yaml");
            self.findings.push(self.sources.settle(CATALOG, Found::at_value(finding, key)));
            return;
        }
        let name = include.trim_end_matches('/').trim_start_matches("./").to_owned();
        if path.is_dir() {
            self.read_folder(root, &path, &name, 0);
        } else {
            self.read_file(&path, &name);
        }
    }

    fn read_folder(&mut self, root: &Path, path: &Path, name: &str, depth: usize) {
        let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if depth > MAX_FOLDERS || !self.folders.insert(canonical.clone()) {
            let finding = Finding::new(
                &rules::FOLDER_LOOP,
                format!("the folder `{name}` contains itself, or nests more than {MAX_FOLDERS} deep"),
            )
            .remedy("remove the symbolic link that leads back");
            self.report(name, finding);
            return;
        }
        let entries = match fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => {
                self.unreadable(name, &error.to_string());
                return;
            }
        };
        let mut names: Vec<String> =
            entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for file in names {
            let below = path.join(&file);
            let relative = format!("{name}/{file}");
            if !self.stays_inside(root, &below, &relative) {
                continue;
            }
            if below.is_dir() {
                self.read_folder(root, &below, &relative, depth + 1);
            } else if matches!(below.extension().and_then(|extension| extension.to_str()), Some("yaml" | "yml")) {
                self.read_file(&below, &relative);
            }
        }
        self.folders.remove(&canonical);
    }

    /// Whether a path still is below the specs folder when its symbolic links are followed.
    fn stays_inside(&mut self, root: &Path, path: &Path, name: &str) -> bool {
        match fs::canonicalize(path) {
            Ok(canonical) if canonical.starts_with(root) => true,
            Ok(_) => {
                let finding =
                    Finding::new(&rules::INCLUDE_ESCAPES, format!("`{name}` is a link that leaves the specs folder"))
                        .remedy("copy what it leads to into the specs folder");
                self.report(name, finding);
                false
            }
            Err(error) => {
                self.unreadable(name, &error.to_string());
                false
            }
        }
    }

    fn read_file(&mut self, path: &Path, name: &str) {
        if self.sources.files.contains_key(name) {
            return;
        }
        if self.sources.files.len() >= MAX_FILES {
            let finding = Finding::new(&rules::TOO_LARGE, format!("more than {MAX_FILES} spec files"))
                .remedy("split the catalog");
            self.findings.push(self.sources.settle(CATALOG, Found::in_file(finding)));
            return;
        }
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                let finding = Finding::new(&rules::NOT_A_FILE, format!("`{name}` is not a regular file"))
                    .differing("a regular file", "a pipe, socket, device or folder")
                    .remedy("replace it by a file, or remove it");
                self.report(name, finding);
            }
            Ok(metadata) if metadata.len() > MAX_BYTES => self.too_large(name, metadata.len()),
            Ok(_) => {
                let mut bytes = Vec::new();
                let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
                match read {
                    Ok(length) if length as u64 > MAX_BYTES => self.too_large(name, length as u64),
                    Ok(_) => self.take_bytes(name, bytes),
                    Err(error) => self.unreadable(name, &error.to_string()),
                }
            }
            Err(error) => self.unreadable(name, &error.to_string()),
        }
    }

    fn take_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => self.sources.add(name, text, &mut self.findings),
            Err(error) => {
                let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = sound.iter().filter(|byte| **byte == b'\n').count();
                let start = sound.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
                let column = String::from_utf8_lossy(&sound[start..]).chars().count();
                let narrow = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
                let place = Place { line: narrow(line), column: narrow(column), index: 0 };
                let finding = Finding::new(&rules::INVALID_UTF8, "not UTF-8")
                    .differing("UTF-8 text", format!("the byte 0x{:02x}", error.as_bytes()[sound.len()]))
                    .remedy("save the file as UTF-8");
                self.findings.push(self.sources.settle(name, Found::at_place(finding, place)));
            }
        }
    }

    fn too_large(&mut self, name: &str, bytes: u64) {
        let finding = Finding::new(&rules::TOO_LARGE, format!("`{name}` is too large for a spec"))
            .differing(format!("at most {MAX_BYTES} bytes"), format!("{bytes} bytes or more"))
            .remedy("split it into several specs");
        self.report(name, finding);
    }

    fn unreadable(&mut self, name: &str, why: &str) {
        let finding = Finding::new(&rules::UNREADABLE, format!("`{name}` cannot be read: {why}"))
            .remedy("check that it exists and that you may read it");
        self.report(name, finding);
    }

    fn report(&mut self, file: &str, finding: Finding) {
        self.findings.push(self.sources.settle(file, Found::in_file(finding)));
    }
}
