//! A query that is refused: in the words of the field, with its place in the text and what to do.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use cstspec_contract::text::{first_names, printable, printable_lines};
use cstspec_contract::{Catalog, did_you_mean};
use cstspec_runtime::Registered;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::engine_message::{self, EngineMessage, sentence};
use crate::paint::Paint;
use crate::suggestion;

/// A longer line of a query, in bytes, is named and not shown.
const LONGEST_LINE: usize = 4_000;
/// More names than this are not listed.
const MOST_NAMES: usize = 12;

/// A query that the engine does not take.
#[derive(Debug)]
pub struct QueryError {
    /// The mistake.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
    place: Option<SqlPlace>,
}

/// Where in a query something is wrong.
#[derive(Debug, PartialEq, Eq)]
struct SqlPlace {
    /// The line, from 1, and its text.
    line: usize,
    text: String,
    /// Where it begins in that line, and where it ends, in characters from 0.
    begin: usize,
    end: usize,
}

/// The session of a query, for the help of its errors.
pub struct QueryContext<'a> {
    /// Its text.
    pub sql: &'a str,
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The registered part of it.
    pub registered: &'a Registered,
    /// The session.
    pub context: &'a SessionContext,
}

impl QueryError {
    /// The error of a query, from the engine's `error`.
    pub fn new(query: &QueryContext<'_>, error: &DataFusionError) -> Self {
        let EngineMessage { message, help, name } = query.message(error);
        let (message, in_text) = without_place(&message);
        let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
        let place = in_text.or_else(|| span.map(|span| (span.start.line, span.start.column)));
        let place = match place {
            Some((line, column)) => SqlPlace::at(query.sql, line, column),
            None => name.and_then(|name| SqlPlace::of(query.sql, &name)),
        };
        let place =
            place.or_else(|| message.contains("the end of the query").then(|| SqlPlace::end(query.sql)).flatten());
        Self { message, help, place }
    }

    /// As it is shown to people.
    pub fn render(&self, paint: Paint, width: Option<usize>) -> String {
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Colored => Renderer::styled(),
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.unwrap_or(120));
        let mut elements: Vec<Element<'_>> = Vec::new();
        if let Some(place) = &self.place {
            elements.push(place.quoted());
        }
        if let Some(help) = &self.help {
            elements.push(Level::HELP.message(printable_lines(help)).into());
        }
        let title = Level::ERROR.primary_title(printable_lines(&self.message));
        renderer.render(&[title.elements(elements)]) + "\n"
    }
}

impl SqlPlace {
    /// The word, or else the sign, at a line and a column, each from 1.
    fn at(sql: &str, line: u64, column: u64) -> Option<Self> {
        let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
        let text = sql.lines().nth(line.checked_sub(1)?)?;
        let begin = column.checked_sub(1)?.min(text.chars().count());
        let rest = || text.chars().skip(begin);
        let word = rest().take_while(|letter| letter.is_alphanumeric() || *letter == '_').count();
        Some(Self { line, text: text.to_owned(), begin, end: begin + word.max(1) })
    }

    /// The first place of a name.
    fn of(sql: &str, name: &str) -> Option<Self> {
        let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().ok()?;
        let found = tokens.iter().find(|token| match &token.token {
            Token::Word(word) => word.value.eq_ignore_ascii_case(name),
            Token::SingleQuotedString(text) => text == name,
            _ => false,
        })?;
        let (start, end) = (found.span.start, found.span.end);
        let mut place = Self::at(sql, start.line, start.column)?;
        if end.line == start.line {
            place.end = usize::try_from(end.column).ok()?.saturating_sub(1).max(place.begin + 1);
        }
        Some(place)
    }

    /// The end of a query.
    fn end(sql: &str) -> Option<Self> {
        let text = sql.trim_end();
        let line = text.lines().count();
        let last = text.lines().last()?;
        Self::at(text, line as u64, last.chars().count() as u64 + 1)
    }

    fn quoted(&self) -> Element<'_> {
        let shown = self.text.len() <= LONGEST_LINE && printable(&self.text) == self.text;
        if !shown {
            return Origin::path("query").line(self.line).char_column(self.begin + 1).into();
        }
        let byte = |index: usize| self.text.char_indices().nth(index).map_or(self.text.len(), |(at, _)| at);
        let span = byte(self.begin)..byte(self.end).max(byte(self.begin));
        let mark = AnnotationKind::Primary.span(span);
        Snippet::source(self.text.as_str()).line_start(self.line).path("query").annotation(mark).into()
    }
}

