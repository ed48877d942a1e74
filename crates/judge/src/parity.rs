//! Compares one experiment on two devices: where the results diverge, and whether a verdict
//! changes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use plan::spec::Outcome;
use record::{CellName, Observations, Source};
use serde::Serialize;

use crate::run::Run;

/// How the numbers of one metric of one model differ between two devices, over all variants, seeds
/// and indices. Differences are relative to the largest size that the metric has in the same cell of
/// the first device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricParity {
    /// Model or prediction.
    pub model: String,
    /// Metric.
    pub metric: String,
    /// Numbers that both devices recorded.
    pub compared: usize,
    /// Numbers that only one device recorded, because the other stopped earlier.
    pub missing: usize,
    /// First step at which a difference is larger than the tolerance, or a number is missing.
    pub parts_at: Option<u64>,
    /// Largest difference.
    pub largest: f64,
    /// Largest difference among the last numbers of all curves.
    pub last: f64,
}

/// A claim whose verdict is not the same on both devices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictChange {
    /// The claim.
    pub claim: String,
    /// On the first device.
    pub reference: Outcome,
    /// On the other.
    pub other: Outcome,
}

/// Differences between two devices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parity {
    /// All metrics, in the order in which they were recorded.
    pub metrics: Vec<MetricParity>,
    /// First step at which a metric of a trained model diverges. Predictions do not count, because
    /// they are fitted to whole curves and extend beyond the last step.
    pub parts_at: Option<u64>,
    /// Number of claims that were judged on both devices.
    pub claims: usize,
    /// Claims whose verdict changes.
    pub changes: Vec<VerdictChange>,
}

impl Parity {
    /// Whether the devices agree: no verdict changes, and no metric of a trained model diverges
    /// before step `until`.
    pub fn agrees_until(&self, until: u64) -> bool {
        self.changes.is_empty() && self.parts_at.is_none_or(|step| step >= until)
    }
}

/// Values by index, then step.
type Curves = BTreeMap<u64, BTreeMap<u64, f64>>;

fn curves_of(run: &Observations, source: Source<'_>, cell: CellName<'_>) -> Curves {
    let mut curves = Curves::new();
    for row in run.of_cell(source, cell) {
        let curve = curves.entry(row.index).or_default();
        curve.insert(row.step, row.value);
    }
    curves
}

/// Largest finite absolute value.
fn size(curves: &Curves) -> f64 {
    let values = curves.values().flat_map(BTreeMap::values);
    let sizes = values
        .filter(|value| value.is_finite())
        .map(|value| value.abs());
    sizes.fold(0.0, f64::max)
}

impl MetricParity {
    fn parts(&mut self, step: u64) {
        let first = self.parts_at.get_or_insert(step);
        *first = step.min(*first);
    }

    fn missing(&mut self, steps: impl Iterator<Item = u64>) {
        for step in steps {
            self.missing += 1;
            self.parts(step);
        }
    }

    /// Compares the curves of one cell.
    fn compare_cell(&mut self, reference: &Curves, other: &Curves, tolerance: f64) {
        // The scale comes from the reference, because a device that computes wrongly must not set
        // the scale of its own error.
        let size = match size(reference) {
            0.0 => size(other),
            own => own,
        };
        let nothing = BTreeMap::new();
        for (index, one) in reference {
            let two = other.get(index).unwrap_or(&nothing);
            // Derived times are recorded at the last step of the cell, which may differ between
            // devices.
            let single = one.len() == 1 && two.len() == 1;
            let mut last = 0.0;
            for (&step, &value) in one {
                let found = two
                    .get(&step)
                    .or_else(|| two.values().next().filter(|_| single));
                let Some(&found) = found else {
                    self.missing([step].into_iter());
                    continue;
                };
                last = difference(value, found, size);
                self.compared += 1;
                self.largest = self.largest.max(last);
                if last > tolerance {
                    self.parts(step);
                }
            }
            self.last = self.last.max(last);
            let alone = two
                .keys()
                .filter(|step| !single && !one.contains_key(*step));
            self.missing(alone.copied());
        }
        let alone = other
            .iter()
            .filter(|(index, _)| !reference.contains_key(*index));
        self.missing(alone.flat_map(|(_, curve)| curve.keys().copied()));
    }
}

