use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use models::{HostArray, Needs};
use nets::Learners;
use plan::{Clock, Variant};
use record::{CellFolder, CellSummary, Checkpoint, Observation, StopReason};
use tasks::TaskInstance;

/// A member of a batch of cells: a variant with a seed.
pub(crate) type Member<'a> = (&'a Variant, u64);

/// The recording of a cell: its folder, and where it resumes.
pub(crate) struct Recording {
    pub(crate) folder: CellFolder,
    /// Checkpoint to resume from. All members of a batch resume from the same step.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Rows recorded earlier.
    pub(crate) rows: Vec<Observation>,
}

impl Recording {
    /// The step at which the cell resumes.
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
    /// Steps of its checkpoints, if the model is read from checkpoints.
    pub(crate) replayed: Option<Vec<u64>>,
    pub(crate) members: Vec<ModelMember>,
}

/// A model in training, in one member.
pub(crate) struct ModelMember {
    /// The model's factor on the learning rate of the run. This is the only place that applies it.
    pub(crate) lr_scale: f64,
    pub(crate) initial: Vec<HostArray>,
    /// Loss at step 0, against which divergence is judged.
    pub(crate) first_loss: Option<f64>,
    pub(crate) observations: Vec<Observation>,
    /// For each metric with memory, the step and parameters of its last reading.
    pub(crate) previous: RefCell<BTreeMap<usize, Remembered>>,
}

impl ModelInTraining {
    /// Freezes the layers of a member that learn until a condition which holds at `step`. Those whose
    /// condition held earlier stay frozen from then on.
    pub(crate) fn freeze_where_conditions_hold(&mut self, member: usize, step: u64) {
        let interventions = self.learners.model(member).interventions();
        for (layer, condition) in interventions.frozen_when() {
            let beyond = |value| condition.holds(value);
            if self.members[member].all_hold(&condition.metric, step, beyond) {
                self.learners.freeze(member, layer, step);
            }
        }
    }

    /// Freezes the layers again whose conditions held at a step that a member has recorded.
    pub(crate) fn freeze_again(&mut self, member: usize) {
        let mut steps: Vec<u64> = (self.members[member].observations.iter())
            .map(|row| row.step)
            .collect();
        steps.dedup();
        for step in steps {
            self.freeze_where_conditions_hold(member, step);
        }
    }
}

impl ModelMember {
    /// Whether a metric was recorded at a step, and every index of it `holds`.
    pub(crate) fn all_hold(&self, metric: &str, step: u64, holds: impl Fn(f64) -> bool) -> bool {
        let rows = &self.observations;
        let end = rows.partition_point(|row| row.step <= step);
        let mut values = (rows[..end].iter().rev())
            .take_while(|row| row.step == step)
            .filter(|row| row.metric == metric)
            .map(|row| row.value)
            .peekable();
        values.peek().is_some() && values.all(holds)
    }
}

/// A step, and the parameters at it.
type Remembered = (u64, Rc<Vec<HostArray>>);

/// State of a member that its models share.
pub(crate) struct MemberState<'a> {
    pub(crate) variant: &'a Variant,
    pub(crate) seed: u64,
    pub(crate) instance: Box<dyn TaskInstance>,
    pub(crate) clock: Clock,
    /// Why and after which step the member stopped; `None` while it trains.
    pub(crate) stopped: Option<(StopReason, u64)>,
}

impl MemberState<'_> {
    /// The learning rate of the run at a step.
    pub(crate) fn lr(&self, step: u64) -> f64 {
        let training = &self.variant.training;
        training.lr * training.schedule.factor(step, training.steps)
    }
}

/// Result of training a cell.
pub(crate) struct TrainedCell {
    /// Measured rows, model by model in step order.
    pub(crate) observations: Vec<Observation>,
    /// How it ended.
    pub(crate) summary: CellSummary,
    /// Initial parameters of each model.
    pub(crate) initial: Vec<(String, Vec<HostArray>)>,
    /// Final parameters of each trained model, if the spec asks to keep weights.
    pub(crate) last: Vec<(String, Vec<HostArray>)>,
    /// The engine of each model.
    pub(crate) engines: Vec<(String, &'static str)>,
}
