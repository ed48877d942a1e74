//! Derives the times at which a curve first reaches a level. Records, claims and pictures all take
//! half-times from [`half_time`].

use metrics::{Crossing, HALF, MetricError, first_crossing};

use tasks::Quantity;

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

/// What readers are told of them.
pub(crate) const QUANTITIES: [Quantity; 5] = [
    Quantity::new(
        "t10",
        "steps",
        "Step at which the strength of a skill or mode first crosses 0.1 of its target, between records by \
         interpolation; infinite when not before the last record, minus infinite when before a first record \
         that comes after step 0",
    ),
    Quantity::new(
        "half_time",
        "steps",
        "Step at which the strength of a skill or mode first crosses one half of its target, the time at which it is \
             learned; infinite and minus infinite as t10",
    )
    .from("[Nam2024]"),
    Quantity::new("t90", "steps", "Step at which the strength of a skill or mode first crosses 0.9 of its target; infinite and minus infinite as t10"),
    Quantity::new(
        "t90_over_t10",
        "–",
        "t90/t10: 1.4 to 2.5 for a sigmoid from a small start, 21.85 for an exponential",
    ),
    Quantity::new(
        "rise_over_half_time",
        "–",
        "(t90 − t10)/half_time: how long a skill takes to rise",
    ),
];

/// The metric whose curves rise from about 0 to 1, one for each skill or mode.
pub const STRENGTH: &str = "skill_strength";

/// Metrics whose curves have times at given levels.
pub(crate) const LEVELLED: [&str; 3] = [STRENGTH, "train_accuracy", "test_accuracy"];

/// Metrics whose values are steps; an infinite value means that only a bound is known.
const STEPS: [&str; 8] = [
    "t10",
    "half_time",
    "t90",
    "t_fit",
    "t_gen",
    "loss_t_fit",
    "loss_t_gen",
    "loss_gap",
];

/// Corrects a crossing for a curve that may begin after step 0. If the first record is already
/// above the level, the crossing happened at or before that record, at an unknown time.
/// [`Crossing::Before`] step 0 counts as a crossing at step 0.
pub(crate) fn seen(crossing: Crossing, times: &[f64]) -> Crossing {
    match (crossing, times.first()) {
        (Crossing::At(time), Some(&first)) if first > 0.0 && time <= first => {
            Crossing::Before(first)
        }
        (crossing, _) => crossing,
    }
}

/// The time at which a curve of strengths first crosses one half, or what the curve shows about it;
/// see [`metrics::half_time`].
///
/// # Errors
/// The same as for [`metrics::half_time`].
///
/// # Examples
///
/// ```
/// use layerwise_plan::{Crossing, half_time};
///
/// assert_eq!(half_time(&[0.0, 4.0], &[0.0, 1.0])?, Crossing::At(2.0));
/// // Before step 0 counts as at step 0. Before a later first record, the time is unknown.
/// assert_eq!(half_time(&[0.0, 4.0], &[0.7, 1.0])?, Crossing::Before(0.0));
/// assert_eq!(half_time(&[3.0, 4.0], &[0.5, 1.0])?, Crossing::Before(3.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn half_time(times: &[f64], values: &[f64]) -> Result<Crossing, MetricError> {
    Ok(seen(metrics::half_time(times, values)?, times))
}

/// A time for the record, and the position in `ends` (first and last record) of the row that holds
/// it. The time is infinite if the level was not reached by the last record, and minus infinite if
/// it was reached before the first record.
pub(crate) fn recorded(crossing: Option<Crossing>) -> (f64, usize) {
    match crossing {
        Some(Crossing::At(time)) => (time, 1),
        Some(Crossing::Before(time)) if time <= 0.0 => (time, 1),
        Some(Crossing::Before(_)) => (f64::NEG_INFINITY, 0),
        Some(Crossing::After(_)) | None => (f64::INFINITY, 1),
    }
}

/// Whether the values of a metric are steps, so that an unknown value is bounded by the step of its
/// row.
pub(crate) fn is_step(metric: &str) -> bool {
    STEPS.contains(&metric)
}

/// Derives the times of the strengths of one model in one cell: the steps at which they first cross
/// 10, 50 and 90 %, t90/t10 and (t90 − t10)/t50. A crossing after the last step is infinite; a
/// crossing before the first record is minus infinite.
pub fn derive_times(curves: ModelCurves<'_>) -> Vec<Derived> {
    let mut derived = Vec::new();
    for index in curves.indices(STRENGTH) {
        let curve = curves.curve(STRENGTH, index);
        let Some(ends) = curves.ends(STRENGTH, index) else {
            continue;
        };
        // A curve with the start alone has no times.
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
