//! One run on several devices: where their numbers part, and whether a verdict changes.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use crate::{claims::VerdictFile, record::Observation, spec::Outcome};

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
    /// Numbers that only one of them recorded, one having stopped earlier.
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

/// Two devices side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parity {
    /// Metric by metric, in the order in which they were recorded.
    pub metrics: Vec<MetricParity>,
    /// First step at which a metric of a trained model parts. Predictions do not count: they are
    /// fitted to whole curves, and reach beyond the last step.
    pub parts_at: Option<u64>,
    /// Number of claims that both judged.
    pub claims: usize,
    /// Claims whose verdict changes.
    pub changes: Vec<VerdictChange>,
}

impl Parity {
    /// Whether the devices agree: no verdict changes, and no metric of a trained model parts before
    /// step `until`.
    pub fn agrees_until(&self, until: u64) -> bool {
        self.changes.is_empty() && self.parts_at.is_none_or(|step| step >= until)
    }
}

/// A number's place in the table.
type Place<'a> = (&'a str, u64, &'a str, &'a str, u64, u64);
/// All curves of a metric in a cell: variant, seed, model, metric.
type Curves<'a> = (&'a str, u64, &'a str, &'a str);
/// The curve of one index.
type Curve<'a> = (&'a str, u64, &'a str, &'a str, u64);

fn place(row: &Observation) -> Place<'_> {
    let (variant, seed, model, metric, index) = curve(row);
    (variant, seed, model, metric, index, row.step)
}

fn curves(row: &Observation) -> Curves<'_> {
    (&row.variant, row.seed, &row.model, &row.metric)
}

fn curve(row: &Observation) -> Curve<'_> {
    let (variant, seed, model, metric) = curves(row);
    (variant, seed, model, metric, row.index)
}

/// Values that are the only one of their curve, such as times that follow from a whole curve: they
/// stand at the step at which the cell ended, which need not be the same.
fn singles(rows: &[Observation]) -> HashMap<Curve<'_>, f64> {
    let mut counts: HashMap<Curve<'_>, (usize, f64)> = HashMap::new();
    for row in rows {
        let entry = counts.entry(curve(row)).or_insert((0, row.value));
        entry.0 += 1;
    }
    let single = counts.into_iter().filter(|(_, (count, _))| *count == 1);
    single.map(|(curve, (_, value))| (curve, value)).collect()
}

/// Largest finite size of each metric in each cell.
fn sizes(rows: &[Observation]) -> HashMap<Curves<'_>, f64> {
    let mut sizes: HashMap<Curves<'_>, f64> = HashMap::new();
    for row in rows.iter().filter(|row| row.value.is_finite()) {
        let size = sizes.entry(curves(row)).or_insert(0.0);
        *size = size.max(row.value.abs());
    }
    sizes
}

/// One metric while its numbers are gone through.
struct Tally<'a> {
    metric: MetricParity,
    /// Step and difference of the last number of each curve.
    ends: HashMap<Curve<'a>, (u64, f64)>,
}

impl<'a> Tally<'a> {
    fn of(row: &Observation) -> Self {
        Self {
            metric: MetricParity {
                model: row.model.clone(),
                metric: row.metric.clone(),
                compared: 0,
                missing: 0,
                parts_at: None,
                largest: 0.0,
                last: 0.0,
            },
            ends: HashMap::new(),
        }
    }

    fn parts(&mut self, step: u64) {
        let first = self.metric.parts_at.get_or_insert(step);
        *first = step.min(*first);
    }

    fn missing(&mut self, row: &Observation) {
        self.metric.missing += 1;
        self.parts(row.step);
    }

    fn compared(&mut self, row: &'a Observation, difference: f64, tolerance: f64) {
        self.metric.compared += 1;
        self.metric.largest = self.metric.largest.max(difference);
        if difference > tolerance {
            self.parts(row.step);
        }
        let end = self
            .ends
            .entry(curve(row))
            .or_insert((row.step, difference));
        if row.step >= end.0 {
            *end = (row.step, difference);
        }
    }

    fn finish(mut self) -> MetricParity {
        let ends = self.ends.values().map(|(_, difference)| *difference);
        self.metric.last = ends.fold(0.0, f64::max);
        self.metric
    }
}

/// Compares what two devices recorded of one spec.
///
/// # Examples
/// ```
/// # use layerwise_lab::{parity::numbers_apart, record::Observation};
/// let row = |step, value| Observation {
///     variant: "base".to_owned(),
///     seed: 0,
///     model: "net".to_owned(),
///     metric: "train_loss".to_owned(),
///     index: 0,
///     step,
///     flow_time: None,
///     value,
/// };
/// let parity = numbers_apart(&[row(0, 2.0), row(10, 1.0)], &[row(0, 2.0), row(10, 1.1)], 0.01);
/// assert_eq!(parity[0].parts_at, Some(10));
/// assert!((parity[0].last - 0.05).abs() < 1e-12);
/// ```
pub fn numbers_apart(
    reference: &[Observation],
    other: &[Observation],
    tolerance: f64,
) -> Vec<MetricParity> {
    let found: HashMap<Place<'_>, f64> = other.iter().map(|row| (place(row), row.value)).collect();
    let known: HashSet<Place<'_>> = reference.iter().map(place).collect();
    // A device that goes wrong must not set the scale that it is measured by.
    let (sizes, other_sizes) = (sizes(reference), sizes(other));
    let size = |row: &Observation| {
        let own = sizes.get(&curves(row)).copied().filter(|size| *size > 0.0);
        own.or_else(|| other_sizes.get(&curves(row)).copied())
            .unwrap_or(0.0)
    };
    let (single, other_single) = (singles(reference), singles(other));
    let partner = |row: &Observation| -> Option<f64> {
        single.get(&curve(row))?;
        other_single.get(&curve(row)).copied()
    };
    let mut tallies: Vec<Tally<'_>> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    // What both recorded, and what the first did alone.
    for row in reference {
        let tally = tally_of(row, &mut places, &mut tallies);
        match found.get(&place(row)).copied().or_else(|| partner(row)) {
            Some(value) => {
                tally.compared(row, difference(row.value, value, size(row)), tolerance);
            }
            None => tally.missing(row),
        }
    }
    // What the other recorded alone.
    let alone = |row: &&Observation| !known.contains(&place(row)) && partner(row).is_none();
    for row in other.iter().filter(alone) {
        tally_of(row, &mut places, &mut tallies).missing(row);
    }
    tallies.into_iter().map(Tally::finish).collect()
}

