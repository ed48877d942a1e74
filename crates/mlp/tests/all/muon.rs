//! The polar factor against its construction, and steps of the trainer along it against an independent
//! decomposition.

use mlp::{Activation, HostRows, Instructions, LayerConfig, Loss, Muon, Optimizer, Real, Rows};
use mlp::{Trainer, TrainerConfig};
use nalgebra::DMatrix;

use crate::support::net::{net, numbers};

/// Rounding of products of up to twenty numbers.
const ROUNDING: f64 = 1e-13;

/// `[rows, columns]`, row-major.
fn flat(matrix: &DMatrix<f64>) -> Vec<f64> {
    matrix.transpose().as_slice().to_vec()
}

fn random(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_row_slice(rows, columns, &numbers(seed, rows * columns))
}

/// Orthonormal columns.
fn orthonormal(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
    random(seed, rows, columns).qr().q()
}

fn gap(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn direction(matrix: &DMatrix<f64>) -> Vec<f64> {
    Muon::direction(&flat(matrix), matrix.nrows(), matrix.ncols(), f64::EPSILON)
}

#[test]
fn the_direction_of_a_matrix_of_any_shape_rank_and_spread_is_its_polar_factor() {
    let shapes: [(usize, usize); 7] = [(1, 1), (1, 7), (7, 1), (5, 5), (20, 9), (9, 20), (64, 20)];
    for (seed, (rows, columns)) in (1..).zip(shapes) {
        let most = rows.min(columns);
        for rank in [1, most.div_ceil(2), most] {
            // From 1 down to this.
            for smallest in [1.0, 1e-3, 1e-6] {
                let (left, right) = (
                    orthonormal(2 * seed, rows, rank),
                    orthonormal(2 * seed + 1, columns, rank),
                );
                let value = |k: usize| f64::powf(smallest, k as f64 / most as f64);
                let values =
                    DMatrix::from_fn(rank, rank, |i, j| if i == j { value(i) } else { 0.0 });
                let matrix = &left * values * right.transpose();
                let expected = flat(&(&left * right.transpose()));
                // The matrix is known to rounding of its largest value.
                let allowed = ROUNDING / smallest;
                for scale in [1.0, 1e-160, 1e160] {
                    let found = direction(&(&matrix * scale));
                    let gap = gap(&found, &expected);
                    assert!(
                        gap < allowed,
                        "{rows}×{columns}, rank {rank}, {smallest:e} {scale:e}: {gap:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_direction_is_that_of_nalgebra_where_it_has_one() {
    for (rows, columns) in [(6, 6), (8, 5), (3, 9)] {
        let matrix = random(5, rows, columns);
        let svd = matrix.clone().svd(true, true);
        let expected = svd.u.unwrap() * svd.v_t.unwrap();
        let gap = gap(&direction(&matrix), &flat(&expected));
        assert!(gap < ROUNDING, "{rows}×{columns}: {gap:e}");
    }
}

#[test]
fn what_is_rounding_does_not_move_and_what_is_no_number_is_passed_on() {
    assert_eq!(Muon::direction(&[0.0; 6], 2, 3, f64::EPSILON), [0.0; 6]);
    // 1e-7 of the largest is rounding in f32, and a direction in f64.
    let diagonal = [2.0, 0.0, 0.0, -2e-7];
    let single = f64::from(f32::EPSILON);
    assert_eq!(
        Muon::direction(&diagonal, 2, 2, single),
        [1.0, 0.0, 0.0, 0.0]
    );
    assert_eq!(
        Muon::direction(&diagonal, 2, 2, f64::EPSILON),
        [1.0, 0.0, 0.0, -1.0]
    );
    for wrong in [f64::NAN, f64::INFINITY] {
        let found = Muon::direction(&[1.0, wrong], 1, 2, f64::EPSILON);
        assert!(found.iter().all(|x| x.is_nan()));
    }
}

/// Widths of a net whose gradients have full rank on enough rows, with a single output and without.
const WIDTHS: [&[usize]; 2] = [&[5, 19, 3], &[4, 6, 1]];
const ROWS: usize = 40;
const RATE: f64 = 0.02;
const STEPS: usize = 20;

fn trainer<T: Real>(widths: &[usize], muon: Muon, instructions: Instructions) -> Trainer<T> {
    let layer = |pair: &[usize]| LayerConfig {
        inputs: pair[0],
        outputs: pair[1],
        bias: true,
        weight_multiplier: 1.0,
        bias_multiplier: 1.0,
    };
    let config = TrainerConfig {
        layers: widths.windows(2).map(layer).collect(),
        activation: Activation::Tanh,
        output_factor: 1.0,
        centred: false,
        loss: Loss::default(),
        optimizer: Optimizer::Muon(muon),
        instructions,
    };
    let initial = net(widths, true, Activation::Tanh, 3).parameters();
    Trainer::new(config, &initial).unwrap()
}

fn data(widths: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let outputs = widths[widths.len() - 1];
    (numbers(8, ROWS * widths[0]), numbers(9, ROWS * outputs))
}

fn trained<T: Real>(widths: &[usize], muon: Muon, instructions: Instructions) -> Vec<f64> {
    let mut trainer = trainer::<T>(widths, muon, instructions);
    let (inputs, targets) = data(widths);
    let host = HostRows {
        rows: ROWS,
        inputs: &inputs,
        targets: &targets,
        weights: None,
    };
    let rows = Rows::new(widths[0], widths[widths.len() - 1], &host).unwrap();
    for _ in 0..STEPS {
        trainer.step(&rows, RATE).unwrap();
    }
    trainer.parameters()
}

/// The same with gradients of the reference, whose formula is written out, and nalgebra's polar factor.
fn expected(widths: &[usize], muon: Muon) -> Vec<f64> {
    let mut reference = net(widths, true, Activation::Tanh, 3);
    let (inputs, targets) = data(widths);
    let outputs = widths[widths.len() - 1];
    let mut momentum: Option<Vec<Vec<f64>>> = None;
    for _ in 0..STEPS {
        let found = reference.forward(&inputs, ROWS).unwrap();
        let loss = Loss::default().evaluate(&found, &targets, outputs, None);
        let gradients = (reference.gradients(&inputs, ROWS, &loss.unwrap().gradient)).unwrap();
        let arrays = gradients
            .iter()
            .flat_map(|layer| [layer.weight.clone(), layer.bias.clone().unwrap()]);
        let arrays: Vec<Vec<f64>> = arrays.collect();
        let buffers = match &momentum {
            None => arrays,
            Some(old) => (old.iter().zip(&arrays))
                .map(|(old, new)| {
                    let pairs = old.iter().zip(new);
                    pairs.map(|(old, new)| muon.momentum * old + new).collect()
                })
                .collect(),
        };
        for (layer, buffers) in reference.layers.iter_mut().zip(buffers.chunks(2)) {
            let matrix = DMatrix::from_row_slice(layer.inputs, layer.outputs, &buffers[0]);
            let svd = matrix.svd(true, true);
            let polar = flat(&(svd.u.unwrap() * svd.v_t.unwrap()));
            let step = |parameters: &mut [f64], direction: &[f64]| {
                for (parameter, direction) in parameters.iter_mut().zip(direction) {
                    *parameter = (1.0 - RATE * muon.weight_decay) * *parameter - RATE * direction;
                }
            };
            step(&mut layer.weight, &polar);
            step(layer.bias.as_mut().unwrap(), &buffers[1]);
        }
        momentum = (muon.momentum != 0.0).then_some(buffers);
    }
    reference.parameters()
}

#[test]
fn a_net_steps_its_weights_along_polar_factors_and_its_biases_along_gradients() {
    /// Gradients differ in rounding, and their smallest singular values are near 1e-3 of the largest.
    const SAME: f64 = 1e-9;
    const SINGLE: f64 = 2e-3;
    for widths in WIDTHS {
        for (momentum, weight_decay) in [(0.0, 0.0), (0.8, 0.0), (0.5, 0.3)] {
            let muon = Muon {
                momentum,
                weight_decay,
            };
            let expected = expected(widths, muon);
            for instructions in [Instructions::Detected, Instructions::Portable] {
                let found = gap(&trained::<f64>(widths, muon, instructions), &expected);
                assert!(found < SAME, "{widths:?}, {muon:?}: {found:e}");
                let single = gap(&trained::<f32>(widths, muon, instructions), &expected);
                assert!(single < SINGLE, "{widths:?}, {muon:?}: {single:e}");
            }
        }
    }
}

#[test]
fn a_step_of_every_weight_has_singular_values_of_the_learning_rate() {
    let widths = WIDTHS[0];
    let mut trainer = trainer::<f64>(widths, Muon::default(), Instructions::Detected);
    let (inputs, targets) = data(widths);
    let host = HostRows {
        rows: ROWS,
        inputs: &inputs,
        targets: &targets,
        weights: None,
    };
    let before = trainer.parameters();
    (trainer.step(&Rows::new(5, 3, &host).unwrap(), RATE)).unwrap();
    let after = trainer.parameters();
    let mut start = 0;
    for pair in widths.windows(2) {
        let (inputs, outputs) = (pair[0], pair[1]);
        let range = start..start + inputs * outputs;
        let moved = range.clone().map(|place| after[place] - before[place]);
        let moved = DMatrix::from_row_iterator(inputs, outputs, moved);
        for value in &moved.singular_values() {
            assert!((value / RATE - 1.0).abs() < ROUNDING, "{value}");
        }
        start = range.end + outputs;
    }
}
