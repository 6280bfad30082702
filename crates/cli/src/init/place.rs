//! The folder that `init` fills.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::CommandError;

/// Sees that nothing is at `folder`, or a folder without entries.
pub fn vacant(folder: &Path) -> Result<(), CommandError> {
    let shown = folder.display();
    match fs::symlink_metadata(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return above(folder),
        Err(error) => return Err(CommandError::read(shown.to_string(), error)),
        Ok(_) => {}
    }
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(other(format!("{shown} is a file"))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(other(format!("{shown} is a link that leads nowhere")));
        }
        Err(error) => return Err(CommandError::read(shown.to_string(), error)),
    }
    let mut entries =
        fs::read_dir(folder).map_err(|source| CommandError::read(format!("the folder {shown}"), source))?;
    match entries.next() {
        None => Ok(()),
        Some(Ok(entry)) => {
            let first = entry.file_name().to_string_lossy().into_owned();
            Err(other(format!("the folder {shown} is not empty: it has `{first}`")))
        }
        Some(Err(source)) => Err(CommandError::read(format!("the folder {shown}"), source)),
    }
}

/// Sees that `folder` can be made: what is above it is a folder, as far as it is there.
fn above(folder: &Path) -> Result<(), CommandError> {
    let there = folder.ancestors().skip(1).find(|above| above.symlink_metadata().is_ok());
    match there {
        Some(above) if !above.is_dir() => Err(other(format!("{} is no folder", above.display()))),
        _ => Ok(()),
    }
}

fn other(message: String) -> CommandError {
    CommandError::usage_with_help(message, Some("name a folder that is empty or does not exist".to_owned()))
}
