//! Reading the reference values that are stored as JSON.

use serde_json::Value;

/// Parses one of the JSON fixtures.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A number that is stored as a number or as a string of digits.
pub(crate) fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap()
}
