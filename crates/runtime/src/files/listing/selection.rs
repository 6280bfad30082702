//! Which of the files at a location are data, by their names.

use glob::{MatchOptions, Pattern, PatternError};

/// `*` and `?` stay within a folder's name, and `**` stands for any folders.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
/// The ending of data files where nobody says how they are called, in any case.
const ENDING: &str = ".parquet";
/// Folders with files that are in Parquet and are not rows of the table, by the writers that make them: the logs of Delta and of
/// Spark's streams, changes that Delta keeps for its change feed, its indexes, and the remains of a job of Spark.
const OF_WRITERS: [&str; 5] = ["_delta_log", "_spark_metadata", "_change_data", "_delta_index", "_temporary"];
/// Files with the footers of all others, as Spark and dask write them.
const SUMMARIES: [&str; 2] = ["_metadata", "_common_metadata"];

/// How the data files at a location are called.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The patterns of the contract; none for the default.
    files: Vec<Glob>,
    /// The pattern of the location, over paths below it.
    location: Option<Glob>,
}

/// The role of a file by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is data.
    Data,
    /// It lies among the data and has another name.
    Other,
    /// It is in a folder that is left out, or has a name that engines pass over, and is not expected to be data.
    Hidden,
    /// It is not asked for, or it belongs to a writer.
    Passed,
}

impl Selection {
    /// The data files of a contract with these `scan.files`, which a check of the specs has found to be patterns.
    pub fn of(files: &[String]) -> Self {
        Self { files: files.iter().filter_map(|text| Glob::new(text).ok()).collect(), location: None }
    }

    /// The same, of which only those count whose path below the location matches.
    #[must_use]
    pub fn within(mut self, location: Option<&Glob>) -> Self {
        self.location = location.cloned();
        self
    }

    /// A description of the expected names of data files.
    pub fn display(&self) -> String {
        let listed =
            |globs: &[Glob]| globs.iter().map(|glob| format!("`{}`", glob.text)).collect::<Vec<_>>().join(" or ");
        match &self.location {
            Some(glob) if glob.names_files() => {
                format!("files whose paths match {}", listed(std::slice::from_ref(glob)))
            }
            _ if self.files.is_empty() => format!("files that end in `{ENDING}` and do not start with `_` or `.`"),
            _ => format!("files that are called {}", listed(&self.files)),
        }
    }

    /// The patterns as `scan.files` spells them.
    pub fn patterns(&self) -> Vec<&str> {
        if self.files.is_empty() {
            vec!["*.parquet"]
        } else {
            self.files.iter().map(|glob| glob.text.as_str()).collect()
        }
    }

    /// Whether a folder is looked into.
    pub(super) fn enters(&self, folder: &str) -> bool {
        !is_writers(folder) || self.admits(folder)
    }

    /// The role of the file `name` in the `folders` below the location.
    pub(super) fn role(&self, folders: &[String], name: &str) -> Role {
        if !folders.iter().all(|folder| self.enters(folder)) {
            return Role::Passed;
        }
        let hidden = folders.iter().any(|folder| hides(folder) && !self.admits(folder));
        let path = if folders.is_empty() { name.to_owned() } else { format!("{}/{name}", folders.join("/")) };
        match &self.location {
            None => {}
            Some(glob) if glob.matches(&path) && glob.names_files() => {
                return if hidden || (is_marked(name) && !glob.admits(name)) { Role::Passed } else { Role::Data };
            }
            Some(glob) if !hidden && glob.matches_above(&path) => {}
            Some(_) => return Role::Passed,
        }
        if SUMMARIES.contains(&name) {
            return if hidden { Role::Passed } else { Role::Other };
        }
        let named = if self.files.is_empty() {
            !is_marked(name) && is_parquet(name)
        } else {
            self.files.iter().any(|glob| glob.names(&path, name) && (!is_marked(name) || glob.admits(name)))
        };
        match (hidden, named) {
            (true, _) => Role::Hidden,
            (false, true) => Role::Data,
            (false, false) => Role::Other,
        }
    }

    fn admits(&self, name: &str) -> bool {
        self.files.iter().chain(&self.location).any(|glob| glob.admits(name))
    }
}

/// Whether a file is one that a summary of footers is called like.
pub(super) fn is_summary(name: &str) -> bool {
    SUMMARIES.contains(&name)
}

fn is_parquet(name: &str) -> bool {
    let start = name.len().saturating_sub(ENDING.len());
    name.get(start..).is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING))
}

