use std::ops::RangeInclusive;

use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Outputs>("").giving(&[&[
Quantity::new("output", "target", "Output k on test row n; the index is (n − 1) K + k with K outputs. On `linear-map` these are the entries of the product of the layers, column by column"),
]]);

/// Every output on every test row.
///
/// Can be read on tasks with at most 4,096 outputs in their test rows, with any model.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Outputs {}

/// More curves than anybody can look at.
const MOST: usize = 4096;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Outputs>(table)?))
}

impl Metric for Outputs {
    fn resolved(&self) -> toml::Table {
        table_of("outputs", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["output"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "output"
    }

    fn indices(&self, _: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        Some(1..=task.instance(0).test().targets.len() as u64)
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        let test = task.instance(0).test();
        if test.targets.len() <= MOST {
            return Ok(());
        }
        Err(lacks(
            "outputs",
            &format!("a task with at most {MOST} outputs in its test rows"),
        ))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let outputs = at.outputs()?.iter();
        out.extend((1..).zip(outputs).map(|(index, &value)| Reading {
            metric: "output",
            index,
            value,
        }));
        Ok(())
    }
}
