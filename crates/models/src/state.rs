use crate::HostArray;

/// The complete state of a learner. With the initial parameters and the same rows, training from
/// this state continues with identical bits.
///
/// Numbers are stored in f64, which represents f32 exactly.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearnerState {
    /// Number of optimizer steps (for Adam's bias corrections), or of replayed checkpoints.
    pub steps: u64,
    /// The parameters, in the order of the initial ones.
    pub parameters: Vec<HostArray>,
    /// The optimizer's first moment of each parameter (momentum buffer, or mean of gradients), with
    /// the parameter's name and shape. `None` for a parameter without this moment; empty if no
    /// parameter has one.
    pub first: Vec<Option<HostArray>>,
    /// The second moment (mean of squared gradients).
    pub second: Vec<Option<HostArray>>,
}
