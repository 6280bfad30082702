//! Signatures of functions as specs write them: `map_extract(map<K, V>, K) -> list<V>`.
//!
//! ```text
//! signature = name "(" [ parameter { "," parameter } ] ")" "->" ( pattern | "?" )
//! parameter = pattern [ "?" ]               "?": may be left out, with those after it
//!           | pattern "..."                 any number of further arguments, none too
//!           | "(" pattern { "," pattern } ")" "..."      any number of further groups
//!           | "..."                         any number of further arguments like the one before
//! pattern   = alternative { "|" alternative }
//! alternative = "any" | "integer" | "numeric" | "string" | "struct" | "map" | "list"      families
//!           | an upper-case word            a type variable
//!           | "list<" pattern ">" | "map<" pattern "," pattern ">" | "struct<" name ":" pattern { "," … } ">"
//!           | any other type
//! ```

use std::fmt;

use arrow_schema::DataType;
use cstspec_contract::{Family, NullRule, Parameter, Pattern, Signature, did_you_mean};

use crate::types::syntax::{Parser, SyntaxError};
use crate::types::{NamedTypes, Resolver, TypeError, primitive};

/// How deep patterns may nest.
const MAX_DEPTH: usize = 32;

/// The shape of a signature, for help lines.
const FORM: &str = "write it as `name(type, type) -> type`";

/// Why a text is no signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// The mistake, as a lowercase fragment.
    pub message: String,
    /// The remedy.
    pub help: String,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SignatureError {}

impl From<SyntaxError> for SignatureError {
    fn from(error: SyntaxError) -> Self {
        Self { offset: error.offset, message: error.message, help: FORM.to_owned() }
    }
}

/// Reads `text` as one signature: the function's name, and its form. Named types are looked up with `named`.
///
/// The rule of NULLs is the default; it is written beside the signature, not in it.
pub fn parse(text: &str, named: &dyn Fn(&str) -> Option<DataType>) -> Result<(String, Signature), SignatureError> {
    let mut reader = Reader { text, parser: Parser::new(text)?, named };
    let name = match reader.parser.word() {
        Some((name, _)) => name.to_owned(),
        None => return Err(reader.parser.fail::<()>("the name of a function").expect_err("fail fails").into()),
    };
    reader.parser.expect("(")?;
    let (parameters, rest) = reader.parameters()?;
    reader.parser.expect("->")?;
    let returns = if reader.parser.take("?") { Pattern::Dependent } else { reader.pattern(0)? };
    if !reader.parser.rest().is_empty() {
        return Err(reader.parser.fail::<()>("the end of the signature").expect_err("fail fails").into());
    }
    Ok((name, Signature { parameters, rest, returns, nulls: NullRule::default() }))
}

struct Reader<'a> {
    text: &'a str,
    parser: Parser<'a>,
    named: &'a dyn Fn(&str) -> Option<DataType>,
}

