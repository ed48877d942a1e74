//! One row per claim over all runs, what does not survive, and what failed.

use judge::{Calibration, ClaimVerdict, ComponentJudgement, Judgement, Multiplicity, Run};
use models::Role;
use plan::spec::Outcome;
use serde::Serialize;

use super::judged::Verdict;
use crate::{Failed, number::significant};

/// Rate of Holm's correction.
const RATE: f64 = 0.05;
const DIGITS: usize = 3;
/// Where specs stand that name no phenomenon: last.
const UNNAMED: &str = "Other";

#[derive(Serialize)]
pub(super) struct Overview {
    phenomena: Vec<Phenomenon>,
    too_simple: Vec<TooSimple>,
    multiplicity: String,
    failed: Vec<FailedView>,
    /// What was asked for and did not run to its end.
    left: Vec<String>,
    /// Whether any run was made with quick settings.
    quick: bool,
}

/// The claims about one phenomenon.
#[derive(Serialize)]
struct Phenomenon {
    name: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    run: String,
    anchor: String,
    id: String,
    statement: String,
    threshold: String,
    net: Vec<Effect>,
    twin: Vec<Effect>,
    linear: Vec<Effect>,
    theory: Vec<Effect>,
    verdict: Verdict,
    shared_with: String,
    /// Whether the verdict survives the number of claims; empty for an undecided one.
    survives: &'static str,
    quick: bool,
}

/// What one model gave.
#[derive(Serialize)]
struct Effect {
    text: String,
    /// Whether the claim speaks of this model.
    judged: bool,
}

#[derive(Serialize)]
struct TooSimple {
    run: String,
    anchor: String,
    id: String,
    statement: String,
    verdict: Verdict,
    reason: String,
}

#[derive(Serialize)]
struct FailedView {
    name: String,
    problem: String,
}

impl Overview {
    pub(super) fn new(runs: &[Run], failed: &[Failed], left: &[String]) -> Self {
        let mut phenomena: Vec<Phenomenon> = Vec::new();
        let mut too_simple = Vec::new();
        for (position, run) in runs.iter().enumerate() {
            let anchor = format!("run-{}", position + 1);
            let name = &run.spec.phenomenon;
            let place = phenomena.iter().position(|p| p.name == *name);
            let place = place.unwrap_or_else(|| {
                phenomena.push(Phenomenon {
                    name: name.clone(),
                    rows: Vec::new(),
                });
                phenomena.len() - 1
            });
            for claim in &run.verdict.claims {
                phenomena[place].rows.push(Row::new(run, &anchor, claim));
                if claim.outcome != Outcome::Supported {
                    too_simple.push((
                        claim.outcome,
                        TooSimple {
                            run: run.spec.name.clone(),
                            anchor: anchor.clone(),
                            id: claim.id.clone(),
                            statement: claim.statement.clone(),
                            verdict: claim.outcome.into(),
                            reason: claim.reason.clone(),
                        },
                    ));
                }
            }
        }
        phenomena.retain(|phenomenon| !phenomenon.rows.is_empty());
        phenomena.sort_by_key(|phenomenon| phenomenon.name == UNNAMED);
        too_simple.sort_by_key(|(outcome, _)| *outcome != Outcome::Contradicted);
        Self {
            phenomena,
            too_simple: too_simple.into_iter().map(|(_, entry)| entry).collect(),
            multiplicity: multiplicity(runs),
            failed: failed.iter().map(FailedView::new).collect(),
            left: left.to_vec(),
            quick: runs.iter().any(|run| run.manifest.quick),
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
            " Replication: of {supported} supported claims of calibrated runs, new seeds, as many as \
             before, are expected to support {} again.",
            significant(all.replicated, DIGITS)
        ),
    };
    format!(
        "Every verdict stands for its own 95 % interval. If all {} claims were just not true, {} would \
         be supported by chance ({} of these rates are calibrated on null data with `layerwise \
         calibrate`, the others are those of the interval). Within its experiment each verdict is \
         corrected for the number of claims (Holm 1979): {} of {} that are supported or contradicted \
         keep p ≤ {RATE}. The p-value of a claim is that of its threshold: two-sided Student's t for t \
         intervals, the exact sign test over seeds for order statistics, the larger of that and a \
         permutation test for orders; the largest over all parts of a supported claim, a joint test over \
         parts for a contradicted one.{replicated} {} of the {} claims verify solvable models and are no \
         tests of nets.",
        all.claims,
        significant(all.false_supports, 2),
        all.calibrated,
        all.kept,
        all.decided,
        all.verifications,
        all.claims,
    )
}

