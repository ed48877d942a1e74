//! The parts that explanations with a fitted clock share: the speed of each index, and the first
//! curve.

use metrics::Crossing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use theory::full_svd;

use super::CellView;
use crate::{derived::Derived, times::half_time};

/// How fast an index runs, relative to the first one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Law {
    /// Rates go with input power times target, P S, as in two layers from a small balanced start.
    #[default]
    Layered,
    /// Rates go with the input power P alone, as in a model of one layer.
    Linear,
}

/// A mode that is weaker than the first by more than this factor is rounding.
pub(super) const NO_MODE: f64 = 1e-12;

/// Input power and target of each index: of the task's skills, or of the singular modes of the training
/// rows, whose inputs are white.
pub(super) fn strengths(cell: &CellView<'_>) -> Vec<(f64, f64)> {
    if !cell.singular {
        let groups = cell.groups.iter();
        return groups.map(|g| (g.probability, g.target)).collect();
    }
    let Some(rows) = cell.constant else {
        return Vec::new();
    };
    let products = rows.correlation(&rows.targets);
    let (outputs, inputs) = (rows.shape.outputs, rows.shape.inputs);
    let correlation = theory::nalgebra::DMatrix::from_row_slice(outputs, inputs, &products);
    let values = full_svd(&correlation).values;
    let strongest = values.first().copied().unwrap_or(0.0);
    let modes = values.iter().filter(|&&value| value > NO_MODE * strongest);
    modes.map(|&value| (1.0, value)).collect()
}

/// Speed of each index relative to the first.
pub(super) fn speeds(strengths: &[(f64, f64)], law: Law, exponent: f64) -> Vec<f64> {
    let rate = |&(power, target): &(f64, f64)| match law {
        Law::Layered => power * target,
        Law::Linear => power,
    };
    let first = strengths.first().map_or(1.0, rate);
    let speeds = strengths.iter().map(|s| (rate(s) / first).powf(exponent));
    speeds.collect()
}

/// A curve on the clock of its cell: flow time if the optimizer has one, otherwise steps.
pub(super) struct Timed {
    pub(super) times: Vec<f64>,
    pub(super) values: Vec<f64>,
}

impl Timed {
    /// The curve of one index of a model's strengths.
    pub(super) fn of(cell: &CellView<'_>, model: &str, index: u64) -> Self {
        let (steps, values) = cell.curve(model, "skill_strength", index);
        let times = steps.iter().map(|&step| time(cell, step)).collect();
        Self { times, values }
    }

    /// The time at which it first crosses one half, if it was recorded.
    pub(super) fn half_time(&self) -> Option<f64> {
        match half_time(&self.times, &self.values) {
            Ok(Crossing::At(time)) if time > 0.0 => Some(time),
            _ => None,
        }
    }
}

/// The time of a step.
fn time(cell: &CellView<'_>, step: f64) -> f64 {
    cell.clock.time_at(step).unwrap_or(step)
}

/// Adds the strength of every index at every recorded step.
pub(super) fn push_strengths(
    cell: &CellView<'_>,
    indices: usize,
    value: impl Fn(usize, f64) -> Option<f64>,
    out: &mut Vec<Derived>,
) {
    for (at, &step) in cell.clock.steps().iter().enumerate() {
        let flow_time = cell.clock.time(at);
        for position in 0..indices {
            let time = flow_time.unwrap_or(step as f64);
            if let Some(value) = value(position, time) {
                out.push(Derived {
                    metric: "skill_strength",
                    index: position as u64 + 1,
                    step,
                    flow_time,
                    value,
                });
            }
        }
    }
}
