//! What reading, resolving and checking specs answers, held against folders of specs and against hostile input.

mod cases;
mod folder;
mod text;
