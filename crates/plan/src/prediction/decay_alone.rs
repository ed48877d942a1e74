use mlp::{Decay, Optimizer, Updater};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<DecayAlone>("from = \"net\"");

/// What is left of a number that weight decay alone moves: Π (1 − η λ) over the steps, with the momentum of sgd as it acts.
///
/// Under softmax cross-entropy the gradients of a classifier's rows sum to zero over the classes, whatever the net, so that
/// the sum of the rows is such numbers. With the coupled decay of Adam it gives nothing, because decay enters the
/// moments there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecayAlone {
    /// Name of the model whose learning rate the form follows.
    from: String,
    /// Factor on the weight decay, for controls with another law. 0 or more.
    #[serde(default = "one")]
    decay: f64,
}

fn one() -> f64 {
    1.0
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let form: DecayAlone = parse_table(table)?;
    if form.decay.is_finite() && form.decay >= 0.0 {
        return Ok(Box::new(form));
    }
    let problem = "must be a finite number, 0 or more";
    Err(KeyError::new(
        "decay",
        form.decay,
        problem,
        "Write 1 for the law itself.",
    ))
}

impl DecayAlone {
    /// The optimizer as it acts on a number without a gradient; `None` if that depends on the number.
    fn on_numbers_without_gradient(&self, optimizer: Optimizer) -> Option<Optimizer> {
        Some(match optimizer {
            Optimizer::Sgd(sgd) => Optimizer::Sgd(mlp::Sgd {
                weight_decay: self.decay * sgd.weight_decay,
                ..sgd
            }),
            Optimizer::Adam(adam) if adam.decay == Decay::Decoupled => Optimizer::Adam(mlp::Adam {
                weight_decay: self.decay * adam.weight_decay,
                ..adam
            }),
            Optimizer::Adam(_) => return None,
            Optimizer::Sign(mlp::Sign { weight_decay, .. })
            | Optimizer::Muon(mlp::Muon { weight_decay, .. }) => Optimizer::Sign(mlp::Sign {
                momentum: 0.0,
                weight_decay: self.decay * weight_decay,
            }),
        })
    }
}

impl Prediction for DecayAlone {
    fn resolved(&self) -> toml::Table {
        table_of("decay-alone", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["class_sum"]
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.from]
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(optimizer) = self.on_numbers_without_gradient(cell.training.optimizer) else {
            return;
        };
        let Ok(mut updater) = Updater::<f64>::new(optimizer, 1) else {
            return;
        };
        let mut left = [1.0];
        let mut step = 0;
        for (at, &recorded) in cell.clock.steps().iter().enumerate() {
            while step < recorded {
                let rate = cell.clock.rate(cell.training, step);
                if updater.step(&mut left, &[0.0], rate).is_err() {
                    return;
                }
                step += 1;
            }
            out.push(Derived {
                metric: "class_sum",
                index: 0,
                step: recorded,
                flow_time: cell.clock.time(at),
                value: left[0],
            });
        }
    }
}
