//! Seeded task generators: a task description in, host batches out.
//!
//! A [`Task`] is a checked description (one table of a spec). [`Task::instance`] draws everything
//! that depends on the seed (random subsets, a fixed training set) and gives a [`TaskInstance`],
//! which makes training batches and test sets. Every random number comes from a ChaCha stream
//! keyed by (seed, purpose, step), see [`stream`], so that the same bits reach every model, every
//! device and every thread order.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod batch;
mod check;
mod constant;
mod data;
mod error;
mod modes;
mod multitask_parity;
mod parity;
mod parity_streams;
mod parity_task;
mod power_law;
mod registry;
mod skill_spectrum;
mod sparse_parity;
pub mod stream;
mod table;
mod task;
#[cfg(test)]
mod testing;

pub use batch::{Basis, Batch, TaskShape};
pub use error::KeyError;
pub use registry::{Registry, TaskKind};
pub use table::{parse_table, table_of};
pub use task::{Group, Task, TaskInstance, TrainingStream};
