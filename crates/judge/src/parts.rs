//! Judges every part of a statistic by its samples.

use plan::{
    Component, Sample,
    spec::{IntervalKind, Outcome, Threshold},
};

use crate::{
    beyond::passes,
    contradiction::{self, Joint},
    interval::{Interval, interval},
    order_test::{self, OrderTest},
    p_value::{Sides, of_parts, p_values},
    seed_share::SeedShare,
    verdict::ComponentJudgement,
};

/// Confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// How the parts of a statistic are judged.
pub(crate) struct Rule<'r> {
    pub(crate) interval: IntervalKind,
    /// The smallest and the largest value that the statistic can have.
    pub(crate) range: Option<[f64; 2]>,
    pub(crate) threshold: Threshold,
    /// The test whether an order is more than chance; `None` if the claim is not of an order.
    pub(crate) order: Option<&'r OrderTest<'r>>,
}

impl Rule<'_> {
    /// Judges all parts.
    pub(crate) fn judge(&self, parts: &[Component]) -> Vec<ComponentJudgement> {
        let joint = Joint::of(parts, self.threshold);
        let judgement = |(place, part): (usize, &Component)| {
            let mut judged = reported(part, self.interval, self.range);
            judged.effect = effect(part, judged.centre, self.threshold);
            let found = interval(&part.samples, self.interval, CONFIDENCE);
            judged.outcome = self.outcome(part, found, &joint, parts.len());
            if judged.outcome == Outcome::Supported
                && let Some(test) = self.order
            {
                let p = test.p(place, self.towards(&part.samples), |other| {
                    self.towards(other)
                });
                judged.order_p = Some(p);
                if p > order_test::LEVEL {
                    judged.outcome = Outcome::Undecided;
                }
            }
            judged
        };
        parts.iter().enumerate().map(judgement).collect()
    }

    /// The verdict on a part, before the test of the order.
    fn outcome(&self, part: &Component, found: Interval, joint: &Joint, parts: usize) -> Outcome {
        let side = |found: Interval| match found.coverage > 0.0 {
            true => side_of(self.threshold, self.clipped(found)),
            false => Outcome::Undecided,
        };
        // Support needs all parts, so it needs no correction for their number. A contradiction
        // needs only one part, so it does.
        match (side(found), self.interval) {
            (Outcome::Contradicted, IntervalKind::Order)
                if joint.p(&part.samples) > contradiction::LEVEL =>
            {
                Outcome::Undecided
            }
            (Outcome::Contradicted, IntervalKind::T) => {
                let confidence = 1.0 - (1.0 - CONFIDENCE) / parts as f64;
                side(interval(&part.samples, self.interval, confidence))
            }
            (outcome, _) => outcome,
        }
    }

    fn clipped(&self, found: Interval) -> Interval {
        clipped(found, self.range)
    }

    /// How far the interval of a part reaches onto the claimed side.
    fn towards(&self, samples: &[Sample]) -> f64 {
        let found = self.clipped(interval(samples, self.interval, CONFIDENCE));
        match self.threshold {
            Threshold::Above(limit) => found.low - limit,
            Threshold::Below(limit) => limit - found.high,
            Threshold::Within([low, high]) => (found.low - low).min(high - found.high),
        }
    }

    /// The p-value of the outcome if the value lay at the threshold; `None` for an undecided
    /// outcome. For a supported order, the larger of the p-values over seeds and over arrangements.
    pub(crate) fn p_value(
        &self,
        parts: &[Component],
        judged: &[ComponentJudgement],
        outcome: Outcome,
    ) -> Option<f64> {
        let joint = Joint::of(parts, self.threshold);
        let sides = parts.iter().map(|part| {
            let sides = p_values(&part.samples, self.interval, self.threshold);
            Sides {
                contradicted: match self.interval {
                    IntervalKind::Order => sides.contradicted.max(joint.p(&part.samples)),
                    IntervalKind::T => (sides.contradicted * parts.len() as f64).min(1.0),
                },
                ..sides
            }
        });
        let over_seeds = of_parts(&sides.collect::<Vec<_>>(), outcome)?;
        let over_orders = judged.iter().filter_map(|part| part.order_p);
        Some(over_orders.fold(over_seeds, f64::max))
    }

    /// The number of seeds in which all parts lie on the claimed side.
    pub(crate) fn seed_share(&self, parts: &[Component]) -> Option<SeedShare> {
        let seeds = parts.first()?.samples.len();
        let passing = (0..seeds).filter(|&seed| {
            let mut parts = parts.iter();
            parts.all(|part| passes(part.samples[seed], self.threshold))
        });
        Some(SeedShare::new(passing.count(), seeds))
    }

    /// How often a part at the threshold is supported by chance, if seeds deviate to both sides
    /// with equal probability.
    pub(crate) fn false_support(&self, seeds: usize) -> f64 {
        let samples = vec![Sample::Exact(0.0); seeds];
        let coverage = interval(&samples, self.interval, CONFIDENCE).coverage;
        match coverage > 0.0 {
            true => (1.0 - coverage) / 2.0,
            false => 0.0,
        }
    }
}

