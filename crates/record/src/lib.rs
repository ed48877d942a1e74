//! Reads and writes everything that a run leaves on disk.
//!
//! During training, measured rows stream into the folders of their cells ([`CellStore`],
//! [`CellFolder`]). When all cells are done, the rows are gathered as [`Observations`] and written
//! with a [`Manifest`] into a [`RunFolder`]. This crate knows nothing about specs, training or
//! claims; variants, models and metrics are only names.
//!
//! ```
//! use layerwise_record::{Build, CellStore, Reservation, Retrain};
//!
//! let run = tempfile::tempdir()?;
//! let cells = CellStore::of(run.path());
//! let build = Build { version: "0.1.0".to_owned(), commit: "abc".to_owned() };
//! let retrain = Retrain { failed: true, done: &|_| false };
//! let Reservation::Open(cell) = cells.reserve("some-cell", &build, retrain)? else {
//!     unreachable!("no other process trains it");
//! };
//! // While it trains, no other process gets it.
//! let second = cells.reserve("some-cell", &build, retrain)?;
//! assert!(matches!(second, Reservation::Busy(_)));
//! drop(cell);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cells;
mod changed_files;
mod checkpoint;
mod csv;
mod error;
mod files;
mod folder;
mod knobs;
mod lock;
mod manifest;
mod name;
mod observation;
mod observations;
mod rows;
mod sealed;
mod sweep_file;
mod weights;

pub use cells::{
    CellFailure, CellFolder, CellResult, CellState, CellStore, OpenCell, Reservation, Retrain,
};
pub use changed_files::{ChangedFile, changed_files};
pub use checkpoint::{Checkpoint, ModelCheckpoint};
pub use csv::csv_bytes;
pub use error::RunFolderError;
pub use files::{plain_file, write_atomically};
pub use folder::{
    RunFolder, RunIdentity, read_calibration, read_manifest, read_observations, read_spec,
    read_verdict, spec_file, write_calibration, write_verdict,
};
pub use knobs::{knob_value, lies_at};
pub use lock::Owner;
pub use manifest::{
    Build, CellSummary, EarlyEnd, ExternalSource, FORMAT, FailedCell, Manifest, MetricInfo,
    StopReason, Threshold, VariantInfo,
};
pub use name::Name;
pub use observation::Observation;
pub use observations::{CellName, Curve, Observations, Source};
pub use rows::Mark;
pub use sweep_file::SweepFile;
pub use weights::{Moment, WeightsOf, has_weights, keep_weights, kept_weights};
