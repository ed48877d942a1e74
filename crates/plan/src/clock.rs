use crate::spec::Training;

/// Gradient-flow time of a run at each of its recorded steps: the sum of lr · c over all earlier
/// steps, where c follows from the loss and the optimizer.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    steps: Vec<u64>,
    times: Option<Vec<f64>>,
}

impl Clock {
    /// The clock of `training` for a task with `outputs` outputs, at `steps` (increasing).
    pub fn new(training: &Training, outputs: usize, steps: &[u64]) -> Self {
        let per_lr = Self::per_lr(training, outputs);
        let times = per_lr.map(|factor| {
            let mut elapsed = 0.0;
            let mut at = 0;
            steps
                .iter()
                .map(|&step| {
                    // Summing step by step is exact for every schedule.
                    while at < step {
                        elapsed += training.schedule.factor(at, training.steps);
                        at += 1;
                    }
                    elapsed * training.lr * factor
                })
                .collect()
        });
        Self {
            steps: steps.to_vec(),
            times,
        }
    }

    /// Flow time per unit of learning rate and step.
    pub fn per_lr(training: &Training, outputs: usize) -> Option<f64> {
        training
            .optimizer
            .flow_factor()
            .map(|factor| factor * training.loss.flow_factor(outputs))
    }

    /// L2 decay of the parameters per unit of flow time.
    pub fn decay(training: &Training, outputs: usize) -> f64 {
        training.optimizer.flow_decay() / training.loss.flow_factor(outputs)
    }

    /// The clock of a model that has its own factor on the learning rate.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let times = self.times.as_ref();
        Self {
            steps: self.steps.clone(),
            times: times.map(|times| times.iter().map(|time| time * factor).collect()),
        }
    }

    /// The recorded steps.
    pub fn steps(&self) -> &[u64] {
        &self.steps
    }

    /// Flow time at the `position`-th recorded step.
    pub fn time(&self, position: usize) -> Option<f64> {
        self.times.as_ref().map(|times| times[position])
    }

    /// Flow time at a step between recorded ones, by linear interpolation.
    pub fn time_at(&self, step: f64) -> Option<f64> {
        let times = self.times.as_ref()?;
        let after = self.steps.partition_point(|&s| (s as f64) < step);
        if after == 0 {
            return times.first().copied();
        }
        let (Some(&high), Some(&t_high)) = (self.steps.get(after), times.get(after)) else {
            return None;
        };
        let (low, t_low) = (self.steps[after - 1] as f64, times[after - 1]);
        Some(t_low + (t_high - t_low) * (step - low) / (high as f64 - low))
    }
}
