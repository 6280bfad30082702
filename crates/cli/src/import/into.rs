//! `import --into`: the specs of a table that moved on.
//!
//! ```text
//! location -> survey -> differences from the contract -> edits -> compile -> compare -> verify the rows -> files
//! ```

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::report::RowConstraintKind;
use cstspec_contract::{Catalog, Dataset, Finding, Path, Severity};
use cstspec_import::Existing;
use cstspec_import::refresh::{Change, Difference, Edit, Kind, Plan, Refresh, apply, differences, relaxed};
use cstspec_runtime::{Location, Locations};
use cstspec_spec::Compiled;
use cstspec_verify::Checks;

use super::survey::{self, Surveyed};
use super::target::Target;
use super::{MOST_PATHS, Stopped, errors, has_errors, proof, table, unchanged};
use crate::args::Import;
use crate::console::Console;
use crate::error::CommandError;
use crate::outcome::Form;
use crate::progress::Bar;
use crate::session::Engine;

/// The most constraints that are taken out one after the other.
const MOST_CONSTRAINTS: usize = 1_000;

/// A refresh that is compiled and compared, and not written yet.
pub struct Refreshed {
    /// The changes, in the order of the table.
    pub changes: Vec<Change>,
    /// Differences that stay, with the reasons.
    pub kept: Vec<(String, String)>,
    /// The files that change, with their old and new texts.
    pub changed: BTreeMap<String, (String, String)>,
    /// New files.
    pub created: BTreeMap<String, String>,
    /// The table.
    pub surveyed: Surveyed,
    /// Warnings about the refreshed specs and the table.
    pub findings: Vec<Finding>,
}

impl Refreshed {
    /// Whether somebody has to agree to a change.
    pub fn is_asked(&self) -> bool {
        self.changes.iter().any(|change| change.is_asked)
    }

    /// Whether a change cannot be written.
    pub fn is_stuck(&self) -> bool {
        self.changes.iter().any(|change| change.stuck.is_some())
    }
}

/// Refreshes the specs of the dataset that `target` holds from the table at `location`. Nothing is written.
pub fn refresh(args: &Import, target: &Target, location: &Location, console: &Console) -> Result<Refreshed, Stopped> {
    let keep = kept_paths(args)?;
    let dataset = target.dataset();
    let engine = Engine::start(&args.engine, &target.catalog, console, Form::Text)?;
    engine.run(async {
        console.log(&format!("reading the footers of {location}"));
        let surveyed = survey::of(&dataset.name, location, Some(&dataset.scan)).await?;
        let mut stage = Stage::new(target);
        let (first, kept) = decided(&stage.differences(&surveyed), &keep);
        let is_repartitioned = surveyed.partitions != dataset.partitions;
        if is_repartitioned {
            let plan = stage.refresh().repartition(&surveyed.partitions);
            stage.take(plan)?;
        }
        let plan = stage.refresh().plan(&first);
        stage.take(plan)?;
        if stage.is_stuck() || (stage.is_asked() && !args.accept && stage.refused.is_some()) {
            return Ok(stage.finish(kept, surveyed));
        }
        if let Some(compiled) = stage.refused.take() {
            // What is agreed to leaves something behind that refers to it.
            return Err(Stopped::Found(errors(&compiled.findings), Some(Box::new(compiled))));
        }
        let (rest, _) = decided(&stage.differences(&surveyed), &keep);
        if let Some(rest) = rest.first() {
            let message = format!("the edits do not give `{}` the form that the table has", rest.path);
            return Err(Stopped::Failed(CommandError::Tool(format!("{message}; nothing is written"))));
        }
        unchanged::beside(&target.catalog, &stage.catalog, &dataset.name, &stage.others)
            .map_err(|what| CommandError::Tool(format!("the edits would change {what}; nothing is written")))?;
        stage.verify(&engine, location, console).await?;
        Ok(stage.finish(kept, surveyed))
    })
}

/// The paths of `--keep`.
fn kept_paths(args: &Import) -> Result<Vec<Path>, Stopped> {
    let path = |text: &String| {
        let path = Path::parse(text).ok().filter(|path| !path.is_empty());
        path.ok_or_else(|| {
            Stopped::Failed(CommandError::usage(format!("--keep requires the path of a field, not `{text}`")))
        })
    };
    args.keep.iter().map(path).collect()
}

/// The differences that change the contract, and those that stay, with the reasons.
fn decided(differences: &[Difference], keep: &[Path]) -> (Vec<Difference>, Vec<(String, String)>) {
    let (mut changes, mut kept) = (Vec::new(), Vec::new());
    for difference in differences {
        let path = difference.path.to_string();
        if keep.iter().any(|above| difference.path.starts_with(above)) {
            kept.push((path, "differs, and --keep leaves it".to_owned()));
        } else if let Kind::Read { declared, found } = &difference.kind {
            let [found, declared] = [found, declared].map(cstspec_contract::spelling::short);
            kept.push((path, format!("{found} in the files is read as {declared}")));
        } else {
            changes.push(difference.clone());
        }
    }
    (changes, kept)
}

/// The specs as they are edited so far.
struct Stage<'a> {
    target: &'a Target,
    texts: BTreeMap<String, String>,
    compiled: Compiled,
    catalog: Catalog,
    existing: Existing,
    changes: Vec<Change>,
    others: BTreeSet<String>,
    findings: Vec<Finding>,
    /// The last edits, if specs with them have errors.
    refused: Option<Compiled>,
}

