//! The specs that a catalog was made from, by their digests.

use std::fmt::Write as _;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use schemars::JsonSchema;
use serde::Serialize;

/// The specs that a catalog was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Specs {
    /// `blake2b-256:` and 64 hexadecimal digits, over the paths and digests of all files; null where no spec is at hand.
    pub hash: Option<String>,
    /// Every file, sorted by path.
    pub files: Vec<SpecFile>,
}

/// One spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecFile {
    /// Its path below the specs folder, with `/` between the parts.
    pub path: String,
    /// `blake2b-256:` and 64 hexadecimal digits, over its text.
    pub hash: String,
}

impl Specs {
    /// Digests files that are given as pairs of path and text, in any order.
    pub fn digest<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files: Vec<SpecFile> = files
            .into_iter()
            .map(|(path, text)| SpecFile { path: path.to_owned(), hash: hash(text.as_bytes()) })
            .collect();
        files.sort();
        let all: String = files.iter().map(|file| format!("{} {}\n", file.hash, file.path)).collect();
        Self { hash: (!files.is_empty()).then(|| hash(all.as_bytes())), files }
    }
}

fn hash(bytes: &[u8]) -> String {
    let mut text = String::from("blake2b-256:");
    for byte in Blake2b::<U32>::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_files_does_not_matter_and_their_texts_and_names_do() {
        let one = Specs::digest([("a.yaml", "x"), ("b.yaml", "y")]);
        assert_eq!(one, Specs::digest([("b.yaml", "y"), ("a.yaml", "x")]));
        assert_ne!(one.hash, Specs::digest([("a.yaml", "y"), ("b.yaml", "x")]).hash);
        assert_ne!(one.hash, Specs::digest([("a.yaml", "x"), ("c.yaml", "y")]).hash);
        assert_eq!(Specs::digest([]).hash, None);
    }
}