impl Row {
    fn new(run: &Run, anchor: &str, claim: &ClaimVerdict) -> Self {
        let role = |model: &str| run.manifest.role(model);
        let judged = || {
            let others = claim.compared.iter().chain(&claim.alongside);
            std::iter::once(&claim.measured).chain(others)
        };
        // A twin that lives in a variant of its own is among the controls.
        let shown = |model: &str| judged().any(|judgement| judgement.model == model);
        let controls = claim.controls.iter().map(|control| &control.judgement);
        let controls: Vec<&Judgement> = controls
            .filter(|judgement| !shown(&judgement.model) && !judgement.components.is_empty())
            .collect();
        let of = |wanted: Role| -> Vec<Effect> {
            let label = decisive(&claim.measured).map(|part| part.label.as_str());
            let beside = judged().filter(|j| role(&j.model) == wanted);
            let beside = beside.map(|judgement| Effect {
                text: effect(judgement, label),
                judged: judgement.model == claim.measured.model,
            });
            let controls = controls.iter().filter(|j| role(&j.model) == wanted);
            let controls = controls.map(|judgement| Effect {
                text: format!("{} (control)", effect(judgement, label)),
                judged: false,
            });
            beside.chain(controls).collect()
        };
        Self {
            run: run.spec.name.clone(),
            anchor: anchor.to_owned(),
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            threshold: claim.threshold.to_string(),
            net: of(Role::Net),
            twin: of(Role::Twin),
            linear: of(Role::Linear),
            theory: of(Role::Theory),
            verdict: claim.outcome.into(),
            shared_with: claim.shared_with.join(", "),
            survives: match claim.holm_p {
                None => "",
                Some(p) if p <= RATE => "survives",
                Some(_) => "does not survive",
            },
            quick: run.manifest.quick,
        }
    }
}

impl FailedView {
    fn new(failed: &Failed) -> Self {
        Self {
            name: failed.name.clone(),
            problem: failed.problem.clone(),
        }
    }
}

/// The part `label`, which decides the claim, as a number with its interval; where a model lacks
/// that part, the one that would decide about it.
fn effect(judgement: &Judgement, label: Option<&str>) -> String {
    let mut parts = judgement.components.iter();
    let same = parts.find(|part| Some(part.label.as_str()) == label);
    let number = same.or_else(|| decisive(judgement));
    let number = number.map_or("–".to_owned(), self::number);
    format!("{}: {number}", judgement.model)
}

/// The first part that contradicts, or is undecided, or the first.
pub(crate) fn decisive(judgement: &Judgement) -> Option<&ComponentJudgement> {
    let first = |outcome| {
        let mut parts = judgement.components.iter();
        parts.find(|part| part.outcome == outcome)
    };
    first(Outcome::Contradicted)
        .or_else(|| first(Outcome::Undecided))
        .or_else(|| judgement.components.first())
}

/// Label, centre and interval of one part.
pub(crate) fn number(part: &ComponentJudgement) -> String {
    let text = |value: Option<f64>, none: &str| {
        value.map_or_else(|| none.to_owned(), |value| significant(value, DIGITS))
    };
    let label = if part.label.is_empty() {
        String::new()
    } else {
        format!("{}: ", part.label)
    };
    // Where censoring hides the centre, the bound says all that is known.
    let centre = match (part.centre, part.low) {
        (Some(centre), _) => significant(centre, DIGITS),
        (None, Some(low)) => format!("≥ {}", significant(low, DIGITS)),
        (None, None) => "–".to_owned(),
    };
    match part.coverage {
        None => format!("{label}{centre}"),
        Some(_) => format!(
            "{label}{centre} [{}, {}]",
            text(part.low, "−∞"),
            text(part.high, "∞")
        ),
    }
}
