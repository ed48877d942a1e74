//! Leaderboards: what they name exists, and they can be lost.

use std::collections::HashSet;

use super::named::Names;
use crate::spec::{Leaderboard, SpecError};

/// Checks one leaderboard; `place` is its key.
pub(super) fn check(place: &str, board: &Leaderboard, names: &Names<'_>) -> Result<(), SpecError> {
    names.metric(&format!("{place}.metric"), &board.metric)?;
    names.group(&format!("{place}.variant"), &board.variant)?;
    names.source_in(&format!("{place}.model"), &board.variant, &board.model)?;
    let mut seen = HashSet::new();
    for explanation in board.explanations() {
        let model = &explanation.model;
        names.source_in(&format!("{place}.explanations"), &board.variant, model)?;
        if *model == board.model || !seen.insert(model) {
            let problem = if *model == board.model {
                "explains itself"
            } else {
                "competes twice"
            };
            return Err(SpecError::key(
                place,
                format!("model = {model:?}"),
                problem,
                "Name each explanation once, and not the model that is explained.",
            ));
        }
    }
    if board.controls.is_empty() {
        return Err(SpecError::key(
            format!("{place}.controls"),
            "(none)",
            "a leaderboard without a control cannot be trusted",
            "Add an explanation that is known to be wrong.",
        ));
    }
    Ok(())
}
