//! Optimizers against hand-worked steps and against their sums written out without recursion.

use mlp::{Adam, Decay, MlpError, Muon, Optimizer, Sgd, Sign, Updater};

const ROUNDING: f64 = 1e-14;
/// Learning rates of the two optimizers.
const SGD_RATE: f64 = 0.1;
const ADAM_RATE: f64 = 0.01;
const GRADIENTS: [f64; 6] = [1.0, -0.5, 2.0, 0.25, -3.0, 0.1];

/// The parameter after each of the gradients, from 0.7.
fn path(optimizer: impl Into<Optimizer>, gradients: &[f64]) -> Vec<f64> {
    let optimizer = optimizer.into();
    let rate = match optimizer {
        Optimizer::Sgd(_) => SGD_RATE,
        Optimizer::Adam(_) | Optimizer::Sign(_) | Optimizer::Muon(_) => ADAM_RATE,
    };
    let mut updater = Updater::<f64>::new(optimizer, 1).unwrap();
    let mut parameter = [0.7];
    let step = |gradient: &f64| {
        updater.step(&mut parameter, &[*gradient], rate).unwrap();
        parameter[0]
    };
    gradients.iter().map(step).collect()
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
        let sgd = Sgd {
            dampening,
            ..Sgd::PLAIN
        };
        assert_close(&path(sgd, &[1.0, -2.0]), &[0.6, 0.8]);
    }
}

#[test]
fn coupled_decay_is_a_gradient_of_the_squared_norm() {
    let sgd = Sgd {
        weight_decay: 0.5,
        ..Sgd::PLAIN
    };
    // 0.7 − 0.1 (1 + 0.35), then 0.565 − 0.1 (0 + 0.2825).
    assert_close(&path(sgd, &[1.0, 0.0]), &[0.565, 0.536_75]);
}

#[test]
fn momentum_is_the_weighted_sum_of_all_gradients_with_an_undamped_first() {
    let momentum = 0.9_f64;
    for (dampening, nesterov) in [(0.0, false), (0.3, false), (0.0, true)] {
        let sgd = Sgd {
            momentum,
            dampening,
            nesterov,
            weight_decay: 0.0,
        };
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
                parameter -= SGD_RATE * ahead;
                parameter
            })
            .collect();
        assert_close(&path(sgd, &GRADIENTS), &expected);
    }
}

#[test]
fn the_first_adam_step_is_the_learning_rate_against_the_sign() {
    for gradient in [3.0_f64, -1e-3, 250.0] {
        let expected = 0.7 - 0.01 * gradient / (gradient.abs() + 1e-8);
        assert_close(&path(Adam::PYTORCH, &[gradient]), &[expected]);
    }
    // A gradient of the size of epsilon moves half as far; epsilon is outside the root.
    assert_close(&path(Adam::PYTORCH, &[1e-8]), &[0.7 - 0.005]);
    // Coupled decay alone is a gradient like any other: its size does not matter.
    let coupled = Adam {
        weight_decay: 1e-2,
        ..Adam::PYTORCH
    };
    let step = 0.01 * 7e-3 / (7e-3 + 1e-8);
    assert_close(&path(coupled, &[0.0]), &[0.7 - step]);
    // Decoupled decay alone shrinks by eta lambda.
    let decoupled = Adam {
        decay: Decay::Decoupled,
        ..coupled
    };
    assert_close(&path(decoupled, &[0.0]), &[0.7 * (1.0 - 1e-4)]);
}

#[test]
fn adam_uses_bias_corrected_weighted_means_of_gradients_and_squares() {
    for (weight_decay, decay) in [
        (0.0, Decay::Coupled),
        (0.3, Decay::Coupled),
        (0.3, Decay::Decoupled),
    ] {
        let adam = Adam {
            weight_decay,
            decay,
            beta2: 0.98,
            ..Adam::PYTORCH
        };
        let (coupled, decoupled) = match decay {
            Decay::Coupled => (weight_decay, 0.0),
            Decay::Decoupled => (0.0, weight_decay),
        };
        let mut history: Vec<f64> = Vec::new();
        let mut parameter = 0.7;
        let mut expected = Vec::new();
        for gradient in GRADIENTS {
            history.push(gradient + coupled * parameter);
            // Σ β^{t−i} g_i / Σ β^{t−i}: the corrected mean, without recursion.
            let mean = |beta: f64, f: &dyn Fn(f64) -> f64| {
                let weights = (0..history.len()).rev().map(|age| beta.powi(age as i32));
                let total: f64 = weights.clone().sum();
                weights.zip(&history).map(|(w, g)| w * f(*g)).sum::<f64>() / total
            };
            let direction = mean(0.9, &|g| g) / (mean(0.98, &|g| g * g).sqrt() + 1e-8);
            parameter = (1.0 - 0.01 * decoupled) * parameter - 0.01 * direction;
            expected.push(parameter);
        }
        assert_close(&path(adam, &GRADIENTS), &expected);
    }
}

