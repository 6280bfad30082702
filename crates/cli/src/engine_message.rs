//! Messages of the engine, without the parts that are for its own developers.

use cstspec_runtime::RuntimeError;
use datafusion::error::DataFusionError;

/// A sentence about a query.
#[derive(Debug, PartialEq, Eq)]
pub struct EngineMessage {
    /// The mistake.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
    /// The name in the query that is at fault, where one is known.
    pub name: Option<String>,
}

/// A message of the parser, reworded.
pub fn syntax(text: &str) -> EngineMessage {
    let text = lower(text.trim());
    let Some(rest) = text.strip_prefix("expected: ") else {
        return EngineMessage { message: text, help: None, name: None };
    };
    let message = match rest.rsplit_once(", found: ") {
        Some((expected, "EOF")) => format!("expected {}, found the end of the query", expected.trim()),
        Some((expected, found)) => match found.split_once(" at Line: ") {
            Some(("EOF", place)) => {
                format!("expected {}, found the end of the query at Line: {place}", expected.trim())
            }
            Some((found, place)) => format!("expected {}, found `{found}` at Line: {place}", expected.trim()),
            None => format!("expected {}, found `{found}`", expected.trim()),
        },
        None => format!("expected {rest}"),
    };
    EngineMessage { message, help: None, name: None }
}

/// A message of the engine, reworded as a sentence.
pub fn reword(text: &str) -> EngineMessage {
    signature(text).or_else(|| ungrouped(text)).unwrap_or_else(|| EngineMessage {
        message: plain(text),
        help: None,
        name: None,
    })
}

/// A call that fits no signature of a function.
fn signature(text: &str) -> Option<EngineMessage> {
    let (_, rest) = text.split_once("No function matches the given name and argument types '")?;
    let (call, rest) = rest.split_once('\'')?;
    let name = call.split('(').next().unwrap_or(call).to_owned();
    let candidates: Vec<&str> = rest.lines().map(str::trim).filter(|line| line.starts_with(&*name)).take(3).collect();
    let help = (!candidates.is_empty()).then(|| format!("it accepts {}", candidates.join(", or ")));
    Some(EngineMessage { message: format!("no signature of `{name}` matches the call {call}"), help, name: Some(name) })
}

/// A column beside aggregates that is not grouped by.
fn ungrouped(text: &str) -> Option<EngineMessage> {
    let (_, rest) = text.split_once("column \"")?;
    let (column, _) = rest.split_once("\" must appear in the GROUP BY clause")?;
    let name = column.rsplit('.').next().unwrap_or(column).to_owned();
    let message = format!("`{column}` is neither in GROUP BY nor in an aggregate function");
    Some(EngineMessage {
        message,
        help: Some("add it to GROUP BY, or aggregate it, as with min(...)".to_owned()),
        name: Some(name),
    })
}

/// `text` without the engine's layers, its requests for bug reports, and the insides of its parser.
fn plain(text: &str) -> String {
    let text = text.split("This issue was likely caused by a bug").next().unwrap_or(text);
    // The last cause is what happened; what is before it is where.
    let text = text.rsplit("caused by").next().unwrap_or(text).trim();
    let text = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let text = short(&text);
    let mut text = text.as_str();
    for layer in [
        "Internal error: ",
        "This feature is not implemented: ",
        "this feature is not implemented: ",
        "internal error: ",
        "Error during planning: ",
        "Execution error: ",
        "Arrow error: ",
        "External error: ",
        "Parser error: ",
        "parser error: ",
        "Cast error: ",
        "Schema error: ",
    ] {
        text = text.strip_prefix(layer).unwrap_or(text);
    }
    let inside = ["Ident {", "Identifier(", "ObjectName(", "Span(", "Location(", " { "]
        .into_iter()
        .filter_map(|sign| text.find(sign))
        .min();
    let Some(inside) = inside else { return lower(text) };
    let mut words: Vec<&str> = text[..inside].split_whitespace().collect();
    // What is left of a name of the parser's: `Pivot` of `ast node Pivot { table: ...`.
    if words.len() > 1 && words.last().is_some_and(|word| word.ends_with(['(', '[', '{', ':'])) {
        words.pop();
    }
    let text = words.join(" ").replace("nsupported ast node", "nsupported syntax:");
    let text = text.replace("Unsupported", "not supported").replace("unsupported", "not supported");
    lower(text.trim_end_matches([':', ',', '(', ' ']))
}

