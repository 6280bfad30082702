//! The text of a contract, with the places of its keys.

use cstspec_contract::{Finding, Origin, SpecPlace};
use cstspec_spec::{Sources, rules};
use serde_yaml::Value;

/// The largest contract that is read, in bytes.
pub const MOST_BYTES: usize = 4 << 20;

/// The text of a contract.
pub struct Source {
    file: String,
    text: String,
    places: Sources,
}

impl Source {
    /// The text of the file `file`.
    pub fn new(file: &str, text: &str) -> Self {
        let (places, _) = Sources::embedded(&[(file, text)]);
        Self { file: file.to_owned(), text: text.to_owned(), places }
    }

    /// The document.
    pub fn parse(&self) -> Result<Value, Box<Finding>> {
        serde_yaml::from_str::<Value>(&self.text).map_err(|error| {
            let place = error.location();
            let mut message = error.to_string();
            if let Some(end) = message.rfind(" at line ") {
                message.truncate(end);
            }
            let finding = Finding::new(&rules::YAML_SYNTAX, format!("the contract cannot be read as YAML: {message}"))
                .remedy("correct the YAML of the contract");
            let narrow = |number: usize| u32::try_from(number.max(1)).unwrap_or(u32::MAX);
            Box::new(Finding {
                spec: Some(SpecPlace {
                    file: self.file.clone(),
                    key: String::new(),
                    line: place.as_ref().map(|place| narrow(place.line())),
                    column: place.as_ref().map(|place| narrow(place.column())),
                }),
                ..finding
            })
        })
    }

    /// `finding` at the key path `key`.
    pub fn place(&self, key: &str, finding: Finding) -> Finding {
        let place = self.places.place(&Origin::new(self.file.as_str(), key));
        let (line, column) = (place.map(|(line, _)| line), place.map(|(_, column)| column));
        Finding { spec: Some(SpecPlace { file: self.file.clone(), key: key.to_owned(), line, column }), ..finding }
    }
}
