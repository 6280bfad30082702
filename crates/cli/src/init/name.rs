//! The name of the crate.

use std::path::Path;

use cstspec_codegen::is_package_name;

use crate::console::Console;
use crate::error::CommandError;

/// What is added to a word that cannot be a name by itself.
const WORD: &str = "catalog";
/// The longest name that is made of a folder's, in bytes.
const MOST_BYTES: usize = 50;

/// The name that is asked for, or else one by the name of the folder.
pub fn choose(asked: Option<&str>, folder: &Path, console: &Console) -> Result<String, CommandError> {
    if let Some(name) = asked {
        if !is_free(name) {
            let help = format!("use letters, digits, `-` and `_`, with a letter first, such as `{}`", spelled(name));
            return Err(CommandError::usage_with_help(
                format!("--name requires a name that a crate can have, and `{name}` is none"),
                Some(help),
            ));
        }
        return Ok(name.to_owned());
    }
    // The name of `.`, and of a folder above.
    let whole = folder.canonicalize().or_else(|_| std::path::absolute(folder)).unwrap_or_else(|_| folder.to_owned());
    let last = whole.file_name().unwrap_or_default().to_string_lossy();
    if is_free(&last) {
        return Ok(last.into_owned());
    }
    let name = spelled(&last);
    console.note(&format!("no crate can be called `{last}`: this one is `{name}`; --name selects another name"));
    Ok(name)
}

/// Whether a crate can be called `name`, and none of cstspec or of its tests is.
fn is_free(name: &str) -> bool {
    is_package_name(name) && name != "insta" && !name.starts_with("cstspec")
}

/// `text` as the name of a crate.
fn spelled(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut name = words.join("-");
    name.truncate(MOST_BYTES);
    let name = name.trim_end_matches('-');
    match name {
        "" => WORD.to_owned(),
        name if is_free(name) => name.to_owned(),
        name => format!("{WORD}-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is no name becomes one.
    #[test]
    fn name_spelled() {
        for (text, name) in [
            ("My Demo", "my-demo"),
            ("2024", "catalog-2024"),
            ("fn", "catalog-fn"),
            ("größe", "gr-e"),
            ("日本", "catalog"),
            ("", "catalog"),
            ("--", "catalog"),
            ("insta", "catalog-insta"),
            ("cstspec-x", "catalog-cstspec-x"),
            ("test", "catalog-test"),
            ("nul", "catalog-nul"),
            ("a.b_c", "a-b-c"),
        ] {
            assert_eq!(spelled(text), name, "{text}");
            assert!(is_free(&spelled(text)), "{text}");
        }
        assert!(is_free(&spelled(&"9a-".repeat(100))));
    }
}
