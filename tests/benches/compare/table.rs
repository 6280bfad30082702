//! The figures as Markdown.

use std::fmt::Write as _;

use crate::figures::{Figures, Measured};
use crate::side::Side;
use crate::suite::Kind;

/// Every query, one table for each kind.
pub fn full(figures: &[Figures], sides: &[Side]) -> String {
    let mut text = String::new();
    for kind in Kind::ALL {
        let of_kind: Vec<&Figures> = figures.iter().filter(|figures| figures.query.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let others: Vec<Side> = sides.iter().copied().filter(|side| *side != Side::Ours).collect();
        let mut head = vec!["query".to_owned()];
        head.extend(sides.iter().map(|side| format!("{} ms", side.name())));
        head.extend(others.iter().map(|side| format!("ours/{}", side.name())));
        head.extend(sides.iter().map(|side| format!("{} MB read", side.name())));
        head.push("read ours/floor".to_owned());
        head.extend(sides.iter().map(|side| format!("{} MB memory", side.name())));
        let rows = of_kind.iter().map(|figures| {
            let measured = |side: &Side| figures.of(*side);
            let mut row = vec![figures.query.name.clone()];
            row.extend(sides.iter().map(|side| measured(side).map(milliseconds).unwrap_or_default()));
            row.extend(others.iter().map(|side| {
                let mark = if figures.loses(*side) { " !" } else { "" };
                figures.times(*side).map_or_else(String::new, |ratio| format!("{ratio:.2}{mark}"))
            }));
            row.extend(sides.iter().map(|side| megabytes(measured(side).and_then(|measured| measured.bytes))));
            row.push(ratio(figures.bytes(Side::Floor)));
            row.extend(sides.iter().map(|side| megabytes(measured(side).and_then(|measured| measured.grown))));
            row
        });
        let _ = writeln!(text, "\n### {}\n\n{}", kind.title(), markdown(&head, rows));
    }
    text
}

/// One line for each kind: geometric means of the ratios, and the worst.
pub fn short(figures: &[Figures]) -> String {
    let head =
        ["queries", "time ours/plain", "time ours/DuckDB", "time ours/floor", "read ours/plain", "read ours/floor"];
    let rows = Kind::ALL.into_iter().filter_map(|kind| {
        let of_kind: Vec<&Figures> = figures.iter().filter(|figures| figures.query.kind == kind).collect();
        if of_kind.is_empty() {
            return None;
        }
        let told = |ratio: &dyn Fn(&Figures) -> Option<f64>| {
            let mut ratios: Vec<f64> = of_kind.iter().filter_map(|figures| ratio(figures)).collect();
            ratios.sort_by(f64::total_cmp);
            ratios.last().map_or_else(String::new, |worst| format!("{:.2} (at most {worst:.2})", mean(&ratios)))
        };
        Some(vec![
            format!("{}: {}", kind.title(), of_kind.len()),
            told(&|figures| figures.times(Side::Plain)),
            told(&|figures| figures.times(Side::Duckdb)),
            told(&|figures| figures.times(Side::Floor)),
            told(&|figures| figures.bytes(Side::Plain)),
            told(&|figures| figures.bytes(Side::Floor)),
        ])
    });
    markdown(&head.map(str::to_owned), rows)
}

/// Queries in which our median is beyond the slowest run of another side, worst first; one line for each side.
pub fn losses(figures: &[Figures]) -> String {
    let mut text = String::new();
    for side in [Side::Plain, Side::Duckdb] {
        let mut lost: Vec<(f64, &str)> = figures
            .iter()
            .filter(|figures| figures.loses(side))
            .filter_map(|figures| Some((figures.times(side)?, figures.query.name.as_str())))
            .collect();
        lost.sort_by(|a, b| b.0.total_cmp(&a.0));
        let compared = figures.iter().filter(|figures| figures.times(side).is_some()).count();
        let names: Vec<String> = lost.iter().map(|(ratio, name)| format!("{name} ({ratio:.2})")).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let _ = writeln!(text, "Slower than {} beyond its slowest run, of {compared}: {names}.", side.name());
    }
    text
}

fn milliseconds(measured: &Measured) -> String {
    let (Some(median), Some((fastest, slowest))) = (measured.median(), measured.spread()) else { return String::new() };
    let [median, fastest, slowest] = [median, fastest, slowest].map(|seconds| seconds * 1000.0);
    format!("{median:.1} ({fastest:.1}..{slowest:.1})")
}

/// With three digits that matter.
#[allow(clippy::cast_precision_loss, reason = "three digits are printed")]
fn megabytes(bytes: Option<u64>) -> String {
    let Some(bytes) = bytes else { return "-".to_owned() };
    match bytes as f64 / 1e6 {
        large if large >= 100.0 => format!("{large:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small if small >= 1.0 => format!("{small:.2}"),
        none => format!("{none:.3}"),
    }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// The geometric mean: of a query that is twice as fast and one that is half as fast, it is one.
#[allow(clippy::cast_precision_loss, reason = "there are some dozen")]
fn mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.max(1e-9).ln()).sum::<f64>() / ratios.len() as f64).exp()
}

fn markdown(head: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let ruler: Vec<String> =
        head.iter().enumerate().map(|(i, _)| if i == 0 { "---" } else { "---:" }.to_owned()).collect();
    line(head) + &line(&ruler) + &rows.map(|row| line(&row)).collect::<String>()
}
