//! Checks that claims, numbers and pictures name things that exist.

use std::collections::HashSet;

use super::{claim, leaderboard, named::Names, picture};
use crate::{
    plan::{Claims, PlannedMetric, Variant},
    spec::{Errors, Spec, SpecError},
    times,
};

/// Checks that claims, numbers and pictures name things that exist.
pub(crate) fn check_references(
    spec: &mut Spec,
    claims: &Claims,
    variants: &[Variant],
) -> Result<(), SpecError> {
    // Predicted skill curves also have derived times.
    let mut metrics: Vec<&'static str> = times::METRICS.to_vec();
    // A variant may have its own models and predictions.
    let mut sources: Vec<&str> = Vec::new();
    for variant in variants {
        for PlannedMetric { metric, .. } in &variant.metrics {
            metrics.extend(metric.metrics());
            metrics.extend(metric.derived_metrics());
        }
        for prediction in &variant.predictions {
            metrics.extend(prediction.form.metrics());
        }
        for name in variant.sources() {
            if !sources.contains(&name) {
                sources.push(name);
            }
        }
    }
    metrics.sort_unstable();
    metrics.dedup();
    let names = Names {
        sources,
        metrics,
        groups: {
            let mut groups: Vec<&str> = variants.iter().map(|v| v.group.as_str()).collect();
            groups.dedup();
            groups
        },
        variants,
        leaderboards: {
            let boards = claims.leaderboards.iter();
            boards.map(|board| &*board.leaderboard.id).collect()
        },
    };
    let mut errors = Errors::default();
    for (position, (claim, planned)) in spec.claims.iter_mut().zip(&claims.claims).enumerate() {
        errors.take(claim::check(
            &format!("claims[{position}]"),
            planned,
            &names,
        ));
        claim.statistic = planned.statistic.resolved();
    }
    for (position, (number, planned)) in spec.numbers.iter_mut().zip(&claims.numbers).enumerate() {
        let place = format!("numbers[{position}]");
        let check = || {
            names.metric(&format!("{place}.metric"), &number.metric)?;
            names.group(&format!("{place}.variant"), &number.variant)?;
            names.source_in(&format!("{place}.model"), &number.variant, &number.model)?;
            names.cells(&format!("{place}.at"), &number.variant, &number.at)?;
            names.statistic(&place, &number.variant, &*planned.statistic)
        };
        errors.take(check());
        number.statistic = planned.statistic.resolved();
    }
    for (position, board) in spec.leaderboards.iter().enumerate() {
        let place = format!("leaderboards[{position}]");
        errors.take(leaderboard::check(&place, board, &names));
    }
    errors.take(check_ids(
        "leaderboards",
        spec.leaderboards.iter().map(|board| board.id.as_str()),
    ));
    let claim_ids: Vec<&str> = spec.claims.iter().map(|c| c.id.as_str()).collect();
    errors.take(check_ids("claims", claim_ids.iter().copied()));
    errors.take(check_ids(
        "numbers",
        spec.numbers.iter().map(|n| n.id.as_str()),
    ));
    let mut files = HashSet::new();
    for (position, picture) in spec.pictures.iter().enumerate() {
        let place = format!("pictures[{position}]");
        if !files.insert(&picture.name) {
            errors.take(Err::<(), _>(SpecError::key(
                format!("{place}.name"),
                format!("{:?}", picture.name),
                "is also the name of another picture",
                "Give each picture its own name.",
            )));
        }
        errors.take(picture::check(
            &place, picture, &claim_ids, &names, variants,
        ));
    }
    errors.none()
}

/// Checks that the ids at `key` are distinct. Ids may contain characters as in papers, such as `N½`
/// and `W'`.
fn check_ids<'a>(key: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), SpecError> {
    let fits = |c: char| c.is_alphanumeric() || "-_'".contains(c);
    let mut seen = HashSet::new();
    for (position, id) in ids.enumerate() {
        if id.is_empty() || !id.chars().all(fits) {
            return Err(SpecError::key(
                format!("{key}[{position}].id"),
                format!("{id:?}"),
                "may contain only letters, digits, -, _ and '",
                "Write for example \"E1\".",
            ));
        }
        if !seen.insert(id) {
            return Err(SpecError::key(
                key,
                format!("id = {id:?}"),
                "is used twice",
                "Give each entry its own id.",
            ));
        }
    }
    Ok(())
}
