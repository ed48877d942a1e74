//! Outputs read off tables of patterns and of cubes, against those of the rows themselves.

use mlp::{Activation, Cube, HostRows, Instructions, Rows, Trainer};

use crate::support::net::numbers;
use crate::support::trained::{Setup, largest_difference};

/// Sums of the same products in another order.
const SAME: f64 = 1e-13;

/// Rows of a one-hot key of five and sixteen bits, as numbers from 0 or as signs.
fn keyed_bits(rows: usize, signs: bool) -> Vec<f64> {
    let mut inputs = Vec::new();
    for (row, word) in numbers(3, rows).into_iter().enumerate() {
        let word = (word.abs() * 65536.0) as usize;
        inputs.extend((0..5).map(|key| f64::from(u8::from(row * 3 % 5 == key))));
        inputs.extend((0..16).map(|bit| {
            let bit = f64::from(u8::from(word >> bit & 1 == 1));
            if signs { 1.0 - 2.0 * bit } else { bit }
        }));
    }
    inputs
}

/// A trainer that has taken some steps, so that centred outputs are not 0.
fn a_trainer(setup: &Setup, instructions: Instructions) -> Trainer<f64> {
    let mut trainer = Trainer::new(setup.config(instructions), &setup.initial()).unwrap();
    let moved = setup.initial().into_iter().map(|p| 1.1 * p + 0.01);
    trainer
        .set_parameters(&moved.collect::<Vec<f64>>())
        .unwrap();
    trainer
}

fn setups() -> impl Iterator<Item = Setup> {
    let widths: [&[usize]; 4] = [&[21, 40, 1], &[21, 17, 18, 1], &[21, 20, 3], &[21, 1]];
    widths.into_iter().flat_map(|widths| {
        Activation::ALL.into_iter().map(move |activation| Setup {
            activation,
            centred: activation == Activation::Tanh,
            multipliers: true,
            output_factor: 1.7,
            ..Setup::of(widths)
        })
    })
}

#[test]
fn patterns_give_the_outputs_of_the_rows() {
    for setup in setups() {
        let outputs = setup.widths[setup.widths.len() - 1];
        for (rows, signs) in [(200, false), (200, true), (97, true)] {
            let inputs = keyed_bits(rows, signs);
            let targets = vec![0.0; rows * outputs];
            let host = HostRows {
                rows,
                inputs: &inputs,
                targets: &targets,
                weights: None,
            };
            let plain = Rows::new(21, outputs, &host).unwrap();
            let looked = Rows::for_evaluation(21, outputs, &host).unwrap();
            assert!(looked.has_tables() && !plain.has_tables());
            for instructions in [Instructions::Detected, Instructions::Portable] {
                let mut trainer = a_trainer(&setup, instructions);
                let expected = trainer.outputs(&plain).unwrap().to_vec();
                let found = trainer.outputs(&looked).unwrap();
                let difference = largest_difference(found, &expected);
                assert!(difference < SAME, "{setup:?}: {difference:e}");
            }
        }
    }
}

#[test]
fn steps_on_rows_with_patterns_are_those_on_the_rows() {
    let setup = Setup::of(&[21, 40, 1]);
    let (inputs, targets) = (keyed_bits(150, false), numbers(8, 150));
    let host = HostRows {
        rows: 150,
        inputs: &inputs,
        targets: &targets,
        weights: None,
    };
    let mut paths = [Rows::new(21, 1, &host), Rows::for_evaluation(21, 1, &host)].map(|rows| {
        let mut trainer = a_trainer(&setup, Instructions::Detected);
        let rows = rows.unwrap();
        for _ in 0..5 {
            trainer.step(&rows, 0.01).unwrap();
        }
        trainer.parameters()
    });
    let last = paths[1].pop();
    assert_eq!(last, paths[0].pop());
    assert_eq!(paths[0], paths[1]);
}

#[test]
fn rows_filled_anew_forget_their_patterns() {
    let setup = Setup::of(&[21, 40, 1]);
    let targets = vec![0.0; 50];
    let of = |inputs| HostRows {
        rows: 50,
        inputs,
        targets: &targets,
        weights: None,
    };
    let (bits, others) = (keyed_bits(50, false), numbers(4, 50 * 21));
    let mut rows = Rows::for_evaluation(21, 1, &of(&bits)).unwrap();
    rows.fill(&of(&others)).unwrap();
    let mut trainer = a_trainer(&setup, Instructions::Detected);
    let expected = Rows::new(21, 1, &of(&others)).unwrap();
    let expected = trainer.outputs(&expected).unwrap().to_vec();
    assert_eq!(trainer.outputs(&rows).unwrap(), expected);
}

#[test]
fn a_cube_has_the_outputs_of_its_corners() {
    let origin = numbers(6, 21);
    for axes in 0..9 {
        let axes: Vec<_> = (0..axes).map(|axis| (20 - 2 * axis, -0.7)).collect();
        let cube = Cube {
            origin: &origin,
            axes: &axes,
        };
        let rows = 1 << axes.len();
        let corner = |row: usize| {
            let mut inputs = origin.clone();
            for (bit, &(column, change)) in axes.iter().enumerate() {
                inputs[column] += change * (row >> bit & 1) as f64;
            }
            inputs
        };
        let inputs: Vec<f64> = (0..rows).flat_map(corner).collect();
        for setup in setups() {
            let outputs = setup.widths[setup.widths.len() - 1];
            let targets = vec![0.0; rows * outputs];
            let host = HostRows {
                rows,
                inputs: &inputs,
                targets: &targets,
                weights: None,
            };
            let mut trainer = a_trainer(&setup, Instructions::Detected);
            let expected = trainer.outputs(&Rows::new(21, outputs, &host).unwrap());
            let expected = expected.unwrap().to_vec();
            let found = trainer.outputs_on_cube(&cube).unwrap();
            assert_eq!(found.is_some(), setup.widths.len() == 3 && outputs == 1);
            if let Some(found) = found {
                let difference = largest_difference(&found, &expected);
                assert!(difference < SAME, "{setup:?}, {axes:?}: {difference:e}");
            }
        }
    }
}

#[test]
fn cubes_that_do_not_fit_are_refused() {
    let trainer = a_trainer(&Setup::of(&[21, 40, 1]), Instructions::Detected);
    let of = |origin: &[f64], axes: &[(usize, f64)]| {
        trainer.outputs_on_cube(&Cube { origin, axes }).is_err()
    };
    assert!(!of(&[0.0; 21], &[(20, 1.0)]));
    assert!(of(&[0.0; 20], &[(1, 1.0)]));
    assert!(of(&[0.0; 21], &[(21, 1.0)]));
    assert!(of(&[0.0; 21], &[(1, 1.0); 25]));
}
