use std::ops::RangeInclusive;

use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};
use theory::full_svd;

use super::{
    MeasureError, Metric, Reading, Snapshot, lacks,
    modes::{NO_MODE, correlation},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<ModeSizes>("").giving(&[&[Quantity::new(
    "mode_size",
    "target",
    "S_α: singular value α of E[y xᵀ] on the training rows, the largest first; the same for every model and step",
)
.from("[Saxe2014]")]]);

/// The strengths that the singular modes of a linear task are to reach, to hold times of modes against.
///
/// Can be read on tasks with whitened inputs that are the same at every step, as `modes`. With any model.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModeSizes {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<ModeSizes>(table)?))
}

impl Metric for ModeSizes {
    fn resolved(&self) -> toml::Table {
        table_of("mode-sizes", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["mode_size"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "mode"
    }

    fn indices(&self, _: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        let shape = task.shape();
        Some(1..=shape.inputs.min(shape.outputs) as u64)
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        if task.instance(0).whitened() {
            return Ok(());
        }
        Err(lacks("mode-sizes", "a linear task with whitened inputs"))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let rows = at.training_rows();
        let sizes = full_svd(&correlation(rows, &rows.targets)).values;
        let strongest = sizes.first().copied().unwrap_or(0.0);
        for (index, value) in (1..).zip(sizes) {
            if value > NO_MODE * strongest {
                out.push(Reading {
                    metric: "mode_size",
                    index,
                    value,
                });
            }
        }
        Ok(())
    }
}
