use tasks::{KeyError, Registry};

use super::{
    ClaimVerdict, Component, ComponentJudgement, ControlVerdict, Index, Judgement, ReportedNumber,
    Sample, Statistic, Table, VerdictFile, interval,
    p_value::{of_parts, p_values},
};
use crate::{
    Kinds,
    measure::{curve_times, entry},
    record::{Manifest, Observation},
    spec::{Claim, IntervalKind, Outcome, Spec, Threshold},
};

/// Confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// Judges every claim of `spec` from what was recorded. A threshold that was changed since the claim
/// was first judged in the run's folder is shown; `at_run` is the spec as it was when the run was
/// made, if that is another, for claims that the manifest does not know.
///
/// # Errors
/// A statistic that does not exist or whose keys do not fit.
pub fn judge(
    spec: &Spec,
    at_run: Option<&Spec>,
    manifest: &Manifest,
    observations: &[Observation],
    kinds: &Kinds,
) -> Result<VerdictFile, KeyError> {
    let derived = derived_metrics(spec, kinds)?;
    let index = Index::new(observations, manifest, derived);
    let judge = Judge {
        manifest,
        index: &index,
        statistics: &kinds.statistics,
    };
    let claims = spec
        .claims
        .iter()
        .enumerate()
        .map(|(position, claim)| {
            let mut verdict = judge
                .claim(claim)
                .map_err(|e| e.within(&format!("claims[{position}]")))?;
            let at_run = || {
                let mut claims = at_run?.claims.iter();
                Some(claims.find(|other| other.id == claim.id)?.threshold)
            };
            verdict.threshold_at_run = (manifest.first_thresholds.get(&claim.id).copied())
                .or_else(at_run)
                .filter(|threshold| *threshold != claim.threshold);
            Ok(verdict)
        })
        .collect::<Result<_, KeyError>>()?;
    let numbers = spec
        .numbers
        .iter()
        .enumerate()
        .map(|(position, number)| {
            let (measured, range) = judge
                .measure(
                    Place {
                        variant: &number.variant,
                        model: &number.model,
                        metric: &number.metric,
                        at: &number.at,
                    },
                    &number.statistic,
                )
                .map_err(|e| e.within(&format!("numbers[{position}]")))?;
            Ok(ReportedNumber {
                id: number.id.clone(),
                statement: number.statement.clone(),
                model: number.model.clone(),
                components: measured
                    .components
                    .iter()
                    .map(|component| {
                        component_judgement(component, number.interval, range, None, 1)
                    })
                    .collect(),
            })
        })
        .collect::<Result<_, KeyError>>()?;
    Ok(VerdictFile {
        name: spec.name.clone(),
        claims,
        numbers,
    })
}

/// Metrics that follow from whole curves of the spec's models and predictions.
fn derived_metrics(spec: &Spec, kinds: &Kinds) -> Result<Vec<&'static str>, KeyError> {
    let mut metrics = curve_times::METRICS.to_vec();
    for (position, table) in spec.measure.iter().enumerate() {
        let found = entry(table.clone(), &kinds.measures);
        let found = found.map_err(|e| e.within(&format!("measure[{position}]")))?;
        metrics.extend(found.measure.derived_metrics());
    }
    Ok(metrics)
}

