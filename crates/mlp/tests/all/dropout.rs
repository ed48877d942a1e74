//! Steps with dropout against central differences of the loss of the net that is left.

use mlp::{Activation, Controls, Dropout, Instructions, Trainer};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::support::trained::{Data, LEARNING_RATE, PLAIN, Setup, largest_difference, rows};

/// Central differences of step 1e-5 in f64 are off by 1e-10 from the third derivative and 1e-11 from
/// rounding, times losses and slopes of a few.
const DIFFERENCES: f64 = 2e-8;
/// Half of the step of a difference.
const HALF: f64 = 1e-5;
/// Slopes that are kept and slopes that are computed again are rounded at other places.
const KEPT_SLOPES: f64 = 1e-14;
const KEY: [u8; 32] = [7; 32];
const RATE: f64 = 0.4;
/// More than one block.
const ROWS: usize = 100;
/// Rows of a block and neurons of a panel, as documented.
const BLOCK: usize = 96;
const LANES: usize = 16;

/// Last layers of one output and of several, with layers that do not fill a panel.
const NETS: [&[usize]; 3] = [&[5, 20, 1], &[4, 18, 3], &[3, 7, 17, 2]];
/// Slopes that follow from values, that do not, and a value at 0 that is not 0.
const ACTIVATIONS: [Activation; 4] = [
    Activation::Relu,
    Activation::Tanh,
    Activation::Gelu,
    Activation::Softplus,
];

/// Factors on hidden neurons in a step: `[layer][row][neuron]`, drawn as the documentation says.
fn factors(widths: &[usize], step: u64) -> Vec<Vec<Vec<f64>>> {
    let mut stream = ChaCha8Rng::from_seed(KEY);
    stream.set_stream(step);
    let hidden = &widths[1..widths.len() - 1];
    let mut factors: Vec<_> = hidden.iter().map(|&n| vec![vec![0.0; n]; ROWS]).collect();
    for first in (0..ROWS).step_by(BLOCK) {
        for (layer, &neurons) in hidden.iter().enumerate() {
            for panel in (0..neurons).step_by(LANES) {
                for row in &mut factors[layer][first..ROWS.min(first + BLOCK)] {
                    for neuron in panel..panel + LANES {
                        let stays = f64::from(stream.next_u32()) >= RATE * 2.0_f64.powi(32);
                        if let Some(factor) = row.get_mut(neuron) {
                            *factor = if stays { 1.0 / (1.0 - RATE) } else { 0.0 };
                        }
                    }
                }
            }
        }
    }
    factors
}

/// ½ mean over rows of |f − y|² of the net that is left, written out.
fn loss(setup: &Setup, data: &Data, parameters: &[f64], factors: &[Vec<Vec<f64>>]) -> f64 {
    let layers = setup.config(Instructions::Detected).layers;
    let mut sum = 0.0;
    for row in 0..ROWS {
        let mut values = data.inputs[row * setup.widths[0]..][..setup.widths[0]].to_vec();
        let mut start = 0;
        for (index, layer) in layers.iter().enumerate() {
            let mut outputs = vec![0.0; layer.outputs];
            for (o, output) in outputs.iter_mut().enumerate() {
                for (i, value) in values.iter().enumerate() {
                    let weight = parameters[start + i * layer.outputs + o];
                    *output += layer.weight_multiplier * weight * value;
                }
                let bias = parameters[start + layer.inputs * layer.outputs + o];
                *output += layer.bias_multiplier * bias;
                if let Some(factors) = factors.get(index) {
                    *output = setup.activation.value(*output) * factors[row][o];
                }
            }
            start += (layer.inputs + 1) * layer.outputs;
            values = outputs;
        }
        let targets = &data.targets[row * values.len()..];
        let errors = values.iter().zip(targets).map(|(f, y)| (f - y) * (f - y));
        sum += 0.5 * errors.sum::<f64>();
    }
    sum / ROWS as f64
}

fn dropout(rate: f64) -> Controls {
    Controls {
        dropout: Some(Dropout { rate, key: KEY }),
        ..Controls::default()
    }
}

#[test]
fn a_step_descends_the_loss_of_the_net_that_is_left() {
    for widths in NETS {
        let kinds = ACTIVATIONS
            .into_iter()
            .flat_map(|kind| [(kind, true), (kind, false)]);
        for (activation, multipliers) in kinds {
            let setup = Setup {
                activation,
                multipliers,
                optimizer: PLAIN,
                ..Setup::of(widths)
            };
            let data = Data::dense(ROWS, widths);
            let rows = rows::<f64>(&setup, &data);
            let config = setup.config(Instructions::Detected);
            let mut trainer = Trainer::new(config, &setup.initial()).unwrap();
            trainer.intervene(dropout(RATE)).unwrap();
            for step in 0..2 {
                let before = trainer.parameters();
                trainer.step(&rows, LEARNING_RATE).unwrap();
                let factors = factors(widths, step);
                for (place, after) in trainer.parameters().into_iter().enumerate() {
                    let at = |moved: f64| {
                        let mut parameters = before.clone();
                        parameters[place] += moved;
                        loss(&setup, &data, &parameters, &factors)
                    };
                    let slope = (at(HALF) - at(-HALF)) / (2.0 * HALF);
                    let found = (before[place] - after) / LEARNING_RATE;
                    let gap = (found - slope).abs();
                    // A kink of ReLU within the difference would be off by far more, and does not occur here.
                    assert!(
                        gap < DIFFERENCES,
                        "{widths:?} {activation:?} {place}: {gap:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_net_is_measured_whole_and_a_rate_of_0_is_none() {
    for widths in NETS {
        for activation in ACTIVATIONS {
            let setup = Setup {
                activation,
                ..Setup::of(widths)
            };
            let data = Data::dense(ROWS, widths);
            let rows = rows::<f64>(&setup, &data);
            let config = setup.config(Instructions::Detected);
            let mut whole = Trainer::new(config, &setup.initial()).unwrap();
            let mut thinned = whole.clone();
            thinned.intervene(dropout(RATE)).unwrap();
            assert_eq!(
                thinned.outputs(&rows).unwrap(),
                whole.outputs(&rows).unwrap()
            );
            let mut none = whole.clone();
            none.intervene(dropout(0.0)).unwrap();
            for trainer in [&mut whole, &mut none, &mut thinned] {
                trainer.step(&rows, LEARNING_RATE).unwrap();
            }
            let gap = largest_difference(&none.parameters(), &whole.parameters());
            assert!(gap < KEPT_SLOPES, "{activation:?}: {gap:e}");
            assert_ne!(thinned.parameters(), whole.parameters(), "{activation:?}");
        }
    }
}
