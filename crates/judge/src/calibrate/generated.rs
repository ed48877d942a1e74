//! Null data that replace recorded curves by curves of another law, with the recorded seed noise.

use metrics::{Crossing, first_crossing};
use models::Role;
use plan::{RecordedRun, STRENGTH, half_time};
use record::{Observations, VariantInfo};
use tasks::stream::{below, keyed, uniform};

use super::{
    generator::{Fitted, GENERATORS, Generator},
    result::GeneratorRate,
    shuffled_indices::needed,
    subject::{Subject, Tally},
};
use crate::judge::{Judge, Place};

/// Maximum number of rows read for one share.
const ROWS: u64 = 20_000_000;

/// Fewest and most draws of a share.
const DRAWS: [u64; 2] = [50, 200];

/// Range of the start of a layered mode, over its end: from single precision to a start without a
/// delay.
const STARTS: [f64; 2] = [1e-6, 0.05];

/// The shares of *supported* by generator. Empty if the claim is not about curves of several
/// indices that rise to one half.
pub(super) fn rates(subject: &Subject<'_>) -> Vec<GeneratorRate> {
    let judge = Judge { run: subject.run };
    let selection = judge.selection(Place::of(subject.claim));
    let indices = selection.indices();
    // Statistics along a knob compare final values, not curves.
    let is_of_curves = subject.claim.metric == STRENGTH && subject.statistic.knobs().is_empty();
    if indices.len() < 2 || !is_of_curves {
        return Vec::new();
    }
    let variants = subject.run.manifest.variants.iter();
    let group = variants.filter(|variant| variant.group == subject.claim.variant);
    let laws: Option<Vec<Law<'_>>> = group
        .map(|variant| Law::of(subject, variant, &indices))
        .collect();
    let Some(laws) = laws.filter(|laws| !laws.is_empty()) else {
        return Vec::new();
    };
    let mut scratch = needed(subject);
    let rows = scratch.rows().len().max(1) as u64;
    let draws = (ROWS / rows).clamp(DRAWS[0], DRAWS[1]).min(subject.draws);
    let right = match subject.run.manifest.role(&subject.claim.model) {
        Role::Linear => Generator::Linear,
        _ => Generator::Layerwise,
    };
    let rate = |generator: Generator| {
        let mut tally = Tally::default();
        for draw in 0..draws {
            generate(&mut scratch, subject, &laws, generator, draw);
            let parts = subject.parts(&RecordedRun::new(&scratch, subject.run.manifest));
            tally.add(subject.support(&parts, None));
        }
        GeneratorRate {
            generator: generator.name(),
            right: generator == right,
            supported: tally.supported(),
        }
    };
    GENERATORS.map(rate).into()
}

/// The recorded properties of a variant that generated curves keep.
struct Law<'a> {
    variant: &'a VariantInfo,
    indices: &'a [u64],
    /// Half-times by the theory's law, calibrated on the first index.
    times: Vec<f64>,
    /// Deviations of ln half-time from its mean, by seed.
    deviations: Vec<Vec<f64>>,
    fitted: Fitted,
}

