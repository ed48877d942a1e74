use models::{HostArray, LearnerState, Model};
use thiserror::Error;

use crate::Rows;

/// Why a model cannot be trained or resumed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LearnerError {
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// No engine has this name.
    #[error("engine {name:?} is unknown. Choose one of: {known}")]
    UnknownEngine {
        /// The name.
        name: String,
        /// All names, with commas between them.
        known: String,
    },
    /// The engine refuses a constant of the training.
    #[error("{0}")]
    Refused(String),
    /// The state does not belong to these learners.
    #[error("the state of training does not fit: {0}")]
    State(String),
    /// No engine covers this model.
    #[error("no engine trains this model: {engine} {reason}")]
    NoEngine {
        /// The engine that was tried last.
        engine: &'static str,
        /// What the engine lacks.
        reason: &'static str,
    },
    /// The engine does not cover this model.
    #[error("engine {engine:?} {reason}. Use --engine auto")]
    NotCovered {
        /// The engine.
        engine: String,
        /// What the engine lacks.
        reason: &'static str,
    },
}

/// One model in training, in one or more members that are trained together. Members do not
/// interact.
pub trait Learners: Send {
    /// Name of the engine.
    fn engine(&self) -> &'static str;

    /// The model of a member.
    fn model(&self, member: usize) -> &dyn Model;

    /// One optimizer step of every member, each on its own rows at its own learning rate. Does not
    /// wait for the device.
    fn step(&mut self, rows: &Rows<'_>, lr: &[f64]);

    /// Freezes a layer of a member, counted from 0, from a step on, unless it is frozen earlier: for
    /// layers that learn until a condition holds. It is not part of the state and must be repeated in
    /// learners that resume.
    fn freeze(&mut self, member: usize, layer: usize, from: u64);

    /// Outputs `[N, K]` of every member on its own rows. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError>;

    /// Outputs `[N, K]` of one member on `rows`, which hold this member only. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError>;

    /// The parameters of every member on the host. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError>;

    /// The state of every member, from which training can resume. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn states(&self) -> Result<Vec<LearnerState>, LearnerError>;

    /// Restores the states from [`Learners::states`], in learners that were created in the same
    /// way. All members must be at the same step.
    ///
    /// # Errors
    /// The states belong to other learners; nothing is changed then.
    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError>;
}