/// A message of the parser without its position, and the position: line and column, each from 1.
fn without_place(message: &str) -> (String, Option<(u64, u64)>) {
    let Some((before, rest)) = message.split_once(" at Line: ") else { return (message.to_owned(), None) };
    let Some((line, column)) = rest.split_once(", Column: ") else { return (message.to_owned(), None) };
    let digits = column.len() - column.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let place = line.parse().ok().zip(column[..digits].parse().ok());
    (format!("{}{}", before.trim_end_matches('.'), &column[digits..]), place)
}

impl QueryContext<'_> {
    fn message(&self, error: &DataFusionError) -> EngineMessage {
        match error.find_root() {
            DataFusionError::SchemaError(error, _) => Self::schema(error),
            DataFusionError::SQL(error, _) => parser(error),
            _ => {
                let text = sentence(error);
                self.missing(&text)
                    .or_else(|| self.field(&text))
                    .or_else(|| self.function(&text))
                    .unwrap_or_else(|| engine_message::reword(&text))
            }
        }
    }

    /// A column that is not there, or twice.
    fn schema(error: &SchemaError) -> EngineMessage {
        match error {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let mut known: Vec<&str> = valid_fields.iter().map(|column| column.name.as_str()).collect();
                known.dedup();
                let name = field.name.as_str();
                let message = match &field.relation {
                    Some(relation) => format!("there is no column `{name}` of `{relation}`"),
                    None => format!("there is no column `{name}`"),
                };
                let elsewhere =
                    valid_fields.iter().find(|column| column.name == name).and_then(|column| column.relation.as_ref());
                let help = match (elsewhere, did_you_mean(name, known.iter().copied())) {
                    (Some(relation), _) => Some(format!("`{}` has a column of this name", relation.table())),
                    (None, Some(hint)) => Some(hint),
                    (None, None) if known.is_empty() => Some("the query reads no relation with columns".to_owned()),
                    (None, None) => Some(format!("the columns are {}", first_names(&known, MOST_NAMES))),
                };
                EngineMessage { message, help, name: Some(name.to_owned()) }
            }
            SchemaError::AmbiguousReference { field } => {
                let name = field.name.clone();
                let help = Some(format!("qualify it with its relation, as in `a.{name}`"));
                EngineMessage {
                    message: format!("ambiguous column `{name}`: more than one relation has it"),
                    help,
                    name: Some(name),
                }
            }
            SchemaError::DuplicateQualifiedField { qualifier, name } => {
                let message = format!("`{}` is used twice, each with a column `{name}`", qualifier.table());
                let help = Some("give one of them another name with AS".to_owned());
                EngineMessage { message, help, name: Some(qualifier.table().to_owned()) }
            }
            SchemaError::DuplicateUnqualifiedField { name } => {
                let help = Some("give one of them another name with AS".to_owned());
                EngineMessage { message: format!("two columns have the name `{name}`"), help, name: Some(name.clone()) }
            }
        }
    }

    /// A relation that is not there.
    fn missing(&self, text: &str) -> Option<EngineMessage> {
        let (_, rest) = text.split_once("table '")?;
        let (name, _) = rest.split_once("' not found")?;
        let name = name.strip_prefix("datafusion.").map_or(name, |name| name.strip_prefix("public.").unwrap_or(name));
        if let Some(left_out) = self.registered.refused.iter().find(|refused| refused.name == name) {
            let help = format!("`cstspec verify` has the finding of `{name}`");
            let EngineMessage { message: why, .. } = self.message(&left_out.error);
            let message = format!("the view `{name}` is not registered, because its query cannot be planned: {why}");
            return Some(EngineMessage { message, help: Some(help), name: Some(name.to_owned()) });
        }
        let known: Vec<&str> = self.catalog.relations().map(|relation| relation.name()).collect();
        let last = name.rsplit('.').next().unwrap_or(name);
        let help = suggestion::help(last, known, "SHOW TABLES lists the relations");
        Some(EngineMessage {
            message: format!("there is no relation `{name}`"),
            help: Some(help),
            name: Some(last.to_owned()),
        })
    }

    /// A field of what has none: the elements of a list have fields, and a row view may have them as columns.
    fn field(&self, text: &str) -> Option<EngineMessage> {
        if let Some(name) = text.strip_prefix("field ").and_then(|rest| rest.strip_suffix(" not found in struct")) {
            let help = Some("`cstspec describe` lists the fields".to_owned());
            return Some(EngineMessage {
                message: format!("there is no field `{name}`"),
                help,
                name: Some(name.to_owned()),
            });
        }
        let (_, found) = text.split_once("ccess field at argument 1: type ")?;
        let found = found.strip_suffix(" is not Struct, Map, or Null").unwrap_or(found);
        let kind = found.split(['(', ' ']).next().unwrap_or(found);
        let listed = kind.ends_with("List") || kind.ends_with("ListView");
        let column = self.accessed(listed);
        let shown = column.as_ref().map_or_else(|| "this".to_owned(), |column| format!("`{column}`"));
        if !listed {
            let message = format!("{shown} has the type {kind}, which has no fields");
            return Some(EngineMessage { message, help: None, name: column });
        }
        let views = self.catalog.views.iter().filter(|view| match &view.body {
            cstspec_contract::ViewBody::Rows { unnest, .. } => {
                column.as_ref().is_some_and(|column| unnest.leaf() == column)
            }
            _ => false,
        });
        let views: Vec<&str> = views.map(|view| view.name.as_str()).take(3).collect();
        let message = match (&*views, found.contains("Struct")) {
            ([], true) => format!("{shown} is a list: the fields belong to its elements"),
            ([], false) => format!("{shown} is a list and has no fields"),
            ([view], _) => format!("{shown} is a list; query its elements in `{view}`"),
            (views, _) => format!("{shown} is a list; query its elements in {}", quoted(views)),
        };
        let help = views.is_empty().then(|| "unnest it, or take one element as in `x[1]`".to_owned());
        Some(EngineMessage { message, help, name: column })
    }

    /// The column before the first field access in the query: one of a list where `listed` says so.
    fn accessed(&self, listed: bool) -> Option<String> {
        use arrow::datatypes::DataType;
        let tokens = Tokenizer::new(&GenericDialect {}, self.sql).tokenize().ok()?;
        let columns: Vec<_> =
            self.catalog.relations().flat_map(|relation| relation.schema().fields().to_vec()).collect();
        let is_list = |data_type: &DataType| cstspec_contract::list_child(data_type).is_some();
        tokens.windows(2).find_map(|pair| match pair {
            [Token::Word(word), Token::Period | Token::LBracket] => {
                let mut of = columns.iter().filter(|column| column.name() == &word.value);
                let fits = of.any(|column| is_list(column.data_type()) == listed);
                fits.then(|| word.value.clone())
            }
            _ => None,
        })
    }

    /// A function that is not there.
    fn function(&self, text: &str) -> Option<EngineMessage> {
        let (_, rest) = text.split_once("nvalid function '")?;
        let (name, _) = rest.split_once('\'')?;
        let state = self.context.state();
        let message = format!("there is no function `{name}`");
        if state.window_functions().contains_key(name) {
            let help = Some(format!("it is a window function: write `{name}() OVER (...)`"));
            return Some(EngineMessage {
                message: format!("`{name}` requires a window"),
                help,
                name: Some(name.to_owned()),
            });
        }
        let known: Vec<String> = state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys())
            .cloned()
            .collect();
        let help = did_you_mean(name, known.iter().map(String::as_str));
        Some(EngineMessage { message, help, name: Some(name.to_owned()) })
    }
}

