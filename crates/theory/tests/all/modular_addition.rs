//! The exact network for modular addition against its closed logits and a reference.

use theory::ModularAddition;

use crate::support::json::{json, number};

/// Rounding of sums over up to 275 neurons whose terms are up to 4, relative to the largest logit.
const ROUNDING: f64 = 1e-13;

#[test]
fn logits_are_those_of_the_reference() {
    let reference = json(include_str!("../fixtures/ref_modadd_exact.json"));
    let network = ModularAddition::new(reference["p"].as_u64().unwrap() as usize, 3).unwrap();
    assert_eq!(network.neurons() as u64, reference["N"].as_u64().unwrap());
    let expected = reference["logits_row_a2_b4"].as_array().unwrap();
    let logits = network.logits(2, 4).unwrap();
    assert_eq!(logits.len(), expected.len());
    for (logit, expected) in logits.iter().zip(expected) {
        assert!(
            (logit - number(expected)).abs() < 13.5 * ROUNDING,
            "{logits:?}"
        );
    }
}

#[test]
fn every_logit_of_every_pair_has_its_exact_value() {
    for modulus in [3, 5, 7, 9, 11, 23] {
        for phases in [3, 4, 5] {
            let network = ModularAddition::new(modulus, phases).unwrap();
            let scale = network.exact_logit(true);
            assert_eq!(scale, (phases * phases * (modulus - 1)) as f64 / 4.0);
            for a in 0..modulus {
                for b in 0..modulus {
                    let logits = network.logits(a, b).unwrap();
                    for (q, logit) in logits.iter().enumerate() {
                        let expected = network.exact_logit(q == (a + b) % modulus);
                        let error = (logit - expected).abs() / scale;
                        assert!(error < ROUNDING, "{network:?} {a} + {b}, {q}: {logit}");
                    }
                }
            }
        }
    }
}

/// logits from the three weight matrices alone.
fn logits_of_weights(
    u: &[Vec<f64>],
    v: &[Vec<f64>],
    w: &[Vec<f64>],
    a: usize,
    b: usize,
) -> Vec<f64> {
    (0..w[0].len())
        .map(|q| {
            (0..u.len())
                .map(|n| w[n][q] * (u[n][a] + v[n][b]).powi(2))
                .sum()
        })
        .collect()
}

#[test]
fn the_weight_matrices_give_the_same_logits() {
    let network = ModularAddition::new(11, 4).unwrap();
    let (u, v, w) = (
        network.first_weights(),
        network.second_weights(),
        network.readout_weights(),
    );
    for matrix in [&u, &v, &w] {
        assert_eq!(matrix.len(), network.neurons());
        assert!(matrix.iter().all(|row| row.len() == network.modulus()));
    }
    for (a, b) in [(0, 0), (3, 9), (10, 10)] {
        let ours = network.logits(a, b).unwrap();
        for (x, y) in logits_of_weights(&u, &v, &w, a, b).iter().zip(&ours) {
            assert!(
                (x - y).abs() < ROUNDING * network.exact_logit(true),
                "{x} {y}"
            );
        }
    }
}

#[test]
fn two_phases_would_fail() {
    // The construction with the phases 0 and π, written out.
    let (p, phases) = (7_usize, [0.0, std::f64::consts::PI]);
    let turn = std::f64::consts::TAU / p as f64;
    let row = |k: usize, phase: f64| -> Vec<f64> {
        (0..p)
            .map(|i| (turn * (k * i) as f64 + phase).cos())
            .collect()
    };
    let (mut u, mut v, mut w) = (vec![], vec![], vec![]);
    for k in 1..=p / 2 {
        for x in phases {
            for z in phases {
                u.push(row(k, x));
                v.push(row(k, z));
                w.push(row(k, x + z));
            }
        }
    }
    let mut largest: f64 = 0.0;
    for a in 0..p {
        for b in 0..p {
            for (q, logit) in logits_of_weights(&u, &v, &w, a, b).iter().enumerate() {
                let expected = if q == (a + b) % p {
                    (p - 1) as f64
                } else {
                    -1.0
                };
                largest = largest.max((logit - expected).abs());
            }
        }
    }
    assert!(largest > 1.0, "{largest}");
}

#[test]
fn even_and_small_moduli_few_phases_and_large_inputs_are_refused() {
    for modulus in [0, 1, 2, 4, 22] {
        assert!(ModularAddition::new(modulus, 3).is_err());
    }
    for phases in [0, 1, 2] {
        assert!(ModularAddition::new(7, phases).is_err());
    }
    assert!(ModularAddition::new(usize::MAX, 3).is_err());
    assert!(ModularAddition::new(7, usize::MAX).is_err());
    let network = ModularAddition::new(7, 3).unwrap();
    assert!(network.logits(7, 0).is_err() && network.logits(0, 7).is_err());
}