impl<'a> Law<'a> {
    /// `None` if the first index reaches one half in fewer than two seeds.
    fn of(subject: &Subject<'a>, variant: &'a VariantInfo, indices: &'a [u64]) -> Option<Self> {
        let claim = subject.claim;
        let seeds = &subject.run.manifest.seeds;
        let curve_of = |model: &str, seed: u64, index: u64| {
            let cell = (&*variant.name, seed);
            (subject.run.observations).curve((model, &claim.metric), cell, index)
        };
        let curve = |seed, index| curve_of(&claim.model, seed, index);
        let logarithms_of = |model: &str| -> Vec<Vec<Option<f64>>> {
            let logarithm = |seed: u64, index: u64| {
                let curve = curve_of(model, seed, index);
                match half_time(&curve.steps, &curve.values) {
                    Ok(Crossing::At(step)) if step > 0.0 => Some(step.ln()),
                    _ => None,
                }
            };
            let indices = indices.iter();
            indices
                .map(|&index| seeds.iter().map(|&seed| logarithm(seed, index)).collect())
                .collect()
        };
        let logarithms = logarithms_of(&claim.model);
        let means: Vec<Option<f64>> = logarithms.iter().map(|of| mean(of)).collect();
        let first = (*means.first()?)?;
        let probability = |index: u64| variant.probabilities.get(index as usize - 1).copied();
        let frequencies: Option<Vec<f64>> =
            indices.iter().map(|&index| probability(index)).collect();
        let frequencies = frequencies.filter(|known| known.iter().any(|p| *p != known[0]));
        // If the claim names its theory, take the theory's times.
        let table = subject.statistic.resolved();
        let theory = table.get("to").and_then(toml::Value::as_str).map(|to| {
            let means: Vec<Option<f64>> = logarithms_of(to).iter().map(|of| mean(of)).collect();
            means.into_iter().collect::<Option<Vec<f64>>>()
        });
        let times = match (theory.flatten(), frequencies) {
            (Some(logarithms), _) => {
                let first = first - logarithms[0];
                logarithms.iter().map(|time| (time + first).exp()).collect()
            }
            (None, Some(known)) => known.iter().map(|p| first.exp() * known[0] / p).collect(),
            // Without frequencies, take the recorded times.
            (None, None) => means
                .iter()
                .map(|mean| mean.unwrap_or(first).exp())
                .collect(),
        };
        let deviations = (0..seeds.len()).map(|seed| {
            let of_index = |(of, mean): (&Vec<Option<f64>>, &Option<f64>)| {
                of[seed].zip(*mean).map_or(0.0, |(time, mean)| time - mean)
            };
            logarithms.iter().zip(&means).map(of_index).collect()
        });
        let early: Vec<Option<f64>> = (seeds.iter())
            .map(|&seed| {
                let curve = curve(seed, indices[0]);
                match first_crossing(&curve.steps, &curve.values, 0.1) {
                    Ok(Crossing::At(step)) if step > 0.0 => Some(step.ln()),
                    _ => None,
                }
            })
            .collect();
        let starts = seeds.iter().map(|&seed| {
            let curve = curve(seed, indices[0]);
            let start = curve
                .values
                .first()
                .copied()
                .filter(|start| *start != 0.0)?;
            Some(start.abs().clamp(STARTS[0], STARTS[1]).ln())
        });
        let start = mean(&starts.collect::<Vec<_>>());
        Some(Self {
            variant,
            indices,
            times,
            deviations: deviations.collect(),
            fitted: Fitted {
                start: start.map_or(STARTS[0], f64::exp),
                early: mean(&early).map_or(0.0, |early| (early - first).exp()),
            },
        })
    }
}

/// The mean of at least two known values.
fn mean(values: &[Option<f64>]) -> Option<f64> {
    let there: Vec<f64> = values.iter().filter_map(|value| *value).collect();
    (there.len() > 1).then(|| there.iter().sum::<f64>() / there.len() as f64)
}

/// Replaces the claim's curves by generated ones, on the recorded steps. Each seed takes the
/// deviations of a randomly drawn recorded seed, with a random sign.
fn generate(
    scratch: &mut Observations,
    subject: &Subject<'_>,
    laws: &[Law<'_>],
    generator: Generator,
    draw: u64,
) {
    let seeds = &subject.run.manifest.seeds;
    let mut rng = keyed(0, &subject.purpose("generators"), draw);
    let drawn: Vec<(usize, f64)> = (seeds.iter())
        .map(|_| {
            let seed = below(&mut rng, seeds.len() as u32) as usize;
            (seed, if uniform(&mut rng) < 0.5 { 1.0 } else { -1.0 })
        })
        .collect();
    let shapes: Vec<_> = laws.iter().map(|law| generator.shape(law.fitted)).collect();
    let claim = subject.claim;
    scratch.revise((&claim.model, &claim.metric), |_, row| {
        let found = laws
            .iter()
            .position(|law| *law.variant.name == *row.variant);
        let position = seeds.iter().position(|seed| *seed == row.seed);
        let (Some(at), Some(position)) = (found, position) else {
            return (row.index, row.value);
        };
        let law = &laws[at];
        let Ok(place) = law.indices.binary_search(&row.index) else {
            return (row.index, row.value);
        };
        let (seed, sign) = drawn[position];
        let time = generator.half_time(row.index, law.times[0], law.times[place]);
        let time = time * (sign * law.deviations[seed][place]).exp();
        (row.index, shapes[at](row.step as f64 / time))
    });
}
