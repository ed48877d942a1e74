//! Many neurons between two scalars against tables, an integrator and extreme weights.

use proptest::prelude::*;
use theory::ScalarToy;

use crate::support::{
    json::{json, number},
    ode,
};

/// Agreement with 40-digit values: a few roundings of f64.
const EXACT: f64 = 1e-14;
/// Agreement with our integrator: 1e-14 per step over up to some thousand steps.
const INTEGRATED: f64 = 1e-11;

const FIRST: [f64; 4] = [0.3, -0.7, 0.2, 0.9];
const SECOND: [f64; 4] = [0.5, 0.1, -0.4, 0.6];

fn relative(value: f64, reference: f64) -> f64 {
    (value / reference - 1.0).abs()
}

#[test]
fn the_table_of_40_digit_arithmetic_is_met() {
    let table = json(include_str!("../fixtures/ref_toy_sec7_mp.json"));
    let list = |name: &str| -> Vec<f64> {
        let items = table[name].as_array().unwrap();
        items.iter().map(number).collect()
    };
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let toy =
            ScalarToy::new(&list("a"), &list("b"), number(&row["Z"]), number(&row["S"])).unwrap();
        for (name, value) in [
            ("S0", toy.strength_initial()),
            ("Sigma0", toy.sigma_initial()),
            ("ratio", toy.weight_to_target()),
            ("gamma_plus_sq", toy.amplification_squared()),
            ("amp_plus", toy.amplification()),
            ("Sigma_final", toy.sigma_final()),
        ] {
            let error = relative(value, number(&row[name]));
            assert!(error < EXACT, "{row}: {name} = {value}, off by {error:e}");
        }
    }
}

/// All a_i, then all b_i, at `t` from their own equations.
fn integrated(first: &[f64], second: &[f64], z: f64, target: f64, v: f64, t: f64) -> Vec<f64> {
    let n = first.len();
    ode::integrate(&[first, second].concat(), t, |x, rate| {
        let products: f64 = (0..n).map(|i| x[i] * x[n + i]).sum();
        let error = v * (target - products / z) / z;
        for i in 0..n {
            rate[i] = error * x[n + i];
            rate[n + i] = error * x[i];
        }
    })
}

#[test]
fn every_weight_follows_its_own_equation() {
    for (z, target, v) in [
        (1.0, 1.0, 1.0),
        (4.0, 1.0, 0.5),
        (1.0, 30.0, 1.0),
        (0.1, 1.0, 1.0),
        (2.0, 1.0, 1.0),
        (2.0, -1.5, 3.0),
        (1.0, 0.0, 1.0),
    ] {
        let toy = ScalarToy::new(&FIRST, &SECOND, z, target).unwrap();
        let toy = if v == 1.0 {
            toy
        } else {
            toy.with_input_power(v).unwrap()
        };
        for time in [0.0, 0.1, 0.5, 2.0, 8.0] {
            let t = time * z / (v * toy.sigma_initial().max(target.abs()));
            let weights = integrated(&FIRST, &SECOND, z, target, v, t);
            let (first, second) = toy.layers(t);
            let scale = weights.iter().fold(0.0_f64, |size, w| size.max(w.abs()));
            for (ours, theirs) in first.iter().chain(&second).zip(&weights) {
                let error = (ours - theirs).abs() / scale;
                assert!(
                    error < INTEGRATED,
                    "Z={z} S={target} t={t}: off by {error:e}"
                );
            }
            let products: f64 = weights[..4]
                .iter()
                .zip(&weights[4..])
                .map(|(a, b)| a * b)
                .sum();
            let error = (toy.strength(t) - products / z).abs() / toy.sigma_final();
            assert!(
                error < INTEGRATED,
                "Z={z} S={target} t={t}: strength off by {error:e}"
            );
        }
    }
}

#[test]
fn sums_of_layers_grow_by_the_square_root_of_the_printed_expression() {
    let (z, target) = (1.0, 30.0);
    let toy = ScalarToy::new(&FIRST, &SECOND, z, target).unwrap();
    let printed = {
        let (sigma, s): (f64, f64) = (1.105, 0.54);
        (target + (sigma * sigma - s * s + target * target).sqrt()) / (sigma + s)
    };
    let end = integrated(&FIRST, &SECOND, z, target, 1.0, 2.0);
    for i in 0..4 {
        let growth = (end[i] + end[4 + i]) / (FIRST[i] + SECOND[i]);
        assert!(relative(growth, printed.sqrt()) < INTEGRATED, "{growth}");
        assert!(relative(toy.amplification(), growth) < INTEGRATED);
        let shrinkage = (end[i] - end[4 + i]) / (FIRST[i] - SECOND[i]);
        assert!(
            relative(shrinkage * growth, 1.0) < INTEGRATED,
            "{shrinkage}"
        );
        // Without the root it would be six times as much.
        assert!(relative(growth, printed) > 0.8);
    }
}

