//! Compares two runs: their specs, their curves and their verdicts.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use plan::{
    Sample, Spec,
    spec::{IntervalKind, Outcome},
};
use record::{Observations, Source};
use serde::Serialize;

use crate::{
    interval::{Interval, interval},
    run::Run,
    verdict::VerdictFile,
};

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;

/// Relative difference that counts as rounding. Means over thousands of equal numbers differ by
/// less, and a closed form without seeds has no spread that could hide the difference.
const ROUNDING: f64 = 1e-11;

/// A key of the spec that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyDifference {
    /// Dotted key.
    pub key: String,
    /// Its value in the first run, as TOML; `None` if the key is absent.
    pub first: Option<String>,
    /// Its value in the second run.
    pub second: Option<String>,
}

/// How a metric of a model differs between two runs in one variant, over all steps and indices.
/// Differences are second minus first, with a 95 % t interval. If both runs have the same seeds,
/// the interval is over pairs of the same seed (`paired`); otherwise it is Welch's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveDifference {
    /// Variant.
    pub variant: String,
    /// Model or prediction.
    pub model: String,
    /// Metric.
    pub metric: String,
    /// Points (steps times indices) that both runs have.
    pub points: usize,
    /// Points that only one run has.
    pub missing: usize,
    /// Steps that both runs have.
    pub steps: usize,
    /// Whether all numbers are the same in all seeds.
    pub same: bool,
    /// Whether seeds are compared one by one.
    pub paired: bool,
    /// Points whose interval does not contain 0. Without any true difference, about 5 % of the
    /// points would be such.
    pub apart: usize,
    /// Points that have an interval: those with at least two seeds, and without times that were
    /// never reached.
    pub judged: usize,
    /// The point with the largest absolute difference.
    pub largest: Option<PointDifference>,
    /// The point with the largest absolute difference at the last step.
    pub last: Option<PointDifference>,
}

/// The difference at one point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PointDifference {
    /// Index.
    pub index: u64,
    /// Step.
    pub step: u64,
    /// Mean over seeds in the first run.
    pub first: f64,
    /// Mean over seeds in the second run.
    pub second: f64,
    /// Lower end of the interval of second minus first; `None` with one seed.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl PointDifference {
    fn size(&self) -> f64 {
        (self.second - self.first).abs()
    }
}

/// The verdicts of a claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictDifference {
    /// The claim.
    pub claim: String,
    /// Verdict in the first run; `None` if that run does not have the claim.
    pub first: Option<Outcome>,
    /// Verdict in the second run.
    pub second: Option<Outcome>,
}

/// Differences between two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Keys of the specs that differ.
    pub spec: Vec<KeyDifference>,
    /// Curves that both runs have, in the order of the first run.
    pub curves: Vec<CurveDifference>,
    /// Curves that only the first run has: variant, model and metric.
    pub only_first: Vec<[String; 3]>,
    /// Curves that only the second run has.
    pub only_second: Vec<[String; 3]>,
    /// Number of claims with the same verdict in both runs.
    pub same_verdicts: usize,
    /// Claims whose verdict differs, or that only one run has.
    pub verdicts: Vec<VerdictDifference>,
}

/// Compares two runs.
pub fn compare(first: &Run, second: &Run) -> Comparison {
    let (curves, only_first, only_second) = curves(&first.observations, &second.observations);
    let verdicts = verdicts(&first.verdict, &second.verdict);
    let (same, verdicts): (Vec<_>, Vec<_>) = verdicts
        .into_iter()
        .partition(|pair| pair.first == pair.second);
    Comparison {
        spec: spec_differences(&first.spec, &second.spec),
        curves,
        only_first,
        only_second,
        same_verdicts: same.len(),
        verdicts,
    }
}

