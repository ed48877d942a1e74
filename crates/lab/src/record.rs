//! What a run leaves behind: observations, manifest, verdicts, and the folder that holds them.

mod folder;
mod manifest;
mod observation;

pub use folder::{Run, RunFolder, RunFolderError};
pub use manifest::{CellSummary, FORMAT, Manifest, StopReason, VariantInfo};
pub use observation::Observation;
