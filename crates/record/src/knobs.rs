/// The value of a knob as a number: either a number, or the only entry of a list (a hidden width).
pub fn knob_value(knobs: &toml::Table, key: &str) -> Option<f64> {
    match knobs.get(key)? {
        toml::Value::Integer(value) => Some(*value as f64),
        toml::Value::Float(value) => Some(*value),
        toml::Value::Array(values) => match values.as_slice() {
            [toml::Value::Integer(value)] => Some(*value as f64),
            [toml::Value::Float(value)] => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the knobs have all the values in `at`; numbers are compared as in [`knob_value`].
pub fn lies_at(knobs: &toml::Table, at: &toml::Table) -> bool {
    at.iter().all(|(key, value)| match knob_value(at, key) {
        Some(number) => knob_value(knobs, key) == Some(number),
        None => knobs.get(key) == Some(value),
    })
}
