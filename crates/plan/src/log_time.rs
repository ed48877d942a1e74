//! Curves on a grid that is uniform in the logarithm of time: what explanations are fitted and compared on.
//!
//! Rises that follow each other in stages take equal room on this grid, whatever their speed; on linear
//! time the slowest one would decide alone.

/// Points of a grid. More change no comparison of recorded curves: these have a few hundred records.
const POINTS: usize = 200;

/// Times from `first` to `last`, uniform in their logarithm; `None` unless 0 < first < last.
pub(crate) fn log_grid(first: f64, last: f64) -> Option<Vec<f64>> {
    if !(first > 0.0 && first < last && last.is_finite()) {
        return None;
    }
    let (low, high) = (first.ln(), last.ln());
    let step = (high - low) / (POINTS - 1) as f64;
    let mut grid: Vec<f64> = (0..POINTS)
        .map(|point| (low + step * point as f64).exp())
        .collect();
    // Rounding must not lead beyond the curve.
    grid[0] = first;
    grid[POINTS - 1] = last;
    Some(grid)
}

/// The grid of a curve: from its first record after time 0 to its last.
pub(crate) fn grid_of(times: &[f64]) -> Option<Vec<f64>> {
    let first = times.iter().copied().find(|&time| time > 0.0)?;
    log_grid(first, *times.last()?)
}

/// The value of a curve at `time`, linear between records (times increase) and held at its ends; `None`
/// without records.
pub(crate) fn interpolated(times: &[f64], values: &[f64], time: f64) -> Option<f64> {
    let after = times.partition_point(|&known| known < time);
    match (after, times.get(after)) {
        (0, _) => values.first().copied(),
        (_, None) => values.last().copied(),
        (after, Some(&high)) => {
            let low = times[after - 1];
            let share = (time - low) / (high - low);
            Some(values[after - 1] + share * (values[after] - values[after - 1]))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_equal_ratios_between_the_first_record_after_zero_and_the_last() {
        let grid = grid_of(&[0.0, 2.0, 50.0, 200.0]).unwrap();
        assert_eq!((grid[0], grid[POINTS - 1]), (2.0, 200.0));
        let ratios: Vec<f64> = grid.windows(2).map(|pair| pair[1] / pair[0]).collect();
        // 199 steps of the same ratio, to the rounding of exp and ln.
        assert!(ratios.iter().all(|r| (r / ratios[0] - 1.0).abs() < 1e-12));
        assert!(grid_of(&[0.0]).is_none() && grid_of(&[0.0, 3.0]).is_none());
    }

    #[test]
    fn a_curve_is_linear_between_records_and_held_at_its_ends() {
        let (times, values) = ([1.0, 3.0], [0.0, 1.0]);
        let at = |time| interpolated(&times, &values, time).unwrap();
        assert_eq!(
            [at(0.5), at(1.0), at(2.0), at(3.0), at(9.0)],
            [0.0, 0.0, 0.5, 1.0, 1.0]
        );
        assert!(interpolated(&[], &[], 1.0).is_none());
    }
}
