use plan::{
    Claims, Component, Measured, PlannedClaim, RecordedRun, Sample, Selection, Statistic,
    spec::{Claim, IntervalKind, Outcome, Spec, Threshold},
};

use crate::{
    interval::{Interval, interval},
    leaderboard,
    p_value::{of_parts, p_values},
    verdict::{
        ClaimVerdict, ComponentJudgement, ControlVerdict, Judgement, ReportedNumber, VerdictFile,
    },
};

/// Confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// Judges claims from what a run recorded. A threshold that was changed since the claim was first judged
/// in the run's folder is shown; `at_run` is the spec as it was when the run was made, if that is
/// another, for claims that the manifest does not know.
pub fn judge(claims: &Claims, at_run: Option<&Spec>, run: &RecordedRun<'_>) -> VerdictFile {
    let judge = Judge { run };
    let verdict = |planned: &PlannedClaim| {
        let claim = &planned.claim;
        let at_run = || {
            let mut claims = at_run?.claims.iter();
            Some(claims.find(|other| other.id == claim.id)?.threshold)
        };
        let first = run.manifest.first_thresholds.get(&claim.id).copied();
        ClaimVerdict {
            threshold_at_run: first
                .or_else(at_run)
                .filter(|threshold| *threshold != claim.threshold),
            ..judge.claim(planned)
        }
    };
    let numbers = claims.numbers.iter().map(|planned| {
        let number = &planned.number;
        let place = Place {
            variant: &number.variant,
            model: &number.model,
            metric: &number.metric,
            at: &number.at,
        };
        let statistic = &*planned.statistic;
        let parts = judge.measure(place, statistic).components;
        let part = |component: &Component| {
            component_judgement(component, number.interval, statistic.range(), None, 1)
        };
        ReportedNumber {
            id: number.id.clone(),
            statement: number.statement.clone(),
            model: number.model.clone(),
            components: parts.iter().map(part).collect(),
        }
    });
    VerdictFile {
        name: run.manifest.name.clone(),
        claims: claims.claims.iter().map(verdict).collect(),
        numbers: numbers.collect(),
        leaderboards: {
            let boards = claims.leaderboards.iter();
            boards.map(|board| leaderboard::rank(board, run)).collect()
        },
    }
}

struct Judge<'a> {
    run: &'a RecordedRun<'a>,
}

/// The numbers between which a statistic lies.
type Range = [f64; 2];

/// Which rows a statistic sees.
#[derive(Clone, Copy)]
struct Place<'a> {
    variant: &'a str,
    model: &'a str,
    metric: &'a str,
    at: &'a toml::Table,
}