struct Judge<'a> {
    manifest: &'a Manifest,
    index: &'a Index<'a>,
    statistics: &'a Registry<dyn Statistic>,
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
    fn measure(
        &self,
        Place {
            variant,
            model,
            metric,
            at,
        }: Place<'_>,
        statistic: &toml::Table,
    ) -> Result<(super::Measured, Option<Range>), KeyError> {
        let statistic = self
            .statistics
            .build(statistic.clone())
            .map_err(|e| e.within("statistic"))?;
        let table = Table::select(self.index, self.manifest, variant, model, metric, at);
        let mut measured = statistic.measure(&table);
        measured.notes.extend(table.cut_short());
        Ok((measured, statistic.range()))
    }

    fn judgement(
        &self,
        claim: &Claim,
        place: Place<'_>,
        statistic: &toml::Table,
    ) -> Result<Judgement, KeyError> {
        let (measured, range) = self.measure(place, statistic)?;
        let parts = measured.components.len();
        let components: Vec<ComponentJudgement> = measured
            .components
            .iter()
            .map(|c| component_judgement(c, claim.interval, range, Some(claim.threshold), parts))
            .collect();
        let kind = statistic
            .get("kind")
            .and_then(toml::Value::as_str)
            .unwrap_or_default();
        Ok(Judgement {
            model: place.model.to_owned(),
            variant: place.variant.to_owned(),
            statistic: kind.to_owned(),
            outcome: all_of(&components),
            components,
            notes: measured.notes,
        })
    }

    fn p_value(
        &self,
        claim: &Claim,
        place: Place<'_>,
        outcome: Outcome,
    ) -> Result<Option<f64>, KeyError> {
        let (measured, _) = self.measure(place, &claim.statistic)?;
        let parts = measured.components.iter();
        let parts: Vec<_> = parts
            .map(|part| p_values(&part.samples, claim.interval, claim.threshold))
            .collect();
        Ok(of_parts(&parts, outcome))
    }

    fn claim(&self, claim: &Claim) -> Result<ClaimVerdict, KeyError> {
        let own = Place {
            variant: &claim.variant,
            model: &claim.model,
            metric: &claim.metric,
            at: &claim.at,
        };
        let measured = self.judgement(claim, own, &claim.statistic)?;
        let mut controls = Vec::new();
        for (position, control) in claim.controls.iter().enumerate() {
            let mut statistic = claim.statistic.clone();
            if control.statistic.contains_key("kind") {
                statistic = toml::Table::new();
            }
            statistic.extend(control.statistic.clone());
            let place = Place {
                variant: control.variant.as_ref().unwrap_or(&claim.variant),
                model: control.model.as_ref().unwrap_or(&claim.model),
                metric: control.metric.as_ref().unwrap_or(&claim.metric),
                at: control.at.as_ref().unwrap_or(&claim.at),
            };
            let judgement = self
                .judgement(claim, place, &statistic)
                .map_err(|e| e.within(&format!("controls[{position}]")))?;
            controls.push(ControlVerdict {
                name: control.name.clone(),
                must: control.must,
                met: judgement.outcome == control.must,
                judgement,
            });
        }
        let compared = claim
            .compare
            .iter()
            .map(|model| self.judgement(claim, Place { model, ..own }, &claim.statistic))
            .collect::<Result<Vec<_>, _>>()?;
        let shared_with: Vec<String> = compared
            .iter()
            .filter(|j| j.outcome == Outcome::Supported)
            .map(|j| j.model.clone())
            .collect();
        let known = |model: &str| model == claim.model || claim.compare.iter().any(|c| c == model);
        let gap_to = claim.statistic.get("to").and_then(toml::Value::as_str);
        let others = self.index.models(&claim.metric).into_iter();
        let alongside = others
            .filter(|model| !known(model) && gap_to != Some(*model))
            .map(|model| self.judgement(claim, Place { model, ..own }, &claim.statistic))
            .filter(|judgement| {
                judgement.as_ref().map_or(true, |judgement| {
                    let mut parts = judgement.components.iter();
                    parts.any(|part| part.values.iter().any(Option::is_some))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let missed: Vec<&ControlVerdict> = controls.iter().filter(|c| !c.met).collect();
        let outcome = if missed.is_empty() {
            measured.outcome
        } else {
            Outcome::Undecided
        };
        let reason = reason(claim, &measured, &missed, &shared_with);
        Ok(ClaimVerdict {
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            source: claim.source.clone(),
            threshold: claim.threshold,
            threshold_at_run: None,
            outcome,
            reason,
            p_value: self.p_value(claim, own, outcome)?,
            measured,
            controls,
            compared,
            alongside,
            shared_with,
        })
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
    let clipped = |found: super::Interval| match range {
        Some([least, most]) if found.coverage > 0.0 => super::Interval {
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
    let side = |i: super::Interval| match (threshold, i.coverage > 0.0) {
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
            .filter(|s| matches!(s, Sample::AtLeast(_)))
            .count(),
        centre: found.centre,
        low: finite(found.low),
        high: finite(found.high),
        coverage: (found.coverage > 0.0).then_some(found.coverage),
        outcome,
        values: samples
            .iter()
            .map(|sample| match *sample {
                Sample::Exact(value) | Sample::AtLeast(value) => Some(value),
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
    let centre = number(part.centre, "(censored)");
    match part.coverage {
        Some(coverage) => format!(
            "{label}{centre}, {:.0} % interval [{}, {}]",
            (100.0 * coverage).floor(),
            number(part.low, "−∞"),
            number(part.high, "∞")
        ),
        None => format!(
            "{label}{centre}, no 95 % interval from {} seeds of which {} are censored",
            part.seeds, part.censored
        ),
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
