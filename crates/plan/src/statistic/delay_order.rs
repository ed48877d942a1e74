use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Along, Arranged, CORRELATION, Measured, Sample, Selection, Statistic,
    arranged::{by_place, measured},
    delays::{self, Quantity, delay},
    knob_lines,
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
    /// Whether to go along the factor by which the knob differs from 1, upwards or downwards.
    #[serde(default)]
    symmetric: bool,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<DelayOrder>(table)?))
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

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        let places = knob_lines::places(table, &self.knob);
        let of_seed = |&seed: &u64| -> Option<Vec<(usize, Sample)>> {
            let cells = table.of_seed(seed).map(|cell| {
                let place = cell.knob(&self.knob)?;
                let place = places.iter().position(|known| *known == place)?;
                Some((place, delay(table, cell, self.of)))
            });
            cells.collect()
        };
        let delays: Vec<_> = table.seeds.iter().map(of_seed).collect();
        let along = Along::Knob(self.knob.clone());
        let parts = (vec![String::new()], table.seeds.len());
        let samples = move |seed: usize, places: &[f64]| {
            let Some(delays) = &delays[seed] else {
                return vec![Sample::Missing];
            };
            let place = |at: usize| {
                let place = places[at];
                if self.symmetric {
                    place.max(1.0 / place)
                } else {
                    place
                }
            };
            let mut delays = by_place(delays.iter().map(|&(at, delay)| (place(at), delay)));
            if self.descending {
                delays.reverse();
            }
            vec![order(&delays)]
        };
        Some(Arranged::order(along, places, parts, samples))
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        measured(self.arranged(table))
    }
}
