use crate::HostArray;

/// Everything that a learner needs to go on later as if nothing had been: with the initial parameters
/// and the same rows, the next steps give the same bits.
///
/// Numbers are f64 on the host whatever the precision of training, which loses nothing of f32.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearnerState {
    /// Steps that the optimizer counted (for Adam's corrections), or that were shown of checkpoints.
    pub steps: u64,
    /// The parameters, in the order of the initial ones.
    pub parameters: Vec<HostArray>,
    /// The optimizer's first moment of each parameter (momentum buffer, or mean of gradients), with
    /// the parameter's name and shape. `None` where there is none; empty where no parameter has one.
    pub first: Vec<Option<HostArray>>,
    /// The second moment (mean of squared gradients).
    pub second: Vec<Option<HostArray>>,
}
