//! What a run leaves behind: observations, manifest, verdicts, and the folder that holds them.

mod checkpoint;
mod folder;
mod lock;
mod manifest;
mod observation;
mod plan_file;
mod rows;
mod sealed;
mod store;
mod weights;

use folder::{remove, remove_unfinished, write};

pub use checkpoint::{Checkpoint, ModelCheckpoint};
pub use folder::{
    Run, RunFolder, RunFolderError, RunIdentity, csv_bytes, read_manifest, spec_file,
    write_atomically,
};
pub use lock::Owner;
pub use manifest::{Build, CellSummary, FORMAT, FailedCell, Manifest, StopReason, VariantInfo};
pub use observation::Observation;
pub use plan_file::PlanFile;
pub use rows::Mark;
pub use store::{Again, CellFailure, CellFolder, CellResult, CellState, CellStore, Claim, Claimed};
pub use weights::{Moment, WeightsOf, has_weights, keep_weights, kept_weights};

/// A knob as a number: a number itself, or the only entry of a list (a hidden width).
pub fn knob_value(knobs: &toml::Table, key: &str) -> Option<f64> {
    match knobs.get(key)? {
        toml::Value::Integer(value) => Some(*value as f64),
        toml::Value::Float(value) => Some(*value),
        toml::Value::Array(values) => match values.as_slice() {
            [toml::Value::Integer(value)] => Some(*value as f64),
            [toml::Value::Float(value)] => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether knobs have all the values in `at`; numbers are alike as in [`knob_value`].
pub fn lies_at(knobs: &toml::Table, at: &toml::Table) -> bool {
    at.iter().all(|(key, value)| match knob_value(at, key) {
        Some(number) => knob_value(knobs, key) == Some(number),
        None => knobs.get(key) == Some(value),
    })
}
