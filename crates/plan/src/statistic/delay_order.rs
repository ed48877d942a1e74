use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    CORRELATION, Component, Measured, Sample, Selection, Statistic,
    delays::{self, Quantity, delay},
    times::order,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<DelayOrder>("knob = \"models.net.weight_scale\"\nof = \"ratio\"");

/// Kendall's rank correlation of a delay with a knob: 1 if the delay grows from value to value.
///
/// A delay that did not end within the run is longer than those below its bound, and a pair that this leaves open counts
/// against the order. Needs the metric kind `accuracy`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DelayOrder {
    /// Dotted key of \[sweep.grid\].
    knob: String,
    /// Delay that is ordered.
    of: Quantity,
    /// Whether to go along the knob from its largest value to its smallest.
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