/// The keys in which two specs differ, sorted.
pub fn spec_differences(first: &Spec, second: &Spec) -> Vec<KeyDifference> {
    let flat = |spec: &Spec| {
        let mut flat = BTreeMap::new();
        let value =
            toml::Value::try_from(spec).expect("a spec that came from TOML goes back to it");
        flatten("", &value, &mut flat);
        flat
    };
    let (first, second) = (flat(first), flat(second));
    let keys: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let differences = keys
        .into_iter()
        .filter(|key| first.get(*key) != second.get(*key));
    differences
        .map(|key| KeyDifference {
            key: key.clone(),
            first: first.get(key).cloned(),
            second: second.get(key).cloned(),
        })
        .collect()
}

/// Leaves of a table by dotted key; entries of lists of tables are keyed by position.
fn flatten(key: &str, value: &toml::Value, flat: &mut BTreeMap<String, String>) {
    let inner = |name: &str| match key {
        "" => name.to_owned(),
        key => format!("{key}.{name}"),
    };
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                flatten(&inner(name), value, flat);
            }
        }
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            for (place, value) in list.iter().enumerate() {
                flatten(&format!("{key}[{place}]"), value, flat);
            }
        }
        leaf => {
            flat.insert(key.to_owned(), leaf.to_string());
        }
    }
}

/// Values by seed, for each index and step.
type Points = BTreeMap<(u64, u64), BTreeMap<u64, f64>>;

/// A metric of a model, and a variant.
type Group<'a> = (Source<'a>, &'a str);

fn points(run: &Observations, (source, variant): Group<'_>) -> Points {
    let mut points = Points::new();
    for row in run.of_variant(source, variant) {
        let point = points.entry((row.index, row.step)).or_default();
        point.insert(row.seed, row.value);
    }
    points
}

type Compared = (Vec<CurveDifference>, Vec<[String; 3]>, Vec<[String; 3]>);

fn curves(first: &Observations, second: &Observations) -> Compared {
    let groups = [first, second].map(Observations::groups);
    let known = [0, 1].map(|place| groups[place].iter().copied().collect::<HashSet<_>>());
    let only = |own: usize, other: usize| {
        let missing = groups[own]
            .iter()
            .filter(|group| !known[other].contains(*group));
        missing.map(|&group| named(group)).collect()
    };
    let both = groups[0].iter().filter(|group| known[1].contains(*group));
    let both = both.map(|&group| curve(group, &points(first, group), &points(second, group)));
    (both.collect(), only(0, 1), only(1, 0))
}

/// Variant, model and metric.
fn named(((model, metric), variant): Group<'_>) -> [String; 3] {
    [variant, model, metric].map(str::to_owned)
}

fn curve(group: Group<'_>, first: &Points, second: &Points) -> CurveDifference {
    let seeds = |points: &Points| -> BTreeSet<u64> {
        points
            .values()
            .flat_map(|point| point.keys().copied())
            .collect()
    };
    let paired = seeds(first) == seeds(second);
    let [variant, model, metric] = named(group);
    let common = first
        .keys()
        .filter(|point| second.contains_key(*point))
        .count();
    let mut found = CurveDifference {
        variant,
        model,
        metric,
        steps: (first.keys())
            .filter(|point| second.contains_key(*point))
            .map(|(_, step)| step)
            .collect::<BTreeSet<_>>()
            .len(),
        points: common,
        missing: first.len() + second.len() - 2 * common,
        same: first == second,
        paired,
        apart: 0,
        judged: 0,
        largest: None,
        last: None,
    };
    for (&(index, step), one) in first {
        let Some(two) = second.get(&(index, step)) else {
            continue;
        };
        let Some((point, judged)) = point((index, step), one, two, paired) else {
            continue;
        };
        if judged {
            found.judged += 1;
            let size = point.first.abs().max(point.second.abs());
            let excludes_0 =
                point.low.is_some_and(|low| low > 0.0) || point.high.is_some_and(|high| high < 0.0);
            let is_apart = excludes_0 && point.size() > ROUNDING * size;
            found.apart += usize::from(is_apart);
        }
        if found
            .largest
            .is_none_or(|largest| point.size() > largest.size())
        {
            found.largest = Some(point);
        }
        let later = |last: PointDifference| (point.step, point.size()) > (last.step, last.size());
        if found.last.is_none_or(later) {
            found.last = Some(point);
        }
    }
    found
}

