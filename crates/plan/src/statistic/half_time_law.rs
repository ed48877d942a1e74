use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, positive, table_of};

use crate::statistic::{Component, Measured, Sample, Selection, Statistic, times::half_times};

/// What readers are told of `half-time-law`.
pub(crate) const LAW: Reference = Reference::of::<Law>("exponent = 1.6").about("The error of the emergence law t_k = t_1 k^(α + 1) [Nam2024]: |t_k/(t_1 k^exponent) − 1| of every skill from the second.");

/// What readers are told of `half-time-constant`.
pub(crate) const CONSTANT: Reference = Reference::of::<Law>("exponent = 1.6").about("How far the constants B²_k that each skill alone would give the closed form lie apart: max_k/min_k of t_k/k^exponent, 1 or more.");

/// The emergence law.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Law {
    /// α + 1 of the power law of half-times; 0 claims equal half-times.
    exponent: f64,
}

/// |t_k / (t_1 k^exponent) − 1| of every skill from the second, per seed.
struct Error(Law);

/// max_k / min_k of t_k / k^exponent, per seed: how far the constants that each skill alone would
/// give the closed form (B²_k) lie apart.
struct Constant(Law);

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(Error(law(table)?)))
}

pub(crate) fn build_constant(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(Constant(law(table)?)))
}

fn law(table: toml::Table) -> Result<Law, KeyError> {
    let law: Law = parse_table(table)?;
    if law.exponent != 0.0 {
        positive("exponent", law.exponent)?;
    }
    Ok(law)
}

impl Statistic for Error {
    fn resolved(&self) -> toml::Table {
        table_of("half-time-law", &self.0)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let indices = table.indices();
        let mut components: Vec<Component> = indices
            .iter()
            .skip(1)
            .map(|&index| Component {
                label: table.label(index),
                samples: Vec::new(),
            })
            .collect();
        for cell in table.per_seed() {
            let times = half_times(cell, &indices);
            let first = times.first().copied();
            let later = indices.iter().zip(times).skip(1);
            for (component, (&index, time)) in components.iter_mut().zip(later) {
                component
                    .samples
                    .push(error(first, time, (index as f64).powf(self.0.exponent)));
            }
        }
        Measured {
            components,
            notes: vec![],
        }
    }
}

fn error(first: Option<Sample>, time: Sample, ratio: f64) -> Sample {
    match (first, time) {
        (Some(Sample::Exact(0.0)), _) => Sample::Missing,
        (Some(Sample::Exact(first)), Sample::Exact(time)) => {
            Sample::Exact((time / (first * ratio) - 1.0).abs())
        }
        // Not learned by then, or later than predicted at most: the error is at least this, if the
        // prediction has passed.
        (Some(Sample::Exact(first)), Sample::AtLeast(time))
        | (Some(Sample::AtMost(first)), Sample::Exact(time) | Sample::AtLeast(time)) => {
            Sample::AtLeast((time / (first * ratio) - 1.0).max(0.0))
        }
        // Learned by then: at least this, if the prediction is to come.
        (Some(Sample::Exact(first)), Sample::AtMost(time)) => {
            Sample::AtLeast((1.0 - time / (first * ratio)).max(0.0))
        }
        _ => Sample::Missing,
    }
}

impl Statistic for Constant {
    fn resolved(&self) -> toml::Table {
        table_of("half-time-constant", &self.0)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let indices = table.indices();
        let samples =
            table
                .per_seed()
                .into_iter()
                .map(|cell| {
                    let scaled = half_times(cell, &indices).into_iter().zip(&indices).map(
                        |(time, &index)| {
                            let ratio = (index as f64).powf(self.0.exponent);
                            match time {
                                Sample::Exact(time) => Sample::Exact(time / ratio),
                                Sample::AtLeast(time) => Sample::AtLeast(time / ratio),
                                Sample::AtMost(time) => Sample::AtMost(time / ratio),
                                Sample::Missing => Sample::Missing,
                            }
                        },
                    );
                    spread(&scaled.collect::<Vec<_>>())
                })
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

/// max / min of positive samples; bounds, from below as candidates for the largest and from above as
/// candidates for the smallest, bound the ratio.
pub(crate) fn spread(samples: &[Sample]) -> Sample {
    let mut low = f64::INFINITY;
    let mut high = f64::NEG_INFINITY;
    let mut bounded = false;
    for sample in samples {
        match *sample {
            Sample::Exact(value) if value > 0.0 => {
                low = low.min(value);
                high = high.max(value);
            }
            Sample::AtLeast(value) => {
                high = high.max(value);
                bounded = true;
            }
            Sample::AtMost(value) if value > 0.0 => {
                low = low.min(value);
                bounded = true;
            }
            _ => return Sample::Missing,
        }
    }
    if !high.is_finite() {
        // Bounds from above alone.
        return Sample::Missing;
    }
    if !low.is_finite() {
        return Sample::Missing;
    }
    let ratio = (high / low).max(1.0);
    if bounded {
        Sample::AtLeast(ratio)
    } else {
        Sample::Exact(ratio)
    }
}
