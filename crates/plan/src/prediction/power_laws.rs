use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, positive, table_of};
use theory::ScalingLaw;

use super::{
    CellView, Prediction,
    limits::{log_grid, range},
};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<PowerLaws>(
    "alpha = 0.6\ntarget = 1.0\ninitial = 0.01\ndata = [100, 1_000_000]\nparameters = [1, 10_000]",
);

/// The power laws of the skill model with their exponents and constants \[Nam2024\]: test loss against flow time, data and
/// parameters.
///
/// The exponents follow from α alone, the constants from ζ(α + 1), the target and the initial strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PowerLaws {
    /// α of P_k ∝ k^−(α + 1). Above 0.
    alpha: f64,
    /// S: the target strength of every skill. Above 0.
    target: f64,
    /// R_0: the initial strength of every skill. Above 0.
    initial: f64,
    /// Smallest and largest number of samples D that is drawn.
    data: [u64; 2],
    /// Smallest and largest number of parameters N that is drawn.
    parameters: [u64; 2],
}

/// Points of a straight line on log axes.
const POINTS: usize = 20;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let laws: PowerLaws = parse_table(table)?;
    positive("alpha", laws.alpha)?;
    positive("target", laws.target)?;
    positive("initial", laws.initial)?;
    range("data", laws.data)?;
    range("parameters", laws.parameters)?;
    ScalingLaw::new(laws.alpha, laws.target, laws.initial).map_err(|error| {
        KeyError::new(
            "initial",
            laws.initial,
            error.to_string(),
            "Choose a smaller start.",
        )
    })?;
    Ok(Box::new(laws))
}

impl Prediction for PowerLaws {
    fn resolved(&self) -> toml::Table {
        table_of("power-laws", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["test_loss", "loss_at_data", "loss_at_parameters"]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "loss_at_data" => "data size",
            "loss_at_parameters" => "number of parameters",
            _ => "",
        }
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Ok(law) = ScalingLaw::new(self.alpha, self.target, self.initial) else {
            return;
        };
        let Some(&last) = cell.clock.steps().last() else {
            return;
        };
        let power = |constant: f64, x: f64, exponent: f64| constant * x.powf(-exponent.abs());
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let Some(time) = cell.clock.time(at).filter(|time| *time > 0.0) else {
                continue;
            };
            let value = power(law.time_constant(), time, law.time_exponent());
            let flow_time = Some(time);
            out.push(Derived {
                metric: "test_loss",
                index: 0,
                step,
                flow_time,
                value,
            });
        }
        let mut push = |metric, index, value| {
            out.push(Derived {
                metric,
                index,
                step: last,
                flow_time: None,
                value,
            });
        };
        for data in log_grid(self.data, POINTS) {
            let value = power(law.data_constant(), data as f64, law.data_exponent());
            push("loss_at_data", data, value);
        }
        for parameters in log_grid(self.parameters, POINTS) {
            let x = parameters as f64;
            let value = power(law.parameter_constant(), x, law.parameter_exponent());
            push("loss_at_parameters", parameters, value);
        }
    }
}
