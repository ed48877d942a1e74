use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Component, Measured, Selection, Statistic,
    delays::{self, Quantity, delay},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Delay>("of = \"gap\"");

/// How late a net generalises; needs the metric kind `accuracy`.
///
/// A time that did not come within the run is a bound. Of a grid, the first cell.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Delay {
    /// Number that is read off.
    of: Quantity,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<Delay>(table)?))
}

impl Statistic for Delay {
    fn resolved(&self) -> toml::Table {
        table_of("delay", self)
    }

    fn reads(&self) -> Vec<&str> {
        delays::METRICS.to_vec()
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let cells = table.per_seed();
        let samples = cells.iter().map(|cell| delay(table, cell, self.of));
        Measured {
            components: vec![Component {
                label: String::new(),
                samples: samples.collect(),
            }],
            notes: vec![],
        }
    }
}
