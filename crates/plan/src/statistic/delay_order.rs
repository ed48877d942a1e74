use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use crate::statistic::{
    CORRELATION, Component, Measured, Sample, Selection, Statistic,
    delays::{self, Quantity, delay},
    times::order,
};

/// Kendall's rank correlation of the delay with a knob, per seed: 1 if it grows from value to
/// value. Delays that did not end within the run count as longer than those below their bound, and
/// a pair that censoring leaves open counts against the order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DelayOrder {
    /// Dotted key of the knob.
    knob: String,
    /// What is ordered.
    of: Quantity,
    /// Go along the knob from its largest value to its smallest.
    #[serde(default)]
    descending: bool,
    /// Go along the factor by which the knob differs from 1, upwards or downwards.
    #[serde(default)]
    symmetric: bool,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<DelayOrder>(table)?))
}

impl DelayOrder {
    fn sample(&self, table: &Selection<'_>, seed: u64) -> Sample {
        let cells = table.of_seed(seed);
        let place = |knob: f64| {
            if self.symmetric {
                knob.max(1.0 / knob)
            } else {
                knob
            }
        };
        let places = cells.map(|cell| Some((place(cell.knob(&self.knob)?), cell)));
        let Some(mut places) = places.collect::<Option<Vec<_>>>() else {
            return Sample::Missing;
        };
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        if self.descending {
            places.reverse();
        }
        let delays = places.iter().map(|(_, cell)| delay(table, cell, self.of));
        order(&delays.collect::<Vec<_>>())
    }
}

impl Statistic for DelayOrder {
    fn resolved(&self) -> toml::Table {
        table_of("delay-order", self)
    }

    fn knob(&self) -> Option<&str> {
        Some(&self.knob)
    }

    fn reads(&self) -> Vec<&str> {
        delays::METRICS.to_vec()
    }

    fn range(&self) -> Option<[f64; 2]> {
        Some(CORRELATION)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let seeds = table.seeds.iter();
        Measured {
            components: vec![Component {
                label: String::new(),
                samples: seeds.map(|&seed| self.sample(table, seed)).collect(),
            }],
            notes: vec![],
        }
    }
}
