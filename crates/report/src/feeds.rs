//! Which claims a curve feeds, and which picture shows the curve that decided a claim.

use std::collections::BTreeSet;

use judge::{ClaimVerdict, Run};
use plan::spec::{Claim, Panel, Picture};
use record::{VariantInfo, lies_at};

use crate::{
    figure::{Fed, PanelNumbers},
    page::{decisive, symbol},
};

/// Positions of the claims of `run` whose statistic reads `metric` of `model` in one of `variants`.
pub(crate) fn claims_of(
    run: &Run,
    metric: &str,
    model: &str,
    variants: &[&VariantInfo],
) -> Vec<usize> {
    let verdicts = run.verdict.claims.iter().enumerate();
    let fed = verdicts.filter(|(_, verdict)| {
        claim_of(run, verdict).is_some_and(|claim| {
            claim.metric == metric
                && claim.model == model
                && variants.iter().any(|variant| reads(claim, variant))
        })
    });
    fed.map(|(position, _)| position).collect()
}

/// Position of the first picture of `run` that shows a curve which feeds the claim; else of the first
/// whose title follows its verdict.
pub(crate) fn picture_of(run: &Run, verdict: &ClaimVerdict) -> Option<usize> {
    let claim = claim_of(run, verdict)?;
    let mut pictures = run.spec.pictures.iter();
    let shown = pictures.position(|p| p.panels.iter().any(|panel| shows(run, panel, claim)));
    shown.or_else(|| {
        let follows = |p: &Picture| p.titles.as_ref().is_some_and(|t| t.claim == claim.id);
        run.spec.pictures.iter().position(follows)
    })
}

/// The claims that some curve of `panels` feeds.
pub(crate) fn fed(run: &Run, panels: &[PanelNumbers]) -> Vec<Fed> {
    let series = panels.iter().flat_map(|panel| match panel {
        PanelNumbers::Curves(curves) => curves.series.as_slice(),
        _ => &[],
    });
    let positions: BTreeSet<usize> = series.flat_map(|s| s.claims.iter().copied()).collect();
    let fed = positions.into_iter().map(|position| {
        let verdict = &run.verdict.claims[position];
        Fed {
            position,
            id: verdict.id.clone(),
            word: verdict.word().to_owned(),
            symbol: symbol(verdict.outcome),
            part: decisive(&verdict.measured).map_or_else(String::new, |part| part.label.clone()),
        }
    });
    fed.collect()
}

fn claim_of<'a>(run: &'a Run, verdict: &ClaimVerdict) -> Option<&'a Claim> {
    run.spec.claims.iter().find(|claim| claim.id == verdict.id)
}

/// Whether the claim is about a cell of the sweep.
fn reads(claim: &Claim, variant: &VariantInfo) -> bool {
    let named = claim.variant == variant.group || claim.variant == variant.name;
    named && lies_at(&variant.knobs, &claim.at)
}

fn shows(run: &Run, panel: &Panel, claim: &Claim) -> bool {
    let mut layers = panel.layers.iter();
    let layered = layers.any(|layer| {
        let metrics = panel.metrics.iter().map(String::as_str);
        let mut metrics = metrics.chain(panel.metric_of(layer));
        layer.model == claim.model && metrics.any(|metric| metric == claim.metric)
    });
    layered
        && run.manifest.variants.iter().any(|variant| {
            let mut names = panel.variants.iter();
            names.any(|name| *name == variant.group || *name == variant.name)
                && lies_at(&variant.knobs, &panel.at)
                && reads(claim, variant)
        })
}
