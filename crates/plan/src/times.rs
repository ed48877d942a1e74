//! The times of a curve: when it first comes to a level. Everything that speaks of a half-time takes it
//! from [`metrics::half_time`]: the record, claims and pictures.

use metrics::{Crossing, HALF, first_crossing};

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

/// The curve that is summarised.
const STRENGTH: &str = "skill_strength";

/// Of the strengths of one model in one cell: the steps at which they first cross 10, 50 and 90 %,
/// t90/t10 and (t90 − t10)/t50. A crossing that did not come before the last step is infinite.
pub fn derive_times(curves: ModelCurves<'_>) -> Vec<Derived> {
    let mut derived = Vec::new();
    for index in curves.indices(STRENGTH) {
        let curve = curves.curve(STRENGTH, index);
        let (Some((step, flow_time)), 2..) = (curves.last(STRENGTH), curve.steps.len()) else {
            continue;
        };
        let mut push = |metric, value| {
            derived.push(Derived {
                metric,
                index,
                step,
                flow_time,
                value,
            });
        };
        let crossings = LEVELS.map(|(level, _)| first_crossing(&curve.steps, &curve.values, level));
        for ((_, metric), crossing) in LEVELS.iter().zip(&crossings) {
            push(
                metric,
                match crossing {
                    Ok(Crossing::At(step) | Crossing::Before(step)) => *step,
                    _ => f64::INFINITY,
                },
            );
        }
        if let [Ok(Crossing::At(t10)), half, Ok(Crossing::At(t90))] = crossings {
            push("t90_over_t10", t90 / t10);
            if let Ok(Crossing::At(half)) = half {
                push("rise_over_half_time", (t90 - t10) / half);
            }
        }
    }
    derived
}