/// `text` without the fields of the structs in it: a relation has many.
fn short(text: &str) -> String {
    const STRUCT: &str = "Struct(";
    let mut short = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(STRUCT) {
        let (before, inside) = rest.split_at(at + STRUCT.len());
        short.push_str(before);
        let mut open = 1_usize;
        let end = inside.char_indices().find_map(|(at, letter)| {
            match letter {
                '(' => open += 1,
                ')' => open -= 1,
                _ => {}
            }
            (open == 0).then_some(at)
        });
        let Some(end) = end else { return short + inside };
        short.push_str("...");
        rest = &inside[end..];
    }
    short + rest
}

/// The root cause of an engine error, without its layers and without a backtrace.
pub fn sentence(error: &DataFusionError) -> String {
    if let Some(own) = RuntimeError::inside(error) {
        return own.to_string();
    }
    let text = error.strip_backtrace();
    let mut text = text.trim();
    // The engine stacks the names of its layers before what it says.
    for layer in [
        "SQL error: ",
        "Error during planning: ",
        "Execution error: ",
        "Arrow error: ",
        "Parquet error: ",
        "External error: ",
        "Schema error: ",
        "Optimizer rule failed: ",
    ] {
        text = text.strip_prefix(layer).unwrap_or(text);
    }
    let text = text.strip_prefix("ParserError(\"").and_then(|rest| rest.strip_suffix("\")")).unwrap_or(text);
    lower(text)
}

/// `text` as a fragment: in lower case, but for a name or an abbreviation at its beginning.
pub fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let second_is_small = text.chars().nth(1).is_some_and(|second| second.is_lowercase() || second == '\'');
    match letters.next() {
        Some(first) if second_is_small => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parser_messages_understood() {
        let message = |text| syntax(text).message;
        assert_eq!(
            message("Expected: an expression, found: EOF"),
            "expected an expression, found the end of the query"
        );
        assert_eq!(
            message("Expected: end of statement, found: x at Line: 1, Column: 2"),
            "expected end of statement, found `x` at Line: 1, Column: 2"
        );
    }

    /// Nothing of the parser is shown.
    #[test]
    fn parser_messages_hidden() {
        let leaked = r#"This feature is not implemented: Unsupported ast node Pivot { table: Table { name: ObjectName([Identifier(Ident { value: "x" })])"#;
        assert_eq!(reword(leaked).message, "not supported syntax: Pivot");
        assert_eq!(
            reword("type_coercion\ncaused by\nError during planning: There is no type").message,
            "there is no type"
        );
        let bug = "internal error: Failed to coerce.\nThis issue was likely caused by a bug in DataFusion's code. Please help us";
        assert_eq!(reword(bug).message, "failed to coerce.");
        let cast = r#"Unsupported CAST from List(Struct("a": Utf8, "b": Map("c": Struct("d": Utf8)))) to Int32"#;
        assert_eq!(reword(cast).message, "unsupported CAST from List(Struct(...)) to Int32");
        assert_eq!(reword("x Struct( is open").message, "x Struct( is open");
    }

    /// A call that fits nothing is reported what fits.
    #[test]
    fn call_misfit_lists_signatures() {
        let text = "'abs' fails. No function matches the given name and argument types 'abs(Utf8)'. You might need\n\tCandidate functions:\n\tabs(Numeric(1))";
        let reworded = reword(text);
        assert_eq!(reworded.message, "no signature of `abs` matches the call abs(Utf8)");
        assert_eq!(reworded.help.as_deref(), Some("it accepts abs(Numeric(1))"));
    }

    #[test]
    fn error_layers_removed() {
        let error = DataFusionError::Plan("table 'x' not found".to_owned());
        assert_eq!(sentence(&error), "table 'x' not found");
    }
}
