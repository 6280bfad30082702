//! A specs folder, read with suspicion: it may hold links, pipes, other people's files, and far too much of everything.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use cstspec_contract::Finding;

use crate::rules;
use crate::sources::{CATALOG, Sources};
use crate::yaml::Located;
use crate::yaml::{KeyPath, Place};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// The most bytes that the files of one catalog have together.
const MAX_BYTES_IN_ALL: u64 = 32 * MAX_BYTES;
/// The most files that one catalog has.
const MAX_FILES: usize = 20_000;
/// How deep folders may nest.
const MAX_FOLDERS: usize = 16;

/// Reads the specs in `folder`: `catalog.yaml` and what it includes.
pub fn read(folder: &Path) -> (Sources, Vec<Finding>) {
    let mut reader = Reader {
        folder,
        sources: Sources::default(),
        findings: Vec::new(),
        open: Vec::new(),
        seen: BTreeSet::new(),
        bytes: 0,
        full: false,
    };
    reader.read_catalog();
    (reader.sources, reader.findings)
}

struct Reader<'a> {
    folder: &'a Path,
    sources: Sources,
    findings: Vec<Finding>,
    /// The canonical paths of the folders around the one that is being read, to see a loop.
    open: Vec<PathBuf>,
    /// The canonical paths of all folders that were read: each is read once, by whatever links lead to it.
    seen: BTreeSet<PathBuf>,
    /// How many bytes were read.
    bytes: u64,
    /// There are too many files or bytes, which was reported; nothing more is read.
    full: bool,
}

