use std::time::Duration;

use nets::{DeviceError, HostArray, Target, learner};
use tasks::{Batch, Group, KeyError};
use thiserror::Error;

use super::{cells::Cells, runner::Observer};
use crate::{
    Kinds,
    measure::MeasureError,
    predict::Clock,
    record::{CellSummary, Observation},
    spec::Variant,
};

/// Why a run could not be carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A key of the spec does not fit (a registry that changed since it was resolved).
    #[error("{0}")]
    Spec(#[from] KeyError),
    /// The device cannot be used.
    #[error("device {0}")]
    Device(#[from] DeviceError),
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
    /// A cell panicked: a bug of ours or of a backend.
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
        /// What happened then.
        error: String,
    },
    /// The run folder cannot be written.
    #[error("{0}")]
    Folder(#[from] crate::record::RunFolderError),
}

/// One cell: a variant with a seed, on a device.
pub struct Cell<'a> {
    /// The variant.
    pub variant: &'a Variant,
    /// The seed.
    pub seed: u64,
    /// Engine.
    pub engine: &'a str,
    /// Device and precision.
    pub target: &'a Target,
    /// What names mean.
    pub kinds: &'a Kinds,
}

/// What a cell left behind.
pub struct CellOutcome {
    /// Observations, model by model in step order.
    pub observations: Vec<Observation>,
    /// How it went.
    pub summary: CellSummary,
    /// The run's flow time at the recorded steps.
    pub clock: Clock,
    /// Skills, modes or classes.
    pub groups: Vec<Group>,
    /// Where each model started.
    pub initial: Vec<(String, Vec<HostArray>)>,
    /// Where each model ended, if the spec asks for its weights; none of those that were read.
    pub last: Vec<(String, Vec<HostArray>)>,
    /// The engine of each model.
    pub engines: Vec<(String, &'static str)>,
    /// The training rows, where every step has the same.
    pub constant: Option<Batch>,
}

impl Cell<'_> {
    /// Checks that the engine covers every model, without training.
    ///
    /// # Errors
    /// The first model that it does not cover.
    pub fn check(&self) -> Result<(), RunError> {
        let spec = &self.variant.spec;
        let task = (self.kinds.tasks.build(spec.task.clone())).map_err(|e| e.within("task"))?;
        let instance = task.instance(self.seed);
        let mut stream = instance.training();
        let mut batch = Batch::zeros(task.shape(), task.batch_rows());
        stream.fill(0, &mut batch);
        let constant = stream.is_constant().then_some(&batch);
        let training = &spec.training;
        for (name, table) in &spec.models {
            if self.variant.own.contains_key(name) {
                continue;
            }
            let table = table.as_table().cloned().unwrap_or_default();
            let model = self.kinds.models.build(table);
            let model = model.map_err(|e| e.within(&format!("models.{name}")))?;
            let initial = model.initial(&*instance, task.shape(), self.seed);
            let (loss, optimizer) = (training.loss, training.optimizer);
            learner(
                self.engine,
                model,
                initial,
                loss,
                optimizer,
                self.target,
                constant,
            )
            .map_err(|error| RunError::Cell {
                variant: self.variant.name.clone(),
                seed: self.seed,
                error: error.into(),
            })?;
        }
        Ok(())
    }

    /// Trains the models of the cell and measures them. `limit` ends it early (for estimates).
    ///
    /// # Errors
    /// The device failed; what was recorded until then went to the observer.
    pub fn run(
        &self,
        limit: Option<u64>,
        observer: &dyn Observer,
    ) -> Result<CellOutcome, RunError> {
        let alone = Cells {
            members: &[(self.variant, self.seed)],
            engine: self.engine,
            target: self.target,
            kinds: self.kinds,
            kept: None,
            checkpoint_every: Duration::MAX,
        };
        let mut outcomes = alone.run(limit, observer)?;
        Ok(outcomes.swap_remove(0))
    }
}
