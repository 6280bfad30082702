//! Which catalog a command works on: a folder of specs, or the built-in one.

use std::cell::OnceCell;
use std::path::{Component, Path, PathBuf};
use std::{env, fs, io};

use cstspec_codegen::Roots;
use cstspec_contract::{Catalog, Finding, Origin};
use cstspec_report::render::Specs;
use cstspec_spec::{Compiled, Sources};

use crate::args::Common;
use crate::console::Console;
use crate::error::CommandError;

/// The file that makes a folder a specs folder.
const ROOT: &str = "catalog.yaml";
/// The folder that is looked for upward.
const FOLDER: &str = "specs";
/// How the built-in catalog is asked for.
const ASK: &str = "--built-in selects the built-in LibCST catalog";
/// The specs of the built-in catalog, as they were when the command was built.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/specs.rs"));

/// The catalog that a command works on, and what is wrong with it.
pub struct CatalogSource {
    /// The catalog; `None` when the specs do not make one.
    pub catalog: Option<Catalog>,
    /// Findings of the compiler.
    pub findings: Vec<Finding>,
    /// Where artifacts go; `None` for the built-in catalog.
    pub out: Option<PathBuf>,
    /// The specs folder; `None` for the built-in catalog.
    pub folder: Option<PathBuf>,
    sources: OnceCell<Sources>,
}

impl CatalogSource {
    /// The built-in catalog if it is asked for, else the one in the named folder, else the one in the nearest folder `specs` upward.
    /// The built-in catalog stands in for no other: a run that read none of somebody's specs would look like one that found no mistake.
    pub fn choose(common: &Common, console: &Console) -> Result<Self, CommandError> {
        let folder = match (&common.specs, common.built_in) {
            (Some(_), true) => {
                return Err(CommandError::usage("--specs and --built-in exclude each other: use one of them"));
            }
            (None, true) => return Ok(Self::built_in()),
            (Some(path), false) => named(path)?,
            (None, false) => nearest()?,
        };
        console.log(&format!("reading the specs in {}", folder.display()));
        Ok(Self::compile(folder))
    }

    /// The catalog of specs that are in memory and not written yet.
    pub fn in_memory(compiled: Compiled) -> Self {
        Self {
            catalog: compiled.catalog,
            findings: compiled.findings,
            out: None,
            folder: None,
            sources: OnceCell::from(compiled.sources),
        }
    }

    /// The catalog in `folder`.
    pub fn compile(folder: PathBuf) -> Self {
        let compiled = cstspec_spec::compile(&folder);
        Self {
            catalog: compiled.catalog,
            findings: compiled.findings,
            out: compiled.out.map(|out| nearer(Roots::resolve(&folder, &out).out)),
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
    pub fn check(&mut self) -> Result<(), CommandError> {
        if self.folder.is_some() {
            return Ok(());
        }
        if EMBEDDED.is_empty() {
            return Err(CommandError::Tool(
                "this command was built without the specs of its catalog, so it has none to check".to_owned(),
            ));
        }
        let compiled = cstspec_spec::compile_embedded(EMBEDDED);
        self.findings = compiled.findings;
        self.sources = OnceCell::from(compiled.sources);
        Ok(())
    }

    /// The first line of a report: which catalog this is, and where it comes from.
    pub fn title(&self) -> String {
        let place = match &self.folder {
            Some(folder) => format!("from {}", relative(folder)),
            None => "built in".to_owned(),
        };
        match &self.catalog {
            Some(catalog) => format!("catalog {} {}, {place}", catalog.name, catalog.version),
            None => format!("catalog {place}"),
        }
    }

    /// Every spec file by its path below the specs folder, with its text. None where the command was built without the specs.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources().texts()
    }

    fn sources(&self) -> &Sources {
        self.sources.get_or_init(|| cstspec_spec::compile_embedded(EMBEDDED).sources)
    }
}

impl Specs for CatalogSource {
    fn place(&self, origin: &Origin) -> Option<(u32, u32)> {
        self.sources().place(origin)
    }

