use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, Task, parse_table, positive, table_of};
use theory::{nalgebra::DMatrix, random_start_half_times};

use super::{CellView, Prediction, clockwork::Timed, on_whitened_inputs};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<RandomStart>("from = \"net\"");

/// The singular modes of a linear task, learned from the small random weights of a model, nothing fitted \[Saxe2014\].
///
/// Mode α is the sigmoid 1/(1 + (4 S/x₀ − 1) e^(−2 S t)), where x₀ is the overlap of the start with the growing direction
/// of the mode. A mode whose start is too large for that has no curve. It is for whitened inputs and a `deep-linear` model
/// with one hidden layer, or, with `layers`, for the path around the blocks of a net with skips: from small weights its
/// blocks add nothing until that path has grown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RandomStart {
    /// Name of the model whose initial weights the form starts from.
    from: String,
    /// Two layers of that model, by their names in its weights, as ["first", "last"] of `residual-mlp`: the closed form is
    /// of these two alone, without their biases. All of a `deep-linear` model if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layers: Option<[String; 2]>,
    /// Name of the model whose half-time of mode 1 fixes the clock, per seed and variant; nothing is fitted if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibrate_on: Option<String>,
    /// Factor on the flow time, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
}

fn one() -> f64 {
    1.0
}

/// The weights `[in, out]` of a layer.
fn weight<'a>(arrays: &'a [HostArray], layer: &str) -> Option<&'a HostArray> {
    let of_layer = |a: &&HostArray| a.name.strip_suffix(".weight") == Some(layer);
    arrays.iter().find(of_layer)
}

/// A mode this much weaker than the first is rounding.
const NO_MODE: f64 = 1e-12;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let form: RandomStart = parse_table(table)?;
    positive("clock", form.clock)?;
    Ok(Box::new(form))
}

impl Prediction for RandomStart {
    fn resolved(&self) -> toml::Table {
        table_of("random-start", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "mode"
    }

    fn needs_weights_of(&self) -> Option<&str> {
        Some(&self.from)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.from]
    }

    fn constants(&self) -> u32 {
        u32::from(self.calibrate_on.is_some())
    }

    fn check(&self, task: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
        let Some(layers) = &self.layers else {
            return on_whitened_inputs("random-start", task, read);
        };
        on_whitened_inputs("random-start", task, &[])?;
        let shape = task.shape();
        for model in read.iter().take(1) {
            let arrays = model.initial(&*task.instance(0), shape, 0);
            let [first, last] = [0, 1].map(|i: usize| weight(&arrays, &layers[i]));
            let fit = first.zip(last).is_some_and(|(first, last)| {
                (first.rows, last.columns) == (shape.inputs, shape.outputs)
                    && first.columns == last.rows
            });
            if !fit {
                let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
                let problem = "must name two layers that lead from the inputs to the outputs";
                let hint = format!("The weights of the model are {}.", names.join(", "));
                return Err(KeyError::new(
                    "layers",
                    format!("{layers:?}"),
                    problem,
                    hint,
                ));
            }
        }
        Ok(())
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(rows) = cell.constant else { return };
        let layers = match &self.layers {
            None => cell.layers(&self.from).unwrap_or_default(),
            Some(names) => {
                let arrays = cell.initial.first().map_or(&[][..], |(_, arrays)| arrays);
                let named = names.iter().filter_map(|name| weight(arrays, name));
                // Row-major [in, out] is column-major [out, in].
                let matrix =
                    |a: &HostArray| DMatrix::from_column_slice(a.columns, a.rows, &a.values);
                named.map(matrix).collect()
            }
        };
        let [first, second] = &layers[..] else { return };
        let products = rows.correlation(&rows.targets);
        let shape = rows.shape;
        let correlation = DMatrix::from_row_slice(shape.outputs, shape.inputs, &products);
        let Ok(modes) = random_start_half_times(first, second, &correlation) else {
            return;
        };
        let strongest = modes.first().map_or(0.0, |mode| mode.target);
        let fitted = match (&self.calibrate_on, modes.first()) {
            (None, _) => 1.0,
            (Some(model), Some(first)) => match Timed::of(cell, model, 1).half_time() {
                Some(half_time) => first.half_time / half_time,
                None => return,
            },
            (Some(_), None) => return,
        };
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let Some(time) = cell.clock.time(at).map(|t| t * self.clock * fitted) else {
                break;
            };
            for (index, mode) in (1..).zip(&modes) {
                if mode.target > NO_MODE * strongest && mode.half_time.is_finite() {
                    out.push(Derived {
                        metric: "skill_strength",
                        index,
                        step,
                        flow_time: Some(time),
                        value: mode.strength(time),
                    });
                }
            }
        }
    }
}
