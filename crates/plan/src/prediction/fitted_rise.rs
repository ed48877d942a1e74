use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};
use theory::Rise;

use super::{
    CellView, Prediction,
    clockwork::{Law, Timed, push_strengths, speeds, strengths},
};
use crate::{
    derived::Derived,
    log_time::{grid_of, interpolated},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<FittedRise>("shape = \"logistic\"\ncalibrate_on = \"net\"");

/// A rival explanation: one shape of rise, fitted to the first curve of a model and stretched by a law for all others.
///
/// The constants are fitted to index 1, per seed and variant. All other indices have the same
/// shape, with time scaled by their rates, so nothing is fitted to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FittedRise {
    /// The shape.
    shape: Shape,
    /// Model whose curve of index 1 fixes the constants.
    calibrate_on: String,
    /// How the speed of an index follows from its input power P and its target S.
    #[serde(default)]
    law: Law,
    /// Power of the ratio of rates: 1 is the law itself, 0 lets all indices rise at once.
    #[serde(default = "one")]
    rate_exponent: f64,
}

/// Shapes of a rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Shape {
    /// The mean of the first curve, at all times and indices (one constant).
    Constant,
    /// A jump at the half-time (one constant).
    Step,
    /// 1 − e^(−rt) with the half-time of the first curve (one constant).
    Exponential,
    /// An exponential after a delay; least squares over the first curve (two constants).
    DelayedExponential,
    /// The sigmoid of two balanced layers whose start is fitted, too; least squares over the first
    /// curve (two constants).
    Logistic,
}

fn one() -> f64 {
    1.0
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let form: FittedRise = parse_table(table)?;
    if !form.rate_exponent.is_finite() {
        let (problem, hint) = ("must be a finite number", "Write 1 for the law itself.");
        return Err(KeyError::new(
            "rate_exponent",
            form.rate_exponent,
            problem,
            hint,
        ));
    }
    Ok(Box::new(form))
}

/// The first curve explained.
enum Fit {
    Constant(f64),
    Rise(Rise),
}

impl FittedRise {
    fn fit(&self, cell: &CellView<'_>) -> Option<Fit> {
        let first = Timed::of(cell, &self.calibrate_on, 1);
        let grid = grid_of(&first.times)?;
        let known: Vec<(f64, f64)> = grid
            .iter()
            .filter_map(|&time| Some((time, interpolated(&first.times, &first.values, time)?)))
            .collect();
        if self.shape == Shape::Constant {
            let sum: f64 = known.iter().map(|(_, value)| value).sum();
            return Some(Fit::Constant(sum / known.len() as f64));
        }
        let half_time = first.half_time()?;
        let rise = match self.shape {
            Shape::Constant => return None,
            Shape::Step => Rise::step(half_time),
            Shape::Exponential => Rise::exponential(half_time),
            Shape::DelayedExponential => {
                // The share of the half-time after the delay: from 1, no delay, to almost 0, a
                // step.
                let delays = [0.0, 0.999];
                return least_squares(&known, half_time, delays, Rise::delayed_exponential);
            }
            Shape::Logistic => {
                // ln(S/s0 − 1): from a start at 0.49 of the target to one of 1e-26.
                let depths = [0.05, 60.0];
                return least_squares(&known, half_time, depths, Rise::logistic);
            }
        };
        rise.ok().map(Fit::Rise)
    }
}

/// Fits a rise to `known` by least squares, with the half-time within a factor of 2 of the recorded
/// one and the second constant within `range`. The grid is refined around its best point.
fn least_squares(
    known: &[(f64, f64)],
    seen: f64,
    range: [f64; 2],
    rise: impl Fn(f64, f64) -> Result<Rise, theory::TheoryError>,
) -> Option<Fit> {
    /// Points along each constant, and rounds of refinement: the last grid is finer than 1e-5.
    const POINTS: usize = 21;
    const ROUNDS: usize = 7;
    /// Part of the range kept in each round: two steps to each side of the best point.
    const KEPT: f64 = 2.0 / (POINTS - 1) as f64;
    let error = |rise: &Rise| -> f64 {
        let gaps = known.iter().map(|&(time, value)| rise.value(time) - value);
        gaps.map(|gap| gap * gap).sum()
    };
    let bounds = [[(seen / 2.0).ln(), (seen * 2.0).ln()], range];
    let mut around = bounds;
    let mut best: Option<(f64, [f64; 2], Rise)> = None;
    for _ in 0..ROUNDS {
        let points = |[low, high]: [f64; 2]| {
            let step = (high - low) / (POINTS - 1) as f64;
            (0..POINTS).map(move |point| low + step * point as f64)
        };
        for log_time in points(around[0]) {
            for second in points(around[1]) {
                let Ok(rise) = rise(log_time.exp(), second) else {
                    continue;
                };
                let error = error(&rise);
                if best.as_ref().is_none_or(|(least, ..)| error < *least) {
                    best = Some((error, [log_time, second], rise));
                }
            }
        }
        let (_, at, _) = best.as_ref()?;
        for ((around, at), [low, high]) in around.iter_mut().zip(at).zip(bounds) {
            let half = KEPT * (around[1] - around[0]);
            *around = [(at - half).max(low), (at + half).min(high)];
        }
    }
    best.map(|(_, _, rise)| Fit::Rise(rise))
}

impl Prediction for FittedRise {
    fn resolved(&self) -> toml::Table {
        table_of("fitted-rise", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "skill"
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.calibrate_on]
    }

    fn constants(&self) -> u32 {
        match self.shape {
            Shape::Constant | Shape::Step | Shape::Exponential => 1,
            Shape::DelayedExponential | Shape::Logistic => 2,
        }
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(fit) = self.fit(cell) else { return };
        let speeds = speeds(&strengths(cell), self.law, self.rate_exponent);
        let value = |position: usize, time: f64| match fit {
            Fit::Constant(value) => Some(value),
            Fit::Rise(rise) => Some(rise.value(time * speeds[position])),
        };
        push_strengths(cell, speeds.len(), value, out);
    }
}
