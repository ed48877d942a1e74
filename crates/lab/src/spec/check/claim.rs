//! Checks of claims: what they name exists, and they can fail.

use super::Names;
use crate::{
    Kinds,
    spec::{Claim, SpecError, Threshold},
};

/// Checks one claim with its controls and writes the defaults of its statistic back; `place` is its
/// key.
pub(super) fn check(
    place: &str,
    claim: &mut Claim,
    names: &Names<'_>,
    kinds: &Kinds,
) -> Result<(), SpecError> {
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
    if claim.controls.is_empty() {
        return Err(SpecError::key(
            format!("{place}.controls"),
            "(none)",
            "a claim without a control cannot be trusted",
            "Add a case whose verdict is known.",
        ));
    }
    let statistic = kinds.statistics.build(claim.statistic.clone());
    let statistic = statistic.map_err(|e| e.within(&format!("{place}.statistic")))?;
    names.statistic(place, &claim.variant, &*statistic)?;
    claim.statistic = statistic.resolved();
    for (position, control) in claim.controls.iter().enumerate() {
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
        // A control's own `at`, or another variant, moves it to other cells.
        let variant = control.variant.as_ref().unwrap_or(&claim.variant);
        let at = control.at.as_ref().unwrap_or(&claim.at);
        names.cells(&format!("{place}.at"), variant, at)?;
        let mut merged = claim.statistic.clone();
        if control.statistic.contains_key("kind") {
            merged = toml::Table::new();
        }
        merged.extend(control.statistic.clone());
        let statistic = kinds.statistics.build(merged);
        let statistic = statistic.map_err(|e| e.within(&format!("{place}.statistic")))?;
        names.statistic(&place, variant, &*statistic)?;
    }
    Ok(())
}
