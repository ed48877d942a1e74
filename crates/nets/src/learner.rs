use tasks::Batch;
use thiserror::Error;

use crate::{
    AutodiffLearner, DeviceBatch, HostArray, Loss, Model, Optimizer, Precision, Target,
    moments::MomentsLearner,
};

/// Engines by name: what they are.
///
/// `auto` trains linear nets on constant rows in f64 with `moments` and everything else with
/// `autodiff`, which covers every model on every device and is what other engines are tested
/// against.
pub const ENGINES: [(&str, &str); 3] = [
    ("auto", "the fastest engine that applies to each model"),
    (
        "autodiff",
        "burn's recorded graph: every model, every device",
    ),
    ("moments", "linear nets on constant rows, f64 on the host"),
];

/// Why a learner cannot be made or cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LearnerError {
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// No engine has this name.
    #[error(
        "engine {0:?} is unknown. Choose one of: {list}",
        list = ENGINES.map(|(name, _)| name).join(", ")
    )]
    UnknownEngine(String),
    /// The engine does not cover this model.
    #[error("engine {engine:?} {reason}. Use --engine auto")]
    NotCovered {
        /// The engine.
        engine: String,
        /// What it lacks.
        reason: &'static str,
    },
}

/// A model with its parameters, stepped by an engine.
pub trait Learner: Send {
    /// Name of the engine.
    fn engine(&self) -> &'static str;

    /// The model.
    fn model(&self) -> &dyn Model;

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

/// A learner of the named engine. `constant` are the training rows where every step has the same.
///
/// # Errors
/// An unknown engine, or one that does not cover this model.
pub fn learner(
    engine: &str,
    model: Box<dyn Model>,
    initial: Vec<HostArray>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&Batch>,
) -> Result<Box<dyn Learner>, LearnerError> {
    let moments = |model: &dyn Model| {
        let host = MomentsLearner::applies(model, &initial, loss, optimizer)?;
        Ok((host, constant.ok_or("needs the same rows at every step")?))
    };
    let host = match engine {
        "autodiff" => None,
        // In f32 the host's f64 would hide the precision that was asked for.
        "auto" if target.precision() == Precision::F32 => None,
        "auto" => moments(&*model).ok(),
        "moments" => Some(moments(&*model).map_err(|reason| LearnerError::NotCovered {
            engine: engine.to_owned(),
            reason,
        })?),
        other => return Err(LearnerError::UnknownEngine(other.to_owned())),
    };
    Ok(match host {
        Some((host, rows)) => Box::new(MomentsLearner::new(
            model, initial, &host, loss, rows, target,
        )),
        None => Box::new(AutodiffLearner::new(
            model, initial, loss, optimizer, target,
        )),
    })
}
