use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use crate::statistic::{
    Component, Measured, Selection, Statistic,
    delays::{self, Quantity, delay},
};

/// How late a net generalises, per seed. Of a grid, the first cell.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    /// What is read off.
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
