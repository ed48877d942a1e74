use metrics::{Crossing, first_crossing};

use super::{Cell, Sample};

/// Half of the full height.
const HALF: f64 = 0.5;

/// Steps at which each index of a cell first crosses one half; bounds where it did not.
pub(super) fn half_times(cell: &Cell<'_>, indices: &[u64]) -> Vec<Sample> {
    indices
        .iter()
        .map(|&index| {
            let (steps, values) = cell.curve(index);
            match first_crossing(&steps, &values, HALF) {
                Ok(Crossing::At(step) | Crossing::Before(step)) => Sample::Exact(step),
                Ok(Crossing::After(step)) => Sample::AtLeast(step),
                // Nothing was recorded.
                Err(_) => Sample::Missing,
            }
        })
        .collect()
}

/// Kendall's rank correlation of times with their position, where a bound counts as later than
/// every exact time and two bounds as tied.
pub(super) fn order(times: &[Sample]) -> Sample {
    let ranks: Vec<f64> = times
        .iter()
        .map(|time| match time {
            Sample::Exact(value) => *value,
            Sample::AtLeast(_) => f64::INFINITY,
            Sample::Missing => f64::NAN,
        })
        .collect();
    let pairs = ranks.len() * ranks.len().saturating_sub(1) / 2;
    if pairs == 0 || ranks.iter().any(|rank| rank.is_nan()) {
        return Sample::Missing;
    }
    let mut score = 0.0;
    for (position, early) in ranks.iter().enumerate() {
        for late in &ranks[position + 1..] {
            // A tie speaks for neither order, so it counts against the claim (tau-a).
            score += match late.partial_cmp(early) {
                Some(std::cmp::Ordering::Greater) => 1.0,
                Some(std::cmp::Ordering::Less) => -1.0,
                _ => 0.0,
            };
        }
    }
    Sample::Exact(score / pairs as f64)
}

/// What one index is called.
pub(super) fn label(index: u64) -> String {
    format!("skill {index}")
}
