//! The edits that give a dataset's specs the schema of its table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::{Catalog, Dataset, Origin, Path, list_child, spelling};
use cstspec_spec::Sources;
use cstspec_spec::types::syntax::TypeExpr;

use super::difference::{Difference, Kind};
use super::edit::{Edit, Inside, NewField, add_entries, add_pair, remove_entry, replace, set_value};
use super::place::{Added, Anchor, Belongs};
use super::site::{Site, Sites, TypeText, member, named, site};
use crate::document;
use crate::existing::Existing;
use crate::name::{Names, singular, type_word};
use crate::types::{NamedTypes, New};
use crate::yaml::{Node, Place, on_one_line};

/// What a refresh works on.
#[derive(Clone, Copy)]
pub struct Refresh<'a> {
    /// The catalog.
    pub catalog: &'a Catalog,
    /// Its files.
    pub sources: &'a Sources,
    /// The dataset.
    pub dataset: &'a Dataset,
    /// The names that its files take.
    pub existing: &'a Existing,
}

/// A change of the contract, for a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The field; empty for the dataset as a whole.
    pub path: String,
    /// What changes.
    pub what: String,
    /// Where it is written.
    pub place: Option<Origin>,
    /// Whether somebody has to agree.
    pub is_asked: bool,
    /// Why it cannot be written.
    pub stuck: Option<String>,
}

/// Edits, with the changes that they make.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The edits, by file.
    pub edits: BTreeMap<String, Vec<Edit>>,
    /// New files with their texts.
    pub created: BTreeMap<String, String>,
    /// What changes.
    pub changes: Vec<Change>,
    /// Other datasets that change too.
    pub others: BTreeSet<String>,
}

impl Plan {
    fn edit(&mut self, file: &str, edits: Vec<Edit>) {
        let all = self.edits.entry(file.to_owned()).or_default();
        for edit in edits {
            if !all.contains(&edit) {
                all.push(edit);
            }
        }
    }
}

impl Refresh<'_> {
    /// The edits that do away with `differences`.
    pub fn plan(&self, differences: &[Difference]) -> Plan {
        let sites = Sites::of(self.catalog);
        let mut planning = Planning { refresh: self, sites: &sites, plan: Plan::default(), names: self.names() };
        planning.add(differences);
        planning.remove(differences);
        planning.retype(differences);
        planning.plan
    }

    /// The edits that change the partition columns to `partitions`.
    pub fn repartition(&self, partitions: &[String]) -> Plan {
        let mut plan = Plan::default();
        let file = &self.dataset.origin.file;
        let Some(document) = self.sources.layout(file) else { return plan };
        let node = Node::texts(partitions);
        let edits = match (document.spot("partitions"), partitions) {
            (Some(spot), []) => remove_entry(spot),
            (Some(spot), _) => set_value(spot, &on_one_line(&node, Place::Block)),
            (None, _) => document.spot("columns").map_or_else(Vec::new, |spot| add_pair(spot, "partitions", &node)),
        };
        plan.edit(file, edits);
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        plan.changes.push(Change {
            path: String::new(),
            what: format!("partitions: {} instead of {}", list(partitions), list(&self.dataset.partitions)),
            place: Some(self.dataset.key("partitions")),
            is_asked: true,
            stuck: None,
        });
        plan
    }

    fn names(&self) -> Names {
        Names::taken(self.existing.types.iter().cloned())
    }

    /// The structs that have a name, as the dataset's fields have them.
    fn known(&self) -> BTreeMap<DataType, String> {
        let mut known = BTreeMap::new();
        for dataset in &self.catalog.datasets {
            let fields: Vec<FieldRef> = dataset.columns.iter().map(|column| FieldRef::clone(&column.field)).collect();
            for (path, origin) in dataset.nested.below.iter().filter(|(_, origin)| origin.key == "fields") {
                let Some(document) = self.sources.layout(&origin.file) else { continue };
                // Fields of this type have metadata or a default beside it.
                if ["extension", "metadata", "default"].iter().any(|key| document.get(key).is_some()) {
                    continue;
                }
                let name = document.get("type").and_then(cstspec_spec::layout::Written::text);
                if let (Some(name), Some(field)) = (name, path.find(&fields))
                    && let Some(inside) = structure(field.data_type())
                {
                    known.entry(inside.clone()).or_insert_with(|| name.to_owned());
                }
            }
        }
        known
    }
}

