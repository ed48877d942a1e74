use metrics::norm;
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Amplification>("").giving(&[&[
Quantity::new("amplification", "–", "|a + b| over |a + b| at the start, where a and b are the input and output weights of the neurons; 1 in a lazy net").from("[Nam2025]"),
]]);

/// Growth of the features of the scalar toy.
///
/// Can be read on tasks with one input and one output, with nets of two layers without biases.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Amplification {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Amplification>(table)?))
}

impl Metric for Amplification {
    fn resolved(&self) -> toml::Table {
        table_of("amplification", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["amplification"]
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let shape = task.shape();
        let two_layers = |model: &&dyn Model| {
            let parameters = model.initial(&*task.instance(0), shape, 0);
            let weights = parameters.iter().all(|p| !p.name.ends_with("bias"));
            weights && matches!(&parameters[..], [a, b] if a.values.len() == b.values.len())
        };
        if shape.inputs == 1 && shape.outputs == 1 && models.iter().all(two_layers) {
            return Ok(());
        }
        Err(lacks(
            "amplification",
            "two-layer nets without biases, one input and one output",
        ))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        out.push(Reading {
            metric: "amplification",
            index: 0,
            value: sum(at.parameters()?) / sum(at.initial),
        });
        Ok(())
    }
}

/// |a + b|.
fn sum(layers: &[HostArray]) -> f64 {
    let pairs = layers[0].values.iter().zip(&layers[1].values);
    norm(&pairs.map(|(a, b)| a + b).collect::<Vec<f64>>())
}
