//! Listings of a location in a store that lists itself.

use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use futures::TryStreamExt as _;

use super::ignored::IgnoredAs;
use super::selection::{self, Role, Selection};
use super::{Listed, ListedFile, Listing, innermost};
use crate::files::table_files::{RejectedFile, RejectionScope};
use crate::{FileErrorKind, RuntimeError};

impl Listing {
    /// Lists a store.
    pub(super) async fn list(&self, store: &dyn ObjectStore, selection: &Selection) -> Result<Listed, RuntimeError> {
        let mut listed = Listed::default();
        if !self.url.is_collection() && self.pattern.is_none() {
            match store.head(self.url.prefix()).await {
                Ok(meta) => {
                    listed.files.push(ListedFile { meta, folders: Vec::new() });
                    return Ok(listed);
                }
                // An object store has no folders that one could ask for: what is no object may be a prefix.
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
        let mut found = store.list(Some(self.url.prefix()));
        let ended = loop {
            match found.try_next().await {
                Ok(Some(meta)) => self.sort_in(meta, selection, &mut listed),
                Ok(None) => return Ok(listed),
                Err(error) => break error,
            }
        };
        // A listing ends at the first folder that is closed. Asked folder by folder, the store tells which it is.
        self.by_folder(store, selection).await.ok_or_else(|| self.failure(&ended))
    }

    /// Lists a store folder by folder, refusing those that are closed; nothing if the location itself is.
    async fn by_folder(&self, store: &dyn ObjectStore, selection: &Selection) -> Option<Listed> {
        let mut listed = Listed::default();
        let mut open: Vec<StorePath> = vec![self.url.prefix().clone()];
        while let Some(folder) = open.pop() {
            match store.list_with_delimiter(Some(&folder)).await {
                Ok(found) => {
                    let entered = |folder: &StorePath| folder.filename().is_some_and(|name| selection.enters(name));
                    open.extend(found.common_prefixes.into_iter().filter(entered));
                    for meta in found.objects {
                        self.sort_in(meta, selection, &mut listed);
                    }
                }
                Err(_) if folder == *self.prefix() => return None,
                Err(error) => {
                    let path = self.display_path(&folder);
                    let error = FileErrorKind::ClosedFolder { reason: innermost(&error) }.of(&self.dataset, &path);
                    listed.rejected.push(RejectedFile { fault: RejectionScope::Folder(path), error });
                }
            }
        }
        Some(listed)
    }

    /// One object of a store, by its name.
    fn sort_in(&self, meta: ObjectMeta, selection: &Selection, listed: &mut Listed) {
        let Some(parts) = self.url.strip_prefix(&meta.location) else { return };
        let mut folders: Vec<String> = parts.map(str::to_owned).collect();
        let Some(name) = folders.pop() else { return };
        let place = match selection.role(&folders, &name) {
            Role::Data => return listed.files.push(ListedFile { meta, folders }),
            Role::Passed => return,
            Role::Hidden => IgnoredAs::Hidden,
            Role::Other if selection::is_summary(&name) => IgnoredAs::Summary,
            Role::Other => IgnoredAs::Beside,
        };
        listed.ignored_files.add(place, &name, self.display_path(&meta.location), || Some(meta));
    }
}
