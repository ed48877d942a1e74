use metrics::{Crossing, first_crossing};

use crate::record::Observation;

/// Levels whose first crossing is recorded, with the metric's name.
const LEVELS: [(f64, &str); 3] = [(0.1, "t10"), (0.5, "half_time"), (0.9, "t90")];

/// What is derived from every skill curve.
pub(crate) const METRICS: [&str; 5] = [
    "t10",
    "half_time",
    "t90",
    "t90_over_t10",
    "rise_over_half_time",
];

/// The curve that is summarised.
const CURVE: &str = "skill_strength";

/// The times, in steps, at which the skill strengths of one model in one cell first cross
/// 10, 50 and 90 %, t90/t10 and (t90 − t10)/t50. A crossing that did not come before the last step is infinite.
pub(crate) fn derive(observations: &[Observation]) -> Vec<Observation> {
    let mut derived = Vec::new();
    let mut indices: Vec<u64> = observations
        .iter()
        .filter(|o| o.metric == CURVE)
        .map(|o| o.index)
        .collect();
    indices.sort_unstable();
    indices.dedup();
    for index in indices {
        let curve: Vec<&Observation> = observations
            .iter()
            .filter(|o| o.metric == CURVE && o.index == index)
            .collect();
        let Some(&last) = curve.last() else { continue };
        if curve.len() < 2 {
            continue;
        }
        let last = Observation {
            index,
            ..last.clone()
        };
        let steps: Vec<f64> = curve.iter().map(|o| o.step as f64).collect();
        let values: Vec<f64> = curve.iter().map(|o| o.value).collect();
        let times: Vec<(&str, _)> = LEVELS
            .iter()
            .map(|&(level, name)| (name, first_crossing(&steps, &values, level)))
            .collect();
        for (metric, crossing) in &times {
            let value = match crossing {
                Ok(Crossing::At(step) | Crossing::Before(step)) => *step,
                _ => f64::INFINITY,
            };
            derived.push(Observation {
                metric: (*metric).to_owned(),
                value,
                ..last.clone()
            });
        }
        if let (Ok(Crossing::At(t10)), Ok(Crossing::At(t90))) = (&times[0].1, &times[2].1) {
            derived.push(Observation {
                metric: "t90_over_t10".to_owned(),
                value: t90 / t10,
                ..last.clone()
            });
            if let Ok(Crossing::At(half)) = times[1].1 {
                derived.push(Observation {
                    metric: "rise_over_half_time".to_owned(),
                    value: (t90 - t10) / half,
                    ..last
                });
            }
        }
    }
    derived
}
