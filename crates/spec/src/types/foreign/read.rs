//! Foreign types to parts, whatever brackets, quotes and names of arguments they have.

use super::names;

/// How deep a foreign type is read.
const MAX_DEPTH: usize = 32;

/// A part of a foreign type: a type, a named one, a number or a word.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The name before it: `a` in `a: int`.
    pub name: Option<String>,
    /// Its words in lower case, without the module that they come from. Empty where it is brackets alone.
    pub word: String,
    /// Its words as they are written.
    pub written: String,
    /// The parts in its brackets.
    pub items: Option<Vec<Part>>,
    pub not_null: bool,
}

/// Words of SQL after a type that are about the column.
const OF_COLUMNS: [&str; 9] =
    ["not", "null", "default", "primary", "unique", "collate", "comment", "references", "check"];

/// Parses all of `text`.
pub fn parse(text: &str) -> Option<Part> {
    let mut reader = Reader { rest: text.trim() };
    reader.part(0).filter(|_| reader.rest.is_empty())
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn take(&mut self, signs: &[char]) -> Option<char> {
        self.rest = self.rest.trim_start();
        let sign = self.rest.chars().next().filter(|sign| signs.contains(sign))?;
        self.rest = self.rest[sign.len_utf8()..].trim_start();
        Some(sign)
    }

    fn word(&mut self) -> Option<String> {
        if let Some(quote) = self.take(&['"', '\'']) {
            let (word, rest) = self.rest.split_once(quote)?;
            self.rest = rest.trim_start();
            return Some(word.to_owned());
        }
        let part = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '.' | '/' | '+' | '-' | 'µ');
        let mut length = 0;
        while let Some(sign) = self.rest[length..].chars().next() {
            let module = if self.rest[length..].starts_with("::") { 2 } else { 0 };
            if module == 0 && !part(sign) {
                break;
            }
            length += module.max(sign.len_utf8());
        }
        let word = self.rest[..length].to_owned();
        self.rest = self.rest[length..].trim_start();
        (length > 0).then_some(word)
    }

    fn part(&mut self, depth: usize) -> Option<Part> {
        let mut part = self.one(depth)?;
        // `str | None` of Python and TypeScript
        while self.take(&['|']).is_some() {
            let other = self.one(depth)?;
            let is_nothing = |part: &Part| matches!(part.word.as_str(), "none" | "null" | "undefined");
            if is_nothing(&part) {
                part = Part { name: part.name, ..other };
            } else if !is_nothing(&other) {
                return None;
            }
        }
        Some(part)
    }

    fn one(&mut self, depth: usize) -> Option<Part> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut part = Part::default();
        let mut words = Vec::new();
        // References of Rust
        while self.take(&['&', '*']).is_some() {}
        loop {
            if words.is_empty()
                && let Some(open) = self.take(&['{', '[', '('])
            {
                return self.bare(open, part.name, depth);
            }
            let Some(word) = self.word() else { break };
            if self.take(&[':', '=']).is_some() {
                part.name = Some(std::mem::take(&mut words).into_iter().chain([word]).collect::<Vec<_>>().join(" "));
                continue;
            }
            words.push(word);
            if let Some(open) = self.take(&['<', '(', '[']) {
                let items = self.items(closing(open), depth)?;
                let mut after = Vec::new();
                self.take(&['?']);
                // `timestamp(6) with time zone`, `int64 not null`
                while let Some(word) = self.word() {
                    after.push(word);
                    self.take(&['?']);
                }
                let is_list = open == '[' && (items.is_empty() || is_size(&items) && !has_size(words.last()?));
                if !is_list {
                    part.items = Some(items);
                    words.extend(after);
                    part.settle(words);
                    return self.lists(part, depth);
                }
                part.settle(words);
                part = part.list(items);
                let mut of_all = vec!["list".to_owned()];
                of_all.extend(after);
                part.settle(of_all);
                return self.lists(part, depth);
            }
        }
        if words.is_empty() {
            return None;
        }
        self.take(&['?', '!']);
        part.settle(words);
        self.lists(part, depth)
    }

    /// Brackets without a word before them: fields, or the types that Go and Rust write so.
    fn bare(&mut self, open: char, name: Option<String>, depth: usize) -> Option<Part> {
        let items = self.items(closing(open), depth)?;
        let follows = self.rest.starts_with(|sign: char| sign.is_alphanumeric() || matches!(sign, '[' | '*'));
        if open == '[' && follows && (items.is_empty() || is_size(&items)) {
            let item = Part { name, ..self.one(depth + 1)? };
            return Some(item.list(items));
        }
        if open == '['
            && let [item, size] = items.as_slice()
            && is_size(std::slice::from_ref(size))
        {
            return Some(Part { name, ..item.clone() }.list(vec![size.clone()]));
        }
        Some(Part { name, items: Some(items), ..Part::default() })
    }

    /// `int[]`, `int[3]`, `fixed_size_list<item: int8>[3]`
    fn lists(&mut self, mut part: Part, depth: usize) -> Option<Part> {
        while let Some(open) = self.take(&['[', '(']) {
            let items = self.items(closing(open), depth)?;
            if part.word == "fixed_size_list" && items.len() == 1 {
                part.items.get_or_insert_default().extend(items);
            } else if items.is_empty() || is_size(&items) {
                part = part.list(items);
            } else {
                return None;
            }
        }
        Some(part)
    }

    fn items(&mut self, close: char, depth: usize) -> Option<Vec<Part>> {
        let mut items = Vec::new();
        loop {
            if self.take(&[close]).is_some() {
                return Some(items);
            }
            items.push(self.part(depth + 1)?);
            if self.take(&[',', ';']).is_none() {
                self.take(&[close])?;
                return Some(items);
            }
        }
    }
}

