//! Columns with the index of an element in its list.

use arrow_schema::DataType;
use cstspec_contract::{Column, ColumnSource, Finding, Origin, Path, types};

use super::report::one_of;
use super::row_columns::Building;
use super::row_query::Output;
use crate::model::{RowsSpec, WordOr};
use crate::rules;

impl Building<'_, '_, '_> {
    /// Adds the columns that `rows.position` declares, those of outer lists first.
    pub fn positions(&mut self, rows: &RowsSpec) {
        let origin = self.root.join("rows.position");
        let mut columns: Vec<(usize, String, Origin)> = Vec::new();
        match &rows.position {
            None => {}
            Some(WordOr::Word(name)) => columns.push((self.levels.len() - 1, name.clone(), origin)),
            Some(WordOr::Mapping(paths)) => {
                for (text, names) in paths {
                    let place = origin.join(text);
                    let names = names.choices();
                    match self.levels_at(text, names.len(), &place) {
                        Some(levels) => columns.extend(
                            levels.into_iter().zip(names).map(|(level, name)| (level, name.clone(), place.clone())),
                        ),
                        None => self.sound = false,
                    }
                }
            }
        }
        columns.sort_by_key(|(level, ..)| *level);
        for (level, name, origin) in columns {
            let list = &self.levels[level].list;
            let what = if self.levels[level].is_map { "entry" } else { "element" };
            let doc = format!("The index of the {what} in `{list}`, from 0.");
            let column = Column { field: types::required(&name, DataType::Int64), doc, origin };
            self.outputs.push(Output {
                column,
                source: ColumnSource::Position(level),
                full_path: None,
                not_null: false,
            });
        }
    }

    /// The levels that the path `text` is of, if they are `count`.
    fn levels_at(&mut self, text: &str, count: usize, place: &Origin) -> Option<Vec<usize>> {
        let path = self.report.key_path(place, text)?;
        let at = |wanted: &Path| {
            let levels = self.levels.iter().enumerate().filter(|(_, level)| level.list == *wanted);
            levels.map(|(number, _)| number).collect::<Vec<usize>>()
        };
        let levels = at(&path);
        let view = self.document.spec.view.as_str();
        if levels.is_empty() {
            let mut known: Vec<String> = self.levels.iter().map(|level| level.list.to_string()).collect();
            known.dedup();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let advice =
                self.report.advise(text, known.iter().copied(), "name a list on the way, by its path from the row");
            let finding = Finding::new(&rules::UNKNOWN_COLUMN, format!("`{path}` is not a list that the view unnests"))
                .differing(one_of(&known), format!("`{path}`"))
                .remedy(advice)
                .relation(view);
            self.report.key(place, finding);
            return None;
        }
        if levels.len() != count {
            let names = |count: usize| if count == 1 { "one name".to_owned() } else { format!("{count} names") };
            let finding = Finding::new(&rules::VIEW_SHAPE, format!("positions of `{path}` with {}", names(count)))
                .differing(
                    format!("{}, as the path is that of {}", names(levels.len()), lists(levels.len())),
                    names(count),
                )
                .remedy("name the position in each list, the outermost first")
                .relation(view);
            self.report.value(place, finding);
            return None;
        }
        Some(levels)
    }
}

fn lists(count: usize) -> String {
    if count == 1 { "one list".to_owned() } else { format!("{count} lists in one another") }
}
