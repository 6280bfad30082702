//! Checks of a dataset's spec: its partitions, order, constraints, renames and scan options name columns that exist and fit.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::{
    Column, Evolution, Finding, Origin, Path, PathPolicy, Rule, list_child, map_fields, nearest, spelling,
};

use super::column::Columns;
use super::report::{Report, one_of};
use crate::documents::Document;
use crate::model::{DatasetSpec, PathPolicySpec, SortKeySpec, WordOr, WordOrList};
use crate::rules;

/// A dataset's spec beside its columns.
pub struct Checks<'c, 'r, 's> {
    pub document: &'c Document<DatasetSpec>,
    pub spec: &'c DatasetSpec,
    pub root: &'c Origin,
    pub columns: &'c Columns,
    pub by_name: BTreeMap<&'c str, &'c Column>,
    /// Columns that `like` should have brought in are not known.
    pub is_partial: bool,
    pub report: &'r mut Report<'s>,
}

impl Checks<'_, '_, '_> {
    /// Whether a column of this name was written, be it sound or not.
    fn is_written(&self, name: &str) -> bool {
        self.is_partial
            || self.by_name.contains_key(name)
            || self.spec.columns.contains_key(name)
            || self.document.lacks(&format!("columns.{name}"))
    }

    /// The names of the columns in order, those at fault included.
    fn names(&self) -> Vec<&str> {
        let sound = self.columns.all.iter().map(Column::name);
        let all =
            sound.chain(self.spec.columns.keys().map(String::as_str).filter(|name| !self.by_name.contains_key(name)));
        all.collect()
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.by_name.get(name).copied()
    }

    fn unknown(&mut self, rule: &'static Rule, what: &str, name: &str, origin: &Origin) {
        if self.report.is_full() {
            return;
        }
        let known: Vec<String> = self.names().into_iter().map(str::to_owned).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let dataset = self.spec.dataset.as_str();
        // A list of columns has names as they are, where paths have quotes.
        let unquoted = Path::parse(name).ok().and_then(|path| path.only().map(str::to_owned));
        let advice = match unquoted.filter(|unquoted| unquoted != name && known.contains(&unquoted.as_str())) {
            Some(unquoted) => format!("write `{unquoted}` without quotes: this is a name, and no path"),
            None => self.report.advise(name, known.iter().copied(), "add it to `columns`, or correct the name"),
        };
        let finding = Finding::new(rule, format!("the {what} `{name}` is not a column of `{dataset}`"))
            .differing(one_of(&known), format!("`{name}`"))
            .remedy(advice)
            .relation(dataset);
        self.report.value(origin, finding);
    }

    pub fn partitions(&mut self) {
        let list = self.root.join("partitions");
        for (number, name) in self.report.distinct(&list, "partition column", &self.spec.partitions) {
            let data_type = self.column(name).map(|column| column.field.data_type().clone());
            let observed = match data_type {
                Some(data_type) if is_nested(&data_type) => format!("`{name}` of type {}", spelling::short(&data_type)),
                None if !self.is_written(name) && self.is_path(name) => format!("the path `{name}`"),
                None if !self.is_written(name) => {
                    let origin = list.index(number);
                    self.unknown(&rules::PARTITION_NOT_IN_SCHEMA, "partition column", name, &origin);
                    continue;
                }
                Some(_) | None => continue,
            };
            let finding = Finding::new(&rules::PARTITION_NESTED, format!("a folder name cannot carry `{name}`"))
                .differing("a top-level column of a scalar type", observed)
                .remedy("partition by a top-level column of a scalar type")
                .relation(self.spec.dataset.as_str());
            self.report.value(&list.index(number), finding);
        }
    }

    /// Whether `name` leads into a column.
    fn is_path(&self, name: &str) -> bool {
        Path::parse(name).is_ok_and(|path| path.segments().len() > 1 && self.is_written(path.column()))
    }

    pub fn ordering(&mut self) {
        let Some(ordering) = &self.spec.ordering else { return };
        let list = self.root.join("ordering.by");
        for (number, name) in self.report.distinct(&list, "sort key", ordering.by.iter().map(sort_column)) {
            let item = list.index(number);
            let origin = if matches!(ordering.by[number], WordOr::Word(_)) { item } else { item.join("column") };
            if !self.is_written(name) {
                self.unknown(&rules::ORDERING_UNKNOWN, "sort key", name, &origin);
            }
        }
    }

    pub fn keys(&mut self) {
        let origin = self.root.join("constraints");
        let constraints = self.spec.constraints();
        let primary = std::iter::once((&constraints.primary_key, origin.join("primary_key")));
        let unique =
            constraints.unique.iter().enumerate().map(|(number, key)| (key, origin.join("unique").index(number)));
        for (key, origin) in primary.chain(unique) {
            for (number, name) in self.report.distinct(&origin, "key column", key) {
                self.key_column(name, &origin.index(number));
            }
        }
    }

    /// The paths without NULLs.
    pub fn not_null(&mut self) -> Vec<Path> {
        let list = self.root.join("constraints.not_null");
        let written = self.spec.constraints().not_null.iter().enumerate();
        written.filter_map(|(number, text)| self.path("NOT NULL path", text, &list.index(number))).collect()
    }

    fn key_column(&mut self, name: &str, origin: &Origin) {
        if !self.is_written(name) {
            self.unknown(&rules::KEY_UNKNOWN, "key column", name, origin);
        } else if self.column(name).is_some_and(|column| column.field.is_nullable()) {
            let finding = Finding::new(&rules::UNIQUE_NULLABLE, format!("the key column `{name}` may be NULL"))
                .differing("key columns with `nullable: false`", format!("`{name}` is nullable"))
                .remedy(format!("declare `{name}` with `nullable: false`, or drop the key"))
                .relation(self.spec.dataset.as_str())
                .path(name);
            self.report.value(origin, finding);
        }
    }

    pub fn references(&mut self) {
        let list = self.root.join("constraints.references");
        for (number, reference) in self.spec.constraints().references.iter().enumerate() {
            let columns = list.index(number).join("columns");
            for (item, name) in self.report.distinct(&columns, "referring column", &reference.columns) {
                if !self.is_written(name) {
                    self.unknown(&rules::KEY_UNKNOWN, "referring column", name, &columns.index(item));
                }
            }
        }
    }

    /// The path of a column or nested field that must exist.
    fn path(&mut self, what: &str, text: &str, origin: &Origin) -> Option<Path> {
        let path = self.report.path(origin, text)?;
        let exists = match self.column(path.column()) {
            Some(column) => path.find(std::slice::from_ref(&column.field)).is_some(),
            // A column that was written and is not there has a finding of its own.
            None => self.is_written(path.column()),
        };
        if !exists {
            self.unknown(&rules::KEY_UNKNOWN, what, text, origin);
        }
        Some(path)
    }

    /// The policies of columns and nested fields.
    pub fn policies(&mut self) -> BTreeMap<Path, PathPolicy> {
        let root = self.root.join("evolution.paths");
        let columns: Vec<FieldRef> = self.columns.all.iter().map(|column| Arc::clone(&column.field)).collect();
        let mut policies = BTreeMap::new();
        for (text, policy) in &self.spec.evolution.paths {
            let origin = root.join(text);
            let Some(path) = self.report.key_path(&origin, text) else { continue };
            // A column that was written and is not there has a finding of its own.
            let broken = self.column(path.column()).is_none() && self.is_written(path.column());
            if path.find(&columns).is_none() && !broken {
                self.policy_unknown(&columns, text, &path, &origin);
            }
            let PathPolicySpec { missing, extra, casts, nullability } = *policy;
            policies.insert(path, PathPolicy { missing, extra, casts, nullability, origin });
        }
        policies
    }

    /// A policy of a path that leads to no field: the advice is the path with the name that was likely meant.
    fn policy_unknown(&mut self, columns: &[FieldRef], text: &str, path: &Path, origin: &Origin) {
        if self.report.is_full() {
            return;
        }
        let around = std::iter::successors(path.parent(), Path::parent);
        let known = around.into_iter().find(|above| above.is_empty() || above.find(columns).is_some());
        let known = known.unwrap_or_default();
        let names = inner_names(columns, &known);
        let wrong = path.segments().nth(known.segments().len()).unwrap_or_default();
        let rest = path.skip(known.segments().len() + 1);
        let whole = |name: &str| known.join(name).join_path(&rest).to_string();
        let candidates: Vec<String> = names.iter().map(|name| whole(name)).collect();
        let meant = nearest(wrong, names.iter().copied()).map(whole);
        let advice = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if candidates.is_empty() => format!("write the path of a field: nothing is inside `{known}`"),
            None => "write the path of a column or of a field inside one, as the contract has it".to_owned(),
        };
        let listed: Vec<String> = names.iter().map(|name| known.join(name).to_string()).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let finding = Finding::new(
            &rules::POLICY_PATH_UNKNOWN,
            format!("the path `{text}` of a policy is no column and no field of `{}`", self.spec.dataset),
        )
        .differing(one_of(&listed), format!("`{text}`"))
        .remedy(advice)
        .relation(self.spec.dataset.as_str());
        self.report.key(origin, finding);
    }

    /// The renames. Old paths are followed as a scan follows them: by what a file calls each field on the way.
    pub fn renames(&mut self) -> BTreeMap<Path, String> {
        let root = self.root.join("evolution.renames");
        let mut renames = BTreeMap::new();
        for (old, new) in &self.spec.evolution.renames {
            if let Some(path) = self.report.key_path(&root.join(old), old) {
                renames.insert(path, new.clone());
            }
        }
        let columns: Vec<FieldRef> = self.columns.all.iter().map(|column| Arc::clone(&column.field)).collect();
        let evolution = Evolution { renames, ..Evolution::default() };
        for (text, new) in &self.spec.evolution.renames {
            let Some(place) = Path::parse(text).ok().and_then(|old| old.parent()) else { continue };
            let now = evolution.present(&place);
            let column = if place.is_empty() { new.as_str() } else { now.column() };
            // A column that was written and is not there has a finding of its own.
            let broken = self.column(column).is_none() && self.is_written(column);
            let siblings = names_at(&columns, &now);
            self.renamed_still_there(text, new, &siblings);
            if siblings.contains(&new.as_str()) || broken || self.report.is_full() {
                continue;
            }
            let otherwise = match Path::parse(new).ok().filter(|new| siblings.contains(&new.leaf())) {
                Some(new) => format!("write only the new name, without the path: `{}`", new.leaf()),
                None if siblings.is_empty() => {
                    format!(
                        "spell the old path as the file has it, below fields of the contract: there is no struct at `{now}`"
                    )
                }
                None => "correct the new name".to_owned(),
            };
            let advice = self.report.advise(new, siblings.iter().copied(), &otherwise);
            let finding = Finding::new(
                &rules::RENAME_UNKNOWN,
                format!("`{text}` is renamed to `{new}`, which does not exist in its place"),
            )
            .differing(one_of(&siblings), format!("`{new}`"))
            .remedy(advice)
            .relation(self.spec.dataset.as_str());
            self.report.value(&root.join(text), finding);
        }
        evolution.renames
    }

    /// A rename of a name that is among those which the contract has in its place: the field of that name is read, and never as another.
    fn renamed_still_there(&mut self, text: &str, new: &str, siblings: &[&str]) {
        let Some(old) = Path::parse(text).ok().filter(|old| siblings.contains(&old.leaf())) else { return };
        let name = old.leaf();
        let finding = Finding::new(
            &rules::RENAME_WITHOUT_EFFECT,
            format!("`{text}` is renamed to `{new}` and is still a name of `{}`", self.spec.dataset),
        )
        .differing(
            "the name of a field that files had before",
            format!("`{name}`, which the contract has beside `{new}`"),
        )
        .remedy(format!("remove the rename, or remove `{name}` from the contract"))
        .relation(self.spec.dataset.as_str());
        self.report.value(&self.root.join("evolution.renames").join(text), finding);
    }

    /// The columns whose statistics and whose bloom filters files should carry.
    pub fn recommended(&mut self) -> [Vec<Path>; 2] {
        let scan = &self.spec.scan;
        [("scan.statistics", &scan.statistics), ("scan.bloom_filters", &scan.bloom_filters)].map(|(key, paths)| {
            let list = self.root.join(key);
            let distinct = self.report.distinct(&list, "column", paths);
            distinct.into_iter().filter_map(|(number, path)| self.path("column", path, &list.index(number))).collect()
        })
    }

    pub fn files(&mut self) {
        let origin = self.root.join("scan.files");
        for (number, text) in self.spec.scan.files.choices().iter().enumerate() {
            let reason = match glob::Pattern::new(text) {
                Err(error) => error.msg.to_owned(),
                Ok(_) if text.split('/').any(|part| matches!(part, "" | "." | "..")) => {
                    "a part of it is empty, `.` or `..`, which no path below the location has".to_owned()
                }
                Ok(_) => continue,
            };
            let finding =
                Finding::new(&rules::INVALID_FILE_PATTERN, format!("`{text}` is not a pattern of file names"))
                    .differing(
                        "a pattern over names such as `*.parq`, or over paths such as `data/**/*.parquet`",
                        reason,
                    )
                    .remedy("write `*` for any part of a name, `?` for a letter, `**` between slashes for any folders")
                    .relation(self.spec.dataset.as_str());
            let place = match &self.spec.scan.files {
                WordOrList::Word(_) => origin.clone(),
                WordOrList::List(_) => origin.index(number),
            };
            self.report.value(&place, finding);
        }
    }
}