impl Judge<'_> {
    fn measure(&self, place: Place<'_>, statistic: &dyn Statistic) -> Measured {
        let Place {
            variant,
            model,
            metric,
            at,
        } = place;
        let selection = Selection::select(self.run, variant, model, metric, at);
        let mut measured = statistic.measure(&selection);
        measured.notes.extend(selection.cut_short());
        measured
    }

    fn judgement(&self, claim: &Claim, place: Place<'_>, statistic: &dyn Statistic) -> Judgement {
        let measured = self.measure(place, statistic);
        let (range, parts) = (statistic.range(), measured.components.len());
        let threshold = Some(claim.threshold);
        let components = measured.components.iter();
        let components: Vec<ComponentJudgement> = components
            .map(|c| component_judgement(c, claim.interval, range, threshold, parts))
            .collect();
        let table = statistic.resolved();
        let kind = table.get("kind").and_then(toml::Value::as_str);
        Judgement {
            model: place.model.to_owned(),
            variant: place.variant.to_owned(),
            statistic: kind.unwrap_or_default().to_owned(),
            outcome: all_of(&components),
            components,
            notes: measured.notes,
        }
    }

    fn claim(&self, planned: &PlannedClaim) -> ClaimVerdict {
        let (claim, statistic) = (&planned.claim, &*planned.statistic);
        let own = Place {
            variant: &claim.variant,
            model: &claim.model,
            metric: &claim.metric,
            at: &claim.at,
        };
        let measured = self.judgement(claim, own, statistic);
        let controls = claim.controls.iter().zip(&planned.controls);
        let controls: Vec<ControlVerdict> = controls
            .map(|(control, statistic)| {
                let place = Place {
                    variant: control.variant.as_ref().unwrap_or(&claim.variant),
                    model: control.model.as_ref().unwrap_or(&claim.model),
                    metric: control.metric.as_ref().unwrap_or(&claim.metric),
                    at: control.at.as_ref().unwrap_or(&claim.at),
                };
                let judgement = self.judgement(claim, place, &**statistic);
                ControlVerdict {
                    name: control.name.clone(),
                    must: control.must,
                    met: judgement.outcome == control.must,
                    judgement,
                }
            })
            .collect();
        let with = |model: &str| self.judgement(claim, Place { model, ..own }, statistic);
        let compared: Vec<Judgement> = claim.compare.iter().map(|model| with(model)).collect();
        let shared_with: Vec<String> = compared
            .iter()
            .filter(|j| j.outcome == Outcome::Supported)
            .map(|j| j.model.clone())
            .collect();
        let known = |model: &str| model == claim.model || claim.compare.iter().any(|c| c == model);
        let table = statistic.resolved();
        let gap_to = table.get("to").and_then(toml::Value::as_str);
        let others = self.run.observations.models(&claim.metric).into_iter();
        let has_values = |judgement: &Judgement| {
            let mut parts = judgement.components.iter();
            parts.any(|part| part.values.iter().any(Option::is_some))
        };
        let alongside = others
            .filter(|model| !known(model) && gap_to != Some(*model))
            .map(with)
            .filter(has_values);
        let alongside = alongside.collect();
        let missed: Vec<&ControlVerdict> = controls.iter().filter(|c| !c.met).collect();
        let outcome = if missed.is_empty() {
            measured.outcome
        } else {
            Outcome::Undecided
        };
        let reason = reason(claim, &measured, &missed, &shared_with);
        let parts = self.measure(own, statistic).components;
        let parts: Vec<_> = parts
            .iter()
            .map(|part| p_values(&part.samples, claim.interval, claim.threshold))
            .collect();
        ClaimVerdict {
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            source: claim.source.clone(),
            threshold: claim.threshold,
            origin: claim.origin,
            threshold_at_run: None,
            outcome,
            reason,
            p_value: of_parts(&parts, outcome),
            measured,
            controls,
            compared,
            alongside,
            shared_with,
        }
    }
}

fn component_judgement(
    component: &Component,
    kind: IntervalKind,
    range: Option<Range>,
    threshold: Option<Threshold>,
    parts: usize,
) -> ComponentJudgement {
    let samples = &component.samples;
    // An interval reaches no further than what it is of.
    let clipped = |found: Interval| match range {
        Some([least, most]) if found.coverage > 0.0 => Interval {
            low: found.low.max(least),
            high: found.high.min(most),
            ..found
        },
        _ => found,
    };
    let found = clipped(interval(samples, kind, CONFIDENCE));
    // All parts must hold, so support needs no correction; a contradiction by any one of them
    // does (Bonferroni).
    let confidence = 1.0 - (1.0 - CONFIDENCE) / parts.max(1) as f64;
    let wide = clipped(interval(samples, kind, confidence));
    let side = |i: Interval| match (threshold, i.coverage > 0.0) {
        (Some(threshold), true) => side_of(threshold, i.low, i.high),
        _ => Outcome::Undecided,
    };
    let outcome = match (side(found), side(wide)) {
        (Outcome::Supported, _) => Outcome::Supported,
        (_, Outcome::Contradicted) => Outcome::Contradicted,
        _ => Outcome::Undecided,
    };
    let finite = |value: f64| value.is_finite().then_some(value);
    ComponentJudgement {
        label: component.label.clone(),
        seeds: samples.iter().filter(|s| **s != Sample::Missing).count(),
        censored: samples
            .iter()
            .filter(|s| matches!(s, Sample::AtLeast(_) | Sample::AtMost(_)))
            .count(),
        at_most: samples
            .iter()
            .filter(|s| matches!(s, Sample::AtMost(_)))
            .count(),
        centre: found.centre,
        low: finite(found.low),
        high: finite(found.high),
        coverage: (found.coverage > 0.0).then_some(found.coverage),
        outcome,
        values: samples
            .iter()
            .map(|sample| match *sample {
                Sample::Exact(value) | Sample::AtLeast(value) | Sample::AtMost(value) => {
                    Some(value)
                }
                Sample::Missing => None,
            })
            .collect(),
    }
}

/// On which side of the threshold [low, high] lies.
fn side_of(threshold: Threshold, low: f64, high: f64) -> Outcome {
    let (supported, contradicted) = match threshold {
        Threshold::Above(value) => (low > value, high < value),
        Threshold::Below(value) => (high < value, low > value),
        Threshold::Within([a, b]) => (low >= a && high <= b, high < a || low > b),
    };
    if supported {
        Outcome::Supported
    } else if contradicted {
        Outcome::Contradicted
    } else {
        Outcome::Undecided
    }
}

