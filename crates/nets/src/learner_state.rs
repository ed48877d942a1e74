use mlp::TrainerState;
use models::{HostArray, LearnerState};

use crate::LearnerError;

/// Splits the concatenated values `flat` into arrays with the names and shapes of `like`.
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

/// A state from parameters and the moments of the trainer.
pub(crate) fn with_moments(
    like: &[HostArray],
    parameters: Vec<HostArray>,
    moments: &TrainerState,
) -> LearnerState {
    LearnerState {
        steps: moments.steps,
        parameters,
        first: split_moment(like, &moments.first),
        second: split_moment(like, &moments.second),
    }
}

/// The moments of the trainer in a state.
pub(crate) fn moments_of(state: &LearnerState) -> TrainerState {
    TrainerState {
        steps: state.steps,
        first: joined(state.first.iter().flatten()),
        second: joined(state.second.iter().flatten()),
    }
}

/// Splits a concatenated moment by parameter; `None` for each parameter if the optimizer does not
/// keep it.
fn split_moment(like: &[HostArray], flat: &[f64]) -> Vec<Option<HostArray>> {
    if flat.is_empty() {
        return Vec::new();
    }
    split(like, flat).into_iter().map(Some).collect()
}

/// Concatenated values of all arrays.
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
    let problem = format!("it has the parameters {found:?} instead of {like:?}");
    Err(LearnerError::State(problem))
}

/// Checks that there is one state for each member.
pub(crate) fn check_count(states: &[LearnerState], members: usize) -> Result<(), LearnerError> {
    if states.len() == members {
        return Ok(());
    }
    let found = states.len();
    let problem = format!("there are {found} states for {members} members");
    Err(LearnerError::State(problem))
}
