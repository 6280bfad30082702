//! The measurements of one query, and their ratios.

use serde_json::{Value, json};

use crate::child::Taken;
use crate::side::Side;
use crate::suite::Query;

/// One query on every side.
pub struct Figures {
    pub query: Query,
    pub sides: Vec<(Side, Measured)>,
}

/// One query on one side.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Of each run, sorted.
    pub seconds: Vec<f64>,
    /// Of each run, until the plan was made.
    pub planning: Vec<f64>,
    pub bytes: Option<u64>,
    pub grown: Option<u64>,
    pub rows: u64,
    /// Why there are no figures.
    pub error: Option<String>,
}

impl Measured {
    pub fn add(&mut self, taken: &Taken) {
        let at = self.seconds.partition_point(|seconds| *seconds < taken.seconds);
        self.seconds.insert(at, taken.seconds);
        self.planning.extend(taken.planning);
        self.rows = taken.rows;
        self.bytes = taken.bytes.or(self.bytes);
    }

    pub fn median(&self) -> Option<f64> {
        self.seconds.get(self.seconds.len() / 2).copied()
    }

    /// The fastest run and the slowest.
    pub fn spread(&self) -> Option<(f64, f64)> {
        Some((*self.seconds.first()?, *self.seconds.last()?))
    }
}

impl Figures {
    pub fn of(&self, side: Side) -> Option<&Measured> {
        self.sides.iter().find(|(of, measured)| *of == side && measured.error.is_none()).map(|(_, measured)| measured)
    }

    /// Our time over another side's.
    pub fn times(&self, other: Side) -> Option<f64> {
        Some(self.of(Side::Ours)?.median()? / self.of(other)?.median()?)
    }

    /// Our bytes over another side's; nothing where neither reads any.
    #[allow(clippy::cast_precision_loss, reason = "a ratio is printed with two digits")]
    pub fn bytes(&self, other: Side) -> Option<f64> {
        let (ours, other) = (self.of(Side::Ours)?.bytes?, self.of(other)?.bytes?);
        (other > 0).then(|| ours as f64 / other as f64)
    }

    /// Whether our median is beyond the slowest run of another side.
    pub fn loses(&self, other: Side) -> bool {
        let ours = self.of(Side::Ours).and_then(Measured::median);
        let other = self.of(other).and_then(Measured::spread);
        ours.zip(other).is_some_and(|(median, (_, slowest))| median > slowest)
    }

    /// Sides that answer with another number of rows than we do.
    pub fn disagreeing(&self) -> Vec<(Side, u64, u64)> {
        let Some(ours) = self.of(Side::Ours) else { return Vec::new() };
        let answered = self.sides.iter().filter(|(_, measured)| !measured.seconds.is_empty());
        let others = answered.filter(|(_, measured)| measured.rows != ours.rows);
        others.map(|(side, measured)| (*side, measured.rows, ours.rows)).collect()
    }

    pub fn json(&self) -> Value {
        let sides = self.sides.iter().map(|(side, measured)| {
            let Measured { seconds, planning, bytes, grown, rows, error } = measured;
            let value = json!({
                "seconds": seconds, "planning": planning, "bytes": bytes, "memory": grown, "rows": rows, "error": error,
            });
            (side.name().to_owned(), value)
        });
        let Query { kind, name, sql } = &self.query;
        json!({ "kind": kind.title(), "query": name, "sql": sql, "sides": sides.collect::<serde_json::Map<_, _>>() })
    }
}
