use metrics::{Crossing, first_crossing, fit_line};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, positive, table_of};

use super::half_time_law::spread;
use crate::statistic::{
    Along, Arranged, CORRELATION, CellRows, Component, Measured, Sample, Selection, Statistic,
    arranged::{by_place, measured},
    times::order,
};

/// What readers are told of `knob-threshold-spread`.
pub(crate) const SPREAD: Reference = Reference::of::<Threshold>("knob = \"task.data.size\"\nlog = true\ntimes_probability = true").about("The value of a knob at which the last value of each index first crosses `level`, by interpolation: the largest over the smallest of the indices, 1 or more.");

/// What readers are told of `knob-threshold-order`.
pub(crate) const ORDER: Reference = Reference::of::<Threshold>("knob = \"models.net.widths\"\nlog = true").about("The value of a knob at which the last value of each index first crosses `level`, by interpolation: Kendall's rank correlation of these values with the number of the skill, 1 when they are in order.");

/// What readers are told of `knob-threshold`.
pub(crate) const VALUES: Reference = Reference::of::<Threshold>("knob = \"task.data.size\"\nlog = true").about("The value of a knob at which the last value of each index first crosses `level`, by interpolation: each of these values, and their slope over the indices.");

/// The knob value at which each skill is learned.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Threshold {
    /// Dotted key of \[sweep.grid\].
    knob: String,
    /// Level of the last value. Above 0.
    #[serde(default = "half")]
    level: f64,
    /// Whether to interpolate in the logarithm of the knob.
    #[serde(default)]
    log: bool,
    /// Whether the knob value is multiplied by the probability of the skill.
    #[serde(default)]
    times_probability: bool,
    /// Whether the knob value is divided by the number of the skill: what each of k skills takes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    per_index: bool,
    /// Whether the slope over the indices is a part of its own; true unless given. Of `knob-threshold` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slope: Option<bool>,
}

fn half() -> f64 {
    0.5
}

#[derive(Clone, Copy)]
enum Summary {
    /// max / min over skills.
    Spread,
    /// Kendall's rank correlation with the skill number.
    Order,
    /// Each skill's threshold, and the slope over skills.
    Values,
}

struct KnobThreshold(Threshold, Summary);

pub(crate) fn build_spread(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    make(table, Summary::Spread)
}

pub(crate) fn build_order(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    make(table, Summary::Order)
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    make(table, Summary::Values)
}

fn make(table: toml::Table, summary: Summary) -> Result<Box<dyn Statistic>, KeyError> {
    let threshold: Threshold = parse_table(table)?;
    positive("level", threshold.level)?;
    if let (Some(slope), Summary::Spread | Summary::Order) = (threshold.slope, summary) {
        let rule =
            "is for the kind knob-threshold: the others have no part of its own for the slope";
        return Err(KeyError::new("slope", slope, rule, "Leave it out."));
    }
    Ok(Box::new(KnobThreshold(threshold, summary)))
}

