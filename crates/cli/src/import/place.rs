//! The specs folder that an import writes into.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cstspec_contract::Finding;
use cstspec_import::{Existing, Names};

use crate::catalog_source::CatalogSource;
use crate::error::CommandError;

/// The folder of an import that names none.
const FOLDER: &str = "specs";
/// The file that makes a folder a specs folder.
const ROOT: &str = "catalog.yaml";

/// Adds the files in the folder of a catalog that the catalog does not include: they may be in the way too.
pub fn add_files(folder: &Path, existing: &mut Existing) {
    for kind in ["types", "datasets", "views"] {
        for entry in fs::read_dir(folder.join(kind)).into_iter().flatten().flatten() {
            if let Some(stem) = entry.path().file_stem().and_then(|stem| stem.to_str()) {
                existing.files.insert(format!("{kind}/{stem}"));
            }
        }
    }
}

/// The specs folder that an import writes into.
pub struct SpecsPlace {
    /// The folder, which need not exist.
    pub folder: PathBuf,
    /// The texts of a catalog that is there, by path.
    texts: BTreeMap<String, String>,
    existing: Existing,
    relations: BTreeSet<String>,
}

impl SpecsPlace {
    /// The folder `asked`, or `specs` here.
    pub fn open(asked: Option<&Path>) -> Result<Self, CommandError> {
        let folder = asked.unwrap_or_else(|| Path::new(FOLDER)).to_owned();
        let shown = folder.display();
        let mut place = Self {
            folder: folder.clone(),
            texts: BTreeMap::new(),
            existing: Existing::default(),
            relations: BTreeSet::new(),
        };
        match fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(place),
            Err(error) => return Err(CommandError::read(format!("the specs folder {shown}"), error)),
            Ok(_) => {}
        }
        let entries =
            fs::read_dir(&folder).map_err(|source| CommandError::read(format!("the specs folder {shown}"), source))?;
        if entries.flatten().next().is_none() {
            return Ok(place);
        }
        if !folder.join(ROOT).exists() {
            return Err(CommandError::usage_with_help(
                format!("the folder {shown} is not empty and has no {ROOT}"),
                Some("select another folder with --specs, or a catalog to add to".to_owned()),
            ));
        }
        let source = CatalogSource::compile(folder.clone());
        let Some(catalog) = &source.catalog else {
            return Err(CommandError::usage_with_help(
                format!("the catalog in {shown} has errors, so nothing can be added to it"),
                Some(format!("`cstspec check --specs {shown}` shows them")),
            ));
        };
        place.relations = catalog.relations().map(|relation| relation.name().to_owned()).collect();
        place.relations.extend(catalog.statements.iter().map(|statement| statement.name.clone()));
        place.texts = source.texts().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        place.existing = Existing::of(place.texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        add_files(&folder, &mut place.existing);
        Ok(place)
    }

    /// Whether a catalog is there.
    pub fn has_catalog(&self) -> bool {
        !self.texts.is_empty()
    }

    /// Names of relations that are taken.
    pub fn relations(&self) -> Names {
        Names::taken(self.relations.iter().cloned())
    }

    /// Whether a relation or statement is called `name`.
    pub fn has_relation(&self, name: &str) -> bool {
        self.relations.contains(name)
    }

    /// Names of types and paths of files that are taken.
    pub fn existing(&self) -> &Existing {
        &self.existing
    }

    /// Whether the catalog that is there takes `files`.
    ///
    /// # Errors
    ///
    /// What is wrong with the catalog once they are in it.
    pub fn accepts(&self, files: &BTreeMap<String, String>) -> Result<(), Vec<Finding>> {
        let texts: Vec<(&str, &str)> =
            self.texts.iter().chain(files).map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let compiled = cstspec_spec::compile_embedded(&texts);
        let errors = super::errors(&compiled.findings);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Sees that the catalog includes the folders of `files`.
    pub fn includes(&self, files: &BTreeMap<String, String>) -> Result<(), CommandError> {
        if !self.has_catalog() {
            return Ok(());
        }
        let folders: BTreeSet<&str> = files.keys().filter_map(|path| Some(path.split_once('/')?.0)).collect();
        let lacking = self.existing.not_included(folders);
        if lacking.is_empty() {
            return Ok(());
        }
        Err(CommandError::usage_with_help(
            format!("{} does not include {}", self.folder.join(ROOT).display(), lacking.join(", ")),
            Some(format!("create {} and add them to `include`", lacking.join(", "))),
        ))
    }
}
