use metrics::{Crossing, first_crossing};

use super::{Cell, Sample};

/// Half of the full height.
const HALF: f64 = 0.5;

/// Steps at which each index of a cell first crosses one half; bounds where it did not by the end.
pub(super) fn half_times(cell: &Cell<'_>, indices: &[u64]) -> Vec<Sample> {
    indices
        .iter()
        .map(|&index| crossing_of(cell, &cell.curve(index)))
        .collect()
}

/// Step at which a curve of a cell first crosses one half. A net that diverged before may never
/// have come there.
pub(super) fn crossing_of(cell: &Cell<'_>, (steps, values): &(Vec<f64>, Vec<f64>)) -> Sample {
    match first_crossing(steps, values, HALF) {
        Ok(Crossing::At(step) | Crossing::Before(step)) => Sample::Exact(step),
        Ok(Crossing::After(step)) if cell.has_end() => Sample::AtLeast(step),
        // The end is not known, or nothing was recorded.
        Ok(Crossing::After(_)) | Err(_) => Sample::Missing,
    }
}

/// Kendall's rank correlation (tau-a) of times with their position. A bound counts as later than
/// every exact time that lies below it; pairs that censoring leaves open count against the order,
/// which makes the result a lower bound. An exact tie speaks for neither order and counts 0.
pub(super) fn order(times: &[Sample]) -> Sample {
    let pairs = times.len() * times.len().saturating_sub(1) / 2;
    if pairs == 0 || times.contains(&Sample::Missing) {
        return Sample::Missing;
    }
    let mut score = 0.0;
    let mut open = false;
    for (position, early) in times.iter().enumerate() {
        for late in &times[position + 1..] {
            score += match (*early, *late) {
                (Sample::Exact(early), Sample::Exact(late)) if late > early => 1.0,
                (Sample::Exact(early), Sample::Exact(late)) if late < early => -1.0,
                (Sample::Exact(_), Sample::Exact(_)) => 0.0,
                (Sample::Exact(early), Sample::AtLeast(bound)) if bound >= early => 1.0,
                (Sample::AtLeast(bound), Sample::Exact(late)) if bound >= late => -1.0,
                _ => {
                    open = true;
                    -1.0
                }
            };
        }
    }
    let tau = score / pairs as f64;
    if open {
        Sample::AtLeast(tau)
    } else {
        Sample::Exact(tau)
    }
}

/// What one index is called.
pub(super) fn label(index: u64) -> String {
    format!("skill {index}")
}

/// What an index of a metric counts.
fn noun(metric: &str) -> &'static str {
    match metric {
        "feature_cka" | "pattern_distance" | "feature_effective_rank" => "layer",
        "weight_effective_rank" | "weight_stable_rank" => "layer",
        "balance" | "balance_error" | "balance_drift" => "pair of layers",
        "feature_singular" => "value",
        "weight_norm" | "weight_change" => "array",
        "output" => "output",
        _ if metric.starts_with("layer_") => "layer",
        _ if metric.starts_with("class_") => "class",
        _ => "skill",
    }
}

/// Label of one index of a metric; nothing where it has none.
pub(super) fn part_label(metric: &str, index: u64) -> String {
    match index {
        0 => String::new(),
        _ => format!("{} {index}", noun(metric)),
    }
}
