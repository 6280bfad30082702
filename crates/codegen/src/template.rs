//! Templates: they print what they are given, and decide nothing.

use serde::Serialize;
use tera::{Context, Tera};

use crate::CodegenError;

/// The templates, embedded so that the command needs no folder of them.
const TEMPLATES: [(&str, &str); 8] = [
    ("mod.rs.tera", include_str!("../templates/mod.rs.tera")),
    ("dataset.rs.tera", include_str!("../templates/dataset.rs.tera")),
    ("view.rs.tera", include_str!("../templates/view.rs.tera")),
    ("list.rs.tera", include_str!("../templates/list.rs.tera")),
    ("types.rs.tera", include_str!("../templates/types.rs.tera")),
    ("view.sql.tera", include_str!("../templates/view.sql.tera")),
    ("definition.sql.tera", include_str!("../templates/definition.sql.tera")),
    ("describe.txt.tera", include_str!("../templates/describe.txt.tera")),
];

/// The parsed templates.
pub(crate) struct Templates(Tera);

impl Templates {
    /// Parses the embedded templates.
    pub(crate) fn parse() -> Result<Self, CodegenError> {
        Self::parse_all(TEMPLATES)
    }

    fn parse_all<const N: usize>(templates: [(&'static str, &'static str); N]) -> Result<Self, CodegenError> {
        let mut tera = Tera::new();
        tera.autoescape_on(Vec::<&str>::new());
        for (name, text) in templates {
            tera.add_raw_template(name, text).map_err(|source| failure(name, source))?;
        }
        Ok(Self(tera))
    }

    /// Prints `model` through the template called `name`.
    pub(crate) fn render(&self, name: &str, model: &impl Serialize) -> Result<String, CodegenError> {
        let context = Context::from_serialize(model).map_err(|source| failure(name, source))?;
        self.0.render(name, &context).map_err(|source| failure(name, source))
    }
}

fn failure(template: &str, source: tera::Error) -> CodegenError {
    CodegenError::Template { template: template.to_owned(), source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Model {
        name: &'static str,
    }

    /// An undefined variable is an error.
    #[test]
    fn variable_undefined() {
        let templates =
            Templates::parse_all([("a", "{{ nmae }}"), ("b", "{{ name.first }}"), ("c", "{{ name }}")]).unwrap();
        let model = Model { name: "<cst>" };
        for name in ["a", "b"] {
            let error = templates.render(name, &model).unwrap_err();
            assert!(error.to_string().starts_with(&format!("template `{name}` does not render")), "{error}");
        }
        assert_eq!(templates.render("c", &model).unwrap(), "<cst>", "nothing is escaped");
    }

    /// A template that does not parse is an error.
    #[test]
    fn template_syntax_error() {
        assert!(Templates::parse_all([("a", "{% for %}")]).is_err());
        assert!(Templates::parse().is_ok());
    }

    /// Every template of the folder is embedded.
    #[test]
    fn templates_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        let mut found: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        found.sort();
        let mut embedded: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(found, embedded);
    }
}
