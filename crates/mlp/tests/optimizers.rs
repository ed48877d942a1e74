//! Optimizers against hand-worked steps and against their sums written out without recursion.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use mlp::{Adam, AdamConfig, MlpError, Optimizer, Sgd, SgdConfig};

const ROUNDING: f64 = 1e-14;

const PLAIN: SgdConfig = SgdConfig {
    learning_rate: 0.1,
    momentum: 0.0,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
};
const ADAM: AdamConfig = AdamConfig {
    learning_rate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
    decoupled: false,
};
const GRADIENTS: [f64; 6] = [1.0, -0.5, 2.0, 0.25, -3.0, 0.1];

/// The parameter after each of the gradients, from 0.7.
fn path(optimizer: &mut impl Optimizer, gradients: &[f64]) -> Vec<f64> {
    let mut parameter = [0.7];
    gradients
        .iter()
        .map(|g| {
            optimizer.step(&mut parameter, &[*g]).unwrap();
            parameter[0]
        })
        .collect()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < ROUNDING, "{found:?} but {expected:?}");
    }
}

#[test]
fn plain_descent_subtracts_the_scaled_gradient_and_ignores_the_dampening() {
    for dampening in [0.0, 0.9] {
        let mut sgd = Sgd::new(SgdConfig { dampening, ..PLAIN }).unwrap();
        assert_close(&path(&mut sgd, &[1.0, -2.0]), &[0.6, 0.8]);
    }
}

#[test]
fn coupled_decay_is_a_gradient_of_the_squared_norm() {
    let mut sgd = Sgd::new(SgdConfig {
        weight_decay: 0.5,
        ..PLAIN
    })
    .unwrap();
    // 0.7 − 0.1 (1 + 0.35), then 0.565 − 0.1 (0 + 0.2825).
    assert_close(&path(&mut sgd, &[1.0, 0.0]), &[0.565, 0.536_75]);
}

#[test]
fn momentum_is_the_weighted_sum_of_all_gradients_with_an_undamped_first() {
    let (momentum, eta) = (0.9_f64, 0.1);
    for (dampening, nesterov) in [(0.0, false), (0.3, false), (0.0, true)] {
        let mut sgd = Sgd::new(SgdConfig {
            momentum,
            dampening,
            nesterov,
            ..PLAIN
        })
        .unwrap();
        let buffer = |t: usize| -> f64 {
            (0..=t)
                .map(|i| {
                    let entry = if i == 0 { 1.0 } else { 1.0 - dampening };
                    entry * momentum.powi((t - i) as i32) * GRADIENTS[i]
                })
                .sum()
        };
        let mut parameter = 0.7;
        let expected: Vec<f64> = (0..GRADIENTS.len())
            .map(|t| {
                let ahead = if nesterov {
                    GRADIENTS[t] + momentum * buffer(t)
                } else {
                    buffer(t)
                };
                parameter -= eta * ahead;
                parameter
            })
            .collect();
        assert_close(&path(&mut sgd, &GRADIENTS), &expected);
    }
}

#[test]
fn the_first_adam_step_is_the_learning_rate_against_the_sign() {
    for gradient in [3.0, -1e-3, 250.0] {
        let found = path(&mut Adam::new(ADAM).unwrap(), &[gradient]);
        let expected = 0.7 - 0.01 * gradient / (gradient.abs() + 1e-8);
        assert_close(&found, &[expected]);
    }
    // A gradient of the size of epsilon moves half as far; epsilon is outside the root.
    assert_close(
        &path(&mut Adam::new(ADAM).unwrap(), &[1e-8]),
        &[0.7 - 0.005],
    );
    // Coupled decay alone is a gradient like any other: its size does not matter.
    let coupled = AdamConfig {
        weight_decay: 1e-2,
        ..ADAM
    };
    let step = 0.01 * 7e-3 / (7e-3 + 1e-8);
    assert_close(
        &path(&mut Adam::new(coupled).unwrap(), &[0.0]),
        &[0.7 - step],
    );
    // Decoupled decay alone shrinks by eta lambda.
    let decoupled = AdamConfig {
        decoupled: true,
        ..coupled
    };
    assert_close(
        &path(&mut Adam::new(decoupled).unwrap(), &[0.0]),
        &[0.7 * (1.0 - 1e-4)],
    );
}

