//! The times of a curve: when it first comes to a level. Everything that speaks of a half-time takes it
//! from [`half_time`]: the record, claims and pictures.

use metrics::{Crossing, HALF, MetricError, first_crossing};

use crate::derived::{Derived, ModelCurves};

/// Levels whose first crossing is derived, with the metric's name.
const LEVELS: [(f64, &str); 3] = [(0.1, "t10"), (HALF, "half_time"), (0.9, "t90")];

/// The metrics that are derived from every curve of strengths.
pub(crate) const METRICS: [&str; 5] = [
    "t10",
    "half_time",
    "t90",
    "t90_over_t10",
    "rise_over_half_time",
];

/// The metric whose curves rise from about 0 to 1, one for each skill or mode.
pub const STRENGTH: &str = "skill_strength";

/// Metrics whose curves come to levels.
pub(crate) const LEVELLED: [&str; 3] = [STRENGTH, "train_accuracy", "test_accuracy"];

/// Metrics that are steps: what is infinite among them is a bound.
const STEPS: [&str; 5] = ["t10", "half_time", "t90", "t_fit", "t_gen"];

/// A crossing as a curve shows it that may begin after step 0: a level that its first record has
/// reached was crossed by then, at a time that nobody saw. [`Crossing::Before`] step 0 is at it.
pub(crate) fn seen(crossing: Crossing, times: &[f64]) -> Crossing {
    match (crossing, times.first()) {
        (Crossing::At(time), Some(&first)) if first > 0.0 && time <= first => {
            Crossing::Before(first)
        }
        (crossing, _) => crossing,
    }
}

/// When a curve of strengths first crosses one half, as far as it shows that; see [`metrics::half_time`].
///
/// # Errors
/// As [`metrics::half_time`].
///
/// # Examples
///
/// ```
/// use layerwise_plan::{Crossing, half_time};
///
/// assert_eq!(half_time(&[0.0, 4.0], &[0.0, 1.0])?, Crossing::At(2.0));
/// // Before step 0 is at it; before a first record that comes later, nobody saw when.
/// assert_eq!(half_time(&[0.0, 4.0], &[0.7, 1.0])?, Crossing::Before(0.0));
/// assert_eq!(half_time(&[3.0, 4.0], &[0.5, 1.0])?, Crossing::Before(3.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn half_time(times: &[f64], values: &[f64]) -> Result<Crossing, MetricError> {
    Ok(seen(metrics::half_time(times, values)?, times))
}

/// A time as it is recorded, with the place among `ends` (first and last record) at which it is: infinite
/// where it did not come before the last record, minus infinite where it came before the first.
pub(crate) fn recorded(crossing: Option<Crossing>) -> (f64, usize) {
    match crossing {
        Some(Crossing::At(time)) => (time, 1),
        Some(Crossing::Before(time)) if time <= 0.0 => (time, 1),
        Some(Crossing::Before(_)) => (f64::NEG_INFINITY, 0),
        Some(Crossing::After(_)) | None => (f64::INFINITY, 1),
    }
}

/// Whether a metric is a step, so that one that nobody saw is bounded by the step of its row.
pub(crate) fn is_step(metric: &str) -> bool {
    STEPS.contains(&metric)
}

/// Of the strengths of one model in one cell: the steps at which they first cross 10, 50 and 90 %,
/// t90/t10 and (t90 − t10)/t50. A crossing that did not come before the last step is infinite, one
/// that came before the first record minus infinite.
pub fn derive_times(curves: ModelCurves<'_>) -> Vec<Derived> {
    let mut derived = Vec::new();
    for index in curves.indices(STRENGTH) {
        let curve = curves.curve(STRENGTH, index);
        let Some(ends) = curves.ends(STRENGTH, index) else {
            continue;
        };
        // The start alone says nothing of when.
        if curve.steps == [0.0] {
            continue;
        }
        let mut push = |metric, (value, end): (f64, usize)| {
            let (step, flow_time) = ends[end];
            derived.push(Derived {
                metric,
                index,
                step,
                flow_time,
                value,
            });
        };
        let crossings = LEVELS.map(|(level, _)| {
            let crossing = first_crossing(&curve.steps, &curve.values, level).ok()?;
            Some(seen(crossing, &curve.steps))
        });
        for ((_, metric), crossing) in LEVELS.iter().zip(&crossings) {
            push(metric, recorded(*crossing));
        }
        if let [Some(Crossing::At(t10)), half, Some(Crossing::At(t90))] = crossings {
            push("t90_over_t10", (t90 / t10, 1));
            if let Some(Crossing::At(half)) = half {
                push("rise_over_half_time", ((t90 - t10) / half, 1));
            }
        }
    }
    derived
}
