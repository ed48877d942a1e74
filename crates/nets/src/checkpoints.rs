use std::collections::BTreeMap;

use models::{HostArray, LearnerState, Model};

use crate::{LearnerError, Learners, Rows, TrainingSetup, autodiff::AutodiffLearners};

/// A learner that replays parameters from checkpoints: at each step it has the parameters of the
/// last checkpoint up to that step. It has one member.
pub(crate) struct CheckpointLearners {
    shown: AutodiffLearners,
    checkpoints: BTreeMap<u64, Vec<HostArray>>,
    step: u64,
}

impl CheckpointLearners {
    /// Creates learners that replay `checkpoints`: parameters by step, in the order of
    /// [`Model::initial`].
    ///
    /// # Errors
    /// The model has no forward function on a device.
    pub(crate) fn new(
        setup: TrainingSetup<'_>,
        checkpoints: BTreeMap<u64, Vec<HostArray>>,
    ) -> Result<Self, LearnerError> {
        Ok(Self {
            shown: AutodiffLearners::new(setup)?,
            checkpoints,
            step: 0,
        })
    }
}

impl Learners for CheckpointLearners {
    fn engine(&self) -> &'static str {
        "checkpoints"
    }

    fn model(&self, member: usize) -> &dyn Model {
        self.shown.model(member)
    }

    fn step(&mut self, _rows: &Rows<'_>, _lr: &[f64]) {
        self.step += 1;
        if let Some(arrays) = self.checkpoints.get(&self.step) {
            self.shown.set_parameters(arrays);
        }
    }

    /// What is in the checkpoints was trained elsewhere, and stays as it is.
    fn freeze(&mut self, _member: usize, _layer: usize, _from: u64) {}

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError> {
        self.shown.outputs(rows)
    }

    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        self.shown.outputs_of(member, rows)
    }

    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError> {
        self.shown.parameters()
    }

    fn states(&self) -> Result<Vec<LearnerState>, LearnerError> {
        // The state holds no parameters, because they are in the checkpoints.
        Ok(vec![LearnerState {
            steps: self.step,
            ..LearnerState::default()
        }])
    }

    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError> {
        self.step = states.first().map_or(0, |state| state.steps);
        if let Some((_, arrays)) = self.checkpoints.range(..=self.step).next_back() {
            self.shown.set_parameters(arrays);
        }
        Ok(())
    }
}