#[test]
fn adam_uses_bias_corrected_weighted_means_of_gradients_and_squares() {
    for (weight_decay, decoupled) in [(0.0, false), (0.3, false), (0.3, true)] {
        let config = AdamConfig {
            weight_decay,
            decoupled,
            beta2: 0.98,
            ..ADAM
        };
        let mut history: Vec<f64> = Vec::new();
        let mut parameter = 0.7;
        let mut expected = Vec::new();
        for gradient in GRADIENTS {
            history.push(if decoupled {
                gradient
            } else {
                gradient + weight_decay * parameter
            });
            // Σ β^{t−i} g_i / Σ β^{t−i}: the corrected mean, without recursion.
            let mean = |beta: f64, f: &dyn Fn(f64) -> f64| {
                let weights = (0..history.len()).rev().map(|age| beta.powi(age as i32));
                let total: f64 = weights.clone().sum();
                weights.zip(&history).map(|(w, g)| w * f(*g)).sum::<f64>() / total
            };
            let direction = mean(0.9, &|g| g) / (mean(0.98, &|g| g * g).sqrt() + 1e-8);
            let kept = if decoupled {
                1.0 - 0.01 * weight_decay
            } else {
                1.0
            };
            parameter = kept * parameter - 0.01 * direction;
            expected.push(parameter);
        }
        assert_close(
            &path(&mut Adam::new(config).unwrap(), &GRADIENTS),
            &expected,
        );
    }
}

#[test]
fn a_changed_learning_rate_acts_from_the_next_step() {
    let mut sgd = Sgd::new(PLAIN).unwrap();
    let mut adam = Adam::new(ADAM).unwrap();
    let (mut first, mut second) = ([0.0], [0.0]);
    for learning_rate in [0.1, 0.02] {
        sgd.set_learning_rate(learning_rate);
        adam.set_learning_rate(learning_rate);
        sgd.step(&mut first, &[1.0]).unwrap();
        adam.step(&mut second, &[1.0]).unwrap();
    }
    assert_close(&first, &[-0.12]);
    assert!((second[0] + 0.12).abs() < 1e-8);
}

#[test]
fn constants_off_their_domain_and_changed_lengths_are_refused() {
    let sgd = |config| Sgd::new(config).unwrap_err().to_string();
    assert_eq!(
        sgd(SgdConfig {
            learning_rate: -1.0,
            ..PLAIN
        }),
        "learning_rate = -1: must be finite and at least 0"
    );
    assert_eq!(
        sgd(SgdConfig {
            nesterov: true,
            ..PLAIN
        }),
        "momentum = 0: must be above 0 with nesterov"
    );
    assert_eq!(
        sgd(SgdConfig {
            nesterov: true,
            momentum: 0.9,
            dampening: 0.1,
            ..PLAIN
        }),
        "dampening = 0.1: must be 0 with nesterov"
    );
    assert!(
        Sgd::new(SgdConfig {
            momentum: f64::NAN,
            ..PLAIN
        })
        .is_err()
    );
    for config in [
        AdamConfig { beta1: 1.0, ..ADAM },
        AdamConfig {
            beta2: -0.1,
            ..ADAM
        },
        AdamConfig {
            epsilon: f64::NAN,
            ..ADAM
        },
        AdamConfig {
            weight_decay: -1.0,
            ..ADAM
        },
    ] {
        assert!(
            matches!(Adam::new(config), Err(MlpError::Domain { .. })),
            "{config:?}"
        );
    }
    let optimizers: [Box<dyn Optimizer>; 2] = [
        Box::new(Sgd::new(PLAIN).unwrap()),
        Box::new(Adam::new(ADAM).unwrap()),
    ];
    for mut optimizer in optimizers {
        assert!(optimizer.step(&mut [0.0, 0.0], &[1.0]).is_err());
        optimizer.step(&mut [0.0, 0.0], &[1.0, 1.0]).unwrap();
        assert!(optimizer.step(&mut [0.0], &[1.0]).is_err());
    }
}
