//! How surprising a part of a claim would be at its threshold, and what many claims make of that.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use super::Sample;
use crate::spec::{IntervalKind, Outcome, Threshold};

/// p-values of one part: that of lying on the claimed side, and of lying on the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sides {
    pub(super) supported: f64,
    pub(super) contradicted: f64,
}

/// Two-sided p-values of `samples` against `threshold`: Student's t for t intervals, the exact sign
/// test for order statistics. A sample that is missing, or only a bound on the wrong side of the
/// threshold, speaks for neither side. The smallest p of n samples by signs is 2^(1 − n).
pub(super) fn p_values(samples: &[Sample], kind: IntervalKind, threshold: Threshold) -> Sides {
    let beyond = |limit: f64, above: bool| match kind {
        IntervalKind::Order => sign(samples, limit, above),
        IntervalKind::T => student(samples, limit, above),
    };
    match threshold {
        Threshold::Above(limit) => Sides {
            supported: beyond(limit, true),
            contradicted: beyond(limit, false),
        },
        Threshold::Below(limit) => Sides {
            supported: beyond(limit, false),
            contradicted: beyond(limit, true),
        },
        // Inside takes both ends, outside one of them.
        Threshold::Within([low, high]) => Sides {
            supported: beyond(low, true).max(beyond(high, false)),
            contradicted: beyond(low, false).min(beyond(high, true)),
        },
    }
}

fn sign(samples: &[Sample], limit: f64, above: bool) -> f64 {
    let there = samples.iter().filter(|sample| match **sample {
        Sample::Exact(value) if above => value > limit,
        Sample::Exact(value) => value < limit,
        Sample::AtLeast(bound) => above && bound > limit,
        Sample::Missing => false,
    });
    let (n, k) = (samples.len() as u64, there.count() as u64);
    if k == 0 {
        return 1.0;
    }
    let binomial = Binomial::new(0.5, n).expect("one half is a probability");
    (2.0 * binomial.sf(k - 1)).min(1.0)
}

fn student(samples: &[Sample], limit: f64, above: bool) -> f64 {
    let exact = samples.iter().map(|sample| match *sample {
        Sample::Exact(value) => Some(value),
        _ => None,
    });
    let Some(values) = exact.collect::<Option<Vec<f64>>>().filter(|v| v.len() >= 2) else {
        return 1.0;
    };
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let beyond = if above { mean - limit } else { limit - mean };
    if variance == 0.0 {
        return if beyond > 0.0 { 0.0 } else { 1.0 };
    }
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("there is a degree of freedom");
    (2.0 * student.sf(beyond / (variance / n).sqrt())).min(1.0)
}

/// The p-value of a claim of many parts: all must lie on the claimed side to support it, so that the
/// largest counts; any of them contradicts it, so that the smallest counts, times their number.
pub(super) fn of_parts(parts: &[Sides], outcome: Outcome) -> Option<f64> {
    let count = parts.len() as f64;
    match outcome {
        Outcome::Supported => parts.iter().map(|p| p.supported).reduce(f64::max),
        Outcome::Contradicted => {
            let smallest = parts.iter().map(|p| p.contradicted).reduce(f64::min)?;
            Some((smallest * count).min(1.0))
        }
        Outcome::Undecided => None,
    }
}

/// Which of many tests survive when at most the share `rate` of those that do may be wrong
/// [Benjamini1995, false discovery rate]: the largest i with p_(i) ≤ rate · i/m, and all smaller p.
///
/// # Examples
///
/// ```
/// let kept = layerwise_lab::claims::false_discovery_rate(&[0.01, 0.04, 0.03, 0.8], 0.05);
/// assert_eq!(kept, [true, false, false, false]);
/// ```
pub fn false_discovery_rate(p: &[f64], rate: f64) -> Vec<bool> {
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let tests = p.len() as f64;
    let largest = (1..)
        .zip(&sorted)
        .filter(|(rank, p)| **p <= rate * f64::from(*rank) / tests)
        .last()
        .map(|(_, p)| *p);
    p.iter()
        .map(|p| largest.is_some_and(|largest| *p <= largest))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of distribution functions.
    const ROUNDING: f64 = 1e-12;
    /// Of a table with four digits.
    const TABLE: f64 = 5e-5;

    fn exact(values: &[f64]) -> Vec<Sample> {
        values.iter().copied().map(Sample::Exact).collect()
    }

    #[test]
    fn the_sign_test_counts_sides() {
        let samples = exact(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let sides = p_values(&samples, IntervalKind::Order, Threshold::Above(0.5));
        assert!((sides.supported - 2.0 / 256.0).abs() < ROUNDING);
        assert_eq!(sides.contradicted, 1.0);
        // Seven of eight: 2 (1 + 8)/256.
        let sides = p_values(&samples, IntervalKind::Order, Threshold::Below(7.5));
        assert!((sides.supported - 18.0 / 256.0).abs() < ROUNDING);
    }

    #[test]
    fn a_bound_speaks_only_for_what_lies_above_it() {
        let mut samples = exact(&[2.0; 7]);
        samples.push(Sample::AtLeast(0.5));
        let above = p_values(&samples, IntervalKind::Order, Threshold::Above(1.0));
        assert!((above.supported - 18.0 / 256.0).abs() < ROUNDING);
        let below = p_values(&samples, IntervalKind::Order, Threshold::Below(3.0));
        assert!((below.supported - 18.0 / 256.0).abs() < ROUNDING);
        samples[7] = Sample::AtLeast(9.0);
        let above = p_values(&samples, IntervalKind::Order, Threshold::Above(1.0));
        assert!((above.supported - 2.0 / 256.0).abs() < ROUNDING);
    }

    #[test]
    fn students_t_has_its_tabulated_values() {
        // Mean 1 and standard error 1/√3 of three values: t = √3, two-sided p = 0.2254 at 2 degrees.
        let samples = exact(&[0.0, 1.0, 2.0]);
        let sides = p_values(&samples, IntervalKind::T, Threshold::Above(0.0));
        assert!((sides.supported - 0.2254).abs() < TABLE, "{sides:?}");
        assert_eq!(sides.contradicted, 1.0);
    }

    #[test]
    fn inside_takes_both_ends() {
        let samples = exact(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let inside = p_values(&samples, IntervalKind::Order, Threshold::Within([0.0, 5.5]));
        assert!((inside.supported - 14.0 / 64.0).abs() < ROUNDING);
        assert_eq!(inside.contradicted, 1.0);
    }

    #[test]
    fn the_false_discovery_rate_is_that_of_the_paper() {
        // The example of the paper: 15 p-values, of which the first four survive at 0.05.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let kept = false_discovery_rate(&p, 0.05);
        assert_eq!(kept.iter().filter(|kept| **kept).count(), 4);
        assert!(kept[..4].iter().all(|kept| *kept));
        assert!(false_discovery_rate(&[], 0.05).is_empty());
    }
}
