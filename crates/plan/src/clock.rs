use crate::spec::Training;

/// Gradient-flow time of a run at each of its recorded steps: the sum of lr · c over all earlier
/// steps, where c follows from the loss and the optimizer.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    steps: Vec<u64>,
    times: Option<Vec<f64>>,
    distances: Vec<f64>,
    /// The model's own factor on the learning rate.
    factor: f64,
}

impl Clock {
    /// The clock of `training` for a task with `outputs` outputs, at `steps` (increasing).
    pub fn new(training: &Training, outputs: usize, steps: &[u64]) -> Self {
        let per_lr = Self::per_lr(training, outputs);
        let mut elapsed = 0.0;
        let mut at = 0;
        let elapsed: Vec<f64> = (steps.iter())
            .map(|&step| {
                // Summing step by step is exact for every schedule.
                while at < step {
                    elapsed += training.schedule.factor(at, training.steps);
                    at += 1;
                }
                elapsed
            })
            .collect();
        let scaled = |factor: f64| -> Vec<f64> {
            let elapsed = elapsed.iter();
            elapsed.map(|time| time * training.lr * factor).collect()
        };
        Self {
            steps: steps.to_vec(),
            times: per_lr.map(&scaled),
            distances: scaled(1.0),
            factor: 1.0,
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
            distances: self.distances.iter().map(|d| d * factor).collect(),
            factor: self.factor * factor,
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

    /// The sum of learning rates over all steps before the `position`-th recorded one: how far an
    /// optimizer has come whose steps have the length of the learning rate.
    pub fn distance(&self, position: usize) -> f64 {
        self.distances[position]
    }

    /// The learning rate of the model at `step` under this `training`.
    pub fn rate(&self, training: &Training, step: u64) -> f64 {
        self.factor * training.lr * training.schedule.factor(step, training.steps)
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
