use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Explanations that compete on the curves of one model: each is fitted to the first index at most, and
/// everything else is held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaderboard {
    /// Short name (`L1`).
    pub id: String,
    /// The question that it answers.
    pub statement: String,
    /// The metric whose curves are explained.
    pub metric: String,
    /// The model whose curves are explained.
    pub model: String,
    /// Variant group.
    #[serde(default = "base")]
    pub variant: String,
    /// Indices that constants were fitted to: left out.
    #[serde(default = "first")]
    pub fitted: Vec<u64>,
    /// The explanation on trial.
    pub explanation: Explanation,
    /// What stands for no explanation: the explained share is 0 there.
    pub baseline: Explanation,
    /// The other explanations.
    pub rivals: Vec<Explanation>,
    /// Explanations that are known to be wrong and must be worse than the one on trial. One that is
    /// not makes the verdict undecided.
    pub controls: Vec<Explanation>,
}

/// An explanation of curves: a model or prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The model or prediction.
    pub model: String,
    /// What it is called in tables and pictures.
    pub label: String,
}

impl Leaderboard {
    /// All explanations: the one on trial, the baseline, the rivals and the controls.
    pub fn explanations(&self) -> impl Iterator<Item = &Explanation> {
        let named = [&self.explanation, &self.baseline];
        named.into_iter().chain(&self.rivals).chain(&self.controls)
    }
}

fn base() -> String {
    "base".to_owned()
}

fn first() -> Vec<u64> {
    vec![1]
}