impl Reader<'_> {
    fn read_catalog(&mut self) {
        let path = self.folder.join(CATALOG);
        if fs::symlink_metadata(&path).is_err() {
            let finding = Finding::new(&rules::CATALOG_MISSING, format!("no {CATALOG} in `{}`", self.folder.display()))
                .remedy("select the folder that contains catalog.yaml, or write one");
            self.report(CATALOG, finding);
            return;
        }
        let root = match fs::canonicalize(self.folder) {
            Ok(root) => root,
            Err(error) => {
                self.unreadable(CATALOG, &error.to_string());
                return;
            }
        };
        self.sources.note_root(&root);
        if !self.stays_inside(&root, &path, CATALOG) {
            return;
        }
        self.read_file(&path, CATALOG);
        for (number, include) in self.sources.includes() {
            self.read_include(&root, &include, number);
        }
        // Where a mistake hides what is included, whatever it names that is there is read.
        for include in self.sources.lost_includes() {
            if !include.is_empty() && self.folder.join(&include).exists() {
                self.read_include(&root, &include, 0);
            }
        }
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
                self.report_at(CATALOG, Located::at_value(finding, key));
                return;
            }
            Err(_) => false,
        };
        if !plain || !inside {
            let finding =
                Finding::new(&rules::INCLUDE_ESCAPES, format!("the include `{include}` leaves the specs folder"))
                    .differing("a folder or file below the specs folder", format!("`{include}`"))
                    .remedy("move the specs into the folder of catalog.yaml");
            self.report_at(CATALOG, Located::at_value(finding, key));
            return;
        }
        // One name for one file, however the include spells it.
        let names: Vec<&str> = relative
            .components()
            .filter_map(|component| match component {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        let name = names.join("/");
        if path.is_dir() {
            let found = self.findings.len();
            self.read_folder(root, &path, &name);
            if found == self.findings.len() && !self.full && !name.is_empty() && !self.sources.has_below(&name) {
                let finding = Finding::new(&rules::EMPTY_INCLUDE, format!("no spec in the folder `{include}`"))
                    .differing("files that end in .yaml or .yml", "none")
                    .remedy("correct the path or the names of the files, or remove it from `include`");
                // Nothing that is there was left unread.
                self.findings.push(self.sources.resolve_place(CATALOG, Located::at_value(finding, key)));
            }
        } else {
            self.read_file(&path, &name);
        }
    }

    fn read_folder(&mut self, root: &Path, path: &Path, name: &str) {
        let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.open.len() > MAX_FOLDERS || self.open.contains(&canonical) {
            let finding = Finding::new(
                &rules::FOLDER_LOOP,
                format!("the folder `{name}` contains itself, or nests more than {MAX_FOLDERS} deep"),
            )
            .remedy("remove the symbolic link that leads back");
            self.report(name, finding);
            return;
        }
        if !self.seen.insert(canonical.clone()) {
            return;
        }
        let entries = match fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => {
                self.unreadable(name, &error.to_string());
                return;
            }
        };
        self.open.push(canonical);
        let mut files: Vec<_> = entries.iter().map(fs::DirEntry::file_name).collect();
        files.sort();
        for file in files {
            if self.full {
                break;
            }
            let below = path.join(&file);
            let shown = file.to_string_lossy();
            let relative = if name.is_empty() { shown.clone().into_owned() } else { format!("{name}/{shown}") };
            // Editors leave hidden files beside those that are edited, some of them links to nowhere.
            let is_spec = matches!(below.extension().and_then(|extension| extension.to_str()), Some("yaml" | "yml"));
            if shown.starts_with('.') || !(is_spec || below.is_dir()) {
                continue;
            }
            if file.to_str().is_none() {
                let finding = Finding::new(&rules::INVALID_UTF8, format!("the name of `{relative}` is not UTF-8"))
                    .remedy("rename it");
                self.report(&relative, finding);
            } else if shown.contains(char::is_control) {
                // Artifacts name the file that they are made from in a line of comment.
                let finding =
                    Finding::new(&rules::INVALID_NAME, format!("the name of `{relative}` has control characters"))
                        .differing("a name that can be shown", format!("`{relative}`"))
                        .remedy("rename it");
                self.report(&relative, finding);
            } else if self.stays_inside(root, &below, &relative) {
                if below.is_dir() {
                    self.read_folder(root, &below, &relative);
                } else {
                    self.read_file(&below, &relative);
                }
            }
        }
        self.open.pop();
    }

    /// Whether a path still is below the specs folder when its symbolic links are followed.
    fn stays_inside(&mut self, root: &Path, path: &Path, name: &str) -> bool {
        match fs::canonicalize(path) {
            Ok(canonical) if canonical.starts_with(root) => true,
            Ok(_) => {
                let finding =
                    Finding::new(&rules::INCLUDE_ESCAPES, format!("`{name}` is a link that leaves the specs folder"))
                        .remedy("copy its target into the specs folder");
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
        if self.full || self.sources.contains(name) {
            return;
        }
        if self.sources.count() >= MAX_FILES {
            self.too_many(format!("more than {MAX_FILES} spec files"));
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
                    Ok(length) if self.bytes + length as u64 > MAX_BYTES_IN_ALL => {
                        self.too_many(format!("spec files of more than {MAX_BYTES_IN_ALL} bytes in all"));
                    }
                    Ok(length) => {
                        self.bytes += length as u64;
                        self.take_bytes(name, bytes);
                    }
                    Err(error) => self.unreadable(name, &error.to_string()),
                }
            }
            Err(error) => self.unreadable(name, &error.to_string()),
        }
    }

    fn take_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => match wide(text.as_bytes()) {
                Some(encoding) => self.not_utf8(name, encoding),
                None => self.sources.add(name, text, &mut self.findings),
            },
            Err(error) => {
                if let Some(encoding) = wide(error.as_bytes()) {
                    self.not_utf8(name, encoding);
                    return;
                }
                let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let place = Place::end_of(&String::from_utf8_lossy(sound));
                let finding = Finding::new(&rules::INVALID_UTF8, format!("`{name}` is not UTF-8"))
                    .differing("UTF-8 text", format!("the byte 0x{:02x}", error.as_bytes()[sound.len()]))
                    .remedy("save the file as UTF-8");
                self.report_at(name, Located::at_place(finding, place));
            }
        }
    }

    fn not_utf8(&mut self, name: &str, encoding: &str) {
        let finding = Finding::new(&rules::INVALID_UTF8, format!("`{name}` is not UTF-8"))
            .differing("UTF-8 text", format!("text in {encoding}"))
            .remedy("save the file as UTF-8");
        self.report(name, finding);
    }

    fn too_large(&mut self, name: &str, bytes: u64) {
        let finding = Finding::new(&rules::TOO_LARGE, format!("`{name}` is too large for a spec"))
            .differing(format!("at most {MAX_BYTES} bytes"), format!("{bytes} bytes or more"))
            .remedy("split it into several specs");
        self.report(name, finding);
    }

    fn too_many(&mut self, message: String) {
        self.full = true;
        self.report(CATALOG, Finding::new(&rules::TOO_LARGE, message).remedy("split the catalog"));
    }

    fn unreadable(&mut self, name: &str, why: &str) {
        let finding = Finding::new(&rules::UNREADABLE, format!("`{name}` cannot be read: {why}"))
            .remedy("check that it exists and that its permissions let you read it");
        self.report(name, finding);
    }

    fn report(&mut self, file: &str, finding: Finding) {
        self.report_at(file, Located::in_file(finding));
    }

    fn report_at(&mut self, file: &str, found: Located) {
        self.sources.note_gap();
        self.findings.push(self.sources.resolve_place(file, found));
    }
}

/// The encoding of a text with more than one byte to a character, as its mark or its zeros show it.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [0, 0, 0, first, ..] | [first, 0, 0, 0, ..] if *first != 0 => Some("UTF-32"),
        [0, first, 0, second, ..] | [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some("UTF-16"),
        _ => None,
    }
}
