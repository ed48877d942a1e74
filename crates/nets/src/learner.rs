use thiserror::Error;

use crate::{AutodiffLearner, DeviceBatch, HostArray, Loss, Model, Optimizer, Target};

/// Engines by name.
pub const ENGINES: [&str; 1] = ["autodiff"];

/// Why a learner cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LearnerError {
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// No engine has this name.
    #[error("engine {0:?} is unknown. Choose one of: {list}", list = ENGINES.join(", "))]
    UnknownEngine(String),
}

/// A model with its parameters, stepped by an engine.
pub trait Learner: Send {
    /// One optimizer step on `batch`. Does not wait for the device.
    fn step(&mut self, batch: &DeviceBatch, lr: f64);

    /// Outputs `[N, K]` on the host, row-major. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn outputs(&self, batch: &DeviceBatch) -> Result<Vec<f64>, LearnerError>;

    /// The parameters on the host. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError>;
}

/// A learner of the named engine.
///
/// # Errors
/// An unknown engine.
pub fn learner(
    engine: &str,
    model: Box<dyn Model>,
    initial: Vec<HostArray>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
) -> Result<Box<dyn Learner>, LearnerError> {
    match engine {
        "autodiff" => Ok(Box::new(AutodiffLearner::new(
            model, initial, loss, optimizer, target,
        ))),
        other => Err(LearnerError::UnknownEngine(other.to_owned())),
    }
}
