//! Expressions inside one another, by chance but always the same: what the table's author did not think of.

use std::sync::Arc;

use arrow_schema::Schema;
use cstspec_spec::expr::{Scope, check};
use datafusion::common::DFSchema;

use super::sweep::coerced_field;
use super::table::{dialect, fields, functions, session};
use super::{first_line, spelled};

/// How many expressions are made.
const COUNT: usize = 4_000;

const CONDITIONS: [&str; 9] =
    ["b", "bn", "TRUE", "FALSE", "NULL", "t IS NULL", "t IS NOT NULL", "s IS NULL", "i32 IS NULL"];

const TEXTS: [&str; 16] = [
    "s",
    "t",
    "ls",
    "sv",
    "'a'",
    "NULL",
    "dic",
    "tag",
    "st['a']",
    "stn.a",
    "st['inner']['y']",
    "m['k']",
    "ln[1]",
    "ms['k']['w']",
    "i32",
    "dt",
];

const NUMBERS: [&str; 27] = [
    "id",
    "n32",
    "i8",
    "i32",
    "i64",
    "u8",
    "u32",
    "u64",
    "f32",
    "f64",
    "d10",
    "d20",
    "d32",
    "d64",
    "d256",
    "1",
    "1.5",
    "NULL",
    "len",
    "dici",
    "st['b']",
    "stn.inner.x",
    "li[1]",
    "dt",
    "ts",
    "iv",
    "dur",
];

/// Expressions inside one another are typed as in the engine.
#[tokio::test]
async fn nested_expression_types() {
    let fields = fields();
    let schema = Arc::new(Schema::new(fields.clone()));
    let state = session(&schema).state();
    let schema = DFSchema::try_from(schema).unwrap();
    let (scope, functions) = (Scope::new(fields), functions());
    let mut dice = Dice(1);
    let mut problems = Vec::new();
    let mut typed = 0;
    for round in 0..COUNT {
        let depth = 1 + round % 3;
        let text = match round % 4 {
            0 => dice.condition(depth),
            1 => dice.text(depth),
            _ => dice.number(depth),
        };
        // What we refuse, the engine may still plan and then optimize away; the table and the sweeps judge that.
        let Ok(ours) = check(&text, &scope, &functions, &dialect()) else { continue };
        typed += 1;
        let ours = spelled(&ours.field);
        let theirs = match coerced_field(&state, &schema, &text) {
            Ok(field) => spelled(&field),
            Err(error) => format!("refuses: {}", first_line(&error)),
        };
        if ours != theirs {
            problems.push(format!("{text}\n    ours   {ours}\n    engine {theirs}"));
        }
    }
    assert!(problems.is_empty(), "{} of {typed} expressions differ:\n  {}", problems.len(), problems.join("\n  "));
    assert!(typed > COUNT / 2, "only {typed} of {COUNT} expressions are typed");
}

/// Numbers by chance, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick(&mut self, texts: &[&str]) -> String {
        texts[self.roll(texts.len())].to_owned()
    }

    /// Fills `{c}`, `{t}` and `{n}` in one of the forms.
    fn fill(&mut self, forms: &[&str], depth: usize) -> String {
        let form = self.pick(forms);
        let mut filled = String::new();
        let mut rest = form.as_str();
        while let Some((before, hole)) = rest.split_once('{') {
            let (kind, after) = hole.split_once('}').unwrap();
            filled.push_str(before);
            filled.push_str(&match kind {
                "c" => self.condition(depth - 1),
                "t" => self.text(depth - 1),
                _ => self.number(depth - 1),
            });
            rest = after;
        }
        filled + rest
    }

    fn condition(&mut self, depth: usize) -> String {
        const FORMS: [&str; 16] = [
            "({c} AND {c})",
            "({c} OR {c})",
            "(NOT {c})",
            "({c} IS TRUE)",
            "({c} IS NOT TRUE)",
            "({c} IS UNKNOWN)",
            "({c} IS NOT NULL)",
            "({c} IS NOT FALSE)",
            "({t} = {t})",
            "({n} > {n})",
            "({t} LIKE 'a%')",
            "({n} BETWEEN {n} AND {n})",
            "({t} IN ({t}, {t}))",
            "({t} IS DISTINCT FROM {t})",
            "({n} IS NULL)",
            "({t} IS NOT NULL)",
        ];
        if depth == 0 { self.pick(&CONDITIONS) } else { self.fill(&FORMS, depth) }
    }

    fn text(&mut self, depth: usize) -> String {
        const FORMS: [&str; 10] = [
            "({t} || {t})",
            "upper({t})",
            "coalesce({t}, {t})",
            "nullif({t}, {t})",
            "concat_ws(':', {t}, {n})",
            "stable_id('x', {t})",
            "trim({t})",
            "named_struct('a', {t}, 'b', {n})['a']",
            "make_array({t}, {t})[1]",
            "TRY_CAST({n} AS VARCHAR)",
        ];
        match (depth, self.roll(4)) {
            (0, _) => self.pick(&TEXTS),
            (_, 0) => self.case(depth, Self::text),
            _ => self.fill(&FORMS, depth),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        const FORMS: [&str; 9] = [
            "({n} + {n})",
            "({n} - {n})",
            "({n} * {n})",
            "({n} / {n})",
            "({n} % {n})",
            "(-{n})",
            "coalesce({n}, {n})",
            "length({t})",
            "CAST({n} AS BIGINT)",
        ];
        match (depth, self.roll(4)) {
            (0, _) => self.pick(&NUMBERS),
            (_, 0) => self.case(depth, Self::number),
            _ => self.fill(&FORMS, depth),
        }
    }

    /// A CASE whose conditions look at its results, which is where nullability has its corners.
    fn case(&mut self, depth: usize, result: fn(&mut Self, usize) -> String) -> String {
        const FORMS: [&str; 6] = [
            "CASE WHEN {c} THEN @ ELSE # END",
            "CASE WHEN (@ IS NOT NULL AND {c}) THEN @ ELSE # END",
            "CASE WHEN (@ IS NOT NULL OR {c}) THEN @ ELSE # END",
            "CASE WHEN @ IS NULL THEN # WHEN {c} THEN @ ELSE # END",
            "CASE WHEN {c} THEN @ WHEN {c} THEN # END",
            "CASE @ WHEN # THEN # ELSE @ END",
        ];
        let (first, second) = (result(self, depth - 1), result(self, depth - 1));
        self.fill(&FORMS, depth).replace('@', &first).replace('#', &second)
    }
}
