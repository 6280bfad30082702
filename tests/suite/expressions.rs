//! Placeholder until the table lands.