impl<'a> Stage<'a> {
    fn new(target: &'a Target) -> Self {
        Self {
            target,
            texts: target.texts.clone(),
            compiled: target.compiled.clone(),
            catalog: target.catalog.clone(),
            existing: target.existing.clone(),
            changes: Vec::new(),
            others: BTreeSet::new(),
            findings: Vec::new(),
            refused: None,
        }
    }

    fn dataset(&self) -> &Dataset {
        let name = &self.target.dataset().name;
        self.catalog.dataset(name).expect("a refresh renames no dataset")
    }

    fn refresh(&self) -> Refresh<'_> {
        Refresh {
            catalog: &self.catalog,
            sources: &self.compiled.sources,
            dataset: self.dataset(),
            existing: &self.existing,
        }
    }

    fn differences(&self, surveyed: &Surveyed) -> Vec<Difference> {
        let dataset = self.dataset();
        differences(dataset, &surveyed.schema, &surveyed.partitions, &|path, found, declared| {
            survey::reads(dataset, path, found, declared)
        })
    }

    fn is_asked(&self) -> bool {
        self.changes.iter().any(|change| change.is_asked)
    }

    fn is_stuck(&self) -> bool {
        self.changes.iter().any(|change| change.stuck.is_some())
    }

    /// Edits the specs, and compiles them.
    fn take(&mut self, plan: Plan) -> Result<(), Stopped> {
        let Plan { edits, created, changes, others } = plan;
        self.changes.extend(changes);
        self.others.extend(others);
        if self.refused.is_none() && !(edits.is_empty() && created.is_empty()) {
            self.edit(&edits, created)?;
        }
        Ok(())
    }

    fn edit(&mut self, edits: &BTreeMap<String, Vec<Edit>>, created: BTreeMap<String, String>) -> Result<(), Stopped> {
        let mut texts = self.texts.clone();
        for (file, edits) in edits {
            let text = texts.get(file).and_then(|text| apply(text, edits));
            let Some(text) = text else {
                let message = format!("two changes meet in one place of {file}: make one of them by hand");
                return Err(Stopped::Failed(CommandError::Tool(message)));
            };
            texts.insert(file.clone(), text);
        }
        texts.extend(created);
        let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let mut compiled = cstspec_spec::compile_embedded(&files);
        match compiled.catalog.take() {
            Some(catalog) if catalog.dataset(&self.target.dataset().name).is_some() => {
                self.existing = Existing::of(files);
                self.existing.files.extend(self.target.existing.files.iter().cloned());
                self.findings.clone_from(&compiled.findings);
                (self.catalog, self.compiled, self.texts) = (catalog, compiled, texts);
            }
            _ => self.refused = Some(compiled),
        }
        Ok(())
    }

    /// Verifies the rows under the refreshed contract, and takes out the constraints that they break.
    async fn verify(&mut self, engine: &Engine, location: &Location, console: &Console) -> Result<(), Stopped> {
        let dataset = self.dataset().clone();
        let name = dataset.name.clone();
        // References lead to other datasets, whose files are not here.
        let mut alone = dataset.clone();
        alone.constraints.references.clear();
        let is_large = table::fields(&alone) > MOST_PATHS;
        let checks = if is_large { Checks::Schema } else { Checks::Rows };
        let catalog = Catalog {
            datasets: vec![alone],
            views: Vec::new(),
            boundaries: Vec::new(),
            statements: Vec::new(),
            functions: Vec::new(),
            ..self.catalog.clone()
        };
        let context = engine.open_at(&catalog, &Locations::from([(name, location.clone())])).await?;
        console.log("verifying the rows under the refreshed specs");
        let bar = Bar::new(console);
        let report = cstspec_verify::verify(&context, &catalog, checks, &bar).await;
        drop(bar);
        let others: Vec<Finding> =
            report.findings.iter().filter(|finding| !proof::is_of_promise(finding)).cloned().collect();
        if has_errors(&others) {
            return Err(Stopped::Found(others, Some(Box::new(self.compiled.clone()))));
        }
        let broken: Vec<(RowConstraintKind, Vec<String>)> = report
            .contracts
            .iter()
            .filter(|contract| contract.broken > 0)
            .map(|contract| (contract.kind, contract.columns.clone()))
            .collect();
        for (kind, columns) in broken.iter().take(MOST_CONSTRAINTS) {
            // A NULL in a key and a repeated key are one constraint.
            let Some((change, file, edits)) = relaxed(&self.refresh(), *kind, columns) else { continue };
            self.changes.push(change);
            if self.refused.is_none() {
                self.edit(&BTreeMap::from([(file, edits)]), BTreeMap::new())?;
            }
        }
        if let Some(compiled) = self.refused.take() {
            return Err(Stopped::Found(errors(&compiled.findings), Some(Box::new(compiled))));
        }
        self.findings.extend(others.into_iter().filter(|finding| finding.severity == Severity::Warning));
        Ok(())
    }

    fn finish(self, kept: Vec<(String, String)>, surveyed: Surveyed) -> Refreshed {
        let (mut changed, mut created) = (BTreeMap::new(), BTreeMap::new());
        for (path, text) in self.texts {
            match self.target.texts.get(&path) {
                Some(old) if *old == text => {}
                Some(old) => {
                    changed.insert(path, (old.clone(), text));
                }
                None => {
                    created.insert(path, text);
                }
            }
        }
        let known = &self.target.compiled.findings;
        let findings =
            self.findings.into_iter().filter(|finding| !known.iter().any(|one| one.message == finding.message));
        let findings = findings.filter(|finding| finding.severity == Severity::Warning).collect();
        Refreshed { changes: self.changes, kept, changed, created, surveyed, findings }
    }
}
