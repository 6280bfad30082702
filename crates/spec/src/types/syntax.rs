//! The grammar of types: `utf8`, `list<cst_ref>`, `struct<a: int32 not null>`, `timestamp(us, UTC)`, `list<T> | map<K, V>`.

use std::fmt;

/// The longest text that is read as a type, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// How deep types may nest in one text.
const MAX_DEPTH: usize = 32;

/// A type as it was written, with names that may mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeExpr {
    /// Its name: a primitive, a constructor such as `list`, or a named type.
    pub name: String,
    /// The children, in angle brackets.
    pub children: Vec<Child>,
    /// The arguments, in round brackets.
    pub arguments: Vec<Argument>,
    /// Where the name starts, in bytes from the start of the text.
    pub start: usize,
    /// Where the whole ends.
    pub end: usize,
}

/// A type inside another: `T`, `name: T`, `T not null`, or the size of a fixed-size list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The field's name, in structs.
    pub name: Option<String>,
    /// Its type.
    pub ty: TypeExpr,
    /// `not null` follows.
    pub not_null: bool,
    /// Where it starts, at its name if it has one, in bytes from the start of the text.
    pub start: usize,
    /// Where it ends, with `not null`.
    pub end: usize,
}

/// A word or number in round brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its text.
    pub text: String,
    /// Where it starts.
    pub start: usize,
}

/// Why a text is no type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// The mistake.
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Reads `text` as one type.
pub fn parse(text: &str) -> Result<TypeExpr, SyntaxError> {
    let mut parser = Parser::new(text)?;
    let ty = parser.ty(0)?;
    parser.skip_blanks();
    if parser.at < text.len() {
        return parser.fail("the end of the type");
    }
    Ok(ty)
}

/// A cursor over a text of types. Signatures are read with it too.
#[derive(Clone, Debug)]
pub struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// A cursor at the start of `text`.
    pub fn new(text: &'a str) -> Result<Self, SyntaxError> {
        if text.len() > MAX_LENGTH {
            return Err(SyntaxError { offset: 0, message: format!("a type of more than {MAX_LENGTH} bytes") });
        }
        Ok(Self { text, at: 0 })
    }

    /// Where the cursor is, in bytes.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The text after the cursor, blanks skipped.
    pub fn rest(&mut self) -> &'a str {
        self.skip_blanks();
        &self.text[self.at..]
    }

    /// Reads `token` if it follows.
    pub fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Reads `token`, or says that it was expected.
    pub fn expect(&mut self, token: &str) -> Result<(), SyntaxError> {
        if self.take(token) { Ok(()) } else { self.fail(&format!("`{token}`")) }
    }

    /// Reads an identifier, if one follows.
    pub fn word(&mut self) -> Option<(&'a str, usize)> {
        let rest = self.rest();
        let length =
            rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        (length > 0).then(|| (&rest[..length], start))
    }

    /// Reads the name of a field, if one follows: a word, or anything in double quotes, with quotes inside doubled.
    fn name(&mut self) -> Result<Option<String>, SyntaxError> {
        if !self.take("\"") {
            return Ok(self.word().map(|(name, _)| name.to_owned()));
        }
        let mut name = String::new();
        loop {
            let Some((before, _)) = self.text[self.at..].split_once('"') else {
                let message = "a name in quotes is not closed".to_owned();
                return Err(SyntaxError { offset: self.text.len(), message });
            };
            name.push_str(before);
            self.at += before.len() + 1;
            if !self.text[self.at..].starts_with('"') {
                if name.is_empty() || name.chars().any(char::is_control) {
                    let message = "a name is empty or has control characters".to_owned();
                    return Err(SyntaxError { offset: self.at, message });
                }
                return Ok(Some(name));
            }
            name.push('"');
            self.at += 1;
        }
    }

    /// The error that `expected` should have followed.
    pub fn fail<T>(&mut self, expected: &str) -> Result<T, SyntaxError> {
        let rest = self.rest();
        let seen = rest.chars().next().map_or_else(|| "the text ends".to_owned(), |next| format!("`{next}` stands"));
        Err(SyntaxError { offset: self.at, message: format!("{seen} where {expected} belongs") })
    }

    /// Reads a type.
    pub fn ty(&mut self, depth: usize) -> Result<TypeExpr, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(SyntaxError {
                offset: self.at,
                message: format!("more than {MAX_DEPTH} types inside one another"),
            });
        }
        let Some((name, start)) = self.word() else { return self.fail("the name of a type") };
        let mut children = Vec::new();
        let mut arguments = Vec::new();
        if self.take("<") {
            loop {
                children.push(self.child(depth)?);
                if !self.take(",") {
                    break;
                }
            }
            self.expect(">")?;
        } else if self.take("(") {
            loop {
                arguments.push(self.argument()?);
                if !self.take(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        Ok(TypeExpr { name: name.to_owned(), children, arguments, start, end: self.at })
    }

    fn child(&mut self, depth: usize) -> Result<Child, SyntaxError> {
        self.skip_blanks();
        let before = self.clone();
        let start = self.at;
        let name = match self.name()? {
            Some(name) if self.take(":") => Some(name),
            _ => {
                *self = before;
                None
            }
        };
        let ty = self.ty(depth + 1)?;
        let not_null = self.not_null()?;
        let end = if not_null { self.at } else { ty.end };
        Ok(Child { name, ty, not_null, start, end })
    }

    fn not_null(&mut self) -> Result<bool, SyntaxError> {
        let before = self.clone();
        if let Some(("not", _)) = self.word() {
            return match self.word() {
                Some(("null", _)) => Ok(true),
                _ => self.fail("`null` after `not`"),
            };
        }
        *self = before;
        Ok(false)
    }

    fn argument(&mut self) -> Result<Argument, SyntaxError> {
        let rest = self.rest();
        let length = rest.find([',', ')']).unwrap_or(rest.len());
        let text = rest[..length].trim_end();
        if text.is_empty() {
            return self.fail("a word or a number");
        }
        let start = self.at;
        self.at += length;
        let unquoted = text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text);
        Ok(Argument { text: unquoted.to_owned(), start })
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types are read with their places.
    #[test]
    fn types_have_places() {
        let ty = parse(" struct<a: int32 not null, b: list< timestamp(us, UTC) >> ").unwrap();
        assert_eq!(ty.name, "struct");
        assert_eq!((ty.start, ty.children.len()), (1, 2));
        assert_eq!(ty.children[0].name.as_deref(), Some("a"));
        assert!(ty.children[0].not_null && !ty.children[1].not_null);
        assert_eq!((ty.children[0].start, ty.children[0].end), (8, 25));
        assert_eq!((ty.children[1].start, ty.children[1].end), (27, 56));
        let inner = &ty.children[1].ty.children[0].ty;
        assert_eq!((inner.name.as_str(), inner.start), ("timestamp", 36));
        assert_eq!(inner.arguments[1].text, "UTC");
    }

    #[test]
    fn mistakes_have_places() {
        for (text, offset) in
            [("", 0), ("list<", 5), ("list<utf8", 9), ("list utf8", 5), ("decimal128(10,", 14), ("list<utf8 not>", 13)]
        {
            assert_eq!(parse(text).unwrap_err().offset, offset, "{text}");
        }
        assert!(parse(&"list<".repeat(10_000)).is_err());
    }
}
