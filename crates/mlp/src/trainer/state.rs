//! The state of an optimizer between two steps.

/// State of an optimizer, from which training can be resumed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainerState {
    /// Steps taken.
    pub steps: u64,
    /// Momentum buffer or mean of gradients, in the order of
    /// [`Trainer::parameters`](crate::Trainer::parameters); X: Vec<f64>, Mean of squared gradients;
    /// empty where the rule keeps none.
    pub second: Vec<f64>,
}