    fn text(&self, file: &str) -> Option<&str> {
        self.sources().text(file)
    }

    fn display(&self, file: &str) -> String {
        match &self.folder {
            Some(folder) => relative(&folder.join(file)),
            None => file.to_owned(),
        }
    }
}

/// The specs folder that a person named, or the folder of the catalog.yaml that they named.
fn named(path: &Path) -> Result<PathBuf, CommandError> {
    let folder = if path.file_name().is_some_and(|name| name == ROOT) && path.is_file() {
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
    } else {
        path.to_path_buf()
    };
    fs::read_dir(&folder)
        .map_err(|source| CommandError::read(format!("the specs folder {}", path.display()), source))?;
    if has_root(&folder)? { Ok(folder) } else { Err(without_root(&folder)) }
}

/// The nearest specs folder from the current folder upward.
///
/// The nearest folder `specs` is the one that is meant, with a catalog or without: one further up would be somebody else's.
fn nearest() -> Result<PathBuf, CommandError> {
    let here = env::current_dir().map_err(|source| CommandError::read("the current folder", source))?;
    for folder in here.ancestors().map(|folder| folder.join(FOLDER)) {
        if folder.is_dir() {
            return if has_root(&folder)? { Ok(nearer(folder)) } else { Err(without_root(&nearer(folder))) };
        }
    }
    let help = if here.join(ROOT).exists() {
        format!("did you mean --specs . for the {ROOT} here? {ASK}")
    } else {
        format!("--specs selects the folder that contains {ROOT}; {ASK}")
    };
    let wanted = Path::new(FOLDER).join(ROOT);
    let message = format!("no specs: there is no {} in {} or in a folder above it", wanted.display(), here.display());
    Err(CommandError::usage_with_help(message, Some(help)))
}

/// Whether a folder holds a catalog.yaml, whatever that is: what cannot be read of it is a finding.
fn has_root(folder: &Path) -> Result<bool, CommandError> {
    let root = folder.join(ROOT);
    match fs::symlink_metadata(&root) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CommandError::read(root.display().to_string(), error)),
    }
}

/// The failure that a specs folder holds no catalog.yaml, with the place where one is, or what seems to be meant as one.
fn without_root(folder: &Path) -> CommandError {
    let message = format!("there is no {ROOT} in the specs folder {}", folder.display());
    let below = folder.join(FOLDER);
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let above = whole.ancestors().skip(1).map(|above| above.join(FOLDER)).find(|above| above.join(ROOT).is_file());
    let help = if below.join(ROOT).is_file() {
        format!("did you mean --specs {}? {ASK}", below.display())
    } else if let Some(name) = misnamed(folder) {
        format!("rename `{name}` there to {ROOT}; {ASK}")
    } else if let Some(above) = above {
        format!("write one, or use --specs {} for the catalog in a folder above; {ASK}", relative(&above))
    } else {
        format!("write one, or select the folder that contains it with --specs; {ASK}")
    };
    CommandError::usage_with_help(message, Some(help))
}

/// The name of a file in `folder` that is a catalog by another name, such as `catalog.yml`.
fn misnamed(folder: &Path) -> Option<String> {
    let names = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let alike = |name: &String| matches!(name.to_lowercase().as_str(), ROOT | "catalog.yml" | "catalog");
    names.filter(alike).min()
}

/// `path` without detours, and from the current folder if it is below it: it is shown to people.
fn nearer(path: PathBuf) -> PathBuf {
    let Some(whole) = absolute(&path) else { return path };
    let here = env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    match whole.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_path_buf(),
        Err(_) => whole,
    }
}

/// The absolute form of a path without links, whose end need not be there yet.
pub fn absolute(path: &Path) -> Option<PathBuf> {
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
fn relative(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
