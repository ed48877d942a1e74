//! One row per claim over all runs, what does not survive, and what failed.

use judge::{ClaimVerdict, ComponentJudgement, Judgement, Run, false_discovery_rate};
use models::Role;
use plan::spec::Outcome;
use serde::Serialize;

use super::judged::Verdict;
use crate::{Failed, number::significant};

/// Share of the verdicts that may be chance.
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
        let claims = || runs.iter().flat_map(|run| &run.verdict.claims);
        let p: Vec<f64> = claims().map(|claim| claim.p_value.unwrap_or(1.0)).collect();
        let survives = false_discovery_rate(&p, RATE);
        let mut survives_next = survives.iter().copied();
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
                let kept = survives_next.next().unwrap_or(false);
                phenomena[place]
                    .rows
                    .push(Row::new(run, &anchor, claim, kept));
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
            multiplicity: multiplicity(runs, &survives),
            failed: failed.iter().map(FailedView::new).collect(),
            left: left.to_vec(),
            quick: runs.iter().any(|run| run.manifest.quick),
        }
    }
}

/// Whether a claim has a verdict that could survive, or be lost.
fn counts(claim: &ClaimVerdict) -> bool {
    claim.outcome != Outcome::Undecided && claim.p_value.is_some()
}

/// How the number of claims is accounted for, in a few sentences.
fn multiplicity(runs: &[Run], survives: &[bool]) -> String {
    let claims = || runs.iter().flat_map(|run| &run.verdict.claims);
    let decided = claims().filter(|claim| counts(claim)).count();
    let kept = (claims().zip(survives))
        .filter(|(claim, kept)| **kept && counts(claim))
        .count();
    let unknown = claims()
        .filter(|claim| claim.outcome != Outcome::Undecided && claim.p_value.is_none())
        .count();
    let unknown = match unknown {
        0 => String::new(),
        count => format!(
            " {count} more were judged before p-values were recorded and count with 1; `layerwise \
             verdict` judges their runs again."
        ),
    };
    let judged = runs.iter().filter(|run| !run.verdict.claims.is_empty());
    let fewest = judged.map(|run| run.manifest.seeds.len()).min();
    let fewest = fewest.unwrap_or(0);
    let least = 2.0_f64
        .powi(1 - i32::try_from(fewest).unwrap_or(i32::MAX))
        .min(1.0);
    format!(
        "Every verdict stands for its own 95 % interval. Of {} claims some would come out by chance, so \
         the page also controls the false discovery rate at {:.0} % over all of them (Benjamini and \
         Hochberg 1995): {kept} of the {decided} verdicts that are supported or contradicted survive. \
         The p-value of a claim is that of its threshold: two-sided Student's t for t intervals, the \
         exact sign test over seeds for order statistics, where a bound speaks only for what lies \
         above it; the largest over all parts of a supported claim, the smallest times the number of \
         parts of a contradicted one; 1 for an undecided one. With {fewest} seeds no sign test gives \
         less than 2·2^−{fewest} = {}. Controls are no part of p; a claim whose control misses its \
         verdict is undecided.{unknown}",
        survives.len(),
        100.0 * RATE,
        significant(least, 2)
    )
}

impl Row {
    fn new(run: &Run, anchor: &str, claim: &ClaimVerdict, kept: bool) -> Self {
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
            survives: match (counts(claim), kept) {
                (false, _) => "",
                (true, true) => "survives",
                (true, false) => "does not survive",
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
