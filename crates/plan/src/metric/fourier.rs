use std::ops::RangeInclusive;

use metrics::{Spectrum, Waves};
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Pairs, Quantity, Reference, ResidueCharacters, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Fourier>("").giving(&[&[
Quantity::new("ipr", "–", "Σ_k P_k² of the Fourier power P of a neuron's input weights, both residues together, with Σ_k P_k = 1; mean over neurons: 1 when a neuron has one frequency. Gaussian weights at p = 23 have 0.131").from("[Doshi2024]"),
Quantity::new("top_share", "–", "max_k P_k, mean over neurons. Gaussian weights at p = 23 have 0.216"),
Quantity::new("gini", "–", "Gini coefficient of P, mean over neurons, from 0 to 1. Gaussian weights at p = 23 have 0.342").from("[Nanda2023]"),
]]);

/// How far the neurons of the first layer are tuned to one frequency of the residues.
///
/// Can be read on `modular-arithmetic` with nets that have inputs. For products and quotients modulo a prime the
/// spectrum is over discrete logarithms, without residue 0. The frequency is that of the result: k of c1 a + c2 b (or of
/// a^c1 b^c2) is c1 k of a and c2 k of b.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fourier {}

/// What readers are told of `fourier-spectrum`.
pub(crate) const SPECTRUM: Reference = Reference::of::<FourierSpectrum>("").giving(&[&[
Quantity::new("fourier_power", "share", "Power at a frequency, mean over neurons"),
Quantity::new("sorted_power", "share", "Power at a rank, each neuron's frequencies from its strongest to its weakest, mean over neurons"),
]]);

/// The Fourier spectrum of the first layer, frequency by frequency.
///
/// Can be read on `modular-arithmetic` with nets that have inputs. For products and quotients modulo a prime the
/// spectrum is over discrete logarithms, without residue 0. The frequency is that of the result: k of c1 a + c2 b (or of
/// a^c1 b^c2) is c1 k of a and c2 k of b.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FourierSpectrum {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Fourier>(table)?))
}

pub(crate) fn build_spectrum(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<FourierSpectrum>(table)?))
}

/// Checks that the models see pairs of residues, in whose characters the task is sparse.
fn check(kind: &str, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
    let instance = task.instance(0);
    let Some(pairs) = instance.pairs() else {
        return Err(lacks(kind, "a task on residues"));
    };
    let characters = characters(kind, pairs)?;
    if let Err(reason) = waves(characters) {
        return Err(lacks(kind, &format!("another operation: {reason}")));
    }
    if models.iter().any(|model| model.host(&[]).is_none()) {
        let needs = "multilayer perceptrons or linear nets; name them in models";
        return Err(lacks(kind, needs));
    }
    Ok(())
}

/// The characters that spectra of a task are over.
pub(super) fn characters<'a>(
    kind: &str,
    pairs: &'a Pairs,
) -> Result<&'a ResidueCharacters, KeyError> {
    match &pairs.characters {
        Err(reason) => Err(lacks(kind, &format!("another operation: {reason}"))),
        Ok(characters) if characters.period() < 3 => Err(lacks(
            kind,
            "a modulus of 3 or more for sums and 5 or more for products",
        )),
        Ok(characters) => Ok(characters),
    }
}

/// The waves of a and b that a frequency of the result is made of, or why it has none of its own.
fn waves(characters: &ResidueCharacters) -> Result<Waves, String> {
    let factors = characters.paired_factors()?;
    Ok(Waves {
        residues: (characters.residues().into_iter().map(|r| r as usize)).collect(),
        factors: factors.map(|factor| factor as usize).to_vec(),
    })
}

/// The spectrum of the first layer, `[2p, H]`, over the characters of the task.
fn spectrum(at: &Snapshot<'_>) -> Result<Option<Spectrum>, MeasureError> {
    let Some(Ok(characters)) = at.task.pairs().map(|pairs| &pairs.characters) else {
        return Ok(None);
    };
    let Ok(waves) = waves(characters) else {
        return Ok(None);
    };
    let weights = &at.parameters()?[0];
    let spectrum = Spectrum::along(
        &weights.values,
        weights.rows / 2,
        weights.columns,
        &waves,
        at.format().unit_roundoff(),
    );
    Ok(Some(spectrum?))
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
        let Some(spectrum) = spectrum(at)? else {
            return Ok(());
        };
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
        let Some(spectrum) = spectrum(at)? else {
            return Ok(());
        };
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
