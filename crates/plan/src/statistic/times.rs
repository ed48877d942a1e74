use metrics::Crossing;

use super::{CellRows, Sample};
use crate::times::half_time;

/// Steps at which each index of a cell first crosses one half; bounds where it did not by the last
/// record, or had before the first.
pub(crate) fn half_times(cell: &CellRows<'_>, indices: &[u64]) -> Vec<Sample> {
    indices
        .iter()
        .map(|&index| crossing_of(cell, &cell.curve(index)))
        .collect()
}

/// Step at which a curve of a cell first crosses one half. A net that diverged before may never
/// have come there.
pub(crate) fn crossing_of(cell: &CellRows<'_>, (steps, values): &(Vec<f64>, Vec<f64>)) -> Sample {
    match half_time(steps, values) {
        Ok(Crossing::At(step)) => Sample::Exact(step),
        Ok(Crossing::Before(step)) if step <= 0.0 => Sample::Exact(step),
        Ok(Crossing::Before(step)) => Sample::AtMost(step),
        Ok(Crossing::After(step)) if !cell.is_broken() => Sample::AtLeast(step),
        // The end is not known, or nothing was recorded.
        Ok(Crossing::After(_)) | Err(_) => Sample::Missing,
    }
}

/// Whether a time comes before another, of which one at least is only a bound.
fn surely_before(early: Sample, late: Sample) -> bool {
    match (early, late) {
        (
            Sample::Exact(most) | Sample::AtMost(most),
            Sample::Exact(least) | Sample::AtLeast(least),
        ) => most <= least,
        _ => false,
    }
}

/// Kendall's rank correlation (tau-a) of times with their position. A bound counts as later than
/// every time that lies below it, one from above as earlier than every time above it; pairs that censoring leaves open count against the order,
/// which makes the result a lower bound. An exact tie speaks for neither order and counts 0.
pub(crate) fn order(times: &[Sample]) -> Sample {
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
                (early, late) if surely_before(early, late) => 1.0,
                (early, late) if surely_before(late, early) => -1.0,
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
