use models::{Loss, Optimizer, Precision};
use serde::{Deserialize, Serialize};

/// How every model of a cell is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Number of seeds.
    #[serde(default = "Training::default_seeds")]
    pub seeds: u64,
    /// The first seed; the others follow.
    #[serde(default)]
    pub first_seed: u64,
    /// Training steps.
    pub steps: u64,
    /// Learning rate before the schedule.
    pub lr: f64,
    /// Learning-rate schedule.
    #[serde(default)]
    pub schedule: LearningRateSchedule,
    /// Optimizer and all its constants.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// Loss convention.
    #[serde(default)]
    pub loss: Loss,
    /// Floating-point precision of training; results are always computed in f64.
    #[serde(default)]
    pub precision: Precision,
    /// A cell stops as diverged when a loss exceeds this multiple of its first value.
    #[serde(default = "Training::default_divergence")]
    pub divergence: f64,
    /// Conditions on metrics that together end a cell early: one table or a list of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_more")]
    pub stop_when: Vec<StopWhen>,
    /// Whether the run keeps the weights of every model, initial and final.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_weights: bool,
}

/// A single condition needs no list around it.
mod one_or_more {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::StopWhen;

    pub(super) fn serialize<S: Serializer>(all: &[StopWhen], to: S) -> Result<S::Ok, S::Error> {
        match all {
            [one] => one.serialize(to),
            all => all.serialize(to),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<StopWhen>, D::Error> {
        match toml::Value::deserialize(d)? {
            list @ toml::Value::Array(_) => list.try_into(),
            one => one.try_into().map(|one| vec![one]),
        }
        .map_err(|error: toml::de::Error| D::Error::custom(error.message()))
    }
}

impl Training {
    fn default_seeds() -> u64 {
        8
    }

    fn default_divergence() -> f64 {
        1e6
    }
}

/// Learning rate as a function of the step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LearningRateSchedule {
    /// Always the same.
    #[default]
    Constant,
    /// Multiplied by `factor` every `every` steps.
    Steps {
        /// Steps between two changes.
        every: u64,
        /// Factor of each change.
        factor: f64,
    },
    /// Half a cosine from the full rate to `final_factor` times it at the last step.
    Cosine {
        /// Rate at the last step relative to the first.
        #[serde(default)]
        final_factor: f64,
    },
}

impl LearningRateSchedule {
    /// Factor on the learning rate at `step` of `steps`.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        match *self {
            Self::Constant => 1.0,
            Self::Steps { every, factor } => {
                factor.powi(i32::try_from(step / every).unwrap_or(i32::MAX))
            }
            Self::Cosine { final_factor } => {
                let progress = step as f64 / steps.max(1) as f64;
                final_factor
                    + (1.0 - final_factor) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

/// A cell ends where `metric` of `model` satisfies the bound for every index, and so do all other
/// conditions at the same step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopWhen {
    /// Model.
    pub model: String,
    /// Metric, one of those that are measured.
    pub metric: String,
    /// Stop when all indices lie above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Stop when all indices lie below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

impl StopWhen {
    /// Whether the condition holds of one value.
    pub fn holds(&self, value: f64) -> bool {
        self.above.is_none_or(|bound| value > bound) && self.below.is_none_or(|bound| value < bound)
    }
}
