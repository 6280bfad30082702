//! Bounds on a query's text, from its tokens alone: nothing here recurses.

use datafusion::common::Result;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::dialect::dialect_from_str;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::{MOST_BYTES, MOST_DEPTH, MOST_NESTED, refused};

/// Refuses a text that is too long, or that nests too deep for the parser and the planner.
pub(super) fn check(state: &SessionState, sql: &str) -> Result<()> {
    if sql.len() > MOST_BYTES {
        return Err(refused(format!("the query has {} bytes", sql.len()), MOST_BYTES, "put long lists into a table"));
    }
    let dialect = state.config().options().sql_parser.dialect;
    let Some(dialect) = dialect_from_str(dialect) else { return Ok(()) };
    // A text without tokens is the parser's to refuse, in its own words.
    let Ok(tokens) = Tokenizer::new(dialect.as_ref(), sql).tokenize() else { return Ok(()) };
    let Nesting { depth, nested } = measure(&tokens);
    if nested > MOST_NESTED {
        let found = format!("the query has {nested} queries in one another");
        return Err(refused(found, MOST_NESTED, "write them one after another, in one WITH"));
    }
    if depth > MOST_DEPTH {
        let found = format!("the query has {depth} operators in one another");
        return Err(refused(found, MOST_DEPTH, "write a chain of OR as IN (...), or split the query"));
    }
    Ok(())
}

/// How deep a text nests, at most.
#[derive(Debug, PartialEq, Eq)]
struct Nesting {
    /// Operators, casts and set operations in one another.
    depth: usize,
    /// Queries in one another, but for those that FROM reads.
    nested: usize,
}

/// All that is between two brackets.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Set operations so far.
    sets: usize,
    /// Operators since a comma, or since the last word that begins a clause.
    chain: usize,
    /// Whether it is a query that an expression or a `WITH` has.
    query: bool,
    /// Whether it is between `CASE` and `END`, which are brackets too.
    case: bool,
}

/// The levels around a token. Sums over them are kept, so that each token takes the same time.
#[derive(Default)]
struct Levels {
    around: Vec<Level>,
    level: Level,
    /// Operators and set operations of the levels around.
    outer: usize,
    nested: usize,
}

impl Levels {
    fn open(&mut self, level: Level) {
        self.outer += self.level.sets + self.level.chain;
        self.nested += usize::from(level.query);
        self.around.push(std::mem::replace(&mut self.level, level));
    }

    fn close(&mut self) {
        self.nested -= usize::from(self.level.query);
        // The parser says what a bracket without a partner is.
        self.level = self.around.pop().unwrap_or_default();
        self.outer = self.outer.saturating_sub(self.level.sets + self.level.chain);
    }

    fn depth(&self) -> usize {
        self.outer + self.around.len() + self.level.sets + self.level.chain
    }
}

fn measure(tokens: &[Token]) -> Nesting {
    let mut nesting = Nesting { depth: 0, nested: 0 };
    let mut levels = Levels::default();
    let mut tokens = tokens.iter().filter(|token| !is_blank(token)).peekable();
    let mut before: Option<&Token> = None;
    while let Some(token) = tokens.next() {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                levels.level.chain += usize::from(matches!(token, Token::LBracket));
                let query = tokens.peek().is_some_and(|next| is_word(next, &[Keyword::SELECT, Keyword::WITH]));
                let reads = before.is_some_and(|before| {
                    matches!(before, Token::Comma | Token::LParen)
                        || is_word(before, &[Keyword::FROM, Keyword::JOIN, Keyword::LATERAL])
                });
                levels.open(Level { query: query && !reads, ..Level::default() });
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                while levels.level.case {
                    levels.close();
                }
                levels.close();
            }
            Token::Comma | Token::SemiColon => levels.level.chain = 0,
            // A name after a dot is no keyword.
            Token::Word(word) if before != Some(&Token::Period) => count_word(word.keyword, &mut levels),
            Token::Word(_)
            | Token::Number(..)
            | Token::Period
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_) => {}
            // Any other sign is an operator, or costs nothing to count as one.
            _ => levels.level.chain += 1,
        }
        nesting.depth = nesting.depth.max(levels.depth());
        nesting.nested = nesting.nested.max(levels.nested);
        before = Some(token);
    }
    nesting
}

