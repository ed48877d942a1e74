use std::ops::RangeInclusive;

use metrics::Spectrum;
use models::Model;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// How far the first layer's neurons are tuned to one frequency of the residues: means over
/// neurons of `ipr`, `top_share` and `gini` of their Fourier power [Nanda2023; Doshi2024].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fourier {}

/// Fourier power of the first layer, mean over neurons: `fourier_power` (the index is the
/// frequency), and `sorted_power`, with every neuron's frequencies from its strongest to its
/// weakest (the index is the rank).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FourierSpectrum {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Fourier>(table)?))
}

pub(crate) fn build_spectrum(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<FourierSpectrum>(table)?))
}

/// Checks that the models see pairs of residues.
fn check(kind: &str, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
    // Division has residues, too, but not all pairs.
    let table = task.resolved();
    let modulus = table.get("modulus").and_then(toml::Value::as_integer);
    match modulus {
        None => Err(lacks(kind, "a task on residues")),
        Some(..3) => Err(lacks(kind, "a modulus of 3 or more")),
        Some(_) if models.iter().any(|model| model.host(&[]).is_none()) => {
            let needs = "multilayer perceptrons or linear nets; name them in models";
            Err(lacks(kind, needs))
        }
        Some(_) => Ok(()),
    }
}

/// The spectrum of the first layer, `[2p, H]`.
fn spectrum(at: &Snapshot<'_>) -> Result<Spectrum, MeasureError> {
    let weights = &at.parameters()?[0];
    Ok(Spectrum::new(
        &weights.values,
        weights.rows / 2,
        weights.columns,
    )?)
}

impl Metric for Fourier {
    fn resolved(&self) -> toml::Table {
        table_of("fourier", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["ipr", "top_share", "gini"]
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        check("fourier", task, models)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let spectrum = spectrum(at)?;
        for (metric, values) in [
            ("ipr", spectrum.ipr()),
            ("top_share", spectrum.top_share()),
            ("gini", spectrum.gini()),
        ] {
            // Neurons without a spectrum (all weights alike) have none of these.
            let tuned: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
            if !tuned.is_empty() {
                out.push(Reading {
                    metric,
                    index: 0,
                    value: tuned.iter().sum::<f64>() / tuned.len() as f64,
                });
            }
        }
        Ok(())
    }
}

impl Metric for FourierSpectrum {
    fn resolved(&self) -> toml::Table {
        table_of("fourier-spectrum", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["fourier_power", "sorted_power"]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "fourier_power" => "frequency",
            _ => "rank",
        }
    }

    fn indices(&self, _: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        let table = task.resolved();
        let modulus = table.get("modulus").and_then(toml::Value::as_integer)?;
        Some(1..=u64::try_from(modulus).ok()? / 2)
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        check("fourier-spectrum", task, models)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let spectrum = spectrum(at)?;
        for (metric, power) in [
            ("fourier_power", spectrum.mean_power()),
            ("sorted_power", spectrum.mean_sorted_power()),
        ] {
            let tuned = (1..).zip(power).filter(|(_, value)| !value.is_nan());
            out.extend(tuned.map(|(index, value)| Reading {
                metric,
                index,
                value,
            }));
        }
        Ok(())
    }
}
