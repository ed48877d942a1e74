//! Plain gradient descent on recorded graphs against the closed forms of linear nets: the gap
//! is first order in the learning rate.

use models::{HostArray, Loss, Reduction};
use tasks::Group;
use theory::{AlignedNetwork, BalancedMode, BalancedNetwork, DeepMode, LambdaMode, ScalarToy};

use crate::support::{
    linear::assert_first_order,
    start::{Start, matrix, product},
};

/// The loss of theory.
const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

/// Modes with input powers and targets of their own.
const MODES: &str = "kind = 'modes'\ninput_powers = [0.5, 1.5, 1.0]\ntargets = [2.0, 0.5, 1.0]";
/// A dense task that is not square.
const MAP: &str = "kind = 'linear-map'\ninputs = 5\noutputs = 4\nstd = 0.4";

/// Largest |strength − closed form| over the modes of a twin, in units of each target.
fn of_modes(
    groups: &[Group],
    layers: &[HostArray],
    closed_form: impl Fn(usize, &Group) -> f64,
) -> f64 {
    let gaps = groups.iter().enumerate().map(|(k, group)| {
        let strength: f64 = layers.iter().map(|layer| layer.values[k]).product();
        ((strength - closed_form(k, group)) / group.target).abs()
    });
    gaps.fold(0.0, f64::max)
}

#[test]
fn the_twin_follows_the_lambda_mode_of_every_imbalance() {
    let initial = 0.02;
    for lambda in [0.0, 1e-3, -1e-3, 0.1, -0.5, 1.0, 3.0, -3.0] {
        let table = format!("kind = 'multilinear'\ninitial = {initial}\nlambda = {lambda:?}");
        let start = Start::new(MODES, &table, 0);
        let modes: Vec<LambdaMode> = (start.groups().iter())
            .map(|g| LambdaMode::new(g.probability, g.target, initial, lambda).unwrap())
            .collect();
        // Layers first: the sign of lambda says which is the heavier one.
        let layer_gap = |layers: &[HostArray], time: f64| {
            let gaps = modes.iter().enumerate().map(|(k, mode)| {
                let first = layers[0].values[k] - mode.first_layer(time);
                let second = layers[1].values[k] - mode.second_layer(time);
                first.abs().max(second.abs())
            });
            gaps.fold(0.0, f64::max)
        };
        assert_first_order(0.01, 600, |lr, steps| {
            start.largest(HALVED, lr, steps, |step, layers| {
                let time = lr * step as f64;
                of_modes(start.groups(), layers, |k, _| modes[k].strength(time))
            })
        });
        assert_first_order(0.01, 600, |lr, steps| {
            start.largest(HALVED, lr, steps, |step, layers| {
                layer_gap(layers, lr * step as f64)
            })
        });
    }
}

#[test]
fn every_skill_follows_the_lambda_mode_of_its_own_start() {
    let factors = [1.0, 5.0, 0.25];
    let table = "kind = 'multilinear'\ninitial = 0.02\nlambda = 0.3\n\
                 initial_factors = [1.0, 5.0, 0.25]";
    let start = Start::new(MODES, table, 0);
    assert_first_order(0.01, 800, |lr, steps| {
        start.largest(HALVED, lr, steps, |step, layers| {
            of_modes(start.groups(), layers, |k, g| {
                LambdaMode::new(g.probability, g.target, 0.02 * factors[k], 0.3)
                    .unwrap()
                    .strength(lr * step as f64)
            })
        })
    });
}

#[test]
fn deep_twins_follow_the_deep_mode_of_their_depth() {
    let initial = 0.1;
    for depth in [2, 3, 4, 6] {
        let table = format!("kind = 'multilinear'\ninitial = {initial}\ndepth = {depth}");
        let start = Start::new(MODES, &table, 0);
        assert_first_order(0.004, 2000, |lr, steps| {
            start.largest(HALVED, lr, steps, |step, layers| {
                assert_eq!(layers.len(), depth as usize);
                of_modes(start.groups(), layers, |_, g| {
                    DeepMode::new(depth, g.probability, g.target, initial)
                        .unwrap()
                        .strength(lr * step as f64)
                })
            })
        });
    }
}

#[test]
fn the_scalar_toy_follows_its_strength_and_its_amplification() {
    let task = "kind = 'modes'\ninput_powers = [1.5]\ntargets = [2.0]";
    for (sigma, correlation) in [(0.05, 0.0), (1.0, 0.5), (1.0, -0.5), (6.0, 0.2)] {
        let table = format!(
            "kind = 'deep-linear'\nwidths = [5]\noutput_scale = 0.4\n\
             init = {{ kind = 'toy', sigma = {sigma:?}, correlation = {correlation:?} }}"
        );
        let start = Start::new(task, &table, 3);
        let (first, second) = (&start.weights[0].values, &start.weights[1].values);
        let toy = ScalarToy::new(first, second, 2.5, 2.0).unwrap();
        let toy = toy.with_input_power(1.5).unwrap();
        // |a + b|, which grows by the amplification, whatever its direction.
        let grown = |layers: &[HostArray]| -> f64 {
            let pairs = layers[0].values.iter().zip(&layers[1].values);
            pairs.map(|(a, b)| (a + b) * (a + b)).sum::<f64>().sqrt()
        };
        let unit = grown(&start.weights);
        assert_first_order(0.01, 600, |lr, steps| {
            start.largest(HALVED, lr, steps, |step, layers| {
                let strength = 0.4 * product(layers)[(0, 0)];
                (strength - toy.strength(lr * step as f64)).abs() / 2.0
            })
        });
        assert_first_order(0.01, 600, |lr, steps| {
            start.largest(HALVED, lr, steps, |step, layers| {
                let expected = toy.amplification_at(lr * step as f64);
                (grown(layers) / unit / expected - 1.0).abs()
            })
        });
    }
}