/// The outcome of a claim: it is supported if all parts are, and contradicted if any part is.
pub(crate) fn all_of(parts: &[ComponentJudgement]) -> Outcome {
    let has = |outcome| parts.iter().any(|part| part.outcome == outcome);
    match (has(Outcome::Contradicted), has(Outcome::Undecided)) {
        (true, _) => Outcome::Contradicted,
        (false, false) if !parts.is_empty() => Outcome::Supported,
        _ => Outcome::Undecided,
    }
}

/// A part with its interval, without a judgement.
pub(crate) fn reported(
    part: &Component,
    kind: IntervalKind,
    range: Option<[f64; 2]>,
) -> ComponentJudgement {
    let samples = &part.samples;
    let found = clipped(interval(samples, kind, CONFIDENCE), range);
    let count = |test: fn(&Sample) -> bool| samples.iter().filter(|sample| test(sample)).count();
    let finite = |value: f64| value.is_finite().then_some(value);
    ComponentJudgement {
        label: part.label.clone(),
        seeds: count(|sample| *sample != Sample::Missing),
        censored: count(|sample| matches!(sample, Sample::AtLeast(_) | Sample::AtMost(_))),
        at_most: count(|sample| matches!(sample, Sample::AtMost(_))),
        centre: found.centre,
        low: finite(found.low),
        high: finite(found.high),
        coverage: (found.coverage > 0.0).then_some(found.coverage),
        effect: None,
        order_p: None,
        outcome: Outcome::Undecided,
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

/// Clips an interval to the range of its statistic.
fn clipped(found: Interval, range: Option<[f64; 2]>) -> Interval {
    match range {
        Some([least, most]) if found.coverage > 0.0 => Interval {
            low: found.low.max(least),
            high: found.high.min(most),
            ..found
        },
        _ => found,
    }
}

/// On which side of the threshold an interval lies.
fn side_of(threshold: Threshold, Interval { low, high, .. }: Interval) -> Outcome {
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

/// Distance of the centre from the nearest edge of the threshold, positive on the claimed side, in
/// standard deviations over seeds. `None` for bounds, and if all seeds agree.
fn effect(part: &Component, centre: Option<f64>, threshold: Threshold) -> Option<f64> {
    let exact = part.samples.iter().map(|sample| match *sample {
        Sample::Exact(value) if value.is_finite() => Some(value),
        _ => None,
    });
    let values = exact.collect::<Option<Vec<f64>>>()?;
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    let centre = centre?;
    let distance = match threshold {
        Threshold::Above(limit) => centre - limit,
        Threshold::Below(limit) => limit - centre,
        Threshold::Within([low, high]) => (centre - low).min(high - centre),
    };
    (deviation > 0.0).then(|| distance / deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of a few additions and a square root.
    const ROUNDING: f64 = 1e-12;

    fn part(values: &[f64]) -> Component {
        Component {
            label: String::new(),
            samples: values.iter().copied().map(Sample::Exact).collect(),
        }
    }

    #[test]
    fn the_effect_is_in_standard_deviations_and_positive_on_the_claimed_side() {
        let values = part(&[1.0, 2.0, 3.0]);
        let of = |threshold| effect(&values, Some(2.0), threshold).unwrap_or(f64::NAN);
        assert!((of(Threshold::Above(0.5)) - 1.5).abs() < ROUNDING);
        assert!((of(Threshold::Below(0.5)) + 1.5).abs() < ROUNDING);
        assert!((of(Threshold::Within([1.0, 2.25])) - 0.25).abs() < ROUNDING);
        assert_eq!(
            effect(&part(&[1.0, 1.0]), Some(1.0), Threshold::Above(0.0)),
            None
        );
    }

    #[test]
    fn nominal_rates_are_those_of_one_tail() {
        let rule = |interval| Rule {
            interval,
            range: None,
            threshold: Threshold::Above(0.0),
            order: None,
        };
        let order = rule(IntervalKind::Order);
        assert!((order.false_support(8) - 1.0 / 256.0).abs() < ROUNDING);
        assert_eq!(order.false_support(5), 0.0);
        assert!((rule(IntervalKind::T).false_support(8) - 0.025).abs() < ROUNDING);
    }
}
