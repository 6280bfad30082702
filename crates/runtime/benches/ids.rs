//! How fast the id functions are, against bare loops that digest the same texts and keep one byte of each digest.
//!
//! Rounds are interleaved, so that all meet the same machine. Told are medians in nanoseconds per row, and how fast each loop is in
//! terms of the function: above 0.50, the function has at least half the speed of that loop. `ROWS` and `ROUNDS` in the environment
//! say how much is measured.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, ArrayRef, AsArray as _, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use blake2::digest::consts::{U8, U16};
use blake2::digest::typenum::Unsigned;
use blake2::{Blake2b, Digest as _};
use blake2b_simd::Params;
use cstspec_runtime::functions;
use datafusion::common::ScalarValue;
use datafusion::common::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use datafusion::prelude::SessionContext;

/// The measurements of one round: the function, one text at a time by the same crate, and by another.
const MEASURES: usize = 3;

fn main() {
    let (rows, rounds) = (number("ROWS", 8192), number("ROUNDS", 31));
    let ctx = SessionContext::new();
    functions::register(&ctx);
    println!("| function | texts | ns per row | of a bare loop, blake2b_simd | of a bare loop, blake2 |");
    println!("|---|---|---:|---:|---:|");
    for name in ["stable_id", "prefixed_hash64"] {
        let function = Arc::clone(&ctx.state().scalar_functions()[name]);
        for (shown, texts) in columns(rows) {
            let mut times: [Vec<Duration>; MEASURES] = Default::default();
            for _ in 0..rounds {
                measure(&function, &texts).into_iter().zip(&mut times).for_each(|(time, times)| times.push(time));
            }
            let [function, one, other] = times.map(|mut times| {
                times.sort();
                times[times.len() / 2].as_secs_f64() * 1e9 / f64::from(rows)
            });
            println!("| {name} | {shown} | {function:.0} | {:.2} | {:.2} |", one / function, other / function);
        }
    }
}

fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Texts such as the views make ids of, and others.
fn columns(rows: u32) -> Vec<(String, ArrayRef)> {
    let of = |long: usize| -> ArrayRef {
        let text = |row: u32| format!("cst_ref\u{1f}{}\u{1f}{}\u{1f}{}", "f".repeat(long), row * 37, row * 37 + 11);
        Arc::new((0..rows).map(|row| Some(text(row))).collect::<StringArray>())
    };
    let few: ArrayRef =
        Arc::new((0..rows).map(|row| Some(format!("src/module_{:04}.py", row % 100))).collect::<StringArray>());
    let as_type = |array: &ArrayRef, data_type: DataType| cast(array, &data_type).expect("text is cast to text");
    let keyed = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let usual = of(32);
    vec![
        ("20 bytes or so".to_owned(), of(1)),
        ("50 bytes or so".to_owned(), Arc::clone(&usual)),
        ("50 bytes or so, LargeUtf8".to_owned(), as_type(&usual, DataType::LargeUtf8)),
        ("50 bytes or so, Utf8View".to_owned(), as_type(&usual, DataType::Utf8View)),
        ("150 bytes or so".to_owned(), of(130)),
        ("1000 bytes or so".to_owned(), of(980)),
        ("100 different ones, dictionary".to_owned(), as_type(&few, keyed)),
    ]
}

fn measure(function: &Arc<ScalarUDF>, texts: &ArrayRef) -> [Duration; MEASURES] {
    let rows = texts.len();
    let prefix = ColumnarValue::Scalar(ScalarValue::from("cst_ref"));
    let arguments = ScalarFunctionArgs {
        args: vec![prefix, ColumnarValue::Array(Arc::clone(texts))],
        arg_fields: vec![
            Arc::new(Field::new("prefix", DataType::Utf8, false)),
            Arc::new(Field::new("text", texts.data_type().clone(), false)),
        ],
        number_rows: rows,
        return_field: Arc::new(Field::new("id", DataType::Utf8, false)),
        config_options: Arc::new(ConfigOptions::default()),
    };
    let start = Instant::now();
    let ids = function.invoke_with_args(arguments).expect("they are texts");
    let ours = start.elapsed();
    black_box(ids);

    let plain = cast(texts, &DataType::Utf8).expect("text is cast to text");
    let plain = plain.as_string::<i32>();
    let bits = if function.name() == "stable_id" { U16::USIZE } else { U8::USIZE };
    let start = Instant::now();
    let mut params = Params::new();
    params.hash_length(bits);
    black_box((0..rows).fold(0, |all, row| all ^ params.hash(plain.value(row).as_bytes()).as_bytes()[0]));
    let one = start.elapsed();

    let start = Instant::now();
    if bits == U16::USIZE {
        black_box((0..rows).fold(0, |all, row| all ^ Blake2b::<U16>::digest(plain.value(row))[0]));
    } else {
        black_box((0..rows).fold(0, |all, row| all ^ Blake2b::<U8>::digest(plain.value(row))[0]));
    }
    [ours, one, start.elapsed()]
}
