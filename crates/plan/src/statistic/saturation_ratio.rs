use metrics::{Crossing, first_crossing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{Component, Measured, Sample, Selection, Statistic};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<SaturationRatio>("than = \"train_loss\"");

/// The step at which a metric has come most of the way to its largest value, over the step at which another metric of the model
/// has lost a part of its start.
///
/// Below 1 the first saturates before the second moves: silent alignment \[Atanasov2022\]. Of a grid, the first cell.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SaturationRatio {
    /// The metric that falls.
    than: String,
    /// Part of the way that the rising metric must have come, above 0 and below 1.
    #[serde(default = "most")]
    level: f64,
    /// Part of its start that the falling metric must have lost, above 0 and below 1.
    #[serde(default = "tenth")]
    drop: f64,
    /// A rise smaller than this is none, and counts as later than the end.
    #[serde(default = "hundredth")]
    least: f64,
}

fn hundredth() -> f64 {
    0.01
}

fn most() -> f64 {
    0.9
}

fn tenth() -> f64 {
    0.1
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let ratio: SaturationRatio = parse_table(table)?;
    for (key, share) in [("level", ratio.level), ("drop", ratio.drop)] {
        if !(share > 0.0 && share < 1.0) {
            let problem = "must lie between 0 and 1";
            return Err(KeyError::new(key, share, problem, "Write for example 0.9."));
        }
    }
    Ok(Box::new(ratio))
}

/// First step at which a curve comes to `level`; `None` where that cannot be said.
fn time(steps: &[f64], values: &[f64], level: f64) -> Option<Sample> {
    match first_crossing(steps, values, level).ok()? {
        Crossing::At(step) | Crossing::Before(step) => Some(Sample::Exact(step)),
        Crossing::After(step) => Some(Sample::AtLeast(step)),
    }
}

impl SaturationRatio {
    fn sample(
        &self,
        (steps, rising): &(Vec<f64>, Vec<f64>),
        falling: &(Vec<f64>, Vec<f64>),
    ) -> Option<Sample> {
        let start = *rising.first()?;
        let largest = rising.iter().copied().fold(start, f64::max);
        // What curves begin with later is not their start.
        if *steps.first()? > 0.0 || *falling.0.first()? > 0.0 {
            return None;
        }
        let saturated = if largest - start < self.least {
            Sample::AtLeast(*steps.last()?)
        } else {
            time(steps, rising, start + self.level * (largest - start))?
        };
        let lost: Vec<f64> = {
            let start = *falling.1.first()?;
            falling.1.iter().map(|value| 1.0 - value / start).collect()
        };
        match (saturated, time(&falling.0, &lost, self.drop)?) {
            (Sample::Exact(above), Sample::Exact(below)) if below > 0.0 => {
                Some(Sample::Exact(above / below))
            }
            (Sample::AtLeast(above), Sample::Exact(below)) if below > 0.0 => {
                Some(Sample::AtLeast(above / below))
            }
            // What never loses so much bounds the ratio from above only, which is no sample here.
            _ => None,
        }
    }
}

impl Statistic for SaturationRatio {
    fn resolved(&self) -> toml::Table {
        table_of("saturation-ratio", self)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.than]
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let cells = table.per_seed();
        let part = |index| Component {
            label: table.label(index),
            samples: (cells.iter())
                .map(|cell| {
                    let falling = table.own_rows(cell, &self.than, 0);
                    let sample = self.sample(&cell.curve(index), &falling);
                    // The largest value may have been to come.
                    let whole = cell.has_end_of(index) && table.own_has_end(cell, &self.than, 0);
                    (sample.filter(|_| whole)).unwrap_or(Sample::Missing)
                })
                .collect(),
        };
        Measured {
            components: table.indices().into_iter().map(part).collect(),
            notes: vec![],
        }
    }
}
