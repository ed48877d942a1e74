use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use models::{HostArray, Needs};
use nets::Learners;
use plan::{Clock, Variant};
use record::{CellFolder, CellSummary, Checkpoint, Observation, StopReason};
use tasks::TaskInstance;

/// A member of a batch of cells: a variant with a seed.
pub(crate) type Member<'a> = (&'a Variant, u64);

/// Where a cell records.
pub(crate) struct Recording {
    pub(crate) folder: CellFolder,
    /// Where it resumes. Members of a batch do so from the same step.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// What it had recorded before.
    pub(crate) rows: Vec<Observation>,
}

impl Recording {
    /// The step at which it resumes.
    pub(crate) fn step(&self) -> u64 {
        self.checkpoint
            .as_ref()
            .map_or(0, |checkpoint| checkpoint.step)
    }
}

/// A model in training, in all members.
pub(crate) struct ModelInTraining {
    pub(crate) name: String,
    pub(crate) needs: Needs,
    pub(crate) learners: Box<dyn Learners>,
    /// Steps of its checkpoints, where it is not trained here.
    pub(crate) replayed: Option<Vec<u64>>,
    pub(crate) members: Vec<ModelMember>,
}

/// A model in training, in one member.
pub(crate) struct ModelMember {
    /// The model's factor on the learning rate of the run. It is applied here and nowhere else.
    pub(crate) lr_scale: f64,
    pub(crate) initial: Vec<HostArray>,
    /// Loss at step 0, the yardstick of divergence.
    pub(crate) first_loss: Option<f64>,
    pub(crate) observations: Vec<Observation>,
    /// Step and parameters at which each metric that remembers them was read last.
    pub(crate) previous: RefCell<BTreeMap<usize, Remembered>>,
}

/// A step, and the parameters at it.
type Remembered = (u64, Rc<Vec<HostArray>>);

/// What belongs to a member whatever the model.
pub(crate) struct MemberState<'a> {
    pub(crate) variant: &'a Variant,
    pub(crate) seed: u64,
    pub(crate) instance: Box<dyn TaskInstance>,
    pub(crate) clock: Clock,
    /// Why it stopped, and after which step, once it has.
    pub(crate) stopped: Option<(StopReason, u64)>,
}

impl MemberState<'_> {
    /// The learning rate of the run at a step.
    pub(crate) fn lr(&self, step: u64) -> f64 {
        let training = &self.variant.training;
        training.lr * training.schedule.factor(step, training.steps)
    }
}

/// What a cell that was trained leaves in memory.
pub(crate) struct TrainedCell {
    /// Measured rows, model by model in step order.
    pub(crate) observations: Vec<Observation>,
    /// How it ended.
    pub(crate) summary: CellSummary,
    /// Where each model started.
    pub(crate) initial: Vec<(String, Vec<HostArray>)>,
    /// Where each model ended, if the spec asks for its weights; none of those that were read.
    pub(crate) last: Vec<(String, Vec<HostArray>)>,
    /// The engine of each model.
    pub(crate) engines: Vec<(String, &'static str)>,
}