#[test]
fn sign_descent_moves_by_the_learning_rate_whatever_the_size_of_the_gradient() {
    let gradients = [3.0, -1e-300, 0.0, 1e300];
    let expected = [0.69, 0.70, 0.70, 0.69];
    assert_close(&path(Sign::default(), &gradients), &expected);
    // Momentum takes the sign of the sum: 1, then 0.5 − 2, then −0.75 + 0.25.
    let momentum = Sign {
        momentum: 0.5,
        ..Sign::default()
    };
    assert_close(&path(momentum, &[1.0, -2.0, 0.25]), &[0.69, 0.70, 0.71]);
    // Decay acts beside the sign: 0.7 (1 − 0.01/2) − 0.01, and alone where there is no gradient.
    let decayed = Sign {
        weight_decay: 0.5,
        ..Sign::default()
    };
    let first = 0.7 * 0.995 - 0.01;
    assert_close(&path(decayed, &[1.0, 0.0]), &[first, first * 0.995]);
    assert!(path(Sign::default(), &[f64::NAN])[0].is_nan());
}

#[test]
fn sign_descent_is_adam_without_memory() {
    let adam = Adam {
        beta1: 0.0,
        beta2: 0.0,
        epsilon: 0.0,
        ..Adam::PYTORCH
    };
    assert_close(&path(Sign::default(), &GRADIENTS), &path(adam, &GRADIENTS));
}

#[test]
fn a_changed_learning_rate_acts_from_the_next_step() {
    for optimizer in [
        Optimizer::PLAIN,
        Adam::PYTORCH.into(),
        Sign::default().into(),
    ] {
        let mut updater = Updater::<f64>::new(optimizer, 1).unwrap();
        let mut parameter = [0.0];
        for rate in [0.1, 0.02] {
            updater.step(&mut parameter, &[1.0], rate).unwrap();
        }
        assert!((parameter[0] + 0.12).abs() < 1e-8, "{optimizer:?}");
    }
}

#[test]
fn constants_off_their_domain_and_other_lengths_are_refused() {
    let (sgd, adam) = (Sgd::PLAIN, Adam::PYTORCH);
    let text = |optimizer: Optimizer| {
        let error = Updater::<f64>::new(optimizer, 1).unwrap_err();
        assert!(matches!(error, MlpError::Domain { .. }), "{optimizer:?}");
        error.to_string()
    };
    let nesterov = Sgd {
        nesterov: true,
        ..sgd
    };
    assert_eq!(
        text(nesterov.into()),
        "momentum = 0: must be above 0 with nesterov"
    );
    let dampened = Sgd {
        momentum: 0.9,
        dampening: 0.1,
        ..nesterov
    };
    assert_eq!(
        text(dampened.into()),
        "dampening = 0.1: must be 0 with nesterov"
    );
    for momentum in [f64::NAN, -0.1, 1.0] {
        text(Sgd { momentum, ..sgd }.into());
        let (sign, muon) = (Sign::default(), Muon::default());
        text(Sign { momentum, ..sign }.into());
        text(Muon { momentum, ..muon }.into());
    }
    let unshaped = Updater::<f64>::new(Muon::default().into(), 1).unwrap_err();
    assert_eq!(unshaped, MlpError::NoMatrices);
    let dampening = 1.5;
    text(Sgd { dampening, ..sgd }.into());
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        let weight_decay = value;
        text(
            Sgd {
                weight_decay,
                ..sgd
            }
            .into(),
        );
        for adam in [
            Adam {
                beta1: value,
                ..adam
            },
            Adam {
                beta2: value,
                ..adam
            },
            Adam {
                epsilon: value,
                ..adam
            },
            Adam {
                weight_decay,
                ..adam
            },
        ] {
            text(adam.into());
        }
    }
    for optimizer in [Optimizer::PLAIN, adam.into()] {
        let mut updater = Updater::<f64>::new(optimizer, 2).unwrap();
        assert!(updater.step(&mut [0.0, 0.0], &[1.0], 0.1).is_err());
        updater.step(&mut [0.0, 0.0], &[1.0, 1.0], 0.1).unwrap();
        assert!(updater.step(&mut [0.0], &[1.0], 0.1).is_err());
    }
}

#[test]
fn tables_are_read_with_pytorchs_constants_and_no_other_keys_and_written_in_full() {
    let read = |json: &str| serde_json::from_str::<Optimizer>(json);
    for (short, optimizer, full) in [
        (
            r#"{"kind":"sgd"}"#,
            Optimizer::PLAIN,
            r#"{"kind":"sgd","momentum":0.0,"dampening":0.0,"nesterov":false,"weight_decay":0.0}"#,
        ),
        (
            r#"{"kind":"adam"}"#,
            Adam::PYTORCH.into(),
            r#"{"kind":"adam","beta1":0.9,"beta2":0.999,"epsilon":1e-8,"weight_decay":0.0,"decay":"coupled"}"#,
        ),
        (
            r#"{"kind":"sign"}"#,
            Sign::default().into(),
            r#"{"kind":"sign","momentum":0.0,"weight_decay":0.0}"#,
        ),
        (
            r#"{"kind":"muon"}"#,
            Muon::default().into(),
            r#"{"kind":"muon","momentum":0.0,"weight_decay":0.0}"#,
        ),
    ] {
        assert_eq!(read(short).unwrap(), optimizer);
        assert_eq!(serde_json::to_string(&optimizer).unwrap(), full);
        assert_eq!(read(full).unwrap(), optimizer);
    }
    assert!(read(r#"{"kind":"adam","momentum":0.9}"#).is_err());
    assert!(read(r#"{"kind":"sgd","beta1":0.9}"#).is_err());
    assert!(read(r#"{"kind":"muon","nesterov":true}"#).is_err());
}
