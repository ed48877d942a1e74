//! Defines engines. An engine trains a model, and states which models, losses and devices it
//! covers.
//!
//! An [`Engine`] turns a [`TrainingSetup`] (a model in one or more members, a loss, an optimizer, a
//! device) into [`Learners`], which are then stepped. [`Engines`](crate::Engines) holds the engines in the order in which
//! `auto` tries them. `autodiff` covers every model on every device. The other engines are faster
//! on what they cover, and are tested against `autodiff`.

use std::sync::Arc;

use models::{HostArray, Loss, Model, Optimizer};
use tasks::{Batch, KeyError, TaskInstance, TaskShape};

use crate::{Forwards, LearnerError, Learners, Target};

/// A model and its initial parameters.
pub struct Member {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its initial parameters.
    pub initial: Vec<HostArray>,
    /// Its backward weights, where it has some in place of its last layer's.
    pub backward: Option<HostArray>,
    /// The seed of its cell, for what is drawn while it trains.
    pub seed: u64,
}

impl Member {
    /// A model with what it starts from in the cell of a seed.
    pub fn new(
        model: Arc<dyn Model>,
        task: &dyn TaskInstance,
        shape: TaskShape,
        seed: u64,
    ) -> Self {
        Self {
            initial: model.initial(task, shape, seed),
            backward: model.backward(shape, seed),
            model,
            seed,
        }
    }

    /// A model that starts from these parameters, on which nobody intervenes.
    pub fn untouched(model: Arc<dyn Model>, initial: Vec<HostArray>) -> Self {
        Self {
            model,
            initial,
            backward: None,
            seed: 0,
        }
    }

    /// A plain `mlp` for checks and timings, on rows of this shape. `table` is its table without
    /// `kind`; its initial weights do not depend on a task.
    ///
    /// # Errors
    /// A key of the table is not valid.
    pub fn plain(mut table: toml::Table, shape: TaskShape, seed: u64) -> Result<Self, KeyError> {
        table.insert("kind".to_owned(), "mlp".into());
        let model = models::kinds().build(table)?;
        let any = "kind = 'modes'\ninput_powers = [1.0]\ntargets = [1.0]";
        let any = any.parse().expect("this table is TOML");
        let task = tasks::kinds().build(any)?;
        Ok(Self::new(model.into(), &*task.instance(seed), shape, seed))
    }
}

/// Everything that an engine needs to train one model.
pub struct TrainingSetup<'a> {
    /// The members: copies of one model, which may differ in seeds, initial weights and learning
    /// rates.
    pub members: Vec<Member>,
    /// Loss.
    pub loss: Loss,
    /// Optimizer with its constants.
    pub optimizer: Optimizer,
    /// Device and precision.
    pub target: &'a Target,
    /// The training rows of every member, if they are the same at every step.
    pub constant: Option<&'a [Batch]>,
    /// The forward functions of models on a device.
    pub forwards: &'a Forwards,
}

impl TrainingSetup<'_> {
    /// The first member, which represents all where only the structure of the model matters.
    pub(crate) fn first(&self) -> &Member {
        &self.members[0]
    }
}

/// Text about what an engine covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Models.
    pub models: &'static str,
    /// Losses.
    pub losses: &'static str,
    /// Optimizers.
    pub optimizers: &'static str,
    /// Precisions.
    pub precisions: &'static str,
    /// Devices.
    pub devices: &'static str,
    /// Interventions on layers.
    pub interventions: &'static str,
}

/// A way to train a model. A new engine is one file and one line in [`Engines`](crate::Engines).
pub trait Engine: Send + Sync {
    /// Name, as in `--engine NAME`.
    fn name(&self) -> &'static str;

    /// What the engine covers, for tables and help.
    fn coverage(&self) -> Coverage;

    /// Whether the engine computes on the given device. Engines that do not use it compute on the
    /// CPU without a backend, so `auto` takes them only on the recommended device.
    fn uses_device(&self) -> bool {
        false
    }

    /// Checks that the engine can train this setup.
    ///
    /// # Errors
    /// What the engine lacks, as a clause after its name (`engine "mlp" computes on the CPU`).
    fn covers(&self, setup: &TrainingSetup<'_>) -> Result<(), &'static str>;

    /// Creates learners before their first step. The setup must be covered.
    ///
    /// # Errors
    /// A constant is outside its domain, or the device failed.
    fn start(&self, setup: TrainingSetup<'_>) -> Result<Box<dyn Learners>, LearnerError>;
}
