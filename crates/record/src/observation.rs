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
    /// Skill, mode, class or abscissa, counted from 1; 0 if the metric has no index.
    pub index: u64,
    /// Training step of the value.
    pub step: u64,
    /// Gradient-flow time on the model's own clock; `None` for optimizers without flow time (Adam).
    pub flow_time: Option<f64>,
    /// The value. It is infinite (null in JSON) for a time that was not reached by the last step of
    /// its curve, and minus infinity ("-inf") for a time before the first record, if that record is
    /// later than step 0. In these cases `step` is the step of that last or first record.
    #[serde(with = "finite_or_null")]
    pub value: f64,
}

/// JSON has no infinity, so null represents infinity, and "-inf" minus infinity.
mod finite_or_null {
    use std::fmt;

    use serde::{
        Deserializer, Serializer,
        de::{Error, Unexpected, Visitor},
    };

    const BEFORE: &str = "-inf";

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        match *value {
            f64::NEG_INFINITY => serializer.serialize_str(BEFORE),
            value if value.is_finite() => serializer.serialize_f64(value),
            _ => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        d.deserialize_any(Written)
    }

    struct Written;

    impl Visitor<'_> for Written {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a number, null or {BEFORE:?}")
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
            Ok(value)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
            Ok(value as f64)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
            Ok(value as f64)
        }

        fn visit_unit<E: Error>(self) -> Result<f64, E> {
            Ok(f64::INFINITY)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
            match text {
                BEFORE => Ok(f64::NEG_INFINITY),
                other => Err(E::invalid_value(Unexpected::Str(other), &self)),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn unknown_times_are_read_back_from_json() {
        for value in [0.5, 20.0, f64::INFINITY, f64::NEG_INFINITY] {
            let row = Observation {
                variant: "base".into(),
                seed: 0,
                model: "net".into(),
                metric: "half_time".into(),
                index: 1,
                step: 100,
                flow_time: None,
                value,
            };
            let text = serde_json::to_string(&row).unwrap();
            assert_eq!(serde_json::from_str::<Observation>(&text).unwrap(), row);
        }
    }
}
