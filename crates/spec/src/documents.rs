//! The documents of a catalog, sorted by kind.

use cstspec_contract::Finding;
use serde::Deserialize;

use crate::finding::Found;
use crate::model::{
    BoundarySpec, CatalogSpec, DatasetSpec, FunctionsSpec, Kind, SessionSpec, StatementsSpec, TypeSpec, ViewSpec,
};
use crate::rules;
use crate::sources::{CATALOG, Sources};
use crate::suggest::did_you_mean;
use crate::yaml::{self, KeyPath, Node, Tree};

/// A spec and the file it stands in.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// The file, relative to the specs folder.
    pub file: String,
    /// What it says.
    pub spec: T,
}

/// The specs of a catalog as they were written, by kind, each sorted by file.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// `catalog.yaml`, where it could be decoded.
    pub catalog: Option<Document<CatalogSpec>>,
    /// Named types.
    pub types: Vec<Document<TypeSpec>>,
    /// Expected functions.
    pub functions: Vec<Document<FunctionsSpec>>,
    /// Session presets.
    pub sessions: Vec<Document<SessionSpec>>,
    /// Datasets.
    pub datasets: Vec<Document<DatasetSpec>>,
    /// Views.
    pub views: Vec<Document<ViewSpec>>,
    /// Boundaries.
    pub boundaries: Vec<Document<BoundarySpec>>,
    /// Prepared statements.
    pub statements: Vec<Document<StatementsSpec>>,
}

impl Documents {
    /// Decodes every file of `sources`.
    pub fn decode(sources: &Sources, findings: &mut Vec<Finding>) -> Self {
        let mut documents = Self::default();
        for (file, tree) in sources.trees() {
            let mut reading = Reading { sources, file, tree, findings };
            match reading.kind() {
                Some(Kind::Catalog) => documents.catalog = reading.decode(Kind::Catalog),
                Some(kind @ Kind::Type) => documents.types.extend(reading.decode(kind)),
                Some(kind @ Kind::Functions) => documents.functions.extend(reading.decode(kind)),
                Some(kind @ Kind::Session) => documents.sessions.extend(reading.decode(kind)),
                Some(kind @ Kind::Dataset) => documents.datasets.extend(reading.decode(kind)),
                Some(kind @ Kind::View) => documents.views.extend(reading.decode(kind)),
                Some(kind @ Kind::Boundary) => documents.boundaries.extend(reading.decode(kind)),
                Some(kind @ Kind::Statements) => documents.statements.extend(reading.decode(kind)),
                None => {}
            }
        }
        documents
    }
}

struct Reading<'a> {
    sources: &'a Sources,
    file: &'a str,
    tree: &'a Tree,
    findings: &'a mut Vec<Finding>,
}

impl Reading<'_> {
    /// The kind that the document's first key says, or a finding that it says none.
    fn kind(&mut self) -> Option<Kind> {
        if self.file == CATALOG {
            return Some(Kind::Catalog);
        }
        let Node::Mapping(entries) = &self.tree.node else {
            self.unknown_kind(KeyPath::root(), &self.tree.describe(), None);
            return None;
        };
        let first = entries.first()?;
        let known = Kind::ALL.iter().find(|(kind, key)| *kind != Kind::Catalog && *key == first.key.text);
        if known.is_none() {
            let keys = Kind::ALL.iter().map(|(_, key)| *key).filter(|key| *key != Kind::Catalog.key());
            let suggestion = did_you_mean(&first.key.text, keys);
            self.unknown_kind(KeyPath::root().join(&first.key.text), &format!("`{}:`", first.key.text), suggestion);
        }
        known.map(|(kind, _)| *kind)
    }

    fn unknown_kind(&mut self, key: KeyPath, observed: &str, suggestion: Option<String>) {
        let keys: Vec<String> =
            Kind::ALL.iter().filter(|(kind, _)| *kind != Kind::Catalog).map(|(_, key)| format!("`{key}:`")).collect();
        let finding = Finding::new(&rules::UNKNOWN_KIND, "the document is no kind of spec")
            .differing(format!("a document that starts with {}", keys.join(", ")), observed)
            .remedy(suggestion.unwrap_or_else(|| {
                "start it with the key of its kind, or move it out of the included folders".to_owned()
            }));
        self.findings.push(self.sources.settle(self.file, Found::at_key(finding, key)));
    }

    fn decode<T: for<'de> Deserialize<'de>>(&mut self, kind: Kind) -> Option<Document<T>> {
        let (spec, found) = yaml::decode(self.tree, kind.key());
        self.findings.extend(found.into_iter().map(|found| self.sources.settle(self.file, found)));
        Some(Document { file: self.file.to_owned(), spec: spec? })
    }
}
