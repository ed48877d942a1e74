//! Builds the statistics of claims, and checks that everything that a claim names exists and that
//! the claim can fail.

use std::{collections::BTreeMap, sync::Arc};

use tasks::KeyError;

use super::named::Names;
use crate::{
    Kinds,
    plan::{Claims, PlannedClaim, PlannedLeaderboard, PlannedNumber},
    spec::{Leaderboard, Origin, Spec, SpecError, Threshold},
    statistic::Statistic,
};

impl Claims {
    /// Builds the claims and numbers of a spec. A control inherits the keys of the statistic of its
    /// claim that it does not set, unless it sets another kind.
    ///
    /// # Errors
    /// A statistic does not exist, or its keys are not valid.
    pub fn of(spec: &Spec, kinds: &Kinds) -> Result<Self, SpecError> {
        let build = |place: &str, table: toml::Table| -> Result<Arc<dyn Statistic>, KeyError> {
            let statistic = kinds.statistics.build(table);
            Ok(statistic
                .map_err(|e| e.within(&format!("{place}.statistic")))?
                .into())
        };
        let mut claims = Vec::new();
        for (position, claim) in spec.claims.iter().enumerate() {
            let place = format!("claims[{position}]");
            let statistic = build(&place, claim.statistic.clone())?;
            let mut controls = Vec::new();
            for (position, control) in claim.controls.iter().enumerate() {
                let place = format!("{place}.controls[{position}]");
                let mut merged = statistic.resolved();
                if control.statistic.contains_key("kind") {
                    merged = toml::Table::new();
                }
                merged.extend(control.statistic.clone());
                controls.push(build(&place, merged)?);
            }
            claims.push(PlannedClaim {
                claim: claim.clone(),
                statistic,
                controls,
            });
        }
        let mut numbers = Vec::new();
        for (position, number) in spec.numbers.iter().enumerate() {
            numbers.push(PlannedNumber {
                number: number.clone(),
                statistic: build(&format!("numbers[{position}]"), number.statistic.clone())?,
            });
        }
        let leaderboards = spec.leaderboards.iter();
        let leaderboards = leaderboards.map(|board| PlannedLeaderboard {
            leaderboard: board.clone(),
            constants: constants(board, spec, kinds),
        });
        Ok(Self {
            claims,
            numbers,
            leaderboards: leaderboards.collect(),
        })
    }
}

/// How many constants each prediction among the explanations fits.
fn constants(board: &Leaderboard, spec: &Spec, kinds: &Kinds) -> BTreeMap<String, u32> {
    let explanations = board.explanations();
    let fitted = explanations.filter_map(|explanation| {
        let mut table = spec
            .predictions
            .get(&explanation.model)?
            .as_table()?
            .clone();
        table.remove("role");
        // A table that does not fit was reported where predictions are checked.
        let form = kinds.predictions.build(table).ok()?;
        Some((explanation.model.clone(), form.constants()))
    });
    fitted.filter(|(_, constants)| *constants > 0).collect()
}

/// Checks one claim with its controls; `place` is its key.
pub(super) fn check(
    place: &str,
    planned: &PlannedClaim,
    names: &Names<'_>,
) -> Result<(), SpecError> {
    let claim = &planned.claim;
    names.metric(&format!("{place}.metric"), &claim.metric)?;
    names.group(&format!("{place}.variant"), &claim.variant)?;
    names.source_in(&format!("{place}.model"), &claim.variant, &claim.model)?;
    names.cells(&format!("{place}.at"), &claim.variant, &claim.at)?;
    for model in &claim.compare {
        names.source_in(&format!("{place}.compare"), &claim.variant, model)?;
    }
    let possible = match claim.threshold {
        Threshold::Above(value) | Threshold::Below(value) => value.is_finite(),
        Threshold::Within([low, high]) => low.is_finite() && high.is_finite() && low < high,
    };
    if !possible {
        return Err(SpecError::key(
            format!("{place}.threshold"),
            claim.threshold,
            "must be a finite number, or two increasing ones",
            "Write for example { below = 0.3 } or { within = [0.9, 1.1] }.",
        ));
    }
    let pilot = claim.pilot.as_deref().map(str::trim);
    let (value, problem, hint) = match (claim.origin, pilot) {
        (Some(Origin::Pilot), None | Some("")) => (
            "(missing)",
            "is needed with origin = \"pilot\"",
            "Say which runs the threshold was read off, with their seeds.",
        ),
        (Some(Origin::Theory | Origin::Literature) | None, Some(text)) => (
            text,
            "stands beside an origin that is no pilot",
            "Write origin = \"pilot\", or leave pilot out.",
        ),
        _ => ("", "", ""),
    };
    if !problem.is_empty() {
        return Err(SpecError::key(
            format!("{place}.pilot"),
            value,
            problem,
            hint,
        ));
    }
    if claim.controls.is_empty() {
        return Err(SpecError::key(
            format!("{place}.controls"),
            "(none)",
            "a claim without a control cannot be trusted",
            "Add a control: a case whose verdict is known.",
        ));
    }
    names.statistic(place, &claim.variant, &*planned.statistic)?;
    let controls = claim.controls.iter().zip(&planned.controls);
    for (position, (control, statistic)) in controls.enumerate() {
        let place = format!("{place}.controls[{position}]");
        control
            .metric
            .as_ref()
            .map_or(Ok(()), |m| names.metric(&format!("{place}.metric"), m))?;
        control
            .variant
            .as_ref()
            .map_or(Ok(()), |v| names.group(&format!("{place}.variant"), v))?;
        let group = control.variant.as_ref().unwrap_or(&claim.variant);
        let model = control.model.as_ref().unwrap_or(&claim.model);
        names.source_in(&format!("{place}.model"), group, model)?;
        // A control with its own `at` or variant is judged on other cells.
        let variant = control.variant.as_ref().unwrap_or(&claim.variant);
        let at = control.at.as_ref().unwrap_or(&claim.at);
        names.cells(&format!("{place}.at"), variant, at)?;
        names.statistic(&place, variant, &**statistic)?;
    }
    Ok(())
}
