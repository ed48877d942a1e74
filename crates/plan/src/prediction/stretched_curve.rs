use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use super::{
    CellView, Prediction,
    clockwork::{Law, Timed, push_strengths, speeds, strengths},
};
use crate::{derived::Derived, log_time::interpolated};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<StretchedCurve>("calibrate_on = \"net\"");

/// A rival explanation without a formula: a recorded curve on another clock.
///
/// Without `from`, index 1 of the model itself stands for every index, stretched by the law of rates. With `from`, every index
/// is the curve of that model, on a clock that makes the half-times of index 1 agree. A stretched curve is held at the values
/// of its first and last record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StretchedCurve {
    /// Model whose curve of index 1 is taken, or fixes the clock.
    calibrate_on: String,
    /// Model whose curves are taken; those of `calibrate_on` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// How the speed of an index follows from its input power P and its target S; without `from` only.
    #[serde(default)]
    law: Law,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let form: StretchedCurve = parse_table(table)?;
    if form.from.is_some() && form.law != Law::default() {
        let problem = "is for curves of the model itself, and from names another one";
        return Err(KeyError::new(
            "law",
            "\"linear\"",
            problem,
            "Leave law or from out.",
        ));
    }
    Ok(Box::new(form))
}

impl Prediction for StretchedCurve {
    fn resolved(&self) -> toml::Table {
        table_of("stretched-curve", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "skill"
    }

    fn reads(&self) -> Vec<&str> {
        let from = self.from.iter().map(String::as_str);
        std::iter::once(&*self.calibrate_on).chain(from).collect()
    }

    fn constants(&self) -> u32 {
        1
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let first = Timed::of(cell, &self.calibrate_on, 1);
        let strengths = strengths(cell);
        let indices = strengths.len();
        match &self.from {
            None => {
                let speeds = speeds(&strengths, self.law, 1.0);
                let value = |position: usize, time: f64| {
                    interpolated(&first.times, &first.values, time * speeds[position])
                };
                push_strengths(cell, indices, value, out);
            }
            Some(from) => {
                let curves = (1..=indices as u64).map(|index| Timed::of(cell, from, index));
                let curves: Vec<Timed> = curves.collect();
                let own = curves.first().and_then(Timed::half_time);
                let (Some(own), Some(half_time)) = (own, first.half_time()) else {
                    return;
                };
                let value = |position: usize, time: f64| {
                    let curve = &curves[position];
                    interpolated(&curve.times, &curve.values, time * own / half_time)
                };
                push_strengths(cell, indices, value, out);
            }
        }
    }
}
