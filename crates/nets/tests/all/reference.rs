//! Training on burn against the independent host reference in f64, number by number.

use layerwise_nets::Precision;
use models::{Adam, Decay, Loss, Optimizer, Reduction, Sgd};
use tasks::TaskShape;

use crate::support::{Case, flat, relative_gap};

/// Both trainers do the same sums, some in another order: 1e-16 a step. The largest gap seen is
/// 9e-16; 1e-11 leaves room for another `exp` and for the growth of differences over 100 steps. A
/// wrong factor anywhere gives 1e-6 or more. burn's error function is exact to rounding here, so
/// that gelu needs no exception.
const SAME_NUMBERS: f64 = 1e-11;
/// 6e-8 a step, amplified over 50 steps.
const SINGLE_PRECISION: f64 = 1e-4;
/// Less movement than this and two trainers would agree by doing nothing.
const TRAINED: f64 = 1e-2;

const SHAPE: TaskShape = TaskShape {
    inputs: 4,
    basis: 0,
    outputs: 3,
};

const PLAIN: Optimizer = sgd(0.0, 0.0, false, 0.0);

const LOSSES: [Loss; 5] = [
    mse(true, Reduction::Mean),
    mse(true, Reduction::Sum),
    mse(false, Reduction::Mean),
    mse(false, Reduction::Sum),
    Loss::CrossEntropy,
];

const fn mse(half: bool, outputs: Reduction) -> Loss {
    Loss::Mse { half, outputs }
}

const fn sgd(momentum: f64, dampening: f64, nesterov: bool, weight_decay: f64) -> Optimizer {
    Optimizer::Sgd(Sgd {
        momentum,
        dampening,
        nesterov,
        weight_decay,
    })
}

const fn adam(weight_decay: f64, decay: Decay) -> Optimizer {
    Optimizer::Adam(Adam {
        beta1: 0.8,
        beta2: 0.95,
        epsilon: 1e-6,
        weight_decay,
        decay,
    })
}

/// Optimizers with learning rates at which 100 steps go somewhere and nothing explodes.
const OPTIMIZERS: [(Optimizer, f64); 9] = [
    (PLAIN, 0.03),
    (sgd(0.0, 0.0, false, 0.1), 0.03),
    (sgd(0.8, 0.0, false, 0.0), 0.01),
    (sgd(0.8, 0.3, false, 0.0), 0.01),
    (sgd(0.8, 0.0, true, 0.0), 0.01),
    (sgd(0.8, 0.0, true, 0.1), 0.01),
    (adam(0.0, Decay::Coupled), 0.01),
    (adam(0.1, Decay::Coupled), 0.01),
    (adam(0.1, Decay::Decoupled), 0.01),
];

fn case(table: &str) -> Case {
    Case {
        table: format!("kind = 'mlp'\n{table}"),
        shape: SHAPE,
        loss: mse(true, Reduction::Sum),
        optimizer: PLAIN,
        lr: 0.03,
        weighted: false,
        steps: 100,
        rows: 6,
    }
}

/// Trains with both and returns the gap.
fn gap(case: &Case, centred: bool, output_scale: f64) -> f64 {
    let initial = case.initial();
    let start = flat(&initial);
    let expected = case.by_reference(&initial, centred, output_scale);
    let moved = relative_gap(&expected, &start);
    assert!(moved > TRAINED, "moved by {moved} only: {}", case.table);
    relative_gap(&case.by_burn(initial, Precision::F64), &expected)
}

#[test]
fn every_activation_loss_and_optimizer_trains_as_the_reference_does() {
    // The gradient of a quadratic net grows with its outputs.
    let activations = [
        ("relu", 1.0),
        ("tanh", 1.0),
        ("gelu", 1.0),
        ("quadratic", 0.2),
        ("identity", 1.0),
    ];
    for (activation, pace) in activations {
        for loss in LOSSES {
            for (optimizer, lr) in OPTIMIZERS {
                let table = format!(
                    "widths = [5]\nactivation = '{activation}'\n\
                     init = {{ kind = 'normal', std = 0.5, biases = 'same' }}"
                );
                let case = Case {
                    loss,
                    optimizer,
                    lr: pace * lr,
                    ..case(&table)
                };
                let gap = gap(&case, false, 1.0);
                assert!(
                    gap < SAME_NUMBERS,
                    "{activation}, {loss:?}, {optimizer:?}: {gap:e}"
                );
            }
        }
    }
}