/// Compares the observations of two devices for one spec.
///
/// # Examples
/// ```
/// # use layerwise_judge::numbers_apart;
/// # use record::{Observation, Observations};
/// let row = |step, value| Observation {
///     variant: "base".into(),
///     seed: 0,
///     model: "net".into(),
///     metric: "train_loss".into(),
///     index: 0,
///     step,
///     flow_time: None,
///     value,
/// };
/// let one = Observations::from_iter([row(0, 2.0), row(10, 1.0)]);
/// let other = Observations::from_iter([row(0, 2.0), row(10, 1.1)]);
/// let parity = numbers_apart(&one, &other, 0.01);
/// assert_eq!(parity[0].parts_at, Some(10));
/// assert!((parity[0].last - 0.05).abs() < 1e-12);
/// ```
pub fn numbers_apart(
    reference: &Observations,
    other: &Observations,
    tolerance: f64,
) -> Vec<MetricParity> {
    let mut metrics: Vec<MetricParity> = Vec::new();
    let mut places: HashMap<Source<'_>, usize> = HashMap::new();
    let own = reference.groups();
    let known: HashSet<_> = own.iter().copied().collect();
    let alone = other
        .groups()
        .into_iter()
        .filter(|group| !known.contains(group));
    for (source, variant) in own.iter().copied().chain(alone) {
        let place = *places.entry(source).or_insert_with(|| {
            metrics.push(MetricParity {
                model: source.0.to_owned(),
                metric: source.1.to_owned(),
                compared: 0,
                missing: 0,
                parts_at: None,
                largest: 0.0,
                last: 0.0,
            });
            metrics.len() - 1
        });
        let seeds = reference
            .seeds(source, variant)
            .chain(other.seeds(source, variant));
        for seed in seeds.collect::<BTreeSet<u64>>() {
            let [one, two] = [reference, other].map(|run| curves_of(run, source, (variant, seed)));
            metrics[place].compare_cell(&one, &two, tolerance);
        }
    }
    metrics
}

/// |a − b| relative to `size`. Values that are not finite are equal only to values of the same
/// kind: an unreached time to an unreached time, NaN to NaN.
fn difference(a: f64, b: f64, size: f64) -> f64 {
    if a.is_finite() && b.is_finite() {
        return if size > 0.0 {
            (a - b).abs() / size
        } else {
            0.0
        };
    }
    let alike = a == b || (a.is_nan() && b.is_nan());
    if alike { 0.0 } else { f64::INFINITY }
}

/// The first step at which a metric of a trained model diverges.
fn parts_at(metrics: &[MetricParity], is_trained: impl Fn(&str) -> bool) -> Option<u64> {
    let of_models = metrics.iter().filter(|metric| is_trained(&metric.model));
    of_models.filter_map(|metric| metric.parts_at).min()
}

