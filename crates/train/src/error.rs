use nets::{DeviceError, LearnerError};
use plan::{MeasureError, Variant};
use record::RunFolderError;
use thiserror::Error;

/// Why a run could not be carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The device cannot be used.
    #[error("device {0}")]
    Device(#[from] DeviceError),
    /// The selected engine cannot train a model.
    #[error("model {model}: {error}")]
    Model {
        /// The model.
        model: String,
        /// What the engine lacks.
        error: String,
    },
    /// The engine, the device or a metric failed.
    #[error("{variant}, seed {seed}: {error}")]
    Cell {
        /// Variant.
        variant: String,
        /// Seed.
        seed: u64,
        /// What happened.
        error: MeasureError,
    },
    /// A cell panicked, because of a bug in layerwise or in a backend.
    #[error("{variant}, seed {seed}: internal error: {message}. Please report it")]
    Panic {
        /// Variant.
        variant: String,
        /// Seed.
        seed: u64,
        /// The panic's message.
        message: String,
    },
    /// A cell failed in an earlier call and is not tried again.
    #[error("{variant}, seed {seed}: failed before: {error}")]
    FailedBefore {
        /// Variant.
        variant: String,
        /// Seed.
        seed: u64,
        /// The earlier error.
        error: String,
    },
    /// The run folder cannot be written.
    #[error("{0}")]
    Folder(#[from] RunFolderError),
}

impl TrainError {
    pub(crate) fn cell(variant: &Variant, seed: u64, error: MeasureError) -> Self {
        Self::Cell {
            variant: variant.name.clone(),
            seed,
            error,
        }
    }

    pub(crate) fn learner(variant: &Variant, seed: u64, error: &LearnerError) -> Self {
        Self::cell(variant, seed, model_error(error))
    }
}

/// The error of a metric that could not read a model.
pub(crate) fn model_error(error: &LearnerError) -> MeasureError {
    MeasureError::Model(error.to_string())
}