/// The column of a sort key.
pub fn sort_column(key: &WordOr<SortKeySpec>) -> &String {
    match key {
        WordOr::Word(column) => column,
        WordOr::Mapping(key) => &key.column,
    }
}

fn is_nested(data_type: &DataType) -> bool {
    data_type.is_nested() || list_child(data_type).is_some()
}

/// The names of the fields inside the one at `place`; of the columns, where that is the empty path.
fn names_at<'f>(columns: &'f [FieldRef], place: &Path) -> Vec<&'f str> {
    if place.is_empty() {
        return columns.iter().map(|field| field.name().as_str()).collect();
    }
    let mut inside = place.find(columns).map(|field| field.data_type());
    while let Some(item) = inside.and_then(list_child) {
        inside = Some(item.data_type());
    }
    match inside {
        Some(DataType::Struct(fields)) => fields.iter().map(|field| field.name().as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The names that a path may have after `place`: fields of structs, inside lists too, and the sides of a map.
fn inner_names<'f>(columns: &'f [FieldRef], place: &Path) -> Vec<&'f str> {
    let mut inside = place.find(columns).map(|field| field.data_type());
    while let Some(item) = inside.and_then(list_child) {
        inside = Some(item.data_type());
    }
    match inside {
        Some(DataType::Map(entries, _)) if map_fields(entries).is_some() => vec!["key", "value"],
        _ => names_at(columns, place),
    }
}