fn parser(error: &ParserError) -> EngineMessage {
    match error {
        ParserError::RecursionLimitExceeded => EngineMessage {
            message: "the query nests too deeply for the parser".to_owned(),
            help: Some("move nested queries and CASE expressions into WITH, and remove redundant brackets".to_owned()),
            name: None,
        },
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => engine_message::syntax(text),
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place is taken out of what the parser says.
    #[test]
    fn place_taken_from_parser_message() {
        let text = "expected: end of statement, found: FORM at Line: 2, Column: 10";
        assert_eq!(without_place(text), ("expected: end of statement, found: FORM".to_owned(), Some((2, 10))));
        assert_eq!(without_place("nothing"), ("nothing".to_owned(), None));
    }

    /// Places are counted in characters.
    #[test]
    fn places_in_characters() {
        let place = SqlPlace::at("SELECT\n  'é' || nosuch", 2, 10).unwrap();
        assert_eq!((place.line, place.begin, place.end), (2, 9, 15));
        assert_eq!(SqlPlace::of("SELECT 'é' || nosuch", "NOSUCH").unwrap().begin, 14);
        assert_eq!(SqlPlace::of("SELECT 1", "x"), None);
        assert_eq!(SqlPlace::end("SELECT 1 +\n").unwrap().begin, 10);
        assert_eq!(SqlPlace::end(""), None);
        assert_eq!(SqlPlace::at("SELECT", 9, 9), None);
    }
}
