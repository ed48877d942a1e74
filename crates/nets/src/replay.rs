use std::collections::BTreeMap;

use crate::{
    AutodiffLearner, HostArray, Learner, LearnerError, LearnerState, Loss, Model, Optimizer, Rows,
    Target,
};

/// Parameters that were trained elsewhere, shown at their own steps; between them it stays where
/// it was.
pub struct ReplayLearner {
    net: AutodiffLearner,
    checkpoints: BTreeMap<u64, Vec<HostArray>>,
    step: u64,
}

impl ReplayLearner {
    /// A learner that shows `checkpoints`, parameters by step in the order of [`Model::initial`].
    /// The first of them plays the part of the initial parameters. `None` without a checkpoint.
    pub fn new(
        model: Box<dyn Model>,
        checkpoints: BTreeMap<u64, Vec<HostArray>>,
        loss: Loss,
        target: &Target,
    ) -> Option<Self> {
        let first = checkpoints.values().next()?.clone();
        Some(Self {
            net: AutodiffLearner::new(model, first, loss, Optimizer::default(), target),
            checkpoints,
            step: 0,
        })
    }
}

impl Learner for ReplayLearner {
    fn engine(&self) -> &'static str {
        "checkpoints"
    }

    fn model(&self) -> &dyn Model {
        self.net.model()
    }

    fn step(&mut self, _rows: &Rows<'_>, _lr: f64) {
        self.step += 1;
        if let Some(arrays) = self.checkpoints.get(&self.step) {
            self.net.set(arrays);
        }
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        self.net.outputs(rows)
    }

    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        self.net.parameters()
    }

    fn state(&self) -> Result<LearnerState, LearnerError> {
        // The parameters are in the checkpoints.
        Ok(LearnerState {
            steps: self.step,
            ..LearnerState::default()
        })
    }

    fn set_state(&mut self, state: &LearnerState) -> Result<(), LearnerError> {
        self.step = state.steps;
        if let Some((_, arrays)) = self.checkpoints.range(..=self.step).next_back() {
            self.net.set(arrays);
        }
        Ok(())
    }
}
