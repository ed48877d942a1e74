use std::ops::RangeInclusive;

use metrics::{
    MetricError, effective_rank_of_power, feature_singular_values, features_vary, singular_values,
    stable_rank,
};
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, at_least, lacks, layers};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Ranks>("rows = 500").giving(&[&[
    Quantity::new(
        "weight_effective_rank",
        "–",
        "Effective rank of the weight of a layer",
    )
    .from("[Roy2007]"),
    Quantity::new(
        "weight_stable_rank",
        "–",
        "Stable rank of the weight of a layer",
    ),
    Quantity::new(
        "feature_effective_rank",
        "–",
        "Effective rank of the centred features of a hidden layer on the training rows",
    )
    .from("[Roy2007]"),
]]);

/// How many directions the weights and the features of each layer use.
///
/// Can be read on multilayer perceptrons and deep linear nets, not linearised; the index is the layer. Effective ranks
/// are the exponential of the entropy of squared singular values; the stable rank is Σσ²/max σ².
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ranks {
    /// Number of training rows that are looked at, spread evenly; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let ranks: Ranks = parse_table(table)?;
    // One row has no variance.
    at_least("rows", ranks.rows, 2)?;
    Ok(Box::new(ranks))
}

/// A rank; none of a layer that is zero.
fn defined(rank: Result<f64, MetricError>) -> Result<Option<f64>, MetricError> {
    match rank {
        Ok(rank) => Ok(Some(rank)),
        Err(MetricError::Domain { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Metric for Ranks {
    fn resolved(&self) -> toml::Table {
        table_of("ranks", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[
            "weight_effective_rank",
            "weight_stable_rank",
            "feature_effective_rank",
        ]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "layer"
    }

    fn indices(
        &self,
        metric: &str,
        task: &dyn Task,
        model: &dyn Model,
    ) -> Option<RangeInclusive<u64>> {
        let layers = layers(task, model)?;
        match metric {
            "feature_effective_rank" => Some(1..=layers.saturating_sub(1)),
            _ => Some(1..=layers),
        }
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let is_net = |model: &&dyn Model| {
            let initial = model.initial(&*task.instance(0), task.shape(), 0);
            model.host(&initial).is_some()
        };
        if models.iter().all(is_net) {
            return Ok(());
        }
        let needs = "multilayer perceptrons or linear nets; name them in models";
        Err(lacks("ranks", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(host) = at.model.host(at.parameters()?) else {
            return Ok(());
        };
        let some = at.some_training_rows(self.rows);
        let features = host.net.features(&some.inputs, some.rows)?;
        let mut push = |metric, index, rank: Option<f64>| {
            out.extend(rank.map(|value| Reading {
                metric,
                index,
                value,
            }));
        };
        for (index, layer) in (1..).zip(&host.net.layers) {
            let values = singular_values(&layer.weight, layer.inputs, layer.outputs)?;
            let rank = defined(effective_rank_of_power(&values))?;
            push("weight_effective_rank", index, rank);
            push("weight_stable_rank", index, defined(stable_rank(&values))?);
        }
        for (index, (values, layer)) in (1..).zip(features.iter().zip(&host.net.layers)) {
            let vary = features_vary(values, layer.outputs, at.format().unit_roundoff());
            let rank = vary.and_then(|()| {
                effective_rank_of_power(&feature_singular_values(values, layer.outputs)?)
            });
            push("feature_effective_rank", index, defined(rank)?);
        }
        Ok(())
    }
}
