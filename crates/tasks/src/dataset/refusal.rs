/// Why a text cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The end of a sentence about the file.
    pub(super) problem: String,
    /// What to do.
    pub(super) cure: &'static str,
}

impl Refusal {
    pub(super) fn new(problem: impl Into<String>, cure: &'static str) -> Self {
        Self {
            problem: problem.into(),
            cure,
        }
    }
}

impl From<String> for Refusal {
    fn from(problem: String) -> Self {
        Self::new(problem, "Correct the file, or the name")
    }
}