fn count_word(keyword: Keyword, levels: &mut Levels) {
    match keyword {
        Keyword::CASE => levels.open(Level { case: true, ..Level::default() }),
        Keyword::END if levels.level.case => levels.close(),
        Keyword::WHEN | Keyword::THEN | Keyword::ELSE if levels.level.case => levels.level.chain = 0,
        Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => levels.level.sets += 1,
        Keyword::SELECT | Keyword::FROM | Keyword::JOIN | Keyword::WHERE | Keyword::HAVING | Keyword::QUALIFY => {
            levels.level.chain = 0;
        }
        Keyword::AND
        | Keyword::OR
        | Keyword::NOT
        | Keyword::IS
        | Keyword::IN
        | Keyword::LIKE
        | Keyword::ILIKE
        | Keyword::RLIKE
        | Keyword::SIMILAR
        | Keyword::BETWEEN
        | Keyword::COLLATE
        | Keyword::XOR
        | Keyword::DIV
        | Keyword::AT
        | Keyword::OVERLAPS
        | Keyword::EXPLAIN => levels.level.chain += 1,
        _ => {}
    }
}

fn is_blank(token: &Token) -> bool {
    matches!(
        token,
        Token::Whitespace(
            Whitespace::Space
                | Whitespace::Newline
                | Whitespace::Tab
                | Whitespace::SingleLineComment { .. }
                | Whitespace::MultiLineComment(_)
        )
    )
}

fn is_word(token: &Token, words: &[Keyword]) -> bool {
    matches!(token, Token::Word(word) if words.contains(&word.keyword))
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    use super::*;

    fn of(sql: &str) -> (usize, usize) {
        let nesting = measure(&Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap());
        (nesting.depth, nesting.nested)
    }

    /// Chains add up and lists do not.
    #[test]
    fn chains_add_up() {
        assert_eq!(of("SELECT 1"), (0, 0));
        assert_eq!(of("SELECT a + b + c"), (2, 0));
        assert_eq!(of("SELECT a + b, c + d, e + f"), (1, 0));
        assert_eq!(of("SELECT x IN (1, 2, 3, 4, 5)"), (2, 0));
        assert_eq!(of("SELECT x::int::bigint"), (2, 0));
        assert_eq!(of("SELECT a OR b OR (c AND d AND (e = f))"), (7, 0));
        assert_eq!(of("SELECT a[1][2]"), (3, 0));
    }

    #[test]
    fn comma_ends_no_set_operation() {
        assert_eq!(of("SELECT 1, 2 UNION ALL SELECT 3, 4 UNION ALL SELECT 5, 6").0, 2);
        assert_eq!(of("(SELECT 1 UNION (SELECT 2 EXCEPT SELECT 3))").0, 4);
    }

    /// Queries in expressions are counted and those of from are not.
    #[test]
    fn subqueries_counted() {
        assert_eq!(of("SELECT (SELECT (SELECT 1))").1, 2);
        assert_eq!(of("SELECT * FROM (SELECT * FROM (SELECT 1))").1, 0);
        assert_eq!(of("WITH a AS (WITH b AS (SELECT 1) SELECT 2) SELECT 3").1, 2);
        assert_eq!(of("SELECT 1 WHERE x IN (SELECT 1) AND y IN (SELECT 2)").1, 1);
    }

    #[test]
    fn case_branches_separate() {
        assert_eq!(of("SELECT CASE WHEN a = 1 THEN b + 1 WHEN a = 2 THEN c + 2 ELSE d + 3 END"), (2, 0));
        assert_eq!(of("SELECT CASE WHEN 1 THEN 2 END + CASE WHEN 1 THEN 2 END + CASE WHEN 1 THEN 2 END").0, 3);
        assert_eq!(of("SELECT CASE WHEN a THEN CASE WHEN b THEN CASE WHEN c THEN 1 END END END").0, 3);
        assert_eq!(of("SELECT (CASE WHEN (1) + t.end + t.case").0, 4);
        assert_eq!(of("SELECT end + (end) + case)))").0, 3);
    }

    /// Brackets without partners are left to the parser.
    #[test]
    fn brackets_unbalanced() {
        assert_eq!(of("SELECT 1)))) + 2").0, 1);
        assert_eq!(of("SELECT (((").0, 3);
    }
}