fn all_of(components: &[ComponentJudgement]) -> Outcome {
    if components
        .iter()
        .any(|c| c.outcome == Outcome::Contradicted)
    {
        Outcome::Contradicted
    } else if !components.is_empty() && components.iter().all(|c| c.outcome == Outcome::Supported) {
        Outcome::Supported
    } else {
        Outcome::Undecided
    }
}

/// Why the verdict is what it is, with the numbers of the part that decides it.
fn reason(
    claim: &Claim,
    measured: &Judgement,
    missed: &[&ControlVerdict],
    shared_with: &[String],
) -> String {
    let mut sentences = Vec::new();
    let decisive = measured
        .components
        .iter()
        .find(|c| c.outcome == Outcome::Contradicted)
        .or_else(|| {
            measured
                .components
                .iter()
                .find(|c| c.outcome == Outcome::Undecided)
        });
    match decisive.or(measured.components.first()) {
        None => sentences.push("nothing was recorded to judge".to_owned()),
        Some(part) => {
            let of = if decisive.is_none() && measured.components.len() > 1 {
                format!("all {} parts hold; ", measured.components.len())
            } else {
                String::new()
            };
            sentences.push(format!(
                "{of}{}; claimed: {}",
                describe(part),
                claim.threshold
            ));
        }
    }
    for control in missed {
        sentences.push(format!(
            "control “{}” came out as {} and must be {}, so the test cannot be trusted here",
            control.name, control.judgement.outcome, control.must
        ));
    }
    if let Some((last, others)) = shared_with.split_last() {
        let (who, verb) = if others.is_empty() {
            (last.clone(), "passes")
        } else {
            (format!("{} and {last}", others.join(", ")), "pass")
        };
        sentences.push(format!(
            "{who} {verb} the same test, so this evidence does not tell the models apart"
        ));
    }
    sentences.join("; ")
}

fn describe(part: &ComponentJudgement) -> String {
    let label = if part.label.is_empty() {
        String::new()
    } else {
        format!("{}: ", part.label)
    };
    let number = |value: Option<f64>, none: &str| match value {
        Some(value) => format_number(value),
        None => none.to_owned(),
    };
    let missing = part.values.len().saturating_sub(part.seeds);
    let none = if part.censored == 0 && missing > 0 {
        "(missing)"
    } else {
        "(censored)"
    };
    let centre = number(part.centre, none);
    let seeds = match part.values.len() {
        all if all > part.seeds && part.coverage.is_some() => format!("{} of {all}", part.seeds),
        all => all.to_string(),
    };
    match part.coverage {
        Some(coverage) => {
            let from = match part.values.len() {
                all if all > part.seeds => format!(" from {seeds} seeds"),
                _ => String::new(),
            };
            format!(
                "{label}{centre}, {:.0} % interval [{}, {}]{from}",
                (100.0 * coverage).floor(),
                number(part.low, "−∞"),
                number(part.high, "∞")
            )
        }
        None => format!(
            "{label}{centre}, no 95 % interval from {seeds} seeds{}",
            gaps(part.censored, missing)
        ),
    }
}

/// What keeps seeds from having a value, behind the number of seeds; nothing where all have one.
fn gaps(censored: usize, missing: usize) -> String {
    let are = |count: usize, what: &str| {
        let verb = if count == 1 { "is" } else { "are" };
        (count > 0).then(|| format!("{count} {verb} {what}"))
    };
    let gaps = [are(censored, "censored"), are(missing, "missing")];
    let gaps: Vec<String> = gaps.into_iter().flatten().collect();
    match &gaps[..] {
        [] => String::new(),
        gaps => format!(", of which {}", gaps.join(" and ")),
    }
}

/// A number with about four significant digits.
fn format_number(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        format!("{value:.0}")
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else if size >= 10.0 {
        format!("{value:.2}")
    } else if size >= 1.0 {
        format!("{value:.3}")
    } else if size >= 0.01 || size == 0.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

#[cfg(test)]
mod tests {
    use super::gaps;

    #[test]
    fn what_seeds_lack_is_told_apart() {
        assert_eq!(gaps(0, 0), "");
        assert_eq!(gaps(0, 1), ", of which 1 is missing");
        assert_eq!(gaps(2, 1), ", of which 2 are censored and 1 is missing");
    }
}
