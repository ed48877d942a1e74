//! One row per claim over all runs: what every model gave, and the verdict.

use judge::{Calibration, Judgement, Multiplicity, Run};
use models::Role;
use plan::spec::{IntervalKind, Threshold};
use serde::Serialize;

use super::{
    pictures::figure_anchor,
    topic::{Judged, Topic, decisive, number, run_anchor},
    verdict::Verdict,
};
use crate::{feeds::picture_of, number::significant, plural::counted};

/// Significant digits of an expected number.
const DIGITS: usize = 3;

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
    /// Position among the claims of the run, and the id of the figure with the curve that decided it.
    position: usize,
    figure: Option<String>,
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
    pub(super) fn new(topics: &[Topic<'_>], runs: &[Run]) -> Self {
        let phenomena = topics.iter().enumerate();
        Self {
            phenomena: phenomena
                .map(|(position, topic)| Phenomenon {
                    name: topic.name.to_owned(),
                    anchor: topic_anchor(position),
                    rows: topic.claims.iter().map(Row::new).collect(),
                })
                .collect(),
            multiplicity: multiplicity(runs),
        }
    }
}

/// How the number of claims is accounted for, in a few sentences.
fn multiplicity(runs: &[Run]) -> String {
    let calibrations: Vec<Option<Calibration>> = runs.iter().map(Calibration::of_run).collect();
    let verdicts = runs.iter().map(|run| &run.verdict);
    let all = Multiplicity::of(verdicts.zip(calibrations.iter().map(Option::as_ref)));
    let replicated = match all.supported {
        0 => String::new(),
        supported => format!(
            " Of {} of calibrated runs, a repetition with as many new seeds is expected to support {} again.",
            counted(supported, "supported claim"),
            significant(all.replicated, DIGITS)
        ),
    };
    format!(
        "Every verdict rests on its own 95 % interval. If all {} were just not true, {} of them would \
         be supported by chance ({} of these rates are calibrated on null data with `layerwise \
         calibrate`, the others are those of the interval). Within its experiment each verdict is \
         corrected for the number of claims (Holm 1979): {} of the {} that are supported or contradicted \
         keep p ≤ 0.05. The p-value of a claim is that of its threshold: two-sided Student's t for t \
         intervals, the exact sign test over seeds for order intervals, and for orders the larger of that and a \
         permutation test. A supported claim takes the largest p-value over its parts, a contradicted one \
         a joint test over them.{replicated} {} of the {} verify solvable models and are no tests of nets.",
        counted(all.claims, "claim"),
        significant(all.false_supports, 2),
        all.calibrated,
        all.kept,
        all.decided,
        all.verifications,
        counted(all.claims, "claim"),
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
            position: judged.position(),
            figure: picture_of(run, claim).map(|picture| figure_anchor(place, picture)),
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            measured: measured(run, &claim.id, &claim.measured.statistic),
            threshold: threshold(&claim.threshold),
            net: of(Role::Net),
            twin: of(Role::Twin),
            linear: of(Role::Linear),
            theory: of(Role::Theory),
            verdict: claim.into(),
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
