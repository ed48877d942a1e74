//! Specs, the training loop, run records, statistics, claims and verdicts.

pub mod claims;
mod kinds;
pub mod record;
pub mod spec;

pub use kinds::Kinds;
