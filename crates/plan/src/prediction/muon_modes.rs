use models::{Model, Optimizer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, Task, parse_table, positive, table_of};
use theory::MuonMode;

use super::{CellView, Prediction, clockwork::strengths, on_whitened_inputs};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<MuonModes>("from = \"net\"");

/// The singular modes of a linear task under Muon, nothing fitted: s = min(t², S), with t the learning rate times the steps.
///
/// Every mode grows at one rate from 0, so that mode α is complete after √S_α/η steps and small modes come first. It is
/// for whitened inputs and a `deep-linear` model with one hidden layer that starts from small weights. Where the
/// optimizer is not `muon`, or decays weights, it gives nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MuonModes {
    /// Name of the model whose learning rate the form follows.
    from: String,
    /// Factor on the learning rate, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
}

fn one() -> f64 {
    1.0
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let form: MuonModes = parse_table(table)?;
    positive("clock", form.clock)?;
    Ok(Box::new(form))
}

impl Prediction for MuonModes {
    fn resolved(&self) -> toml::Table {
        table_of("muon-modes", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "mode"
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.from]
    }

    fn check(&self, task: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
        on_whitened_inputs("muon-modes", task, read)
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        match cell.training.optimizer {
            Optimizer::Muon(muon) if muon.weight_decay == 0.0 => {}
            _ => return,
        }
        let modes = strengths(cell).into_iter();
        let modes: Vec<MuonMode> = modes
            .filter_map(|(_, target)| MuonMode::new(target, 0.0, 0.0).ok())
            .collect();
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let time = self.clock * cell.clock.distance(at);
            for (index, mode) in (1..).zip(&modes) {
                out.push(Derived {
                    metric: "skill_strength",
                    index,
                    step,
                    flow_time: None,
                    value: mode.strength(time) / mode.target(),
                });
            }
        }
    }
}