impl Reader<'_> {
    /// The parameters up to and with the closing bracket.
    fn parameters(&mut self) -> Result<(Vec<Parameter>, Option<Vec<Pattern>>), SignatureError> {
        let mut parameters: Vec<Parameter> = Vec::new();
        if self.parser.take(")") {
            return Ok((parameters, None));
        }
        let mut rest = None;
        loop {
            let offset = self.start();
            if rest.is_some() {
                return Err(error(offset, "a parameter after those that repeat", "put the repeated ones last"));
            }
            if self.parser.take("...") {
                let Some(last) = parameters.last() else {
                    return Err(error(offset, "`...` with nothing before it to repeat", "write `any...`"));
                };
                rest = Some(vec![last.pattern.clone()]);
            } else if self.parser.take("(") {
                rest = Some(self.group()?);
            } else {
                let pattern = self.pattern(0)?;
                if self.parser.take("...") {
                    rest = Some(vec![pattern]);
                } else {
                    let optional = self.parser.take("?");
                    if !optional && parameters.last().is_some_and(|parameter| parameter.optional) {
                        return Err(error(
                            offset,
                            "a required parameter after an optional one",
                            "mark it with `?` too",
                        ));
                    }
                    parameters.push(Parameter { pattern, optional });
                }
            }
            if !self.parser.take(",") {
                break;
            }
        }
        self.parser.expect(")")?;
        Ok((parameters, rest))
    }

    /// The patterns of a repeated group, after its opening bracket.
    fn group(&mut self) -> Result<Vec<Pattern>, SignatureError> {
        let mut group = vec![self.pattern(0)?];
        while self.parser.take(",") {
            group.push(self.pattern(0)?);
        }
        self.parser.expect(")")?;
        self.parser.expect("...")?;
        Ok(group)
    }

    fn pattern(&mut self, depth: usize) -> Result<Pattern, SignatureError> {
        if depth > MAX_DEPTH {
            return Err(error(self.start(), "too many types inside one another", FORM));
        }
        let first = self.alternative(depth)?;
        let mut alternatives = vec![first];
        while self.parser.take("|") {
            alternatives.push(self.alternative(depth)?);
        }
        Ok(match <[Pattern; 1]>::try_from(alternatives) {
            Ok([only]) => only,
            Err(several) => Pattern::OneOf(several),
        })
    }

    fn alternative(&mut self, depth: usize) -> Result<Pattern, SignatureError> {
        let before = self.parser.clone();
        let Some((word, _)) = self.parser.word() else {
            return Err(self.parser.fail::<()>("a type").expect_err("fail fails").into());
        };
        if word == "any" {
            return Ok(Pattern::Any);
        }
        if is_variable(word) {
            return Ok(Pattern::Variable(word.to_owned()));
        }
        if self.parser.rest().starts_with('<') {
            match word {
                "list" => {
                    self.parser.expect("<")?;
                    let item = self.pattern(depth + 1)?;
                    self.parser.expect(">")?;
                    return Ok(Pattern::List(Box::new(item)));
                }
                "map" => {
                    self.parser.expect("<")?;
                    let key = self.pattern(depth + 1)?;
                    self.parser.expect(",")?;
                    let value = self.pattern(depth + 1)?;
                    self.parser.expect(">")?;
                    return Ok(Pattern::Map(Box::new(key), Box::new(value)));
                }
                "struct" => return self.structure(depth),
                _ => {}
            }
        } else if let Some((_, family)) = Family::NAMES.iter().find(|(name, _)| *name == word) {
            return Ok(Pattern::Family(*family));
        }
        self.parser = before;
        self.exact()
    }

    fn structure(&mut self, depth: usize) -> Result<Pattern, SignatureError> {
        self.parser.expect("<")?;
        let mut fields = Vec::new();
        loop {
            let Some((name, _)) = self.parser.word() else {
                return Err(self.parser.fail::<()>("the name of a field").expect_err("fail fails").into());
            };
            let name = name.to_owned();
            self.parser.expect(":")?;
            let pattern = self.pattern(depth + 1)?;
            fields.push((name, pattern));
            if !self.parser.take(",") {
                break;
            }
        }
        self.parser.expect(">")?;
        Ok(Pattern::Struct(fields))
    }

    /// A type without variables.
    fn exact(&mut self) -> Result<Pattern, SignatureError> {
        let ty = self.parser.ty(0)?;
        if ty.children.is_empty() && ty.arguments.is_empty() {
            if let Some(data_type) = (self.named)(&ty.name) {
                return Ok(Pattern::Type(data_type));
            }
            if primitive::resolve(&ty).is_none() {
                let families = Family::NAMES.iter().map(|(name, _)| *name);
                let help =
                    did_you_mean(&ty.name, primitive::names().chain(families).chain(["any"])).unwrap_or_else(|| {
                        "use a type of Arrow, a named type, `any`, a family, or an upper-case variable".to_owned()
                    });
                return Err(error(ty.start, &format!("unknown type `{}`", ty.name), &help));
            }
        }
        let named = NamedTypes::default();
        let resolver = Resolver { named: &named };
        resolver.data_type(&self.text[ty.start..ty.end]).map(Pattern::Type).map_err(|problem| match problem {
            TypeError::Syntax(inner) => error(ty.start + inner.offset, &inner.message, FORM),
            TypeError::Unknown { name, offset, suggestion } => {
                let help = suggestion.unwrap_or_else(|| FORM.to_owned());
                error(ty.start + offset, &format!("unknown type `{name}`"), &help)
            }
            TypeError::Foreign { offset, message, meant } => {
                error(ty.start + offset, &message, &format!("write {meant}"))
            }
            TypeError::Arguments { name, offset, form, meant } => {
                let meant = meant.unwrap_or(form);
                error(ty.start + offset, &format!("`{name}` in another form"), &format!("write it as {meant}"))
            }
            _ => error(ty.start, &format!("a type that cannot be used here: `{}`", ty.name), FORM),
        })
    }

    fn start(&mut self) -> usize {
        self.parser.rest();
        self.parser.offset()
    }
}

/// Upper-case words are variables: `K`, `V`, `T1`.
fn is_variable(word: &str) -> bool {
    word.starts_with(|sign: char| sign.is_ascii_uppercase())
        && word.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit())
}

fn error(offset: usize, message: &str, help: &str) -> SignatureError {
    SignatureError { offset, message: message.to_owned(), help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Signature) {
        parse(text, &|name| (name == "span").then_some(DataType::Int32)).unwrap()
    }

    /// Signatures say again what they read.
    #[test]
    fn signatures_round_trip() {
        for text in [
            "map_extract(map<K, V>, K) -> list<V>",
            "map_entries(map<K, V>) -> list<struct<key: K, value: V>>",
            "arrow_cast(any, utf8) -> ?",
            "coalesce(T, T...) -> T",
            "get_field(struct | map, any...) -> ?",
            "now() -> timestamp(ns, UTC)",
        ] {
            let (name, signature) = read(text);
            assert_eq!(format!("{name}{signature}"), text);
        }
    }

    /// Repeated optional and named parameters are read.
    #[test]
    fn parameters_repeated_optional_named() {
        let (_, signature) = read("f(span, utf8?, int64?) -> dictionary<int32, utf8>");
        assert_eq!(signature.parameters[0].pattern, Pattern::Type(DataType::Int32));
        assert_eq!(signature.parameters.iter().filter(|parameter| parameter.optional).count(), 2);
        let (_, signature) = read("named_struct((utf8, any)...) -> ?");
        assert_eq!(signature.rest.unwrap().len(), 2);
        let (_, signature) = read("concat_ws(utf8, any, ...) -> utf8");
        assert_eq!((signature.parameters.len(), signature.rest), (2, Some(vec![Pattern::Any])));
    }

    #[test]
    fn mistakes_have_places() {
        for (text, offset) in [
            ("", 0),
            ("f", 1),
            ("f(utf9) -> utf8", 2),
            ("f(utf8) -> list<utf9>", 16),
            ("f(utf8...,  utf8) -> utf8", 12),
            ("f(utf8?, utf8) -> utf8", 9),
            ("f(...) -> utf8", 2),
            ("f(utf8) utf8", 8),
            ("f(utf8) -> utf8 extra", 16),
            ("f(timestamp(us, UTC) -> utf8", 21),
        ] {
            let error = parse(text, &|_| None).unwrap_err();
            assert_eq!(error.offset, offset, "{text}: {error}");
            assert!(!error.help.is_empty());
        }
        assert!(parse(&format!("f({}", "list<".repeat(10_000)), &|_| None).is_err());
    }
}
