use metrics::{MetricError, neuron_balance, neuron_balance_drift, neuron_sizes};
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Conserved>("").giving(&[&[
Quantity::new("conserved_drift", "–", "Change of |w_in|² − q|w_out|² since the start, root mean square over the hidden neurons, relative to |w_in|² + q|w_out|² at the start; q is the degree of the activation. Gradient flow conserves it for homogeneous activations; for tanh and gelu it is measured with q = 1 and moves").from("[Du2018]"),
]]);

/// How well training conserves the balance of every hidden neuron.
///
/// Can be read on multilayer perceptrons and deep linear nets with one hidden layer, not linearised.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Conserved {}

/// A number per hidden neuron, of both layers' weights.
type OfNeurons = fn(&[f64], Option<&[f64]>, &[f64], usize, f64) -> Result<Vec<f64>, MetricError>;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Conserved>(table)?))
}

impl Metric for Conserved {
    fn resolved(&self) -> toml::Table {
        table_of("conserved", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["conserved_drift"]
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let two_layers = |model: &&dyn Model| {
            let initial = model.initial(&*task.instance(0), task.shape(), 0);
            (model.host(&initial)).is_some_and(|host| host.net.layers.len() == 2)
        };
        if models.iter().all(two_layers) {
            return Ok(());
        }
        let needs = "multilayer perceptrons with one hidden layer; name them in models";
        Err(lacks("conserved", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let model = at.model;
        let Some(scales) = model.scales() else {
            return Ok(());
        };
        // Two layers: the degree in the inputs is that of the activation.
        let degree = scales.input_degree;
        let of = |arrays: &[HostArray], what: OfNeurons| {
            // The parameters themselves, whatever their multipliers.
            let weights = arrays
                .iter()
                .filter(|array| array.name.ends_with(".weight"));
            let [first, second] = weights.collect::<Vec<_>>()[..] else {
                return Ok(Vec::new());
            };
            let bias = arrays.iter().find(|array| array.name.ends_with(".bias"));
            let bias = bias.map(|bias| bias.values.as_slice());
            what(&first.values, bias, &second.values, first.columns, degree)
        };
        let now = of(at.parameters()?, neuron_balance)?;
        let initial = of(at.initial, neuron_balance)?;
        let size = of(at.initial, neuron_sizes)?;
        out.push(Reading {
            metric: "conserved_drift",
            index: 0,
            value: neuron_balance_drift(&now, &initial, &size)?,
        });
        Ok(())
    }
}
