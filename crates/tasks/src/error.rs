use thiserror::Error;

/// A key of a spec that cannot be used, with its value, the problem and the cure.
///
/// `key` is relative to the table that was parsed (`bits_per_skill`, not `task.bits_per_skill`);
/// callers that know the path prepend it with [`KeyError::within`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key} = {value}: {problem}. {hint}")]
pub struct KeyError {
    /// Dotted path of the key inside its table.
    pub key: String,
    /// The value as written.
    pub value: String,
    /// The problem, without a final full stop.
    pub problem: String,
    /// The cure, a full sentence.
    pub hint: String,
    /// Other errors of the same table.
    pub others: Vec<KeyError>,
}

impl KeyError {
    /// An error about `key`, whose value was `value`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and strings are passed as they come, and errors are rare"
    )]
    pub fn new(
        key: impl Into<String>,
        value: impl ToString,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            value: value.to_string(),
            problem: problem.into(),
            hint: hint.into(),
            others: Vec::new(),
        }
    }

    /// The same error seen from the table that contains this one under `prefix`.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.key = if self.key.is_empty() {
            prefix.to_owned()
        } else {
            format!("{prefix}.{}", self.key)
        };
        self.others = (self.others.into_iter())
            .map(|other| other.within(prefix))
            .collect();
        self
    }
}
