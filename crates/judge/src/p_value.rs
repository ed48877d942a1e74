//! p-values of the parts of a claim, under the hypothesis that they lie at the threshold.

use plan::{
    Sample,
    spec::{IntervalKind, Outcome, Threshold},
};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use crate::beyond::Beyond;

/// The two p-values of one part: for lying on the claimed side, and for lying on the other side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sides {
    pub(crate) supported: f64,
    pub(crate) contradicted: f64,
}

/// Two-sided p-values of `samples` against `threshold`: Student's t for t intervals, the exact sign
/// test for order statistics. A sample that is missing, or that is only a bound on the wrong side
/// of the threshold, counts for neither side. The smallest p-value of the sign test with n samples
/// is 2^(1 − n).
pub(crate) fn p_values(samples: &[Sample], kind: IntervalKind, threshold: Threshold) -> Sides {
    let p = |limit: f64, above: bool, ends: bool| {
        let beyond = Beyond { limit, above, ends };
        match kind {
            IntervalKind::Order => sign(samples, beyond),
            IntervalKind::T => student(samples, beyond),
        }
    };
    match threshold {
        Threshold::Above(limit) => Sides {
            supported: p(limit, true, false),
            contradicted: p(limit, false, false),
        },
        Threshold::Below(limit) => Sides {
            supported: p(limit, false, false),
            contradicted: p(limit, true, false),
        },
        // To lie inside, a value must lie on the inner side of both ends, which count as inside. To
        // lie outside, one end is enough.
        Threshold::Within([low, high]) => Sides {
            supported: p(low, true, true).max(p(high, false, true)),
            contradicted: p(low, false, false).min(p(high, true, false)),
        },
    }
}

fn sign(samples: &[Sample], beyond: Beyond) -> f64 {
    let there = samples.iter().filter(|sample| beyond.holds(**sample));
    let (n, k) = (samples.len() as u64, there.count() as u64);
    if k == 0 {
        return 1.0;
    }
    let binomial = Binomial::new(0.5, n).expect("one half is a probability");
    (2.0 * binomial.sf(k - 1)).min(1.0)
}

fn student(samples: &[Sample], beyond: Beyond) -> f64 {
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
    if variance == 0.0 {
        // t is not defined without spread, so the sign test is used.
        return sign(samples, beyond);
    }
    let sign = if beyond.above { 1.0 } else { -1.0 };
    let t = sign * (mean - beyond.limit) / (variance / n).sqrt();
    if !t.is_finite() {
        // A value that is not finite has no t statistic.
        return 1.0;
    }
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("there is a degree of freedom");
    (2.0 * student.sf(t)).min(1.0)
}

/// The p-value of a claim of many parts. Support needs all parts, so the largest p-value counts. A
/// contradiction needs only one part, so the smallest counts; it is already corrected for the
/// number of parts.
pub(crate) fn of_parts(parts: &[Sides], outcome: Outcome) -> Option<f64> {
    match outcome {
        Outcome::Supported => parts.iter().map(|p| p.supported).reduce(f64::max),
        Outcome::Contradicted => parts.iter().map(|p| p.contradicted).reduce(f64::min),
        Outcome::Undecided => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of distribution functions.
    const ROUNDING: f64 = 1e-12;
    /// Rounding of a table with four digits.
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
    fn a_lower_bound_counts_only_for_thresholds_below_it() {
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
    fn students_t_with_one_degree_of_freedom_is_cauchy() {
        // Mean 2 and standard error 1 of two values: p = 1 − 2 atan(2)/π.
        let sides = p_values(&exact(&[1.0, 3.0]), IntervalKind::T, Threshold::Above(0.0));
        let known = 1.0 - 2.0 * 2_f64.atan() / std::f64::consts::PI;
        assert!((sides.supported - known).abs() < ROUNDING, "{sides:?}");
    }

    #[test]
    fn values_without_spread_or_end_are_no_certainty_and_no_panic() {
        let sides = p_values(&exact(&[2.0; 8]), IntervalKind::T, Threshold::Above(1.0));
        assert!((sides.supported - 2.0 / 256.0).abs() < ROUNDING);
        let endless = exact(&[1.0, f64::INFINITY, 2.0]);
        let sides = p_values(&endless, IntervalKind::T, Threshold::Below(3.0));
        assert_eq!((sides.supported, sides.contradicted), (1.0, 1.0));
    }

    #[test]
    fn the_ends_belong_to_the_inside_alone() {
        let samples = exact(&[1.0; 8]);
        let inside = p_values(&samples, IntervalKind::Order, Threshold::Within([1.0, 2.0]));
        assert!((inside.supported - 2.0 / 256.0).abs() < ROUNDING);
        assert_eq!(inside.contradicted, 1.0);
        let above = p_values(&samples, IntervalKind::Order, Threshold::Above(1.0));
        assert_eq!((above.supported, above.contradicted), (1.0, 1.0));
    }

    #[test]
    fn p_is_below_five_percent_exactly_where_the_interval_is_on_that_side() {
        let values = [0.3, 1.9, 2.2, 2.4, 3.1, 3.3, 4.0, 5.2, 5.9, 7.5];
        for n in 2..=values.len() {
            let samples = exact(&values[..n]);
            for kind in [IntervalKind::Order, IntervalKind::T] {
                for limit in (-40..100).map(|v| f64::from(v) / 10.0 + 0.05) {
                    let found = crate::interval::interval(&samples, kind, 0.95);
                    let there = found.coverage > 0.0 && found.low > limit;
                    let p = p_values(&samples, kind, Threshold::Above(limit)).supported;
                    assert_eq!(there, p <= 0.05, "{n} {kind:?} {limit} {p} {found:?}");
                }
            }
        }
    }

    #[test]
    fn inside_takes_both_ends() {
        let samples = exact(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let inside = p_values(&samples, IntervalKind::Order, Threshold::Within([0.0, 5.5]));
        assert!((inside.supported - 14.0 / 64.0).abs() < ROUNDING);
        assert_eq!(inside.contradicted, 1.0);
    }
}
