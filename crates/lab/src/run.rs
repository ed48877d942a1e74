//! Running a spec: cells side by side, one record at the end.

mod batches;
mod cell;
mod cells;
mod estimate;
mod gather;
mod identity;
mod look;
mod predictions;
mod runner;
mod work;

pub use cell::{Cell, CellOutcome, RunError};
pub use estimate::{Estimate, estimate};
pub use gather::Gather;
pub use identity::{cell_id, run_identity, spec_hash};
pub use runner::{Observer, Provenance, Recorded, Settings, Storing, Trained, plan, run, train};
