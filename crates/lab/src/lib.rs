//! Specs, the training loop, run records, statistics, claims and verdicts.

pub mod claims;
pub mod compare;
mod kinds;
pub mod measure;
pub mod own;
pub mod parity;
pub mod predict;
pub mod record;
pub mod run;
pub mod spec;

pub use kinds::Kinds;
