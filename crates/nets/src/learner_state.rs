use crate::{HostArray, LearnerError};

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

/// Arrays like `like` with the values of `flat`, one behind the other.
pub(crate) fn split(like: &[HostArray], flat: &[f64]) -> Vec<HostArray> {
    let mut rest = flat;
    let arrays = like.iter().map(|array| {
        let (own, others) = rest.split_at(array.values.len());
        rest = others;
        HostArray {
            values: own.to_vec(),
            ..array.clone()
        }
    });
    arrays.collect()
}

/// A moment of all parameters, one behind the other; nothing where the optimizer keeps none.
pub(crate) fn split_moment(like: &[HostArray], flat: &[f64]) -> Vec<Option<HostArray>> {
    if flat.is_empty() {
        return Vec::new();
    }
    split(like, flat).into_iter().map(Some).collect()
}

/// The values of all arrays, one behind the other.
pub(crate) fn joined<'a>(arrays: impl IntoIterator<Item = &'a HostArray>) -> Vec<f64> {
    let arrays = arrays.into_iter();
    arrays.flat_map(|array| &array.values).copied().collect()
}

/// Checks that a state holds arrays with the names and shapes of `like`.
pub(crate) fn check_like(like: &[HostArray], found: &[HostArray]) -> Result<(), LearnerError> {
    let named = |array: &HostArray| (array.name.clone(), array.rows, array.columns);
    let (like, found): (Vec<_>, Vec<_>) = (
        like.iter().map(named).collect(),
        found.iter().map(named).collect(),
    );
    if like == found {
        return Ok(());
    }
    let problem = format!("it has the parameters {found:?}, and not {like:?}");
    Err(LearnerError::State(problem))
}
