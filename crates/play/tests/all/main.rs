//! The bench, as a browser uses it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod guard;
mod runs;
mod scenes;
mod support;
