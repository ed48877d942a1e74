//! Spectra of weights against a plain DFT, reference values, invariances and exact networks.

use std::f64::consts::TAU;

use metrics::{FloatFormat, Spectrum, Waves, key_split};

/// A few roundings of sums over a few dozen residues.
const ROUNDING: f64 = 1e-12;

fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() < tolerance,
        "{found} and not {expected}"
    );
}

/// Numbers without a pattern, between -1 and 1 (a 64-bit linear congruence).
fn noise(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Normal numbers by Box and Muller.
fn normals(seed: u64, count: usize) -> Vec<f64> {
    let uniform = noise(seed, 2 * count);
    let pairs = uniform.chunks_exact(2);
    pairs
        .map(|u| {
            let radius = (-2.0 * (0.5 + 0.5 * u[0]).max(1e-300).ln()).sqrt();
            radius * (0.5 * TAU * u[1]).cos()
        })
        .collect()
}

fn of_one(weights: &[f64]) -> Spectrum {
    Spectrum::new(weights, weights.len(), 1).unwrap()
}

#[test]
fn the_power_is_that_of_a_plain_transform_for_prime_odd_and_even_moduli() {
    for modulus in [3_usize, 7, 8, 9, 12, 23] {
        let weights = noise(modulus as u64, modulus);
        let power = |k: usize| {
            let part = |of: fn(f64) -> f64| -> f64 {
                let waves = weights.iter().enumerate();
                waves
                    .map(|(a, w)| w * of(TAU * (k * a % modulus) as f64 / modulus as f64))
                    .sum()
            };
            part(f64::cos).powi(2) + part(f64::sin).powi(2)
        };
        let mut expected: Vec<f64> = (1..=modulus / 2).map(power).collect();
        if modulus % 2 == 0 {
            // This frequency is its own opposite; each of the others stands for two.
            *expected.last_mut().unwrap() /= 2.0;
        }
        let sum: f64 = expected.iter().sum();
        let found = of_one(&weights);
        assert_eq!(found.frequencies(), expected.len());
        for (found, expected) in found.power().iter().zip(expected) {
            assert_close(*found, expected / sum, ROUNDING);
        }
    }
}

#[test]
fn vectors_with_known_spectra_have_their_reference_values() {
    // Modulus 7, three frequencies; values of an independent implementation.
    let wave = |k: f64, phase: f64, a: usize| (TAU * k * a as f64 / 7.0 + phase).cos();
    let of = |f: &dyn Fn(usize) -> f64| of_one(&(0..7).map(f).collect::<Vec<_>>());
    let cases = [
        (of(&|a| wave(2.0, 0.3, a)), [1.0, 1.0, 2.0 / 3.0]),
        (
            of(&|a| a as f64),
            [
                0.500_000_000_000_000_1,
                0.663_992_638_802_841,
                0.354_987_168_901_753_47,
            ],
        ),
        (
            of(&|a| (a * a % 7) as f64),
            [
                0.428_571_428_571_428_55,
                0.543_133_962_257_834_1,
                0.290_373_079_954_505_34,
            ],
        ),
        (
            of(&|a| 0.8 * wave(1.0, 0.0, a) + 0.6 * wave(3.0, 0.0, a)),
            [0.5392, 0.64, 0.426_666_666_666_666_6],
        ),
    ];
    for (spectrum, [ipr, top, gini]) in cases {
        assert_close(spectrum.ipr()[0], ipr, ROUNDING);
        assert_close(spectrum.top_share()[0], top, ROUNDING);
        assert_close(spectrum.gini()[0], gini, ROUNDING);
    }
}

#[test]
fn gaussian_weights_have_the_baseline_of_random_spectra() {
    /// Of 4000 neurons: five times the standard error.
    const SAMPLING: f64 = 0.005;
    let neurons = 4000;
    let spectrum = Spectrum::new(&normals(1, 23 * neurons), 23, neurons).unwrap();
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    // Powers of F = 11 frequencies are exponential: E Σ P² = 2/(F + 1), E gini = (F − 1)/(2F).
    assert_close(mean(spectrum.ipr()), 2.0 / 12.0, SAMPLING);
    assert_close(mean(spectrum.gini()), 10.0 / 22.0, SAMPLING);
    assert_close(spectrum.mean_power()[4], 1.0 / 11.0, SAMPLING);
    assert_eq!(spectrum.untuned(), 0);
}

#[test]
fn shifts_scales_and_the_order_of_neurons_do_not_matter() {
    let (modulus, neurons) = (11, 3);
    let weights = noise(5, 2 * modulus * neurons);
    let spectrum = Spectrum::new(&weights, modulus, neurons).unwrap();
    // Both tokens shifted, each by its own residue; all weights times −3; neurons in another order.
    let changed: Vec<f64> = (0..2 * modulus)
        .flat_map(|row| {
            let (token, residue) = (row / modulus, row % modulus);
            let from = token * modulus + (residue + 4 + 3 * token) % modulus;
            [2, 0, 1].map(|neuron| -3.0 * weights[from * neurons + neuron])
        })
        .collect();
    let other = Spectrum::new(&changed, modulus, neurons).unwrap();
    for (at, neuron) in [2, 0, 1].into_iter().enumerate() {
        assert_close(other.ipr()[at], spectrum.ipr()[neuron], ROUNDING);
        assert_close(other.gini()[at], spectrum.gini()[neuron], ROUNDING);
    }
    for (a, b) in other.mean_power().iter().zip(spectrum.mean_power()) {
        assert_close(*a, b, ROUNDING);
    }
}

#[test]
fn tokens_tuned_to_different_frequencies_are_not_pure_together() {
    let wave = |k: usize| (0..13).map(move |a| (TAU * (k * a) as f64 / 13.0).cos());
    let same: Vec<f64> = wave(4).chain(wave(4)).collect();
    let different: Vec<f64> = wave(4).chain(wave(5)).collect();
    let ipr = |weights: &[f64]| Spectrum::new(weights, 13, 1).unwrap().ipr()[0];
    assert_close(ipr(&same), 1.0, ROUNDING);
    assert_close(ipr(&different), 0.5, ROUNDING);
}

#[test]
fn a_constant_neuron_has_no_spectrum_and_is_counted() {
    let weights: Vec<f64> = (0..9)
        .flat_map(|a| [0.3, (TAU * f64::from(a) / 9.0).sin()])
        .collect();
    let spectrum = Spectrum::new(&weights, 9, 2).unwrap();
    assert_eq!(spectrum.untuned(), 1);
    assert!(spectrum.ipr()[0].is_nan() && spectrum.gini()[0].is_nan());
    assert!(spectrum.top_share()[0].is_nan());
    assert_close(spectrum.ipr()[1], 1.0, ROUNDING);
    assert_close(spectrum.mean_power()[0], 1.0, ROUNDING);
    assert_eq!(spectrum.key_frequency(), Some(1));
    let none = Spectrum::new(&[0.0; 9], 9, 1).unwrap();
    assert_eq!((none.untuned(), none.key_frequency()), (1, None));
    assert!(none.mean_power()[0].is_nan());
}

/// 1 and neighbours of it in f32, up to four spacings away.
#[test]
fn a_neuron_that_is_constant_up_to_rounding_has_no_spectrum() {
    let spacings = noise(8, 2 * 23).into_iter().map(|z| (4.5 * z).round());
    let weights: Vec<f64> = spacings.map(|k| 1.0 + k * 0.5_f64.powi(23)).collect();
    let waves = Waves {
        residues: (0..23).collect(),
        factors: vec![1; 2],
    };
    let untuned = |format: FloatFormat| {
        let found = Spectrum::along(&weights, 23, 1, &waves, format.unit_roundoff());
        found.unwrap().untuned()
    };
    assert_eq!(untuned(FloatFormat::F32), 1);
    assert_eq!(untuned(FloatFormat::F64), 0);
}

/// Perfectly tuned neurons of nets that compute c1 a + c2 b.
#[test]
fn a_frequency_of_the_result_pairs_frequencies_of_the_residues() {
    for (modulus, factors) in [(23, [1, 2]), (23, [3, 5]), (23, [1, 22]), (12, [1, 5])] {
        let waves = Waves {
            residues: (0..modulus).collect(),
            factors: factors.to_vec(),
        };
        for k in 1..=modulus / 2 {
            let wave = |factor: usize, phase: f64| {
                let turn = TAU * (factor * k) as f64 / modulus as f64;
                (0..modulus).map(move |r| (turn * r as f64 + phase).cos())
            };
            let weights: Vec<f64> = wave(factors[0], 0.3).chain(wave(factors[1], 1.1)).collect();
            let f64 = FloatFormat::F64.unit_roundoff();
            let found = Spectrum::along(&weights, modulus, 1, &waves, f64).unwrap();
            assert_close(found.ipr()[0], 1.0, ROUNDING);
            assert_eq!(found.key_frequency(), Some(k), "{modulus} {factors:?}");
        }
    }
}

/// Logits p [q = c1 a + c2 b] − 1 of an exact network.
fn exact(modulus: usize, sum: [usize; 2]) -> Vec<f64> {
    let mut logits = Vec::new();
    for pair in 0..modulus * modulus {
        let result = (sum[0] * (pair / modulus) + sum[1] * (pair % modulus)) % modulus;
        let p = modulus as f64;
        logits.extend((0..modulus).map(|q| if q == result { p - 1.0 } else { -1.0 }));
    }
    logits
}

#[test]
fn all_keys_hold_an_exact_network_and_one_key_its_share() {
    for (modulus, sum) in [
        (5, [1, 1]),
        (7, [1, 6]),
        (23, [1, 1]),
        (7, [3, 2]),
        (8, [1, 3]),
    ] {
        let logits = exact(modulus, sum);
        let all: Vec<usize> = (1..=modulus / 2).collect();
        let coefficients = [sum[0] as u32, sum[1] as u32];
        let split = key_split(&logits, modulus, coefficients, &all).unwrap();
        let energy = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        assert!(
            energy(&split.excluded) < ROUNDING * energy(&logits),
            "{modulus}"
        );
        let one = key_split(&logits, modulus, coefficients, &[2]).unwrap();
        let share = energy(&one.restricted) / energy(&logits);
        assert_close(share, 2.0 / (modulus as f64 - 1.0), ROUNDING);
        // The share of any other sum is 0.
        let other = key_split(&logits, modulus, [1, 2], &all).unwrap();
        assert!(
            energy(&other.restricted) < ROUNDING * energy(&logits),
            "{modulus}"
        );
    }
}

/// a² b² modulo 7 in logarithms: 2a + 2b modulo 6, in which k = 1 and 2 are one component up to its
/// sign, and 3 is the constant.
#[test]
fn components_that_are_the_same_count_once() {
    let logits = exact(6, [2, 2]);
    let split = |keys: &[usize]| key_split(&logits, 6, [2, 2], keys).unwrap();
    let (one, all) = (split(&[1]), split(&[1, 2, 3]));
    let mean = |output: usize| logits.iter().skip(output).step_by(6).sum::<f64>() / 36.0;
    for (at, (f, r)) in logits.iter().zip(&all.restricted).enumerate() {
        assert_close(*r, f - mean(at % 6), ROUNDING);
        assert_close(*r, one.restricted[at], ROUNDING);
    }
}

/// The same neurons in another order of the residues.
#[test]
fn the_order_of_the_residues_decides_what_is_a_wave() {
    let powers: Vec<usize> = (0..12).map(|j| 2_usize.pow(j) % 13).collect();
    let mut weights = vec![5.0; 13];
    for (j, &residue) in powers.iter().enumerate() {
        weights[residue] = (TAU * 5.0 * j as f64 / 12.0 + 0.4).cos();
    }
    let tuned = weights.clone();
    let along = |residues: Vec<usize>, factor| {
        let waves = Waves {
            residues,
            factors: vec![factor],
        };
        Spectrum::along(&tuned, 13, 1, &waves, FloatFormat::F64.unit_roundoff())
    };
    let found = along(powers.clone(), 1).unwrap();
    assert_close(found.ipr()[0], 1.0, ROUNDING);
    assert_eq!((found.frequencies(), found.key_frequency()), (6, Some(5)));
    // 5 is 11 times 7 modulo 12.
    assert_eq!(along(powers.clone(), 11).unwrap().key_frequency(), Some(5));
    assert_eq!(along(powers.clone(), 7).unwrap().key_frequency(), Some(1));
    let error = along(powers, 3).unwrap_err().to_string();
    assert!(error.starts_with("factors[0] = 3"), "{error}");
    // Over 0, 1, 2, … it is spread: Gauss sums have one size.
    weights[0] = 0.0;
    let additive = of_one(&weights);
    assert!(additive.ipr()[0] < 0.3, "{:?}", additive.ipr());
    for (residues, says) in [
        (vec![0, 1], "residues = 2"),
        (vec![1, 2, 13], "residues[2] = 13"),
    ] {
        let error = along(residues, 1).unwrap_err();
        assert!(error.to_string().starts_with(says), "{error}");
    }
}

#[test]
fn the_parts_add_up_are_orthogonal_and_are_split_only_once() {
    let modulus = 8;
    let logits = noise(3, modulus * modulus * 2);
    let split = key_split(&logits, modulus, [1, 1], &[1, 3, 3]).unwrap();
    for ((f, r), e) in logits.iter().zip(&split.restricted).zip(&split.excluded) {
        assert_close(r + e, *f, ROUNDING);
    }
    let product: f64 = split
        .restricted
        .iter()
        .zip(&split.excluded)
        .map(|(a, b)| a * b)
        .sum();
    assert_close(product, 0.0, ROUNDING);
    let again = key_split(&split.restricted, modulus, [1, 1], &[3, 1]).unwrap();
    for (a, b) in again.restricted.iter().zip(&split.restricted) {
        assert_close(*a, *b, ROUNDING);
    }
}

#[test]
fn what_has_no_spectrum_is_an_error() {
    let message = |result: Result<Spectrum, _>| {
        let error: metrics::MetricError = result.unwrap_err();
        error.to_string()
    };
    assert!(message(Spectrum::new(&[1.0, 2.0], 2, 1)).starts_with("modulus = 2"));
    assert!(message(Spectrum::new(&[1.0; 7], 5, 1)).starts_with("weights has 7"));
    assert!(message(Spectrum::new(&[], 5, 1)).starts_with("weights has 0"));
    assert!(message(Spectrum::new(&[1.0, f64::NAN, 1.0], 3, 1)).starts_with("weights[1]"));
    assert!(message(Spectrum::new(&[1.0; 5], 5, 0)).starts_with("neurons = 0"));
    let split = |keys: &[usize]| {
        key_split(&[0.0; 16], 4, [1, 1], keys)
            .unwrap_err()
            .to_string()
    };
    assert!(
        split(&[1, 3]).starts_with("keys[1] = 3"),
        "{}",
        split(&[1, 3])
    );
    assert!(split(&[0]).starts_with("keys[0] = 0"));
    assert!(key_split(&[0.0; 17], 4, [1, 1], &[1]).is_err());
}