/// Compares two runs of one spec.
pub fn parity(reference: &Run, other: &Run, tolerance: f64) -> Parity {
    let find = |id: &str| other.verdict.claims.iter().find(|claim| claim.id == id);
    let claims = reference.verdict.claims.iter();
    let pairs: Vec<_> = claims
        .filter_map(|claim| Some((claim, find(&claim.id)?)))
        .collect();
    let metrics = numbers_apart(&reference.observations, &other.observations, tolerance);
    Parity {
        parts_at: parts_at(&metrics, |model| {
            reference.manifest.engines.contains_key(model)
        }),
        metrics,
        claims: pairs.len(),
        changes: (pairs.into_iter())
            .filter(|(claim, other)| claim.outcome != other.outcome)
            .map(|(claim, other)| VerdictChange {
                claim: claim.id.clone(),
                reference: claim.outcome,
                other: other.outcome,
            })
            .collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use record::Observation;

    use super::*;

    fn apart(one: &[Observation], two: &[Observation], tolerance: f64) -> Vec<MetricParity> {
        let [one, two] = [one, two].map(|rows| rows.iter().cloned().collect());
        numbers_apart(&one, &two, tolerance)
    }

    fn row(metric: &str, index: u64, step: u64, value: f64) -> Observation {
        Observation {
            variant: "base".into(),
            seed: 0,
            model: "net".into(),
            metric: metric.into(),
            index,
            step,
            flow_time: None,
            value,
        }
    }

    /// A curve of a loss at steps 0, 10, 20, …
    fn curve_of(values: &[f64]) -> Vec<Observation> {
        let rows = values.iter().zip(0..);
        rows.map(|(value, place)| row("loss", 0, 10 * place, *value))
            .collect()
    }

    fn compared(one: &[Observation], two: &[Observation]) -> Parity {
        let metrics = apart(one, two, 0.01);
        Parity {
            parts_at: parts_at(&metrics, |model| model == "net"),
            metrics,
            claims: 0,
            changes: Vec::new(),
        }
    }

    #[test]
    fn a_metric_diverges_at_the_first_step_at_which_any_index_diverges() {
        let one = [
            row("r", 1, 0, 0.0),
            row("r", 2, 5, 1.0),
            row("r", 1, 9, 2.0),
        ];
        let mut two = one.clone();
        two[1].value = 1.1;
        two[2].value = 2.002;
        let parity = &apart(&one, &two, 0.01)[0];
        assert_eq!((parity.compared, parity.missing), (3, 0));
        assert_eq!(parity.parts_at, Some(5));
        // Relative to the largest number of the curve on the first device.
        assert!((parity.largest - 0.1 / 2.0).abs() < 1e-12);
        // Index 2 ended at step 5, and counts as an end as well.
        assert!((parity.last - 0.1 / 2.0).abs() < 1e-12);
        assert_eq!(apart(&one, &one, 1e-12)[0].parts_at, None);
    }

    #[test]
    fn a_device_with_infinite_values_still_shows_its_first_divergence() {
        let one = curve_of(&[1.0, 1.0, 1.0, 1.0]);
        let two = curve_of(&[1.0, 1.1, 50.0, 1e30]);
        assert_eq!(compared(&one, &two).parts_at, Some(10));
        // If the first device has only zeros, any other value counts as diverged.
        let (one, two) = (curve_of(&[0.0, 0.0]), curve_of(&[0.0, 1e-9]));
        assert_eq!(compared(&one, &two).parts_at, Some(10));
    }

    #[test]
    fn a_device_that_stops_early_diverges_there() {
        let one = curve_of(&[1.0, 0.9, 0.8, 0.7]);
        for (two, missing) in [(&one[..2], 2), (&one[..1], 3)] {
            for parity in [compared(&one, two), compared(two, &one)] {
                assert_eq!(parity.metrics[0].missing, missing);
                let step = 10 * two.len() as u64;
                assert_eq!(parity.parts_at, Some(step));
                assert!(parity.agrees_until(step) && !parity.agrees_until(step + 1));
            }
        }
    }

    #[test]
    fn records_of_only_the_other_device_are_listed() {
        let one = curve_of(&[1.0]);
        let two = [curve_of(&[1.0]), vec![row("extra", 0, 3, 1.0)]].concat();
        let parity = compared(&one, &two);
        assert_eq!(parity.metrics[1].metric, "extra");
        assert_eq!((parity.metrics[1].missing, parity.parts_at), (1, Some(3)));
    }

    #[test]
    fn predictions_do_not_part_devices() {
        let one = curve_of(&[1.0, 1.0]);
        let theory = |values: &[f64]| {
            let mut rows = curve_of(values);
            rows.iter_mut().for_each(|row| row.model = "theory".into());
            [one.clone(), rows].concat()
        };
        let parity = compared(&theory(&[1.0, 2.0]), &theory(&[2.0, 3.0]));
        assert_eq!(parity.metrics[1].parts_at, Some(0));
        assert_eq!(parity.parts_at, None);
    }

    #[test]
    fn values_that_are_not_finite_equal_only_themselves() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        for (a, b) in [(inf, inf), (-inf, -inf), (nan, nan)] {
            assert_eq!(difference(a, b, 1.0), 0.0);
        }
        for (a, b) in [(inf, -inf), (inf, nan), (nan, 1.0), (1.0, inf)] {
            assert_eq!(difference(a, b, 1.0), f64::INFINITY, "{a} {b}");
            assert_eq!(difference(b, a, 1.0), f64::INFINITY, "{b} {a}");
        }
    }

    #[test]
    fn times_are_compared_though_the_cells_ended_at_different_steps() {
        let one = [
            row("half_time", 1, 90, 40.0),
            row("half_time", 2, 90, f64::INFINITY),
        ];
        let two = [
            row("half_time", 1, 95, 44.0),
            row("half_time", 2, 95, f64::INFINITY),
        ];
        let parity = &apart(&one, &two, 0.01)[0];
        assert_eq!((parity.compared, parity.missing), (2, 0));
        assert!((parity.largest - 4.0 / 40.0).abs() < 1e-12);
    }

    #[test]
    fn numbers_of_one_device_only_are_missing_and_a_time_that_never_came_is_apart() {
        let one = [
            row("r", 1, 0, 1.0),
            row("r", 1, 5, 1.0),
            row("t", 1, 9, 3.0),
        ];
        let two = [
            row("r", 1, 0, 1.0),
            row("r", 1, 9, 1.0),
            row("t", 1, 9, f64::INFINITY),
        ];
        let parity = apart(&one, &two, 0.01);
        assert_eq!((parity[0].compared, parity[0].missing), (1, 2));
        assert_eq!(parity[1].largest, f64::INFINITY);
        assert_eq!(parity[1].parts_at, Some(9));
    }
}
