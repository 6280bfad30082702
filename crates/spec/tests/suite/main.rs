//! Reading, resolving and checking specs: folders of specs and hostile input.

mod bounds;
mod cases;
mod folder;
mod hostile;
mod lenient;
mod like;
mod mutate;
mod named_constraints;
mod names;
mod nulls;
mod origins;
mod out;
mod reserved;
mod schemas;
mod sound;
mod text;
mod type_mapping;
