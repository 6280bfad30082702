//! What a catalog has already, which an import adds to.

use std::collections::BTreeSet;

use serde_yaml::Value;

/// The names that the specs of a catalog take.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// Paths of files below the specs folder, without their extension.
    pub files: BTreeSet<String>,
    /// Names of types.
    pub types: BTreeSet<String>,
    /// What `catalog.yaml` includes.
    pub include: Vec<String>,
}

impl Existing {
    /// Of the specs `texts`, by path. A text that is no YAML has no names.
    pub fn of<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut existing = Self::default();
        for (path, text) in texts {
            let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
            existing.files.insert(stem.to_owned());
            let Ok(document) = serde_yaml::from_str::<Value>(text) else { continue };
            existing.types.extend(document.get("type").and_then(Value::as_str).map(str::to_owned));
            if path == "catalog.yaml" {
                let include = document.get("include").and_then(Value::as_sequence);
                let texts = include.into_iter().flatten().filter_map(Value::as_str);
                existing.include.extend(texts.map(|text| text.trim_matches('/').trim_start_matches("./").to_owned()));
            }
        }
        existing
    }

    /// The folders among `folders` that `catalog.yaml` does not include.
    pub fn not_included<'a>(&self, folders: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let is_included = |folder: &str| self.include.iter().any(|include| include == folder || include == ".");
        folders.into_iter().filter(|folder| !is_included(folder)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Existing;

    /// Names are those of the documents, and folders are included or not.
    #[test]
    fn names_of_catalog() {
        let existing = Existing::of([
            ("catalog.yaml", "catalog: a\ninclude: [./types/, datasets]\n"),
            ("types/a.yaml", "# comment\ntype: ref\nfields: { a: int8 }\n"),
            ("datasets/b.yml", "dataset: b\n"),
            ("types/broken.yaml", "type: [\n"),
        ]);
        assert_eq!(existing.types.iter().collect::<Vec<_>>(), ["ref"]);
        assert!(existing.files.contains("datasets/b"));
        assert_eq!(existing.not_included(["types", "datasets", "views"]), ["views"]);
    }
}
