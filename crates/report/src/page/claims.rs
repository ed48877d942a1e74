//! One row per claim over all runs: what every model gave, and the verdict.

use judge::{Judgement, Run};
use models::Role;
use plan::spec::{IntervalKind, Outcome, Threshold};
use serde::Serialize;

use super::{
    judged::Verdict,
    topic::{Judged, RATE, Topic, decisive, number, run_anchor},
};
use crate::{number::significant, plural::counted};

#[derive(Serialize)]
pub(super) struct Claims {
    phenomena: Vec<Phenomenon>,
    multiplicity: String,
}

/// The claims about one phenomenon.
#[derive(Serialize)]
struct Phenomenon {
    name: String,
    anchor: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    run: String,
    run_anchor: String,
    anchor: String,
    id: String,
    statement: String,
    measured: String,
    threshold: String,
    net: Vec<Effect>,
    twin: Vec<Effect>,
    linear: Vec<Effect>,
    theory: Vec<Effect>,
    verdict: Verdict,
    shared_with: String,
    /// Whether the verdict does not survive the number of claims.
    lost: bool,
    quick: bool,
}

/// What one model gave.
#[derive(Serialize)]
struct Effect {
    text: String,
    /// Whether the claim speaks of this model.
    judged: bool,
}

/// The id of a phenomenon's claims on the page.
pub(super) fn topic_anchor(position: usize) -> String {
    format!("claims-{}", position + 1)
}

impl Claims {
    pub(super) fn new(topics: &[Topic<'_>]) -> Self {
        let phenomena = topics.iter().enumerate();
        Self {
            phenomena: phenomena
                .map(|(position, topic)| Phenomenon {
                    name: topic.name.to_owned(),
                    anchor: topic_anchor(position),
                    rows: topic.claims.iter().map(Row::new).collect(),
                })
                .collect(),
            multiplicity: multiplicity(topics),
        }
    }
}

/// How the number of claims is accounted for, in a few sentences.
fn multiplicity(topics: &[Topic<'_>]) -> String {
    let claims = || topics.iter().flat_map(|topic| &topic.claims);
    let decided = claims().filter(|judged| judged.counts()).count();
    let kept = claims()
        .filter(|judged| judged.counts() && judged.survives)
        .count();
    let unknown = claims()
        .filter(|judged| {
            judged.claim.outcome != Outcome::Undecided && judged.claim.p_value.is_none()
        })
        .count();
    let unknown = match unknown {
        0 => String::new(),
        count => format!(
            " {count} more were judged before p-values were recorded and count with 1; `layerwise \
             verdict` judges their runs again."
        ),
    };
    let fewest = claims().map(|judged| judged.run.manifest.seeds.len()).min();
    let fewest = fewest.unwrap_or(0);
    let least = 2.0_f64
        .powi(1 - i32::try_from(fewest).unwrap_or(i32::MAX))
        .min(1.0);
    format!(
        "Every verdict rests on its own 95 % interval. Of {} some would come out by chance, so \
         the page also controls the false discovery rate at {:.0} % over all of them (Benjamini and \
         Hochberg 1995): {kept} of the {decided} verdicts that are supported or contradicted survive. \
         The p-value of a claim is that of its threshold: two-sided Student's t for t intervals, the \
         exact sign test over seeds for order intervals, where a bound counts only for what lies \
         above it. A supported claim takes the largest p-value over its parts, a contradicted one the \
         smallest times the number of parts, an undecided one 1. With {fewest} seeds no sign test gives \
         less than 2·2^−{fewest} = {}. Controls have no part in p; a claim whose control misses its \
         verdict is undecided.{unknown}",
        counted(claims().count(), "claim"),
        100.0 * RATE,
        significant(least, 2)
    )
}

impl Row {
    fn new(judged: &Judged<'_>) -> Self {
        let Judged {
            run, claim, place, ..
        } = *judged;
        // A twin that lives in a variant of its own is among the controls.
        let shown = |model: &str| judged.judgements().any(|other| other.model == model);
        let controls = claim.controls.iter().map(|control| &control.judgement);
        let controls: Vec<&Judgement> = controls
            .filter(|judgement| !shown(&judgement.model) && !judgement.components.is_empty())
            .collect();
        let of = |wanted: Role| -> Vec<Effect> {
            let label = decisive(&claim.measured).map(|part| part.label.as_str());
            let beside = judged.judgements().filter(|j| judged.role(j) == wanted);
            let beside = beside.map(|judgement| Effect {
                text: effect(judgement, label),
                judged: judgement.model == claim.measured.model,
            });
            let controls = controls.iter().filter(|j| judged.role(j) == wanted);
            let controls = controls.map(|judgement| Effect {
                text: format!("{} (control)", effect(judgement, label)),
                judged: false,
            });
            beside.chain(controls).collect()
        };
        Self {
            run: run.spec.name.clone(),
            run_anchor: run_anchor(place),
            anchor: judged.anchor(),
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            measured: measured(run, &claim.id, &claim.measured.statistic),
            threshold: threshold(&claim.threshold),
            net: of(Role::Net),
            twin: of(Role::Twin),
            linear: of(Role::Linear),
            theory: of(Role::Theory),
            verdict: claim.outcome.into(),
            shared_with: claim.shared_with.join(", "),
            lost: judged.counts() && !judged.survives,
            quick: run.manifest.quick,
        }
    }
}

/// What a claim measures, and what its numbers are: `shape of skill_strength, median over 8 seeds`.
pub(super) fn measured(run: &Run, id: &str, statistic: &str) -> String {
    let seeds = counted(run.manifest.seeds.len(), "seed");
    let claim = run.spec.claims.iter().find(|claim| claim.id == id);
    let metric = claim.map_or(String::new(), |claim| format!(" of {}", claim.metric));
    format!("{statistic}{metric}, {} over {seeds}", centre(run, id))
}

/// The side of the threshold that is claimed, with real minus signs.
pub(super) fn threshold(threshold: &Threshold) -> String {
    threshold.to_string().replace('-', "−")
}

/// What the centre of a claim's interval is.
pub(crate) fn centre(run: &Run, id: &str) -> &'static str {
    let claim = run.spec.claims.iter().find(|claim| claim.id == id);
    match claim.map(|claim| claim.interval) {
        Some(IntervalKind::T) => "mean",
        _ => "median",
    }
}

/// The part `label`, which decides the claim, as a number with its interval; where a model lacks
/// that part, the one that would decide about it.
fn effect(judgement: &Judgement, label: Option<&str>) -> String {
    let mut parts = judgement.components.iter();
    let same = parts.find(|part| Some(part.label.as_str()) == label);
    let part = same.or_else(|| decisive(judgement));
    let number = part.map_or("–".to_owned(), number);
    format!("{}: {number}", judgement.model)
}