#[test]
fn large_weights_are_lazy_only_if_they_cancel() {
    for (correlation, expected) in [(0.0, 1.01), (0.5, 0.58), (1.0, 0.01)] {
        // Σ0 = 100 and S0/Σ0 as given, with one neuron: a² + b² = 200, a b = 100 c.
        let a =
            10.0 * ((1.0_f64 + correlation).sqrt() + (1.0 - correlation).sqrt()) / 2.0_f64.sqrt();
        let b =
            10.0 * ((1.0_f64 + correlation).sqrt() - (1.0 - correlation).sqrt()) / 2.0_f64.sqrt();
        let toy = ScalarToy::new(&[a], &[b], 1.0, 1.0).unwrap();
        assert!((toy.weight_to_target() - 100.0).abs() < 1e-12);
        assert!(
            (toy.amplification_squared() - expected).abs() < 0.005,
            "{}",
            toy.amplification()
        );
    }
}

#[test]
fn weights_that_cannot_reach_the_target_stay_numbers() {
    // All a_i + b_i are 0: a saddle for S > 0.
    let toy = ScalarToy::new(&[0.5, -0.2], &[-0.5, 0.2], 1.0, 1.0).unwrap();
    assert_eq!(toy.lambda_effective(), 0.0);
    assert_eq!(toy.amplification(), f64::INFINITY);
    for t in [0.0, 1.0, 1e4, f64::INFINITY] {
        let (first, second) = toy.layers(t);
        assert!(
            first
                .iter()
                .zip(&second)
                .all(|(a, b)| a.is_finite() && *a == -b),
            "{first:?}"
        );
    }
    assert_eq!(toy.layers(f64::INFINITY).0, [0.0, 0.0]);
    assert_eq!(toy.sigma_final(), 0.0);
    // The same weights reach a negative target.
    let toy = ScalarToy::new(&[0.5, -0.2], &[-0.5, 0.2], 1.0, -1.0).unwrap();
    assert_eq!(toy.strength(f64::INFINITY), -1.0);
    assert!(relative(toy.sigma_final(), 1.0) < EXACT);
    let none = ScalarToy::new(&[0.0], &[0.0], 1.0, 1.0).unwrap();
    assert_eq!(none.layers(3.0), (vec![0.0], vec![0.0]));
    assert!(none.layers(-1.0).0[0].is_nan() && none.layers(f64::NAN).1[0].is_nan());
    assert_eq!(
        ScalarToy::new(&[1.0], &[0.5], 1.0, 0.0)
            .unwrap()
            .weight_to_target(),
        f64::INFINITY
    );
}

#[test]
fn bad_layers_and_numbers_are_refused() {
    assert!(ScalarToy::new(&[], &[], 1.0, 1.0).is_err());
    assert!(ScalarToy::new(&[1.0], &[1.0, 2.0], 1.0, 1.0).is_err());
    assert!(ScalarToy::new(&[1e200], &[1.0], 1.0, 1.0).is_err());
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(ScalarToy::new(&[bad], &[1.0], 1.0, 1.0).is_err());
        assert!(ScalarToy::new(&[1.0], &[bad], 1.0, 1.0).is_err());
        assert!(ScalarToy::new(&[1.0], &[1.0], 1.0, bad).is_err());
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(ScalarToy::new(&[1.0], &[1.0], bad, 1.0).is_err());
        let toy = ScalarToy::new(&[1.0], &[1.0], 1.0, 1.0).unwrap();
        assert!(toy.with_input_power(bad).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn weights_stay_finite_and_conserve_sigma_squared_minus_strength_squared(
        pairs in prop::collection::vec((-3.0..3.0_f64, -3.0..3.0_f64), 1..6),
        scale in (-30.0..30.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        z in (-3.0..3.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        target in -5.0..5.0_f64,
        time in (-6.0..6.0_f64).prop_map(|x| 10.0_f64.powf(x)),
    ) {
        let (first, second): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|(a, b)| (scale * a, scale * b)).unzip();
        let toy = ScalarToy::new(&first, &second, z, target).unwrap();
        let t = time * z / toy.sigma_initial();
        for t in [t, f64::INFINITY] {
            let (a, b) = toy.layers(t);
            let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
                a.iter().zip(&b).map(|(a, b)| f(*a, *b)).sum()
            };
            let (sigma, s) = (sum(&|a, b| a * a + b * b) / (2.0 * z), sum(&|a, b| a * b) / z);
            prop_assert!(sigma.is_finite() && s.is_finite(), "{toy:?} at {t}");
            let slack = 1e-12;
            prop_assert!((s - toy.strength(t)).abs() <= slack * sigma, "{s} {}", toy.strength(t));
            let conserved = sigma * sigma - s * s;
            let lambda = toy.lambda_effective();
            prop_assert!(
                (conserved - lambda * lambda / 4.0).abs() <= slack * sigma * sigma,
                "{toy:?} at {t}: {conserved:e}"
            );
        }
    }
}
