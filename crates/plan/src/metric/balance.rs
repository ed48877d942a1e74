use std::ops::RangeInclusive;

use metrics::{Balance, MetricError};
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<LayerBalance>("").giving(&[&[
    Quantity::new(
        "balance",
        "weight²",
        "λ = tr Λ/h with h hidden neurons: above 0 where the second layer is heavier",
    )
    .from("[Nam2025, Definition 1]"),
    Quantity::new(
        "balance_error",
        "–",
        "|Λ − λ I|/(|W1W1ᵀ| + |W2ᵀW2|): 0 for λ-balanced layers",
    )
    .from("[Nam2025, Definition 1]"),
    Quantity::new(
        "balance_drift",
        "–",
        "|Λ − Λ0|/|Λ0|: 0 where training conserves the balance",
    )
    .from("[Nam2025, Definition 1]"),
]]);

/// The balance Λ = W2ᵀW2 − W1W1ᵀ of neighbouring layers \[Nam2025, Definition 1\].
///
/// Can be read on multilayer perceptrons and deep linear nets with a hidden layer; index 1 is the first two layers.
/// Gradient flow conserves Λ in linear nets, and its diagonal in `ReLU` nets. The bias of the first layer of a pair counts
/// as the weight of a constant input.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LayerBalance {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<LayerBalance>(table)?))
}

/// The trained weights and biases of a net, layer by layer, whatever their multipliers.
fn layers(arrays: &[HostArray]) -> Vec<(&HostArray, Option<&HostArray>)> {
    let mut layers: Vec<(&HostArray, Option<&HostArray>)> = Vec::new();
    for array in arrays {
        match layers.last_mut() {
            Some((_, bias)) if array.name.ends_with(".bias") => *bias = Some(array),
            _ => layers.push((array, None)),
        }
    }
    layers
}

/// Λ of every pair of neighbouring layers, and |W1W1ᵀ| + |W2ᵀW2|.
fn balances(arrays: &[HostArray]) -> Result<Vec<(Balance, f64)>, MetricError> {
    let layers = layers(arrays);
    let pair = |pair: &[(&HostArray, Option<&HostArray>)]| {
        let ((first, bias), (second, _)) = (pair[0], pair[1]);
        let hidden = first.columns;
        let mut into = first.values.clone();
        into.extend(bias.iter().flat_map(|bias| &bias.values));
        let nothing = |len: usize| vec![0.0; len];
        // Of one layer alone, Λ is its Gram matrix.
        let size = |first: &[f64], second: &[f64]| {
            Balance::new(first, second, hidden).map(|balance| metrics::norm(balance.matrix()))
        };
        let sizes = size(&into, &nothing(second.values.len()))?
            + size(&nothing(into.len()), &second.values)?;
        Ok((Balance::new(&into, &second.values, hidden)?, sizes))
    };
    layers.windows(2).map(pair).collect()
}

impl Metric for LayerBalance {
    fn resolved(&self) -> toml::Table {
        table_of("balance", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["balance", "balance_error", "balance_drift"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "pair of layers"
    }

    fn indices(&self, _: &str, task: &dyn Task, model: &dyn Model) -> Option<RangeInclusive<u64>> {
        let arrays = model.initial(&*task.instance(0), task.shape(), 0);
        Some(1..=layers(&arrays).len().saturating_sub(1) as u64)
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let has_neighbours = |model: &&dyn Model| {
            let initial = model.initial(&*task.instance(0), task.shape(), 0);
            (model.host(&initial)).is_some_and(|host| host.net.layers.len() > 1)
        };
        if models.iter().all(has_neighbours) {
            return Ok(());
        }
        let needs = "multilayer perceptrons with a hidden layer; name them in models";
        Err(lacks("balance", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let (start, now) = (balances(at.initial)?, balances(at.parameters()?)?);
        for (index, ((start, _), (now, sizes))) in (1..).zip(start.iter().zip(&now)) {
            let mut push = |metric, value| {
                out.push(Reading {
                    metric,
                    index,
                    value,
                });
            };
            push("balance", now.lambda());
            if *sizes > 0.0 {
                push("balance_error", now.error() / sizes);
            }
            match now.drift(start) {
                Ok(drift) => push("balance_drift", drift),
                // Perfect balance at the start has no relative drift.
                Err(MetricError::Domain { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
