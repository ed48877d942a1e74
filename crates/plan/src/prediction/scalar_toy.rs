use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, Task, parse_table, positive, table_of};
use theory::ScalarToy;

use super::{CellView, Prediction, two_linear_layers};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Toy>("from = \"net\"");

/// The scalar toy f(x) = x Σ a_i b_i / Z in closed form, from the initial weights of a model \[Nam2025\].
///
/// It is for a task `modes` of one mode and a `deep-linear` model with one hidden layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Toy {
    /// Name of the model whose initial weights the form starts from.
    from: String,
    /// Z: one over the `output_scale` of the model. Above 0.
    #[serde(default = "one")]
    normalisation: f64,
    /// Whether `amplification` is the growth of |a + b|², the expression as it is printed, in place of that of |a + b|.
    #[serde(default)]
    squared: bool,
    /// Factor on the flow time, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
}

fn one() -> f64 {
    1.0
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let toy: Toy = parse_table(table)?;
    positive("normalisation", toy.normalisation)?;
    positive("clock", toy.clock)?;
    Ok(Box::new(toy))
}

impl Toy {
    fn solution(&self, cell: &CellView<'_>) -> Option<ScalarToy> {
        let [first, second] = &cell.layers(&self.from)?[..] else {
            return None;
        };
        let [mode] = cell.groups else { return None };
        let (first, second) = (first.as_slice(), second.as_slice());
        let toy = ScalarToy::new(first, second, self.normalisation, mode.target).ok()?;
        toy.with_input_power(mode.probability).ok()
    }
}

impl Prediction for Toy {
    fn resolved(&self) -> toml::Table {
        table_of("scalar-toy", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["output", "amplification"]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "output" => "output",
            _ => "",
        }
    }

    fn needs_weights_of(&self) -> Option<&str> {
        Some(&self.from)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.from]
    }

    fn check(&self, task: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
        let shape = task.shape();
        let one_mode = task.instance(0).groups().len() == 1;
        if shape.inputs == 1 && shape.outputs == 1 && one_mode {
            let scale = 1.0 / self.normalisation;
            let mut read = read.iter();
            return read.try_for_each(|model| two_linear_layers(*model, task, scale));
        }
        Err(KeyError::new(
            "kind",
            "\"scalar-toy\"",
            "needs a task of one mode with one input and one output",
            "Use kind = \"modes\" with one input power and one target.",
        ))
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(toy) = self.solution(cell) else {
            return;
        };
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let Some(time) = cell.clock.time(at).map(|t| t * self.clock) else {
                break;
            };
            let mut push = |metric, index, value| {
                out.push(Derived {
                    metric,
                    index,
                    step,
                    flow_time: Some(time),
                    value,
                });
            };
            let growth = toy.amplification_at(time);
            push("output", 1, toy.strength(time));
            push(
                "amplification",
                0,
                if self.squared {
                    growth * growth
                } else {
                    growth
                },
            );
        }
    }
}
