use models::{Loss, Optimizer, Precision};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How every model of a cell is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Number of seeds: every variant is trained once with each.
    #[serde(default = "Training::default_seeds")]
    pub seeds: u64,
    /// The first seed; the others follow.
    #[serde(default)]
    pub first_seed: u64,
    /// Number of training steps.
    pub steps: u64,
    /// Learning rate, before the schedule. Above 0.
    pub lr: f64,
    /// Schedule of the learning rate.
    #[serde(default)]
    pub schedule: LearningRateSchedule,
    /// Optimizer with its constants.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// Training loss with its convention.
    #[serde(default)]
    pub loss: Loss,
    /// Floating-point precision of training; results are always computed in f64.
    #[serde(default)]
    pub precision: Precision,
    /// A cell stops as diverged when a loss exceeds this multiple of its first value. Above 1.
    #[serde(default = "Training::default_divergence")]
    pub divergence: f64,
    /// Condition that ends a cell early, or a list of conditions that must all hold at the same step.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_more")]
    #[schemars(schema_with = "one_or_more::schema")]
    pub stop_when: Vec<StopWhen>,
    /// Whether the run keeps the initial and final weights of every model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub keep_weights: bool,
}

/// A single condition needs no list around it.
mod one_or_more {
    use schemars::{Schema, SchemaGenerator, json_schema};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::StopWhen;

    pub(super) fn schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<StopWhen>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }

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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LearningRateSchedule {
    /// The same rate at every step.
    #[default]
    Constant,
    /// A rate that is multiplied by `factor` every `every` steps.
    Steps {
        /// Steps between two changes. 1 or more.
        every: u64,
        /// Factor of each change. Above 0.
        factor: f64,
    },
    /// Half a cosine, from the full rate to `final_factor` times it at the last step.
    Cosine {
        /// Rate at the last step over that at the first. 0 or more.
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

/// A condition under which a cell ends: every index of `metric` of `model` is above or below a bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopWhen {
    /// Name of the model.
    pub model: String,
    /// Name of a metric that is measured on it.
    pub metric: String,
    /// The cell ends when all indices are above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// The cell ends when all indices are below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

impl StopWhen {
    /// Whether the condition holds of one value.
    pub fn holds(&self, value: f64) -> bool {
        self.above.is_none_or(|bound| value > bound) && self.below.is_none_or(|bound| value < bound)
    }
}
