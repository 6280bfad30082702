//! The built-in sample, queried and sent through a boundary, as an Arrow C stream for whoever loads this library.
#![allow(unsafe_code, reason = "see Cargo.toml")]

use std::error::Error;
use std::ffi::{CStr, c_char, c_int};
use std::panic::catch_unwind;
use std::sync::Arc;

use arrow::ffi_stream::FFI_ArrowArrayStream;
use cstspec_runtime::boundary::{Projector, export};
use cstspec_runtime::{Location, Locations, Options, register, session};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path;
use datafusion::object_store::{ObjectStoreExt as _, PutPayload};
use tokio::runtime::Builder;

/// Runs `sql` over the built-in sample and puts its rows, as `boundary` asks for them, into `stream` for the caller to consume and
/// release. Rows come four at a time, so that even a small result is more than one batch.
///
/// Returns 0, or 1 where there is no stream: then `message` holds why, cut to `capacity` bytes with the NUL at its end.
///
/// # Safety
///
/// `sql` and `boundary` are texts that end with a NUL. `stream` points to memory for one stream, which holds none that would have to be
/// released. `message` points to `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cstspec_export(
    sql: *const c_char,
    boundary: *const c_char,
    stream: *mut FFI_ArrowArrayStream,
    message: *mut c_char,
    capacity: usize,
) -> c_int {
    // SAFETY: the caller vouches for both texts.
    let (sql, boundary) = unsafe { (CStr::from_ptr(sql), CStr::from_ptr(boundary)) };
    let opened = catch_unwind(|| open(&sql.to_string_lossy(), &boundary.to_string_lossy()));
    let why = match opened {
        Ok(Ok(opened)) => {
            // SAFETY: the caller vouches for the memory, and that nothing in it is lost when it is overwritten.
            unsafe { stream.write(opened) };
            return 0;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it panicked".to_owned(),
    };
    let kept = why.bytes().filter(|byte| *byte != 0).take(capacity.saturating_sub(1));
    let mut length = 0;
    for byte in kept {
        // SAFETY: at most `capacity - 1` bytes are taken.
        unsafe { message.add(length).write(c_char::from_ne_bytes([byte])) };
        length += 1;
    }
    if capacity > 0 {
        // SAFETY: `length` is less than `capacity`.
        unsafe { message.add(length).write(0) };
    }
    1
}

/// The stream that [`cstspec_export`] hands out.
///
/// # Errors
///
/// The error of the catalog, the engine or the boundary.
pub fn open(sql: &str, boundary: &str) -> Result<FFI_ArrowArrayStream, Box<dyn Error>> {
    let catalog = cstspec_libcst::catalog();
    let known = catalog.boundaries.iter().find(|known| known.name == boundary);
    let boundary = known.ok_or_else(|| format!("the catalog has no boundary `{boundary}`"))?;
    let runtime = Arc::new(Builder::new_multi_thread().enable_all().build()?);
    let rows = runtime.block_on(async {
        let ctx = session(&catalog, &Options { batch_size: Some(4), ..Options::default() })?;
        let place = ObjectStoreUrl::parse("sample://cstspec/")?;
        let store = InMemory::new();
        store.put(&Path::from("sample.parquet"), PutPayload::from_static(cstspec_libcst::SAMPLE)).await?;
        ctx.register_object_store(place.as_ref(), Arc::new(store));
        let location = Location::Url("sample://cstspec/sample.parquet".to_owned());
        register(&ctx, &catalog, &Locations::from([("libcst_files_v1".to_owned(), location)])).await?;
        let rows = ctx.sql(sql).await?.execute_stream().await?;
        let projector = Projector::plan(boundary, &rows.schema())?;
        projector.record(&ctx);
        Ok::<_, Box<dyn Error>>(projector.stream(rows))
    })?;
    Ok(export(rows, runtime))
}
