//! Neurons that are balanced: the function stays, and the balance is reached.

use mlp::{Activation, Controls, Instructions, LayerConfig, Trainer, rebalance};

use crate::support::trained::{Data, LEARNING_RATE, PLAIN, Setup, rows};

/// Two ways to compute the same function in f64.
const SAME_FUNCTION: f64 = 1e-12;
/// Of the sizes of the two sides of a neuron.
const BALANCED: f64 = 1e-12;

const HOMOGENEOUS: [Activation; 3] = [
    Activation::Relu,
    Activation::Quadratic,
    Activation::Identity,
];
const NETS: [&[usize]; 3] = [&[5, 20, 1], &[4, 18, 17, 3], &[4, 7, 6, 9, 2]];

fn setup(widths: &'static [usize], activation: Activation, biases: bool) -> Setup {
    Setup {
        activation,
        biases,
        multipliers: biases,
        optimizer: PLAIN,
        ..Setup::of(widths)
    }
}

fn trainer(setup: &Setup) -> Trainer<f64> {
    Trainer::new(setup.config(Instructions::Detected), &setup.initial()).unwrap()
}

/// |`w_in`|² and |`w_out`|² of every hidden neuron, written out.
fn sides(layers: &[LayerConfig], parameters: &[f64]) -> Vec<(f64, f64)> {
    let mut sides = Vec::new();
    let mut start = 0;
    for pair in layers.windows(2) {
        let (inputs, neurons) = (pair[0].inputs, pair[0].outputs);
        let rows = inputs + usize::from(pair[0].bias);
        let next = start + rows * neurons;
        for neuron in 0..neurons {
            let below = (0..rows).map(|row| parameters[start + row * neurons + neuron]);
            let above =
                (0..pair[1].outputs).map(|k| parameters[next + neuron * pair[1].outputs + k]);
            sides.push((below.map(|w| w * w).sum(), above.map(|w| w * w).sum()));
        }
        start = next;
    }
    sides
}

#[test]
fn balancing_leaves_the_function_and_reaches_the_balance() {
    for widths in NETS {
        for activation in HOMOGENEOUS {
            for biases in [true, false] {
                let setup = setup(widths, activation, biases);
                let data = Data::dense(23, widths);
                let rows = rows(&setup, &data);
                let config = setup.config(Instructions::Detected);
                let mut trainer = trainer(&setup);
                let before = trainer.outputs(&rows).unwrap().to_vec();
                let start = trainer.parameters();
                let mut parameters = start.clone();
                rebalance(&config.layers, activation, &mut parameters);
                trainer.set_parameters(&parameters).unwrap();
                let after = trainer.outputs(&rows).unwrap().to_vec();
                let size = before.iter().fold(1.0_f64, |most, f| most.max(f.abs()));
                for (before, after) in before.iter().zip(after) {
                    assert!((before - after).abs() < SAME_FUNCTION * size, "{setup:?}");
                }
                let degree = activation.degree();
                let unequal = |sides: Vec<(f64, f64)>| {
                    let gaps = sides.into_iter().map(|(below, above)| {
                        (below - degree * above).abs() / (below + degree * above)
                    });
                    gaps.fold(0.0, f64::max)
                };
                assert!(unequal(sides(&config.layers, &start)) > 0.1, "{setup:?}");
                let left = unequal(sides(&config.layers, &parameters));
                assert!(left < BALANCED, "{setup:?}: {left:e}");
            }
        }
    }
}

#[test]
fn balanced_neurons_dead_neurons_and_other_activations_are_left_alone() {
    let widths: &[usize] = &[2, 2, 1];
    let layers = setup(&[2, 2, 1], Activation::Relu, false)
        .config(Instructions::Detected)
        .layers;
    assert_eq!(layers.len() + 1, widths.len());
    // The first neuron is balanced, and nothing leaves the second.
    let balanced = [3.0, 1.0, 4.0, 1.0, 5.0, 0.0];
    let mut parameters = balanced;
    rebalance(&layers, Activation::Relu, &mut parameters);
    assert_eq!(parameters, balanced);
    // The same of a neuron that nothing enters.
    let mut parameters = [0.0, 1.0, 0.0, 1.0, 5.0, 2.0];
    rebalance(&layers, Activation::Relu, &mut parameters);
    assert_eq!((parameters[0], parameters[4]), (0.0, 5.0));
    assert_ne!(parameters[5], 2.0);
    let uneven = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    for activation in [Activation::Tanh, Activation::Gelu] {
        let mut parameters = uneven;
        rebalance(&layers, activation, &mut parameters);
        assert_eq!(parameters, uneven);
    }
}

#[test]
fn a_trainer_balances_after_every_nth_step() {
    for activation in HOMOGENEOUS {
        let setup = setup(&[4, 18, 17, 3], activation, true);
        let data = Data::dense(23, &[4, 18, 17, 3]);
        let rows = rows(&setup, &data);
        let layers = setup.config(Instructions::Detected).layers;
        let (mut free, mut balanced) = (trainer(&setup), trainer(&setup));
        let controls = Controls {
            balance_every: 3,
            ..Controls::default()
        };
        balanced.intervene(controls).unwrap();
        for step in 1..=8 {
            free.step(&rows, LEARNING_RATE).unwrap();
            balanced.step(&rows, LEARNING_RATE).unwrap();
            if step % 3 == 0 {
                let mut parameters = free.parameters();
                rebalance(&layers, activation, &mut parameters);
                assert_ne!(parameters, free.parameters());
                free.set_parameters(&parameters).unwrap();
            }
            let same = balanced.parameters() == free.parameters();
            assert!(same, "{activation:?} {step}");
        }
    }
}