/// Whether engines pass over a file of this name.
fn is_marked(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

/// Whether what is in a folder is not the table's.
fn hides(folder: &str) -> bool {
    (folder.starts_with('_') && !folder.contains('=')) || folder.starts_with('.')
}

/// Whether a folder belongs to a writer or to a tool, so that Parquet files in it are expected and are no rows.
fn is_writers(folder: &str) -> bool {
    folder.starts_with('.') || OF_WRITERS.contains(&folder)
}

/// A pattern over names, or over paths below a location.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    pattern: Pattern,
    /// The parts of it that start with `_` or `.`: what they match is meant, though engines pass over such names.
    marked: Vec<Pattern>,
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// The error of an invalid pattern, such as `a**` or an open `[`.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let pattern = Pattern::new(text)?;
        let marked =
            text.split('/').filter(|part| is_marked(part)).filter_map(|part| Pattern::new(part).ok()).collect();
        Ok(Self { text: text.to_owned(), pattern, marked })
    }

    /// The place of the first part of `path` that is a pattern, in bytes.
    pub fn begin(path: &str, wild: &[char]) -> Option<usize> {
        let at = path.find(wild)?;
        Some(path[..at].rfind('/').map_or(0, |slash| slash + 1))
    }

    fn matches(&self, path: &str) -> bool {
        self.pattern.matches_with(path, MATCHING)
    }

    /// Whether a folder that the path lies in, or the path itself, matches.
    fn matches_above(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        folders.chain([path]).any(|above| self.matches(above))
    }

    /// Whether a file matches: a pattern without `/` is one of names.
    fn names(&self, path: &str, name: &str) -> bool {
        self.matches(if self.text.contains('/') { path } else { name })
    }

    /// Whether the pattern says something about the names of files; `day=1/*` and `**` do not.
    fn names_files(&self) -> bool {
        let last = self.text.rsplit('/').next().unwrap_or_default();
        !last.chars().all(|letter| letter == '*')
    }

    /// Whether a name that starts with `_` or `.` is meant by the pattern.
    fn admits(&self, name: &str) -> bool {
        self.marked.iter().any(|part| part.matches_with(name, MATCHING))
    }
}

#[cfg(test)]
mod tests {
    use super::{Glob, Role, Selection};

    fn role(selection: &Selection, path: &str) -> Role {
        let mut folders: Vec<String> = path.split('/').map(str::to_owned).collect();
        let name = folders.pop().unwrap();
        selection.role(&folders, &name)
    }

    fn files(patterns: &[&str]) -> Selection {
        Selection::of(&patterns.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn default_names_end_in_parquet() {
        let selection = Selection::default();
        for (path, expected) in [
            ("a.parquet", Role::Data),
            ("day=1/DATA.PARQUET", Role::Data),
            ("_day=1/a.parquet", Role::Data),
            ("x.parquet/part-0.parquet", Role::Data),
            ("é.parquet", Role::Data),
            ("000001_0", Role::Other),
            ("part.0.parq", Role::Other),
            ("_pyrepl.parquet", Role::Other),
            (".a.parquet", Role::Other),
            ("_metadata", Role::Other),
            ("_SUCCESS", Role::Other),
            ("_pyrepl/a.parquet", Role::Hidden),
            ("a/_old/b/c.parq", Role::Hidden),
            ("_old/_metadata", Role::Passed),
            ("_delta_log/0.checkpoint.parquet", Role::Passed),
            ("_temporary/0/a.parquet", Role::Passed),
            (".git/a.parquet", Role::Passed),
        ] {
            assert_eq!(role(&selection, path), expected, "{path}");
        }
    }

    /// A pattern is over names unless it has a slash.
    #[test]
    fn pattern_over_names_or_paths() {
        for (pattern, path, expected) in [
            ("*.parq", "day=1/part.0.parq", Role::Data),
            ("*.parq", "a.parquet", Role::Other),
            ("0*", "000001_0", Role::Data),
            ("*", "_SUCCESS", Role::Other),
            ("*", "a.crc", Role::Data),
            ("_*.parquet", "_pyrepl.parquet", Role::Data),
            ("data/*", "data/a", Role::Data),
            ("data/*", "data/b/a", Role::Other),
            ("data/**/*", "data/b/a", Role::Data),
            ("_old/*.parquet", "_old/a.parquet", Role::Data),
            ("*.parquet", "_old/a.parquet", Role::Hidden),
            ("[ab].parquet", "c.parquet", Role::Other),
        ] {
            assert_eq!(role(&files(&[pattern]), path), expected, "{pattern} {path}");
        }
        assert_eq!(role(&files(&["*.parq", "*.pq"]), "a.pq"), Role::Data);
    }

    /// The pattern of a location asks for files or for folders.
    #[test]
    fn location_pattern_files_or_folders() {
        for (pattern, path, expected) in [
            ("*.parquet", "a.parquet", Role::Data),
            ("*.parquet", "b/a.parquet", Role::Passed),
            ("**/*.parquet", "b/c/a.parquet", Role::Data),
            ("**/*.parquet", "a.parquet", Role::Data),
            ("part-*", "part-0", Role::Data),
            ("part-*", "a.parquet", Role::Passed),
            ("day=*/x.parquet", "day=1/x.parquet", Role::Data),
            ("day=2024-*", "day=2024-01/a.parquet", Role::Data),
            ("day=2024-*", "day=2025-01/a.parquet", Role::Passed),
            ("**", "a.csv", Role::Other),
            ("**", "b/a.parquet", Role::Data),
            ("*", "_SUCCESS", Role::Other),
            ("*.parquet", "_a.parquet", Role::Passed),
            ("_*.parquet", "_a.parquet", Role::Data),
        ] {
            let selection = Selection::default().within(Some(&Glob::new(pattern).unwrap()));
            assert_eq!(role(&selection, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn pattern_invalid() {
        assert!(Glob::new("a**").is_err());
        assert!(Glob::new("[a").is_err());
        assert_eq!(Glob::begin("/a/b/c*/d", &['*']), Some(5));
        assert_eq!(Glob::begin("c*", &['*']), Some(0));
        assert_eq!(Glob::begin("/a/b", &['*']), None);
    }
}
