//! Which catalog a command works on: a folder of specs, or the built-in one.

use std::cell::OnceCell;
use std::path::{Component, Path, PathBuf};
use std::{env, fs};

use cstspec_contract::{Catalog, Finding, Origin};
use cstspec_spec::Sources;

use crate::console::Console;
use crate::failure::Failure;

/// The file that makes a folder a specs folder.
const ROOT: &str = "catalog.yaml";
/// The folder that is looked for upward.
const FOLDER: &str = "specs";
/// The specs of the built-in catalog, as they were when the command was built.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/specs.rs"));

/// The catalog that a command works on, and what is wrong with it.
pub struct Source {
    /// The catalog; `None` when the specs do not make one.
    pub catalog: Option<Catalog>,
    /// What the compiler found.
    pub findings: Vec<Finding>,
    /// Where artifacts go; `None` for the built-in catalog.
    pub out: Option<PathBuf>,
    /// The specs folder; `None` for the built-in catalog.
    pub folder: Option<PathBuf>,
    sources: OnceCell<Sources>,
}

impl Source {
    /// The catalog in `specs`, else in the nearest `specs` folder upward, else the built-in one.
    pub fn choose(specs: Option<&Path>, console: &Console) -> Result<Self, Failure> {
        match specs.map(named).transpose()?.or_else(nearest) {
            Some(folder) => {
                console.log(&format!("reading the specs in {}", folder.display()));
                Ok(Self::compile(folder))
            }
            None => Ok(Self::built_in()),
        }
    }

    fn compile(folder: PathBuf) -> Self {
        let compiled = cstspec_spec::compile(&folder);
        Self {
            catalog: compiled.catalog,
            findings: compiled.findings,
            out: compiled.out.map(|out| nearer(folder.join(out))),
            folder: Some(folder),
            sources: OnceCell::from(compiled.sources),
        }
    }

    /// The catalog that was compiled into the command.
    fn built_in() -> Self {
        Self {
            catalog: Some(cstspec_libcst::catalog()),
            findings: Vec::new(),
            out: None,
            folder: None,
            sources: OnceCell::new(),
        }
    }

    /// Has the specs of the built-in catalog looked at as well; those of a folder have been.
    pub fn check(&mut self) {
        if self.folder.is_none() && !EMBEDDED.is_empty() {
            let compiled = cstspec_spec::compile_embedded(EMBEDDED);
            self.findings = compiled.findings;
            self.sources = OnceCell::from(compiled.sources);
        }
    }

    /// The first line of a report: which catalog this is, and where it comes from.
    pub fn title(&self) -> String {
        let place = match &self.folder {
            Some(folder) => format!("from {}", shown(folder)),
            None => "built in".to_owned(),
        };
        match &self.catalog {
            Some(catalog) => format!("catalog {} {}, {place}", catalog.name, catalog.version),
            None => format!("catalog {place}"),
        }
    }

    /// Line and column of a promise, each from 1.
    pub fn place(&self, origin: &Origin) -> Option<(u32, u32)> {
        self.sources().place(origin)
    }

    /// The text of a spec file, by its path below the specs folder.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.sources().text(file)
    }

    /// Every spec file by its path below the specs folder, with its text. None where the command was built without the specs.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources().texts()
    }

    /// A spec file as a person would open it from the current folder.
    pub fn display(&self, file: &str) -> String {
        match &self.folder {
            Some(folder) => shown(&folder.join(file)),
            None => file.to_owned(),
        }
    }

    fn sources(&self) -> &Sources {
        self.sources.get_or_init(|| cstspec_spec::compile_embedded(EMBEDDED).sources)
    }
}

/// The specs folder that a person named.
fn named(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    let folder = if path.file_name().is_some_and(|name| name == ROOT) && path.is_file() {
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
    } else {
        path.to_path_buf()
    };
    let entries = fs::read_dir(&folder).map_err(|source| Failure::read(format!("the specs folder {shown}"), source))?;
    drop(entries);
    let root = folder.join(ROOT);
    match fs::metadata(&root) {
        Ok(_) => Ok(folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let below = folder.join(FOLDER);
            let help = below.join(ROOT).is_file().then(|| format!("did you mean --specs {}?", below.display()));
            Err(Failure::usage_with_help(format!("there is no {ROOT} in the specs folder {shown}"), help))
        }
        Err(error) => Err(Failure::read(root.display().to_string(), error)),
    }
}

/// The nearest specs folder from the current folder upward.
fn nearest() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(FOLDER)).find(|folder| folder.join(ROOT).is_file()).map(nearer)
}

/// `path` without detours, and from the current folder if it is below it: it is shown to people.
fn nearer(path: PathBuf) -> PathBuf {
    let Some(whole) = whole(&path) else { return path };
    let here = env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    match whole.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_path_buf(),
        Err(_) => whole,
    }
}

/// The absolute form of a path whose end need not be there yet.
fn whole(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().find(|part| part.exists()).filter(|part| !part.as_os_str().is_empty())?;
    let rest = path.strip_prefix(there).ok()?;
    let mut whole = there.canonicalize().ok()?;
    for part in rest.components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            Component::Normal(name) => whole.push(name),
            _ => {}
        }
    }
    Some(whole)
}

/// `path` from the current folder if it is below it.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
