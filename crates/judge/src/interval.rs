use plan::{Sample, spec::IntervalKind};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// A centre and an interval over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Median or mean; `None` if censored values leave it unknown.
    pub centre: Option<f64>,
    /// Lower end, possibly minus infinity.
    pub low: f64,
    /// Upper end, possibly infinity.
    pub high: f64,
    /// Coverage; 0 if there is no interval, because of too few seeds or of censored values under a
    /// t interval.
    pub coverage: f64,
}

/// The interval of `samples` with at least the given `confidence`.
///
/// Order statistics: the narrowest symmetric pair [x_(d), x_(n+1−d)] around the median whose exact
/// coverage 1 − 2 P(Bin(n, ½) < d) reaches `confidence`. With fewer than six seeds there is no 95 %
/// interval. A censored value may be anywhere on its side of the bound, and a missing value
/// anywhere, so both widen the interval and never narrow it. Student's t needs exact values.
pub fn interval(samples: &[Sample], kind: IntervalKind, confidence: f64) -> Interval {
    match kind {
        IntervalKind::Order => order(samples, confidence),
        IntervalKind::T => t(samples, confidence),
    }
}

fn order(samples: &[Sample], confidence: f64) -> Interval {
    let n = samples.len();
    let (mut lows, mut highs): (Vec<f64>, Vec<f64>) = samples
        .iter()
        .map(|sample| match *sample {
            Sample::Exact(value) => (value, value),
            Sample::AtLeast(value) => (value, f64::INFINITY),
            Sample::AtMost(value) => (f64::NEG_INFINITY, value),
            Sample::Missing => (f64::NEG_INFINITY, f64::INFINITY),
        })
        .unzip();
    lows.sort_by(f64::total_cmp);
    highs.sort_by(f64::total_cmp);
    let middle = |sorted: &[f64]| match n {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    };
    let (low, high) = (middle(&lows), middle(&highs));
    let centre = (low == high && low.is_finite()).then_some(low);
    let coverage = |d: usize| {
        let binomial = Binomial::new(0.5, n as u64).expect("one half is a probability");
        1.0 - 2.0 * binomial.cdf(d as u64 - 1)
    };
    let depth = (1..=n / 2).rev().find(|&d| coverage(d) >= confidence);
    match depth {
        Some(d) => Interval {
            centre,
            low: lows[d - 1],
            high: highs[n - d],
            coverage: coverage(d),
        },
        None => none(centre),
    }
}

fn t(samples: &[Sample], confidence: f64) -> Interval {
    let values: Option<Vec<f64>> = samples
        .iter()
        .map(|sample| match *sample {
            Sample::Exact(value) => Some(value),
            _ => None,
        })
        .collect();
    let Some(values) = values.filter(|values| values.len() >= 2) else {
        return none(None);
    };
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("there is a degree of freedom");
    let half = student.inverse_cdf(0.5 + 0.5 * confidence) * (variance / n).sqrt();
    Interval {
        centre: Some(mean),
        low: mean - half,
        high: mean + half,
        coverage: confidence,
    }
}

fn none(centre: Option<f64>) -> Interval {
    Interval {
        centre,
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
        coverage: 0.0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn exact(values: &[f64]) -> Vec<Sample> {
        values.iter().copied().map(Sample::Exact).collect()
    }

    #[test]
    fn eight_seeds_give_the_range_at_99_2_percent() {
        let samples = exact(&[3.0, 1.0, 8.0, 2.0, 7.0, 5.0, 4.0, 6.0]);
        let interval = interval(&samples, IntervalKind::Order, 0.95);
        assert_eq!((interval.low, interval.high), (1.0, 8.0));
        assert!((interval.coverage - (1.0 - 2.0 / 256.0)).abs() < 1e-12);
        assert_eq!(interval.centre, Some(4.5));
    }

    #[test]
    fn sixteen_seeds_leave_out_three_on_each_side() {
        let samples = exact(&(1..=16).map(f64::from).collect::<Vec<_>>());
        let interval = interval(&samples, IntervalKind::Order, 0.95);
        // P(Bin(16, 1/2) <= 3) = 697 / 65536.
        assert_eq!((interval.low, interval.high), (4.0, 13.0));
        assert!((interval.coverage - (1.0 - 2.0 * 697.0 / 65536.0)).abs() < 1e-12);
    }

    #[test]
    fn five_seeds_allow_no_order_interval() {
        let interval = interval(
            &exact(&[1.0, 2.0, 3.0, 4.0, 5.0]),
            IntervalKind::Order,
            0.95,
        );
        assert_eq!(interval.coverage, 0.0);
        assert_eq!(interval.high, f64::INFINITY);
        assert_eq!(interval.centre, Some(3.0));
    }

    #[test]
    fn censored_values_open_the_upper_end_only() {
        let mut samples = exact(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        samples.push(Sample::AtLeast(2.5));
        let interval = interval(&samples, IntervalKind::Order, 0.95);
        assert_eq!((interval.low, interval.high), (1.0, f64::INFINITY));
        assert_eq!(interval.centre, None);
    }

    #[test]
    fn values_bounded_from_above_open_the_lower_end_only() {
        let mut samples = exact(&[3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        samples.push(Sample::AtMost(2.0));
        let interval = interval(&samples, IntervalKind::Order, 0.95);
        assert_eq!((interval.low, interval.high), (f64::NEG_INFINITY, 9.0));
        // The median is above the bound, whatever the censored value.
        assert_eq!(interval.centre, Some(5.5));
    }

    #[test]
    fn a_missing_seed_opens_both_ends() {
        let mut samples = exact(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        samples.push(Sample::Missing);
        let interval = interval(&samples, IntervalKind::Order, 0.95);
        assert_eq!(
            (interval.low, interval.high),
            (f64::NEG_INFINITY, f64::INFINITY)
        );
    }

    #[test]
    fn t_interval_matches_a_table_value() {
        // Mean 4.5, s = sqrt(6), t(0.975, 7) = 2.364624: half width 2.047827.
        let samples = exact(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let interval = interval(&samples, IntervalKind::T, 0.95);
        assert!(
            (interval.high - 4.5 - 2.047_827).abs() < 1e-5,
            "{}",
            interval.high
        );
    }
}
