//! Running a spec: cells side by side, one record at the end.

mod batches;
mod cell;
mod cells;
mod estimate;
mod identity;
mod look;
mod predictions;
mod runner;

pub use cell::{Cell, CellOutcome, RunError};
pub use estimate::{Estimate, estimate};
pub use identity::spec_hash;
pub use runner::{Observer, Provenance, Recorded, Settings, run};
