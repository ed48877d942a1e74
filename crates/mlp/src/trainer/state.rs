//! The state of an optimizer between two steps.

/// The state of an optimizer, with which training can be resumed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainerState {
    /// Steps taken.
    pub steps: u64,
    /// Momentum buffer or mean of gradients, in the order of
    /// [`Trainer::parameters`](crate::Trainer::parameters); empty if the optimizer has none.
    pub first: Vec<f64>,
    /// Mean of squared gradients; empty if the optimizer has none.
    pub second: Vec<f64>,
}
