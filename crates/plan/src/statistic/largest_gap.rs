use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, positive, table_of};

use crate::{
    statistic::{Component, Measured, Sample, Selection, Statistic, selection::Curve},
    times,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<LargestGap>("to = \"theory\"\nmetric = \"skill_strength\"");

/// The largest distance of a curve to that of another model or prediction, over all recorded steps and all cells of the grid;
/// one part per index.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LargestGap {
    /// Name of the other model or prediction.
    to: String,
    /// Metric of the other.
    metric: String,
    /// Whether distances are relative to the value of the other.
    #[serde(default)]
    relative: bool,
    /// Whether distances are those of common logarithms: decades.
    #[serde(default)]
    log10: bool,
    /// With `log10`: smaller values count as this one. Above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    floor: Option<f64>,
    /// Whether there is one part only: the largest over all indices, too.
    #[serde(default)]
    together: bool,
    /// Whether only the last step counts.
    #[serde(default)]
    at_end: bool,
    /// How many times as large it is as in this variant group, seed by seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<String>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let gap: LargestGap = parse_table(table)?;
    if gap.relative && gap.log10 {
        let problem = "has no effect beside log10";
        return Err(KeyError::new("relative", true, problem, "Keep one."));
    }
    if let Some(floor) = gap.floor {
        positive("floor", floor)?;
        if !gap.log10 {
            let hint = "Remove it, or write log10 = true.";
            return Err(KeyError::new(
                "floor",
                floor,
                "has no effect without log10",
                hint,
            ));
        }
    }
    Ok(Box::new(gap))
}

impl Statistic for LargestGap {
    fn resolved(&self) -> toml::Table {
        table_of("largest-gap", self)
    }

    fn sources(&self) -> Vec<&str> {
        vec![&self.to]
    }

    fn groups(&self) -> Vec<&str> {
        self.over.as_deref().into_iter().collect()
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let indices = table.indices();
        let other = self.over.as_ref().map(|group| table.of_group(group));
        let sample = |seed, indices: &[u64]| {
            let own = self.largest(table, seed, indices);
            match &other {
                Some(other) => ratio(own, self.largest(other, seed, indices)),
                None => own,
            }
        };
        let part = |label: String, indices: &[u64]| Component {
            label,
            samples: (table.seeds.iter())
                .map(|&seed| sample(seed, indices))
                .collect(),
        };
        let named = |index: u64| table.label(index);
        let components = if self.together && !indices.is_empty() {
            vec![part(String::new(), &indices)]
        } else {
            let parts = indices.iter().map(|&index| part(named(index), &[index]));
            parts.collect()
        };
        Measured {
            components,
            notes: vec![],
        }
    }
}

/// How many times one gap is another one.
fn ratio(own: Sample, other: Sample) -> Sample {
    match (own, other) {
        (Sample::Exact(own), Sample::Exact(other)) if other > 0.0 => Sample::Exact(own / other),
        (Sample::AtLeast(own), Sample::Exact(other)) if other > 0.0 => Sample::AtLeast(own / other),
        (Sample::Exact(own), Sample::AtLeast(other)) if other > 0.0 => Sample::AtMost(own / other),
        _ => Sample::Missing,
    }
}

impl LargestGap {
    fn largest(&self, table: &Selection<'_>, seed: u64, indices: &[u64]) -> Sample {
        let gaps = table.of_seed(seed).flat_map(|cell| {
            indices.iter().map(move |&index| {
                let own = cell.curve(index);
                let other = table.rows_of(cell, &self.to, &self.metric, index);
                // The gap at an end that did not come is not known.
                let known = !self.at_end
                    || cell.has_end_of(index)
                        && table.has_end_in(cell, &self.to, &self.metric, index);
                self.gap(&own, &other).filter(|_| known)
            })
        });
        // A cell without a common step says nothing about the largest.
        let largest = gaps.reduce(|a, b| Some(a?.max(b?))).flatten();
        // Curves that were cut short might have come further apart.
        let whole = table.of_seed(seed).all(|cell| {
            let both = |&index: &u64| {
                cell.has_end_of(index) && table.has_end_in(cell, &self.to, &self.metric, index)
            };
            indices.iter().all(both)
        });
        let sample = if whole {
            Sample::Exact
        } else {
            Sample::AtLeast
        };
        largest.map_or(Sample::Missing, sample)
    }

    /// Curves of one cell are recorded on the same steps; a step that one of them lacks is
    /// skipped.
    fn gap(&self, own: &Curve, other: &Curve) -> Option<f64> {
        // A time says the same at whichever step it was recorded; a run may have stopped before the other.
        if self.at_end && times::METRICS.contains(&&*self.metric) {
            return Some(self.distance(*own.1.last()?, *other.1.last()?));
        }
        let mut largest: Option<f64> = None;
        let mut at = 0;
        let first = if self.at_end {
            own.0.len().saturating_sub(1)
        } else {
            0
        };
        for (step, value) in own.0.iter().zip(&own.1).skip(first) {
            while at < other.0.len() && other.0[at] < *step {
                at += 1;
            }
            if other.0.get(at) == Some(step) {
                let distance = self.distance(*value, other.1[at]);
                largest = Some(largest.map_or(distance, |l| l.max(distance)));
            }
        }
        largest
    }

    fn distance(&self, own: f64, other: f64) -> f64 {
        if own == other {
            return 0.0;
        }
        // What is not a number fits nothing, and `max` would pass over it.
        if own.is_nan() || other.is_nan() {
            return f64::INFINITY;
        }
        let distance = if self.log10 {
            let log = |value: f64| self.floor.map_or(value, |floor| value.max(floor)).log10();
            (log(own) - log(other)).abs()
        } else if self.relative {
            (own / other - 1.0).abs()
        } else {
            (own - other).abs()
        };
        // Logarithms of numbers below 0.
        if distance.is_nan() {
            f64::INFINITY
        } else {
            distance
        }
    }
}
