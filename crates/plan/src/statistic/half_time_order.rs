use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Along, Arranged, CORRELATION, Measured, Selection, Statistic,
    arranged::{by_place, measured},
    times::{half_times, order},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<HalfTimeOrder>("");

/// Kendall's rank correlation of half-time with skill number: 1 when the skills are learned strictly in order.
///
/// A skill that is not learned in time comes after those that are; two such skills leave the order open, and the seed gives a
/// lower bound only.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HalfTimeOrder {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<HalfTimeOrder>(table)?))
}

impl Statistic for HalfTimeOrder {
    fn resolved(&self) -> toml::Table {
        table_of("half-time-order", self)
    }

    fn range(&self) -> Option<[f64; 2]> {
        Some(CORRELATION)
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        let indices = table.indices();
        let cells = table.per_seed();
        let times: Vec<_> = (cells.iter().map(|cell| half_times(cell, &indices))).collect();
        let places = indices.iter().map(|&index| index as f64).collect();
        let parts = (vec![String::new()], times.len());
        let samples = move |seed: usize, places: &[f64]| {
            let times = times[seed].iter().copied();
            vec![order(&by_place(places.iter().copied().zip(times)))]
        };
        Some(Arranged::order(Along::Index, places, parts, samples))
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        measured(self.arranged(table))
    }
}
