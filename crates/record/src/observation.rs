use serde::{Deserialize, Serialize};

use crate::Name;

/// One measured or predicted number: a row of the long table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Variant name (`base`, or `base,task.data.size=500` in a grid).
    pub variant: Name,
    /// Seed.
    pub seed: u64,
    /// Model or prediction.
    pub model: Name,
    /// Metric.
    pub metric: Name,
    /// Skill, mode, class or abscissa, counted from 1; 0 where the metric has none.
    pub index: u64,
    /// Training step at which it holds.
    pub step: u64,
    /// Gradient-flow time on the model's own clock; `None` where there is none (Adam).
    pub flow_time: Option<f64>,
    /// The value. Infinite (null in JSON) for a time that did not come before the last step.
    #[serde(with = "finite_or_null")]
    pub value: f64,
}

/// JSON has no infinity; null stands for it.
mod finite_or_null {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else {
            serializer.serialize_none()
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(d)?.unwrap_or(f64::INFINITY))
    }
}
