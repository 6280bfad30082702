//! The files of a table by the paths in its log, which may be those of another table if it is a shallow clone.

use std::io::ErrorKind;

use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path as StorePath;

use super::{Listing, walk};

impl Listing {
    /// The file of the table at `file`, a path or URL of its log without percent signs: below the table, or below a table that it is a
    /// shallow clone of.
    ///
    /// # Errors
    ///
    /// Why it is none, in words.
    pub(crate) fn file_of_table(&self, file: &str) -> Result<StorePath, String> {
        let location = self.resolve(file)?;
        if location.prefix_matches(self.prefix()) {
            return Ok(location);
        }
        let mut reason = "it is outside of the table".to_owned();
        for source in self.sources.iter().filter(|source| location.prefix_matches(source.prefix())) {
            match source.leads_out(&location) {
                None => return Ok(location),
                Some(outside) => reason = outside,
            }
        }
        Err(reason)
    }

    /// The path in the store that `file` means: a path below the location, an absolute path, or a URL in the same store.
    ///
    /// # Errors
    ///
    /// Why it means none, in words.
    fn resolve(&self, file: &str) -> Result<StorePath, String> {
        let text = |error: datafusion::object_store::path::Error| error.to_string();
        // Spark writes the URL of a local file with one slash.
        let absolute = file.strip_prefix("file:/").filter(|path| !path.starts_with('/'));
        if let Some(path) =
            absolute.filter(|_| self.store_url().as_str() == "file:///").or_else(|| file.strip_prefix('/'))
        {
            return StorePath::parse(path).map_err(text);
        }
        let Some((scheme, rest)) = file.split_once("://") else {
            let below = format!("{}/{file}", self.prefix());
            return StorePath::parse(below.trim_start_matches('/')).map_err(text);
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if format!("{scheme}://{authority}/") != self.store_url().as_str() {
            return Err(format!("it is in another store than `{}`", self.location));
        }
        StorePath::parse(path).map_err(text)
    }

    /// Why the file at `location`, a path below this location, is not below it on the disk: a link leads elsewhere. A file that does not
    /// exist leads nowhere.
    fn leads_out(&self, location: &StorePath) -> Option<String> {
        let root = self.local.as_ref()?;
        let unreadable = |error: std::io::Error| (error.kind() != ErrorKind::NotFound).then(|| walk::reason_of(&error));
        let file = match LocalFileSystem::new().path_to_filesystem(location) {
            Ok(path) => path,
            Err(error) => return Some(error.to_string()),
        };
        match (root.canonicalize(), file.canonicalize()) {
            (Ok(root), Ok(file)) if file.starts_with(&root) => None,
            (Ok(_), Ok(_)) => Some(format!("a link leads out of `{}`", self.location())),
            (Err(error), _) | (_, Err(error)) => unreadable(error),
        }
    }
}