#[test]
fn every_depth_with_and_without_biases_trains_as_the_reference_does() {
    for widths in ["[]", "[5]", "[5, 4, 6]"] {
        for bias in [false, true] {
            let case = Case {
                lr: 0.01,
                ..case(&format!(
                    "widths = {widths}\nactivation = 'gelu'\nbias = {bias}"
                ))
            };
            let gap = gap(&case, false, 1.0);
            assert!(gap < SAME_NUMBERS, "{widths}, bias {bias}: {gap:e}");
        }
    }
}

#[test]
fn weighted_rows_count_with_their_weights() {
    for loss in LOSSES {
        for (optimizer, lr) in OPTIMIZERS {
            let case = Case {
                loss,
                optimizer,
                lr,
                weighted: true,
                ..case("widths = [5]\nactivation = 'tanh'")
            };
            let gap = gap(&case, false, 1.0);
            assert!(gap < SAME_NUMBERS, "{loss:?}, {optimizer:?}: {gap:e}");
        }
    }
}

#[test]
fn a_scaled_and_centred_output_trains_as_alpha_times_the_change_of_the_net() {
    for (centred, output_scale) in [(true, 1.0), (false, 0.4), (true, 3.0)] {
        for (optimizer, lr) in [(PLAIN, 0.005), (adam(0.1, Decay::Decoupled), 0.005)] {
            let case = Case {
                optimizer,
                lr,
                ..case(&format!(
                    "widths = [5, 4]\nactivation = 'tanh'\noutput_scale = {output_scale:?}\n\
                     centre_output = {centred}\n\
                     init = {{ kind = 'normal', std = 0.6, biases = 'same' }}"
                ))
            };
            let gap = gap(&case, centred, output_scale);
            assert!(gap < SAME_NUMBERS, "{centred}, {output_scale}: {gap:e}");
        }
    }
}

#[test]
fn layer_scales_multiply_the_initial_weights_and_nothing_else() {
    let init = "widths = [5]\ninit = { kind = 'normal', std = 0.5, biases = 'same' }";
    let unscaled = case(init).initial();
    let scaled = case(&format!("{init}\nlayer_scales = [2.0, 0.25]"));
    for (array, plain) in scaled.initial().iter().zip(&unscaled) {
        let factor = if array.name.starts_with("layers.0") {
            2.0
        } else {
            0.25
        };
        let expected: Vec<f64> = plain.values.iter().map(|value| factor * value).collect();
        assert!(
            relative_gap(&array.values, &expected) < f64::EPSILON,
            "{}",
            array.name
        );
    }
    assert!(gap(&scaled, false, 1.0) < SAME_NUMBERS);
}

#[test]
fn a_deep_linear_net_is_an_mlp_with_the_identity_and_no_biases() {
    let linear = Case {
        table: "kind = 'deep-linear'\nwidths = [5, 4]".to_owned(),
        ..case("")
    };
    let mlp = case("widths = [5, 4]\nactivation = 'identity'\nbias = false");
    let initial = mlp.initial();
    assert_eq!(linear.initial(), initial);
    let expected = mlp.by_burn(initial.clone(), Precision::F64);
    assert_eq!(linear.by_burn(initial, Precision::F64), expected);
}

#[test]
fn a_factor_on_the_learning_rate_is_the_learning_rate_times_it() {
    let scaled = case("widths = [5]\nlr_scale = 0.25");
    let slow = Case {
        lr: 0.25 * scaled.lr,
        ..case("widths = [5]")
    };
    let initial = slow.initial();
    let expected = slow.by_burn(initial.clone(), Precision::F64);
    // A factor of 1/4 is exact in binary.
    assert_eq!(scaled.by_burn(initial, Precision::F64), expected);
}

#[test]
fn single_precision_agrees_with_double_over_fifty_steps() {
    for activation in ["relu", "tanh", "gelu", "quadratic", "identity"] {
        for (optimizer, lr) in OPTIMIZERS {
            for loss in [mse(false, Reduction::Mean), Loss::CrossEntropy] {
                let case = Case {
                    loss,
                    optimizer,
                    lr,
                    steps: 50,
                    ..case(&format!("widths = [8]\nactivation = '{activation}'"))
                };
                let initial = case.initial();
                let double = case.by_burn(initial.clone(), Precision::F64);
                let single = case.by_burn(initial, Precision::F32);
                let gap = relative_gap(&single, &double);
                assert!(
                    gap < SINGLE_PRECISION,
                    "{activation}, {optimizer:?}: {gap:e}"
                );
                assert_ne!(single, double, "the precision was ignored");
            }
        }
    }
}