/// The struct that a type is, or a list of any depth is a list of.
fn structure(data_type: &DataType) -> Option<&DataType> {
    match data_type {
        DataType::Struct(_) => Some(data_type),
        DataType::Map(..) => None,
        other => list_child(other).and_then(|item| structure(item.data_type())),
    }
}

struct Planning<'a> {
    refresh: &'a Refresh<'a>,
    sites: &'a Sites,
    plan: Plan,
    names: Names,
}

/// A new field of a struct.
struct NewOf<'d> {
    holder: Path,
    field: &'d FieldRef,
}

impl Planning<'_> {
    /// Writes what is new.
    fn add(&mut self, differences: &[Difference]) {
        let dataset = self.refresh.dataset;
        let added = Added::of(differences);
        let mut at: BTreeMap<Anchor, Vec<FieldRef>> = BTreeMap::new();
        let mut shared: BTreeMap<Path, Vec<NewOf<'_>>> = BTreeMap::new();
        let mut paths: BTreeMap<(Anchor, String), Vec<Path>> = BTreeMap::new();
        for Difference { path, kind } in differences {
            let Kind::Added { field, neighbours } = kind else { continue };
            let holder = path.parent().unwrap_or_default();
            match added.belongs(dataset, self.sites, &holder, field, neighbours) {
                Belongs::At(anchor, nullable) => {
                    paths.entry((anchor.clone(), field.name().clone())).or_default().push(path.clone());
                    let fields = at.entry(anchor).or_default();
                    if !fields.iter().any(|known| known.name() == field.name()) {
                        fields.push(field.as_ref().clone().with_nullable(nullable).into());
                    }
                }
                Belongs::Shared => shared.entry(holder.clone()).or_default().push(NewOf { holder, field }),
            }
        }
        for (anchor, fields) in at {
            self.add_at(&anchor, &fields, &paths);
        }
        // Structs that get the same fields get one type.
        let mut extended: Vec<(String, Vec<FieldRef>, String)> = Vec::new();
        for (holder, fields) in shared {
            self.extend(&holder, &fields, &added, &mut extended);
        }
    }

    fn add_at(&mut self, anchor: &Anchor, fields: &[FieldRef], paths: &BTreeMap<(Anchor, String), Vec<Path>>) {
        let sources = self.refresh.sources;
        let in_text = !anchor.site.inside.is_empty();
        let holder = if in_text { New::Child } else { New::Field };
        let places: Vec<(FieldRef, Path)> = fields
            .iter()
            .map(|field| {
                let paths = paths.get(&(anchor.clone(), field.name().clone()));
                (FieldRef::clone(field), paths.and_then(|paths| paths.first()).cloned().unwrap_or_default())
            })
            .collect();
        let new = self.written(&places, holder);
        let file = anchor.site.origin.file.as_str();
        let spot = anchor.site.spot(sources);
        let edits = if in_text {
            let text = anchor.site.type_text(sources);
            text.map_or_else(Vec::new, |TypeText { written, expr }| {
                let found = member(&expr, &anchor.site.inside);
                found.map_or_else(Vec::new, |(parent, number)| {
                    Inside { written, parent, number }.add(anchor.behind, &new)
                })
            })
        } else {
            spot.map_or_else(Vec::new, |spot| add_entries(spot, anchor.behind, &new))
        };
        self.plan.edit(file, edits);
        let others = self.others(&anchor.site);
        for (field, _) in &places {
            let all = paths.get(&(anchor.clone(), field.name().clone())).map_or(&[][..], Vec::as_slice);
            for path in all {
                self.plan.changes.push(Change {
                    path: path.to_string(),
                    what: format!("added: {}{}", described(field), also(&others)),
                    place: Some(anchor.site.origin.clone()),
                    is_asked: !others.is_empty(),
                    stuck: None,
                });
            }
        }
        self.plan.others.extend(others);
    }

    /// Gives the struct at `holder` a type of its own, which extends the one that it shares with structs without the new fields.
    fn extend(
        &mut self,
        holder: &Path,
        fields: &[NewOf<'_>],
        added: &Added<'_>,
        extended: &mut Vec<(String, Vec<FieldRef>, String)>,
    ) {
        let Refresh { sources, dataset, existing, .. } = *self.refresh;
        let site = site(dataset, holder).filter(|_| !holder.is_empty());
        let found = site.as_ref().and_then(|site| {
            let text = site.type_text(sources)?;
            let place = own_type(&text.expr, site)?;
            Some((site, text.written, place))
        });
        let new: Vec<FieldRef> = fields.iter().map(|new| FieldRef::clone(new.field)).collect();
        let stuck = match &found {
            None => Some("the struct has no named type of its own".to_owned()),
            Some(_) if !existing.not_included(["types"]).is_empty() => {
                Some("it needs a new type, and the catalog does not include the folder `types`".to_owned())
            }
            Some((site, ..)) => {
                let lacking =
                    self.sites.fields(site).iter().find(|(name, path)| {
                        *name != dataset.name || !new.iter().all(|field| added.is_there(path, field))
                    });
                lacking.map(|(name, path)| {
                    let of = if *name == dataset.name { String::new() } else { format!(" of the dataset `{name}`") };
                    format!("its type is written once for `{path}`{of} too, which lacks the field")
                })
            }
        };
        let mut place = site.as_ref().map(|site| site.origin.clone());
        let mut note = String::new();
        if let (None, Some((site, written, (start, end, base)))) = (&stuck, &found) {
            let known =
                extended.iter().find(|(of, fields, _)| of == base && *fields == new).map(|(.., name)| name.clone());
            let name = known.unwrap_or_else(|| {
                let wanted = [
                    singular(holder.leaf()),
                    format!("{}_{base}", singular(holder.parent().unwrap_or_default().leaf())),
                ];
                let wanted: Vec<String> =
                    wanted.iter().map(|name| type_word(name)).filter(|name| name != "unnamed").collect();
                let name = self.names.take(wanted.iter().map(String::as_str));
                let places: Vec<(FieldRef, Path)> =
                    fields.iter().map(|new| (FieldRef::clone(new.field), new.holder.join(new.field.name()))).collect();
                let written = self.written(&places, New::Field);
                let text = document::extending(&name, base, &written.iter().map(NewField::entry).collect::<Vec<_>>());
                self.create(&name, text);
                extended.push((base.clone(), new.clone(), name.clone()));
                name
            });
            self.plan.edit(&site.origin.file, vec![Inside::replace(*written, *start, *end, &name)]);
            note = format!(", in the new type `{name}`, which extends `{base}`");
            place = Some(site.origin.clone());
        }
        for field in &new {
            self.plan.changes.push(Change {
                path: holder.join(field.name()).to_string(),
                what: format!("added: {}{note}", described(field)),
                place: place.clone(),
                is_asked: stuck.is_some(),
                stuck: stuck.clone(),
            });
        }
    }

    /// Takes out what no file has.
    fn remove(&mut self, differences: &[Difference]) {
        let gone: BTreeSet<&Path> =
            differences.iter().filter(|one| one.kind == Kind::Removed).map(|one| &one.path).collect();
        for path in &gone {
            let Some(site) = site(self.refresh.dataset, path) else { continue };
            let stuck = self.elsewhere(&site, |other| gone.contains(other), "has it");
            let others = self.others(&site);
            if stuck.is_none() {
                let sources = self.refresh.sources;
                let edits = if site.inside.is_empty() {
                    site.spot(sources).map(remove_entry)
                } else {
                    site.type_text(sources).and_then(|TypeText { written, expr }| {
                        let (parent, number) = member(&expr, &site.inside)?;
                        Some(Inside { written, parent, number }.remove())
                    })
                };
                self.plan.edit(&site.origin.file, edits.unwrap_or_default());
            }
            self.changed(path, format!("removed, since no file has it{}", also(&others)), &site, stuck);
            self.plan.others.extend(others);
        }
    }

    /// Gives fields the types that files have.
    fn retype(&mut self, differences: &[Difference]) {
        let retyped: BTreeMap<&Path, (&FieldRef, &FieldRef)> = differences
            .iter()
            .filter_map(|one| match &one.kind {
                Kind::Retyped { declared, found } => Some((&one.path, (declared, found))),
                _ => None,
            })
            .collect();
        for (path, (declared, found)) in &retyped {
            let Some(site) = site(self.refresh.dataset, path) else { continue };
            let same = |other: &Path| retyped.get(other).is_some_and(|(_, also)| also.data_type() == found.data_type());
            let stuck = self.elsewhere(&site, same, "keeps its type");
            let others = self.others(&site);
            if stuck.is_none() {
                let holder = if site.inside.is_empty() { New::Field } else { New::Child };
                let field = found.as_ref().clone().with_nullable(declared.is_nullable());
                let new = self.written(&[(field.into(), (*path).clone())], holder);
                let sources = self.refresh.sources;
                let edits = site.type_text(sources).zip(new.first()).map(|(TypeText { written, expr }, new)| {
                    if site.inside.is_empty() {
                        let in_braces = site.spot(sources).is_some_and(|spot| spot.mapping.is_in_brackets());
                        let in_braces = in_braces || self.refresh.is_in_braces(&site);
                        replace(written, &new.data_type, if in_braces { Place::Flow } else { Place::Block })
                    } else {
                        member(&expr, &site.inside).map_or_else(Vec::new, |(parent, number)| {
                            Inside { written, parent, number }.retype(&new.data_type, !declared.is_nullable())
                        })
                    }
                });
                self.plan.edit(&site.origin.file, edits.unwrap_or_default());
            }
            let what = format!(
                "{} instead of {}{}",
                spelling::short(found.data_type()),
                spelling::short(declared.data_type()),
                also(&others)
            );
            self.changed(path, what, &site, stuck);
            self.plan.others.extend(others);
        }
    }

    fn changed(&mut self, path: &Path, what: String, site: &Site, stuck: Option<String>) {
        let place = Some(site.origin.clone());
        self.plan.changes.push(Change { path: path.to_string(), what, place, is_asked: true, stuck });
    }

    /// Why the field at `site` cannot change: another field of the dataset is written there, and does not change.
    fn elsewhere(&self, site: &Site, changes: impl Fn(&Path) -> bool, why: &str) -> Option<String> {
        let own = self.sites.fields(site).iter().filter(|(name, _)| *name == self.refresh.dataset.name);
        let other = own.map(|(_, path)| path).find(|path| !changes(path))?;
        Some(format!("it is written once for `{other}` too, which {why}"))
    }

    /// Other datasets that have a field written at `site`.
    fn others(&self, site: &Site) -> BTreeSet<String> {
        let names = self.sites.fields(site).iter().map(|(name, _)| name);
        names.filter(|name| **name != self.refresh.dataset.name).cloned().collect()
    }

    /// Fields as they are written. Structs without a name get one.
    fn written(&mut self, fields: &[(FieldRef, Path)], holder: New) -> Vec<NewField> {
        let known = self.refresh.known();
        let may_name = self.refresh.existing.not_included(["types"]).is_empty();
        let types = NamedTypes::beside(&known, fields, holder, may_name, &mut self.names);
        for (name, text) in document::type_texts(&types, known.len()) {
            self.create(&name, text);
        }
        let written = |(field, _): &(FieldRef, Path)| NewField {
            name: field.name().clone(),
            data_type: types.text(field),
            not_null: !field.is_nullable(),
            metadata: types.own_metadata(field).into_iter().collect(),
        };
        fields.iter().map(written).collect()
    }

    fn create(&mut self, name: &str, text: String) {
        let taken = self
            .refresh
            .existing
            .files
            .iter()
            .cloned()
            .chain(self.plan.created.keys().map(|path| path.trim_end_matches(".yaml").to_owned()));
        let path = Names::taken(taken).take([format!("types/{name}").as_str()]);
        self.plan.created.insert(format!("{path}.yaml"), text);
    }
}

impl Refresh<'_> {
    /// Whether the type at `site` stands inside braces.
    fn is_in_braces(&self, site: &Site) -> bool {
        let entry = site.spot(self.sources).and_then(cstspec_spec::layout::Spot::entry);
        entry.is_some_and(|entry| entry.value().is_in_brackets())
    }
}

/// Where `text`, the type of the field at `site`, has the name of its struct: from which byte to which, and the name.
fn own_type(expr: &TypeExpr, site: &Site) -> Option<(usize, usize, String)> {
    let own = if site.inside.is_empty() {
        named(expr)?
    } else {
        let (parent, number) = member(expr, &site.inside)?;
        named(&parent.children.get(number)?.ty)?
    };
    Some((own.start, own.end, own.name.clone()))
}

/// A field as a person reads it.
fn described(field: &FieldRef) -> String {
    let mut text = spelling::short(field.data_type());
    if !field.is_nullable() {
        text.push_str(", NOT NULL");
    }
    text
}

fn also(others: &BTreeSet<String>) -> String {
    let mut text = String::new();
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(text, ", which changes {} too", names.join(", "));
    }
    text
}
