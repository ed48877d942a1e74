use std::collections::BTreeMap;

use metrics::spearman;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{CORRELATION, CellRows, Component, Measured, Sample, Selection, Statistic};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RankCorrelation>("knob = \"models.net.weight_scale\"");

/// Spearman's rank correlation of the last value with a knob.
///
/// It is computed per index among cells that share all other knobs; over these others it is the mean. Values that do not change
/// with the knob count as 0.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RankCorrelation {
    /// Dotted key of \[sweep.grid\].
    knob: String,
    /// Whether the size of the knob counts, whatever its sign.
    #[serde(default)]
    absolute: bool,
    /// Sign of the knob: only the cells where the knob has it count; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    side: Option<Side>,
    /// Values this close to each other, relatively, count as equal. From 0 to below 1.
    #[serde(default)]
    resolution: f64,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Side {
    Positive,
    Negative,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let correlation: RankCorrelation = parse_table(table)?;
    within_one(correlation.resolution)?;
    Ok(Box::new(correlation))
}

/// Refuses a relative resolution outside of [0, 1).
pub(crate) fn within_one(resolution: f64) -> Result<(), KeyError> {
    if (0.0..1.0).contains(&resolution) {
        return Ok(());
    }
    let problem = "must be 0 or more and below 1";
    let hint = "Write for example 1e-6.";
    Err(KeyError::new("resolution", resolution, problem, hint))
}

/// Knobs and last recorded values of the cells that share all other knobs, line by line. `None`
/// where a cell has no value: a net that diverged must not go unnoticed.
pub(crate) fn lines<'t>(
    cells: impl Iterator<Item = &'t CellRows<'t>>,
    knob: &str,
    index: u64,
) -> Option<Vec<(Vec<f64>, Vec<f64>)>> {
    let mut lines: BTreeMap<String, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for cell in cells {
        let (place, value) = (cell.knob(knob)?, cell.final_value(index)?);
        let mut others = cell.variant.knobs.clone();
        others.remove(knob);
        let (knobs, values) = lines.entry(others.to_string()).or_default();
        knobs.push(place);
        values.push(value);
    }
    Some(lines.into_values().collect())
}

/// Values with each run of neighbours closer than `resolution` replaced by its smallest.
pub(crate) fn merged(values: &[f64], resolution: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut merged = values.to_vec();
    for pair in order.windows(2) {
        let (lower, upper) = (values[pair[0]], values[pair[1]]);
        if upper - lower <= resolution * upper.abs() {
            merged[pair[1]] = merged[pair[0]];
        }
    }
    merged
}

impl RankCorrelation {
    fn correlation(&self, (knobs, values): &(Vec<f64>, Vec<f64>)) -> Option<f64> {
        let is_there = |knob: f64| match self.side {
            Some(Side::Positive) => knob > 0.0,
            Some(Side::Negative) => knob < 0.0,
            None => true,
        };
        let there = knobs.iter().zip(values).filter(|pair| is_there(*pair.0));
        let (mut knobs, values): (Vec<f64>, Vec<f64>) = there.map(|(k, v)| (*k, *v)).unzip();
        if self.absolute {
            knobs.iter_mut().for_each(|knob| *knob = knob.abs());
        }
        let values = merged(&values, self.resolution);
        let first = values.first()?;
        if knobs.len() > 1 && values.iter().all(|value| value == first) {
            // What stays the same has no order at all.
            return Some(0.0);
        }
        spearman(&knobs, &values).ok()
    }

    fn sample<'t>(&self, cells: impl Iterator<Item = &'t CellRows<'t>>, index: u64) -> Sample {
        let correlations = lines(cells, &self.knob, index).and_then(|lines| {
            let correlations = lines.iter().map(|line| self.correlation(line));
            correlations.collect::<Option<Vec<f64>>>()
        });
        match correlations {
            Some(all) if !all.is_empty() => {
                Sample::Exact(all.iter().sum::<f64>() / all.len() as f64)
            }
            // A cell without a value, one cell, or one knob value: there is no order.
            _ => Sample::Missing,
        }
    }
}

impl Statistic for RankCorrelation {
    fn resolved(&self) -> toml::Table {
        table_of("rank-correlation", self)
    }

    fn knob(&self) -> Option<&str> {
        Some(&self.knob)
    }

    fn range(&self) -> Option<[f64; 2]> {
        Some(CORRELATION)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let of_index = |index| Component {
            label: table.label(index),
            samples: (table.seeds.iter())
                .map(|&seed| self.sample(table.of_seed(seed), index))
                .collect(),
        };
        Measured {
            components: table.indices().into_iter().map(of_index).collect(),
            notes: vec![],
        }
    }
}
