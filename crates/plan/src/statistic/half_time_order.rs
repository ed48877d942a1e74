use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    CORRELATION, Component, Measured, Selection, Statistic,
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

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let indices = table.indices();
        let samples = table
            .per_seed()
            .into_iter()
            .map(|cell| order(&half_times(cell, &indices)))
            .collect();
        Measured {
            components: vec![Component {
                label: String::new(),
                samples,
            }],
            notes: vec![],
        }
    }
}