/// The difference at a point, and whether it has an interval. `None` if a time was never reached.
fn point(
    (index, step): (u64, u64),
    first: &BTreeMap<u64, f64>,
    second: &BTreeMap<u64, f64>,
    paired: bool,
) -> Option<(PointDifference, bool)> {
    let finite = |values: &BTreeMap<u64, f64>| -> Option<Vec<f64>> {
        values
            .values()
            .map(|&value| value.is_finite().then_some(value))
            .collect()
    };
    let (one, two) = (finite(first)?, finite(second)?);
    let same_seeds = paired && first.keys().eq(second.keys());
    let interval = if same_seeds {
        let pairs = one.iter().zip(&two);
        let differences: Vec<Sample> = pairs.map(|(a, b)| Sample::Exact(b - a)).collect();
        Some(interval(&differences, IntervalKind::T, CONFIDENCE)).filter(|i| i.coverage > 0.0)
    } else {
        welch(&one, &two)
    };
    let point = PointDifference {
        index,
        step,
        first: mean(&one),
        second: mean(&two),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
    };
    Some((point, interval.is_some()))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Welch's interval of the difference of two means, with the degrees of freedom of Welch and
/// Satterthwaite. `None` if one side has fewer than two values.
fn welch(first: &[f64], second: &[f64]) -> Option<Interval> {
    use statrs::distribution::{ContinuousCDF, StudentsT};

    let of_mean = |values: &[f64]| {
        let n = values.len() as f64;
        let centre = mean(values);
        let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
        squares / (n - 1.0) / n
    };
    if first.len() < 2 || second.len() < 2 {
        return None;
    }
    let (one, two) = (of_mean(first), of_mean(second));
    let centre = mean(second) - mean(first);
    let part = |variance: f64, values: &[f64]| variance * variance / (values.len() as f64 - 1.0);
    let freedom = (one + two).powi(2) / (part(one, first) + part(two, second));
    // Without spread the interval is a point.
    let half = match StudentsT::new(0.0, 1.0, freedom) {
        Ok(t) if freedom.is_finite() => t.inverse_cdf(0.5 + 0.5 * CONFIDENCE) * (one + two).sqrt(),
        _ => 0.0,
    };
    Some(Interval {
        centre: Some(centre),
        low: centre - half,
        high: centre + half,
        coverage: CONFIDENCE,
    })
}

fn verdicts(first: &VerdictFile, second: &VerdictFile) -> Vec<VerdictDifference> {
    let outcome = |file: &VerdictFile, id: &str| {
        let claim = file.claims.iter().find(|claim| claim.id == id);
        claim.map(|claim| claim.outcome)
    };
    let mut ids: Vec<&str> = Vec::new();
    for claim in first.claims.iter().chain(&second.claims) {
        if !ids.contains(&claim.id.as_str()) {
            ids.push(&claim.id);
        }
    }
    ids.into_iter()
        .map(|id| VerdictDifference {
            claim: id.to_owned(),
            first: outcome(first, id),
            second: outcome(second, id),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use record::Observation;

    use super::*;

    fn row(seed: u64, step: u64, value: f64) -> Observation {
        Observation {
            variant: "base".into(),
            seed,
            model: "net".into(),
            metric: "loss".into(),
            index: 0,
            step,
            flow_time: None,
            value,
        }
    }

    fn rows(seeds: std::ops::Range<u64>, value: impl Fn(u64, u64) -> f64) -> Observations {
        let value = &value;
        seeds
            .flat_map(|seed| [0, 10].map(|step| row(seed, step, value(seed, step))))
            .collect()
    }

    #[test]
    fn pairs_of_seeds_find_differences_smaller_than_the_spread_over_seeds() {
        // Seeds differ much from each other, but the two runs differ by nearly the same everywhere.
        let spread = |seed: u64| 10.0 * seed as f64;
        let first = rows(0..4, |seed, _| spread(seed));
        let second = rows(0..4, |seed, step| {
            spread(seed)
                + if step == 10 {
                    1.0 + 0.01 * seed as f64
                } else {
                    0.0
                }
        });
        let (found, ..) = curves(&first, &second);
        let curve = &found[0];
        assert!(curve.paired && !curve.same);
        assert_eq!((curve.points, curve.judged, curve.apart), (2, 2, 1));
        assert_eq!(curve.steps, 2);
        let last = curve.last.unwrap();
        assert_eq!((last.step, last.first), (10, 15.0));
        let mean = 1.015;
        assert!((last.second - last.first - mean).abs() < 1e-12);
        // t(3) at 97.5 % is 3.182446; the standard deviation of 0, .01, .02, .03 over 2.
        let half = 3.182_446_305_284_263 * (0.000_5_f64 / 3.0).sqrt() / 2.0;
        assert!((last.high.unwrap() - mean - half).abs() < 1e-12, "{last:?}");
        assert_eq!(curve.largest.unwrap().step, 10);
        // With other seeds the pairs are lost, and the same means no longer show a difference.
        let shifted: Observations = (second.rows().iter().cloned())
            .map(|row| Observation {
                seed: row.seed + 4,
                ..row
            })
            .collect();
        let (found, ..) = curves(&first, &shifted);
        assert!(!found[0].paired);
        assert_eq!((found[0].judged, found[0].apart), (2, 0));
    }

    #[test]
    fn rounding_of_means_is_no_difference() {
        let first = rows(0..3, |_, _| 0.1);
        let second = rows(3..10, |_, _| 0.1 + 1e-16);
        let (found, ..) = curves(&first, &second);
        assert_eq!((found[0].judged, found[0].apart), (2, 0), "{found:?}");
    }

    #[test]
    fn welch_gives_the_interval_of_a_worked_example() {
        // Means 2 and 6, variances of the means 1/3 and 4/3: 50/17 degrees of freedom.
        let found = welch(&[1.0, 2.0, 3.0], &[4.0, 6.0, 8.0]).unwrap();
        use statrs::distribution::{ContinuousCDF, StudentsT};
        let t = StudentsT::new(0.0, 1.0, 50.0 / 17.0)
            .unwrap()
            .inverse_cdf(0.975);
        assert!((found.high - 4.0 - t * (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(welch(&[1.0], &[2.0, 3.0]).is_none());
        let sure = welch(&[1.0, 1.0], &[2.0, 2.0]).unwrap();
        assert_eq!((sure.low, sure.high), (1.0, 1.0));
    }

    #[test]
    fn metrics_of_one_run_are_listed_and_unreached_times_are_not_judged() {
        let first = rows(0..3, |_, step| step as f64);
        let mut second = first.clone();
        second.extend((0..3).map(|seed| Observation {
            metric: "accuracy".into(),
            ..row(seed, 0, 1.0)
        }));
        second.push(row(0, 20, 1.0));
        let (found, only_first, only_second) = curves(&first, &second);
        assert_eq!((found[0].points, found[0].missing), (2, 1));
        assert!(only_first.is_empty());
        assert_eq!(
            only_second,
            [["base", "net", "accuracy"].map(str::to_owned)]
        );
        let never = rows(0..3, |_, step| if step == 10 { f64::INFINITY } else { 0.0 });
        let (found, ..) = curves(&first, &never);
        assert_eq!((found[0].points, found[0].judged), (2, 1));
        let (found, ..) = curves(&first, &first);
        assert!(found[0].same && found[0].apart == 0);
    }

    #[test]
    fn keys_of_tables_and_lists_are_dotted() {
        let table: toml::Table = "a.b = 1\nlist = [1, 2]\n[[c]]\nd = 'x'\n".parse().unwrap();
        let mut flat = BTreeMap::new();
        flatten("", &toml::Value::Table(table), &mut flat);
        let keys: Vec<(&str, &str)> = flat.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(
            keys,
            [("a.b", "1"), ("c[0].d", "\"x\""), ("list", "[1, 2]")]
        );
    }
}
