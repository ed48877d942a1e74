//! One run on several devices: where their numbers part, and whether a verdict changes.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::{claims::VerdictFile, record::Observation, spec::Outcome};

/// How the numbers of one metric of one model differ between two devices, over all variants, seeds
/// and indices. Differences are relative to the largest size of the metric in the same cell.
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
    /// First step at which any difference is larger than the tolerance.
    pub parts_at: Option<u64>,
    /// Largest difference.
    pub largest: f64,
    /// Largest difference at the last step that was recorded.
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
    /// Number of claims that both judged.
    pub claims: usize,
    /// Claims whose verdict changes.
    pub changes: Vec<VerdictChange>,
}

/// A number's place in the table.
type Place<'a> = (&'a str, u64, &'a str, &'a str, u64, u64);
/// A curve's cell: variant, seed, model, metric.
type Curve<'a> = (&'a str, u64, &'a str, &'a str);

fn place(row: &Observation) -> Place<'_> {
    let (variant, seed, model, metric, ..) = (&row.variant, row.seed, &row.model, &row.metric);
    (variant, seed, model, metric, row.index, row.step)
}

fn curve(row: &Observation) -> Curve<'_> {
    (&row.variant, row.seed, &row.model, &row.metric)
}

/// A curve of one index.
type Series<'a> = (&'a str, u64, &'a str, &'a str, u64);

/// Series of a single number, such as times that follow from a whole curve: they stand at the step at
/// which the cell ended, which need not be the same.
fn singles(rows: &[Observation]) -> HashMap<Series<'_>, Option<f64>> {
    let mut singles: HashMap<Series<'_>, Option<f64>> = HashMap::new();
    for row in rows {
        let (variant, seed, model, metric, index, _) = place(row);
        let first = !singles.contains_key(&(variant, seed, model, metric, index));
        let value = first.then_some(row.value);
        singles.insert((variant, seed, model, metric, index), value);
    }
    singles
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
    let mut sizes: HashMap<Curve<'_>, f64> = HashMap::new();
    for row in reference
        .iter()
        .chain(other)
        .filter(|r| r.value.is_finite())
    {
        let size = sizes.entry(curve(row)).or_insert(0.0);
        *size = size.max(row.value.abs());
    }
    let (single, other_single) = (singles(reference), singles(other));
    let lone = |row: &Observation, of: &HashMap<Series<'_>, Option<f64>>| {
        let (variant, seed, model, metric, index, _) = place(row);
        of.get(&(variant, seed, model, metric, index))
            .copied()
            .flatten()
    };
    let mut order: Vec<(&str, &str)> = Vec::new();
    let mut metrics: BTreeMap<(&str, &str), (MetricParity, u64)> = BTreeMap::new();
    for row in reference {
        let key = (row.model.as_str(), row.metric.as_str());
        let (metric, last_step) = metrics.entry(key).or_insert_with(|| {
            order.push(key);
            let metric = MetricParity {
                model: row.model.clone(),
                metric: row.metric.clone(),
                compared: 0,
                missing: 0,
                parts_at: None,
                largest: 0.0,
                last: 0.0,
            };
            (metric, 0)
        });
        let alone = || lone(row, &single).and_then(|_| lone(row, &other_single));
        let Some(value) = found.get(&place(row)).copied().or_else(alone) else {
            metric.missing += 1;
            continue;
        };
        let size = sizes.get(&curve(row)).copied().unwrap_or(0.0);
        let difference = difference(row.value, value, size);
        metric.compared += 1;
        metric.largest = metric.largest.max(difference);
        if difference > tolerance {
            let first = metric.parts_at.get_or_insert(row.step);
            *first = row.step.min(*first);
        }
        if row.step > *last_step {
            (*last_step, metric.last) = (row.step, difference);
        } else if row.step == *last_step {
            metric.last = metric.last.max(difference);
        }
    }
    // What only the other device recorded.
    let mut extra: HashMap<(&str, &str), usize> = HashMap::new();
    let known: HashSet<Place<'_>> = reference.iter().map(place).collect();
    let paired =
        |row: &Observation| lone(row, &single).is_some() && lone(row, &other_single).is_some();
    for row in other
        .iter()
        .filter(|row| !known.contains(&place(row)) && !paired(row))
    {
        *extra.entry((&row.model, &row.metric)).or_insert(0) += 1;
    }
    order
        .into_iter()
        .filter_map(|key| metrics.remove(&key).map(|(metric, _)| (key, metric)))
        .map(|(key, mut metric)| {
            metric.missing += extra.get(&key).copied().unwrap_or(0);
            metric
        })
        .collect()
}

/// |a − b| relative to `size`; times that never came are alike only to each other.
fn difference(a: f64, b: f64, size: f64) -> f64 {
    match (a.is_finite(), b.is_finite()) {
        (true, true) if size > 0.0 => (a - b).abs() / size,
        (true, true) => 0.0,
        (false, false) => 0.0,
        _ => f64::INFINITY,
    }
}

/// Compares two runs of one spec.
pub fn parity(
    reference: (&[Observation], &VerdictFile),
    other: (&[Observation], &VerdictFile),
    tolerance: f64,
) -> Parity {
    let pairs = (reference.1.claims.iter())
        .filter_map(|claim| Some((claim, other.1.claims.iter().find(|c| c.id == claim.id)?)));
    let pairs: Vec<_> = pairs.collect();
    Parity {
        metrics: numbers_apart(reference.0, other.0, tolerance),
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
        // Relative to the largest number of the curve, 2.002.
        assert!((parity.largest - 0.1 / 2.002).abs() < 1e-12);
        assert!((parity.last - 0.002 / 2.002).abs() < 1e-12);
        assert_eq!(numbers_apart(&one, &one, 1e-12)[0].parts_at, None);
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
        assert!((parity.largest - 4.0 / 44.0).abs() < 1e-12);
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
