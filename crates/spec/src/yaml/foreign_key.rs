//! Keys as JSON Schema, ODCS, dbt, Avro and Iceberg call them, and the keys that are meant.

/// Keys of other languages in lower case, with the key that stands for them, and how it is written where that is not the same.
const KEYS: [(&str, &str, Option<&str>); 26] = [
    ("$ref", "type", None),
    ("comment", "doc", None),
    ("const", "allowed", Some("allowed: [VALUE]")),
    ("data_type", "type", None),
    ("datatype", "type", None),
    ("description", "doc", None),
    ("dtype", "type", None),
    ("element", "items", None),
    ("element_type", "items", None),
    ("elements", "items", None),
    ("enum", "allowed", None),
    ("fields", "type", Some("type: { NAME: TYPE, ... }")),
    ("item", "items", None),
    ("keys", "key", None),
    ("length", "size", None),
    ("logicaltype", "type", None),
    ("not_null", "nullable", Some("nullable: false")),
    ("notnull", "nullable", Some("nullable: false")),
    ("optional", "nullable", None),
    ("physicaltype", "type", None),
    ("properties", "type", Some("type: { NAME: TYPE, ... }")),
    ("required", "nullable", Some("nullable: false")),
    ("title", "doc", None),
    ("validvalues", "allowed", None),
    ("value_type", "value", None),
    ("values", "value", None),
];

/// A key of another language.
pub struct ForeignKey {
    /// The key that is meant.
    pub meant: &'static str,
    /// How it is written, where that is not the key alone.
    written: Option<&'static str>,
}

impl ForeignKey {
    /// What `key` means in a mapping with the keys `fields`.
    pub fn of(key: &str, fields: &[&str]) -> Option<Self> {
        let (_, meant, written) = known(key)?;
        // In the document of a named type `type` is its name.
        let is_named_type = fields.contains(&"is");
        let (meant, written) = match (*meant, written) {
            ("type", Some(_)) if is_named_type => ("fields", None),
            ("type", None) if is_named_type => ("is", None),
            (meant, written) => (meant, *written),
        };
        fields.contains(&meant).then_some(Self { meant, written })
    }

    /// Whether there is anything to add to a mapping whose keys `is_there` knows.
    pub fn is_new(&self, is_there: impl Fn(&str) -> bool) -> bool {
        self.written.is_some() || !is_there(self.meant)
    }

    /// How to write it.
    pub fn advice(&self) -> String {
        format!("write `{}`", self.written.unwrap_or(self.meant))
    }
}

/// The key that is meant by `key` of another language.
pub fn meant_by(key: &str) -> Option<&'static str> {
    known(key).map(|(_, meant, _)| *meant)
}

fn known(key: &str) -> Option<&'static (&'static str, &'static str, Option<&'static str>)> {
    let key = key.to_lowercase();
    KEYS.iter().find(|(known, ..)| *known == key)
}
