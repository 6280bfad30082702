//! The file that `import --into` refreshes, with its catalog.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cstspec_contract::{Catalog, Dataset};
use cstspec_import::Existing;
use cstspec_spec::Compiled;

use super::place;
use crate::error::CommandError;

/// The file that makes a folder a specs folder.
const ROOT: &str = "catalog.yaml";

/// A dataset's file, with the catalog that it belongs to.
pub struct Target {
    /// The specs folder.
    pub folder: PathBuf,
    /// The texts of the catalog, by path, without byte-order marks.
    pub texts: BTreeMap<String, String>,
    /// The catalog as it was compiled.
    pub compiled: Compiled,
    /// The catalog.
    pub catalog: Catalog,
    /// Names of types and files that are taken.
    pub existing: Existing,
    /// The place of the dataset in the catalog.
    number: usize,
}

impl Target {
    /// The dataset of `file`, whose catalog is in the folder `asked`, or in the nearest folder above the file.
    pub fn open(file: &Path, asked: Option<&Path>) -> Result<Self, CommandError> {
        let shown = file.display();
        let whole = file.canonicalize().map_err(|source| CommandError::read(shown.to_string(), source))?;
        let folder = if let Some(folder) = asked {
            folder.to_owned()
        } else {
            let above = whole.ancestors().skip(1).find(|folder| folder.join(ROOT).exists());
            above.map(Path::to_owned).ok_or_else(|| {
                CommandError::usage_with_help(
                    format!("no {ROOT} in a folder above {shown}"),
                    Some("select the specs folder with --specs".to_owned()),
                )
            })?
        };
        let root = folder
            .canonicalize()
            .map_err(|source| CommandError::read(format!("the specs folder {}", folder.display()), source))?;
        let not_of_catalog = || {
            CommandError::usage_with_help(
                format!("{shown} is not a file of the catalog in {}", folder.display()),
                Some("--into requires a file of a folder that `include` lists".to_owned()),
            )
        };
        let below = whole.strip_prefix(&root).map_err(|_| not_of_catalog())?;
        let parts: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
        let key = parts.join("/");
        let compiled = cstspec_spec::compile(&root);
        let Some(catalog) = compiled.catalog.clone() else {
            return Err(CommandError::usage_with_help(
                format!("the catalog in {} has errors, so nothing in it can be refreshed", folder.display()),
                Some(format!("`cstspec check --specs {}` shows them", folder.display())),
            ));
        };
        if compiled.sources.text(&key).is_none() {
            return Err(not_of_catalog());
        }
        let Some(number) = catalog.datasets.iter().position(|dataset| dataset.origin.file == key) else {
            return Err(CommandError::usage_with_help(
                format!("{shown} declares no dataset"),
                Some("--into requires the file of a dataset; the types that it uses are refreshed with it".to_owned()),
            ));
        };
        let texts: BTreeMap<String, String> =
            compiled.sources.texts().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        let mut existing = Existing::of(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        place::add_files(&root, &mut existing);
        Ok(Self { folder: root, texts, compiled, catalog, existing, number })
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.catalog.datasets[self.number]
    }

    /// The bytes of a file as they are now, without those of a byte-order mark, which are apart.
    pub fn on_disk(&self, file: &str) -> std::io::Result<(Vec<u8>, String)> {
        const MARK: &[u8] = "\u{feff}".as_bytes();
        let bytes = fs::read(self.folder.join(file))?;
        let (mark, text) = match bytes.strip_prefix(MARK) {
            Some(text) => (MARK.to_vec(), text.to_vec()),
            None => (Vec::new(), bytes),
        };
        String::from_utf8(text).map(|text| (mark, text)).map_err(std::io::Error::other)
    }
}
