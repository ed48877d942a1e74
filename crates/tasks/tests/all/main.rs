//! Tests of the task kinds from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;
mod parity_data;
mod specs;
mod symmetrised;