impl Threshold {
    /// One sample per index, for one seed's cells.
    fn samples(&self, cells: &[&CellRows<'_>], indices: &[u64]) -> Vec<Sample> {
        // Between its neighbours, a cell without an end could be anywhere.
        if !cells.iter().all(|cell| cell.has_end()) {
            return vec![Sample::Missing; indices.len()];
        }
        let mut ordered: Vec<(f64, &CellRows<'_>)> = cells
            .iter()
            .filter_map(|&cell| Some((cell.knob(&self.knob)?, cell)))
            .collect();
        ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
        indices
            .iter()
            .map(|&index| {
                let (knobs, values): (Vec<f64>, Vec<f64>) = ordered
                    .iter()
                    .filter_map(|(knob, cell)| {
                        let knob = if self.log { knob.ln() } else { *knob };
                        Some((knob, cell.final_value(index)?))
                    })
                    .unzip();
                let weight = match ordered.first() {
                    Some((_, cell)) if self.times_probability => cell.probability(index),
                    _ => 1.0,
                } / if self.per_index { index as f64 } else { 1.0 };
                let back = |knob: f64| weight * if self.log { knob.exp() } else { knob };
                match first_crossing(&knobs, &values, self.level) {
                    // Already there at the smallest knob value: that is the resolution.
                    Ok(Crossing::Before(knob) | Crossing::At(knob)) => Sample::Exact(back(knob)),
                    Ok(Crossing::After(knob)) => Sample::AtLeast(back(knob)),
                    Err(_) => Sample::Missing,
                }
            })
            .collect()
    }
}

impl Threshold {
    /// The samples of all seeds.
    fn per_seed(&self, table: &Selection<'_>, indices: &[u64]) -> Vec<Vec<Sample>> {
        let of_seed = |&seed: &u64| {
            let cells: Vec<_> = table.of_seed(seed).collect();
            self.samples(&cells, indices)
        };
        table.seeds.iter().map(of_seed).collect()
    }

    /// Whether some index lies above the level at the smallest knob value already.
    fn starts_above(&self, cells: &[&CellRows<'_>], indices: &[u64]) -> bool {
        let smallest = cells
            .iter()
            .filter_map(|&cell| Some((cell.knob(&self.knob)?, cell)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        smallest.is_some_and(|(_, cell)| {
            let above = |&index: &u64| cell.final_value(index).is_some_and(|v| v > self.level);
            indices.iter().any(above)
        })
    }
}

impl Statistic for KnobThreshold {
    fn resolved(&self) -> toml::Table {
        let kind = match self.1 {
            Summary::Spread => "knob-threshold-spread",
            Summary::Order => "knob-threshold-order",
            Summary::Values => "knob-threshold",
        };
        table_of(kind, &self.0)
    }

    fn knob(&self) -> Option<&str> {
        Some(&self.0.knob)
    }

    fn range(&self) -> Option<[f64; 2]> {
        matches!(self.1, Summary::Order).then_some(CORRELATION)
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        if !matches!(self.1, Summary::Order) {
            return None;
        }
        let indices = table.indices();
        let per_seed = self.0.per_seed(table, &indices);
        let places = indices.iter().map(|&index| index as f64).collect();
        let parts = (vec![String::new()], per_seed.len());
        let samples = move |seed: usize, places: &[f64]| {
            let thresholds = per_seed[seed].iter().copied();
            vec![order(&by_place(places.iter().copied().zip(thresholds)))]
        };
        Some(Arranged::order(Along::Index, places, parts, samples))
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let indices = table.indices();
        let per_seed = self.0.per_seed(table, &indices);
        let single = |samples| {
            vec![Component {
                label: String::new(),
                samples,
            }]
        };
        let components = match self.1 {
            Summary::Spread => single(
                table
                    .seeds
                    .iter()
                    .zip(&per_seed)
                    .map(|(&seed, samples)| {
                        let cells: Vec<_> = table.of_seed(seed).collect();
                        match spread(samples) {
                            // The smallest threshold is a bound from above, so the ratio is one
                            // from below.
                            Sample::Exact(ratio) if self.0.starts_above(&cells, &indices) => {
                                Sample::AtLeast(ratio)
                            }
                            other => other,
                        }
                    })
                    .collect(),
            ),
            Summary::Order => return measured(self.arranged(table)),
            Summary::Values => {
                let mut components: Vec<Component> = indices
                    .iter()
                    .enumerate()
                    .map(|(at, &index)| Component {
                        label: table.label(index),
                        samples: per_seed.iter().map(|samples| samples[at]).collect(),
                    })
                    .collect();
                if self.0.slope.unwrap_or(true) {
                    components.push(Component {
                        label: "per further skill".to_owned(),
                        samples: per_seed.iter().map(|samples| step(samples)).collect(),
                    });
                }
                components
            }
        };
        Measured {
            components,
            notes: vec![],
        }
    }
}

/// Least-squares increase of the threshold per skill, over skills with an exact threshold.
fn step(samples: &[Sample]) -> Sample {
    let (x, y): (Vec<f64>, Vec<f64>) = samples
        .iter()
        .enumerate()
        .filter_map(|(at, sample)| match sample {
            Sample::Exact(value) => Some((at as f64, *value)),
            _ => None,
        })
        .unzip();
    if x.len() < 2 {
        return Sample::Missing;
    }
    fit_line(&x, &y).map_or(Sample::Missing, |line| Sample::Exact(line.slope))
}
