use std::ops::RangeInclusive;

use metrics::{
    MetricError, effective_rank_of_power, feature_singular_values, features_vary, singular_values,
    stable_rank,
};
use models::Model;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, at_least, lacks, layers};

/// How many directions a net uses \[Roy2007\]: `weight_effective_rank` and `weight_stable_rank` of
/// every layer's weight, and `feature_effective_rank` of every hidden layer's centred features on
/// the training rows; the index is the layer. Effective ranks are those of squared singular values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ranks {
    /// Only this many of the training rows, spread evenly.
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