#[test]
fn task_aligned_nets_follow_the_aligned_network() {
    for (hidden, lambda) in [(4, 0.0), (3, 0.7), (4, 3.0), (5, -0.4), (3, -3.0), (7, 0.0)] {
        let table = format!(
            "kind = 'deep-linear'\nwidths = [{hidden}]\ninit = {{ kind = 'balanced', \
             strength = 0.05, alignment = 'task', lambda = {lambda:?} }}"
        );
        let start = Start::new(MAP, &table, 1);
        let strengths = vec![0.05; hidden.min(4)];
        let task = start.correlation();
        let network = AlignedNetwork::new(&task, &strengths, lambda, hidden).unwrap();
        assert_first_order(0.008, 500, |lr, steps| {
            start.largest(HALVED, lr, steps, |step, layers| {
                let expected = network.at(lr * step as f64);
                (product(layers) - expected.product()).amax() / task.amax()
            })
        });
    }
}

#[test]
fn random_balanced_nets_follow_the_exact_solution_and_its_kernel() {
    for (hidden, lambda) in [(4, 0.0), (3, 0.7), (4, 2.0), (5, -0.4), (3, -2.0), (7, 0.0)] {
        let table = format!(
            "kind = 'deep-linear'\nwidths = [{hidden}]\ninit = {{ kind = 'balanced', \
             strength = 0.3, alignment = 'random', lambda = {lambda:?} }}"
        );
        let start = Start::new(MAP, &table, 2);
        let task = start.correlation();
        let [first, second] = [0, 1].map(|layer| matrix(&start.weights[layer]));
        let network = BalancedNetwork::new(&first, &second, &task).unwrap();
        assert!((network.lambda() - lambda).abs() < 1e-12);
        for quantity in ["product", "first gram", "second gram"] {
            assert_first_order(0.008, 500, |lr, steps| {
                start.largest(HALVED, lr, steps, |step, layers| {
                    let state = network.at(lr * step as f64);
                    let [first, second] = [0, 1].map(|layer| matrix(&layers[layer]));
                    let (found, expected) = match quantity {
                        "product" => (&second * &first, state.product()),
                        "first gram" => (first.tr_mul(&first), state.first_gram()),
                        _ => (&second * second.transpose(), state.second_gram()),
                    };
                    (found - expected).amax() / expected.amax()
                })
            });
        }
    }
}

#[test]
fn aligned_nets_of_four_layers_follow_the_deep_mode() {
    // The second hidden layer lets three of four modes through; the last one has no way to grow.
    let table = "kind = 'deep-linear'\nwidths = [5, 3, 6]\n\
                 init = { kind = 'balanced', strength = 0.1, alignment = 'task' }";
    let start = Start::new(MAP, table, 4);
    let task = start.correlation();
    let svd = task.clone().svd(true, true);
    let (left, right) = (svd.u.unwrap(), svd.v_t.unwrap());
    let expected = |time: f64| {
        let strengths = svd.singular_values.map_with_location(|mode, _, target| {
            if mode == 3 {
                return 0.0;
            }
            let mode = DeepMode::new(4, 1.0, target, 0.1).unwrap();
            mode.strength(time)
        });
        &left * theory::nalgebra::DMatrix::from_diagonal(&strengths) * &right
    };
    assert_first_order(0.004, 1000, |lr, steps| {
        start.largest(HALVED, lr, steps, |step, layers| {
            (product(layers) - expected(lr * step as f64)).amax() / task.amax()
        })
    });
}

/// Asserts that the gap to a wrong closed form is large and does not shrink with the learning
/// rate.
fn assert_no_convergence(lr: f64, steps: u64, error: impl Fn(f64, u64) -> f64) {
    let [coarse, fine] = [1, 4].map(|parts| error(lr / parts as f64, steps * parts));
    assert!(fine > 0.1 && fine > 0.8 * coarse, "{coarse} and {fine}");
}

#[test]
fn unbalanced_starts_do_not_converge_to_the_balanced_solution() {
    let table = "kind = 'multilinear'\ninitial = 0.02\nimbalance = 8.0";
    let start = Start::new(MODES, table, 0);
    assert_no_convergence(0.01, 600, |lr, steps| {
        start.largest(HALVED, lr, steps, |step, layers| {
            of_modes(start.groups(), layers, |_, g| {
                BalancedMode::new(g.probability, g.target, 0.02)
                    .unwrap()
                    .strength(lr * step as f64)
            })
        })
    });
    // The same product, shared unequally.
    let table = "kind = 'deep-linear'\nwidths = [4]\nlayer_scales = [4.0, 0.25]\n\
                 init = { kind = 'balanced', strength = 0.05, alignment = 'task' }";
    let start = Start::new(MAP, table, 1);
    let task = start.correlation();
    let network = AlignedNetwork::new(&task, &[0.05; 4], 0.0, 4).unwrap();
    assert!((product(&start.weights) - network.at(0.0).product()).amax() < 1e-14);
    assert_no_convergence(0.008, 500, |lr, steps| {
        start.largest(HALVED, lr, steps, |step, layers| {
            let expected = network.at(lr * step as f64);
            (product(layers) - expected.product()).amax() / task.amax()
        })
    });
}
