use metrics::fit_line;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    CellRows, Component, Measured, Sample, Selection, Statistic, times::half_times,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<HalfTimeExponent>("");

/// The power γ of the law of half-times t_k ∝ (1/P_k)^γ, where P_k is the frequency of a skill.
///
/// It is fitted per seed by least squares on log axes. Theory says 1 for layers and for a plain linear model. A half-time that
/// did not come in time makes γ a lower bound where the skill is rarer than the others in the mean of logarithms, and the seed
/// has no value otherwise.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HalfTimeExponent {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<HalfTimeExponent>(table)?))
}

/// The exponent in one cell.
fn exponent(cell: &CellRows<'_>, indices: &[u64]) -> Sample {
    let rarity = |&index: &u64| -cell.probability(index).ln();
    let rarities: Vec<f64> = indices.iter().map(rarity).collect();
    let mean = rarities.iter().sum::<f64>() / rarities.len() as f64;
    let (mut times, mut bounded) = (Vec::new(), false);
    for (time, rarity) in half_times(cell, indices).into_iter().zip(&rarities) {
        match time {
            Sample::Exact(time) if time > 0.0 => times.push(time.ln()),
            Sample::AtLeast(time) if time > 0.0 && *rarity > mean => {
                bounded = true;
                times.push(time.ln());
            }
            _ => return Sample::Missing,
        }
    }
    match fit_line(&rarities, &times) {
        Ok(line) if bounded => Sample::AtLeast(line.slope),
        Ok(line) => Sample::Exact(line.slope),
        Err(_) => Sample::Missing,
    }
}

impl Statistic for HalfTimeExponent {
    fn resolved(&self) -> toml::Table {
        table_of("half-time-exponent", self)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let indices = table.indices();
        let cells = table.per_seed().into_iter();
        Measured {
            components: vec![Component {
                label: String::new(),
                samples: cells.map(|cell| exponent(cell, &indices)).collect(),
            }],
            notes: vec![],
        }
    }
}