fn tally_of<'a, 'b>(
    row: &'a Observation,
    places: &mut HashMap<(&'a str, &'a str), usize>,
    tallies: &'b mut Vec<Tally<'a>>,
) -> &'b mut Tally<'a> {
    let place = *places.entry((&row.model, &row.metric)).or_insert_with(|| {
        tallies.push(Tally::of(row));
        tallies.len() - 1
    });
    &mut tallies[place]
}

/// |a − b| relative to `size`. What is not finite is alike only to its like: a time that never came
/// to another one, NaN to NaN.
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

/// Compares two runs of one spec; `trained` are the models that were trained.
pub fn parity(
    reference: (&[Observation], &VerdictFile),
    other: (&[Observation], &VerdictFile),
    trained: &BTreeSet<String>,
    tolerance: f64,
) -> Parity {
    let pairs = (reference.1.claims.iter())
        .filter_map(|claim| Some((claim, other.1.claims.iter().find(|c| c.id == claim.id)?)));
    let pairs: Vec<_> = pairs.collect();
    let metrics = numbers_apart(reference.0, other.0, tolerance);
    let of_models = metrics
        .iter()
        .filter(|metric| trained.contains(&metric.model));
    Parity {
        parts_at: of_models.filter_map(|metric| metric.parts_at).min(),
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
    use super::*;

    fn row(metric: &str, index: u64, step: u64, value: f64) -> Observation {
        Observation {
            variant: "base".to_owned(),
            seed: 0,
            model: "net".to_owned(),
            metric: metric.to_owned(),
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
        let nothing = VerdictFile {
            name: String::new(),
            claims: Vec::new(),
            numbers: Vec::new(),
        };
        let trained = BTreeSet::from(["net".to_owned()]);
        parity((one, &nothing), (two, &nothing), &trained, 0.01)
    }

    #[test]
    fn a_metric_parts_at_the_first_step_at_which_any_index_does() {
        let one = [
            row("r", 1, 0, 0.0),
            row("r", 2, 5, 1.0),
            row("r", 1, 9, 2.0),
        ];
        let mut two = one.clone();
        two[1].value = 1.1;
        two[2].value = 2.002;
        let parity = &numbers_apart(&one, &two, 0.01)[0];
        assert_eq!((parity.compared, parity.missing), (3, 0));
        assert_eq!(parity.parts_at, Some(5));
        // Relative to the largest number of the curve on the first device.
        assert!((parity.largest - 0.1 / 2.0).abs() < 1e-12);
        // Index 2 ended at step 5, and counts at the end, too.
        assert!((parity.last - 0.1 / 2.0).abs() < 1e-12);
        assert_eq!(numbers_apart(&one, &one, 1e-12)[0].parts_at, None);
    }

    #[test]
    fn a_device_that_blows_up_does_not_hide_where_it_parted() {
        let one = curve_of(&[1.0, 1.0, 1.0, 1.0]);
        let two = curve_of(&[1.0, 1.1, 50.0, 1e30]);
        assert_eq!(compared(&one, &two).parts_at, Some(10));
        // Nothing but zeros on the first device: anything else is apart.
        let (one, two) = (curve_of(&[0.0, 0.0]), curve_of(&[0.0, 1e-9]));
        assert_eq!(compared(&one, &two).parts_at, Some(10));
    }

    #[test]
    fn a_device_that_stops_early_has_parted_there() {
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
    fn what_only_the_other_device_recorded_is_listed() {
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
            rows.iter_mut()
                .for_each(|row| row.model = "theory".to_owned());
            [one.clone(), rows].concat()
        };
        let parity = compared(&theory(&[1.0, 2.0]), &theory(&[2.0, 3.0]));
        assert_eq!(parity.metrics[1].parts_at, Some(0));
        assert_eq!(parity.parts_at, None);
    }

    #[test]
    fn what_is_not_finite_is_alike_only_to_its_like() {
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
        let parity = &numbers_apart(&one, &two, 0.01)[0];
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
        let parity = numbers_apart(&one, &two, 0.01);
        assert_eq!((parity[0].compared, parity[0].missing), (1, 2));
        assert_eq!(parity[1].largest, f64::INFINITY);
        assert_eq!(parity[1].parts_at, Some(9));
    }
}
