use std::ops::RangeInclusive;

use metrics::norm;
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, curvature::start, lacks, layers};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Gradients>("").giving(&[&[Quantity::new(
    "gradient_norm",
    "loss/weight",
    "|∂L/∂θ| of the training loss, of a layer with its bias; index 0 is all layers together",
)]]);

/// Size of the gradient of the training loss, layer by layer, in f64.
///
/// Can be read on multilayer perceptrons and deep linear nets, not linearised, on tasks with inputs. The loss is that of
/// all training rows, where there is a training set, or else of the rows of the step; weight decay is not part of it, and
/// neither is what interventions do to the gradient.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Gradients {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Gradients>(table)?))
}

impl Metric for Gradients {
    fn resolved(&self) -> toml::Table {
        table_of("gradients", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["gradient_norm"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "layer"
    }

    fn indices(&self, _: &str, task: &dyn Task, model: &dyn Model) -> Option<RangeInclusive<u64>> {
        // 0 is all layers together.
        Some(0..=layers(task, model)?)
    }

    fn check(&self, _: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        if models.iter().all(|model| model.host(&[]).is_some()) {
            return Ok(());
        }
        let needs = "multilayer perceptrons or linear nets; name them in models";
        Err(lacks("gradients", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(host) = at.model.host(at.parameters()?) else {
            return Ok(());
        };
        let gradient = host.loss_gradient(at.loss, at.training_rows(), start(at).as_ref())?;
        let whole = gradient.concat();
        for (index, part) in (0..).zip(std::iter::once(&whole).chain(&gradient)) {
            out.push(Reading {
                metric: "gradient_norm",
                index,
                value: norm(part),
            });
        }
        Ok(())
    }
}