fn closing(open: char) -> char {
    match open {
        '<' => '>',
        '(' => ')',
        '{' => '}',
        _ => ']',
    }
}

fn is_size(items: &[Part]) -> bool {
    matches!(items, [item] if item.items.is_none() && item.written.parse::<u32>().is_ok())
}

/// Whether a number after `word` is the size of its values, and not of a list.
fn has_size(word: &str) -> bool {
    let word = word.to_lowercase();
    ["fixed", "binary", "char", "string", "time", "decimal", "numeric"].iter().any(|part| word.contains(part))
}

impl Part {
    /// A list of it, or one of fixed size.
    fn list(mut self, size: Vec<Self>) -> Self {
        let name = self.name.take();
        let items = Some(std::iter::once(self).chain(size).collect());
        Self { name, word: "list".to_owned(), written: "list".to_owned(), items, not_null: false }
    }

    /// Makes one name of the words, without those that say whether there are NULLs, and those of SQL that are about columns.
    fn settle(&mut self, mut words: Vec<String>) {
        let lower = |word: &String| word.to_lowercase();
        let end = words.iter().map(lower).skip(1).position(|word| OF_COLUMNS.contains(&word.as_str()));
        if let Some(end) = end {
            let rest: Vec<String> = words.drain(end + 1..).map(|word| word.to_lowercase()).collect();
            self.not_null = rest.windows(2).any(|two| two == ["not", "null"] || two == ["primary", "key"]);
        }
        if words.len() > 1 && ["nullable", "non-null", "optional", "required"].contains(&lower(&words[0]).as_str()) {
            self.not_null = matches!(lower(&words.remove(0)).as_str(), "non-null" | "required");
        }
        self.written = words.join(" ");
        let plain = self.written.rsplit("::").next().unwrap_or_default().to_lowercase();
        // What comes from a module is called after it: `pa.string`, `google.protobuf.Timestamp`.
        let is_word = |part: &str| part.starts_with(char::is_alphabetic);
        let is_of_module = plain.contains('.') && plain.split('.').all(is_word) && !names::is_word(&plain);
        self.word = if is_of_module { plain.rsplit('.').next().unwrap_or_default().to_owned() } else { plain };
        // Spark calls its types so.
        if let Some(short) = self.word.strip_suffix("type")
            && !short.is_empty()
        {
            self.word = short.trim_end_matches('_').to_owned();
        }
    }
}
