//! The trainer against the plain reference, step by step.

use mlp::{Activation, Adam, HostRows, Instructions, Loss, MlpError, Rows, Sgd, Trainer};

use crate::support::trained::{
    ADAM, Data, HINGE, LEARNING_RATE, LOSSES, OPTIMIZERS, PLAIN, Reference, SQUARE, Setup,
    largest_difference, reference, rows, trained,
};

/// Relative to the largest parameter. 200 steps of rounding differ by far less than a wrong term
/// would make.
const AGREEMENT: f64 = 1e-10;
/// A few paths amplify rounding: there the bound is this often what the reference itself moves by
/// when it starts one rounding off, ...
const SENSITIVITY: f64 = 20.0;
/// ... but never more than this, which no wrong term stays below.
const LARGEST_BOUND: f64 = 1e-8;
const STEPS: usize = 200;

/// Trains both and compares parameters and outputs.
fn assert_agrees(setup: &Setup, data: &Data, steps: usize) {
    let expected = reference(setup, data, steps);
    let start = setup.initial();
    let moved = largest_difference(&start, &expected.parameters);
    assert!(moved > 1e-3, "{setup:?}: nothing was trained ({moved:e})");
    for instructions in [Instructions::Detected, Instructions::Portable] {
        let found = trained::<f64>(setup, data, steps, instructions);
        let difference = found.difference(&expected);
        if difference < AGREEMENT {
            continue;
        }
        let mut nearby = Reference::new(setup);
        for parameter in &mut nearby.parameters {
            *parameter *= 1.0 + f64::EPSILON;
        }
        for _ in 0..steps {
            nearby.step(data, LEARNING_RATE);
        }
        let bound = (SENSITIVITY * nearby.trained(data).difference(&expected)).min(LARGEST_BOUND);
        assert!(
            difference < bound,
            "{setup:?} with {instructions:?}: {difference:e}, bound {bound:e}"
        );
    }
}

const WIDTHS: [&[usize]; 4] = [&[5, 3], &[5, 7, 3], &[5, 18, 7, 3], &[5, 7, 6, 4, 3]];
const SINGLE_WIDTHS: [&[usize]; 4] = [&[5, 1], &[5, 7, 1], &[5, 18, 7, 1], &[5, 7, 2, 4, 1]];

#[test]
fn every_activation_loss_optimizer_depth_and_bias_agrees_with_the_reference() {
    for activation in Activation::ALL {
        for loss in [SQUARE, Loss::CrossEntropy, HINGE] {
            for optimizer in OPTIMIZERS {
                for widths in WIDTHS {
                    for biases in [false, true] {
                        let setup = Setup {
                            activation,
                            loss,
                            optimizer,
                            biases,
                            ..Setup::of(widths)
                        };
                        let data = Data::dense(13, widths).suited_to(loss);
                        assert_agrees(&setup, &data, STEPS);
                    }
                }
            }
        }
    }
}

#[test]
fn nets_of_one_output_agree_with_the_reference() {
    for activation in Activation::ALL {
        for optimizer in OPTIMIZERS {
            for widths in SINGLE_WIDTHS {
                for biases in [false, true] {
                    let setup = Setup {
                        activation,
                        optimizer,
                        biases,
                        ..Setup::of(widths)
                    };
                    assert_agrees(&setup, &Data::dense(13, widths), STEPS);
                }
            }
        }
    }
}

#[test]
fn every_form_of_a_loss_agrees_with_the_reference() {
    for loss in LOSSES {
        let setup = Setup {
            loss,
            ..Setup::of(WIDTHS[1])
        };
        let data = Data::dense(13, WIDTHS[1]).suited_to(loss);
        assert_agrees(&setup, &data, STEPS);
    }
}

#[test]
fn row_weights_factors_centring_and_multipliers_agree_with_the_reference() {
    for widths in WIDTHS.into_iter().chain(SINGLE_WIDTHS) {
        for loss in [SQUARE, Loss::CrossEntropy, HINGE] {
            for optimizer in [PLAIN, OPTIMIZERS[4], ADAM] {
                for weighted in [false, true] {
                    for (output_factor, centred, multipliers) in [
                        (1.7, false, false),
                        (1.0, true, false),
                        (1.0, false, true),
                        (0.6, true, true),
                    ] {
                        let setup = Setup {
                            loss,
                            optimizer,
                            output_factor,
                            centred,
                            multipliers,
                            ..Setup::of(widths)
                        };
                        let mut data = Data::dense(13, widths).suited_to(loss);
                        if weighted {
                            data.weigh();
                        }
                        if loss == Loss::CrossEntropy && widths[widths.len() - 1] == 1 {
                            // One class has nothing to learn.
                            continue;
                        }
                        assert_agrees(&setup, &data, STEPS);
                    }
                }
            }
        }
    }
}

#[test]
fn any_number_of_rows_and_columns_agrees_with_the_reference() {
    for rows in [1, 2, 5, 6, 7, 95, 96, 97, 200] {
        for widths in [
            &[17, 16, 1][..],
            &[16, 33, 17],
            &[22, 12, 11, 1],
            &[33, 2, 40],
        ] {
            for loss in [SQUARE, Loss::CrossEntropy, HINGE] {
                if loss == Loss::CrossEntropy && widths[widths.len() - 1] == 1 {
                    continue;
                }
                let setup = Setup {
                    loss,
                    activation: Activation::Tanh,
                    ..Setup::of(widths)
                };
                assert_agrees(&setup, &Data::dense(rows, widths).suited_to(loss), 30);
            }
        }
    }
}

#[test]
fn every_number_of_columns_in_a_last_panel_agrees_with_the_reference() {
    for columns in 1..=17 {
        for widths in [[columns, 4, 2], [4, columns, 2], [4, 2, columns]] {
            let widths: &'static [usize] = widths.to_vec().leak();
            assert_agrees(&Setup::of(widths), &Data::dense(20, widths), 30);
        }
    }
}

#[test]
fn sparse_rows_agree_with_the_reference() {
    for widths in [&[34, 20, 17][..], &[34, 20, 1], &[34, 3], &[34, 1]] {
        for (count, activation) in [(40, Activation::Relu), (100, Activation::Gelu)] {
            let setup = Setup {
                activation,
                multipliers: true,
                ..Setup::of(widths)
            };
            let pairs = Data::pairs(count, widths);
            assert!(rows::<f64>(&setup, &pairs).is_sparse());
            assert_agrees(&setup, &pairs, STEPS);
            let sparse = Data::sparse(count, widths);
            assert!(rows::<f64>(&setup, &sparse).is_sparse());
            assert_agrees(&setup, &sparse, STEPS);
            assert!(!rows::<f64>(&setup, &Data::dense(count, widths)).is_sparse());
        }
    }
}

#[test]
fn single_precision_follows_double_within_its_rounding() {
    // 30 steps of some hundred roundings each of 6e-8, on a path that does not amplify them.
    const SINGLE: f64 = 2e-5;
    for activation in Activation::ALL {
        for (loss, widths) in [
            (SQUARE, &[21, 40, 1][..]),
            (SQUARE, &[21, 20, 18, 5]),
            (Loss::CrossEntropy, &[21, 40, 18]),
            (HINGE, &[21, 40, 1]),
        ] {
            // Adam's first steps are signs of gradients, which rounding turns over.
            for optimizer in [PLAIN, OPTIMIZERS[1], OPTIMIZERS[3]] {
                let setup = Setup {
                    activation,
                    loss,
                    optimizer,
                    ..Setup::of(widths)
                };
                let data = Data::dense(100, widths).suited_to(loss);
                let double = trained::<f64>(&setup, &data, 30, Instructions::Detected);
                for instructions in [Instructions::Detected, Instructions::Portable] {
                    let single = trained::<f32>(&setup, &data, 30, instructions);
                    let difference = largest_difference(&single.parameters, &double.parameters);
                    assert!(difference < SINGLE, "{setup:?}: {difference:e}");
                    assert!(difference > 1e-9, "{setup:?}: not single precision");
                }
            }
        }
    }
}

#[test]
fn fresh_rows_at_every_step_agree_with_the_reference() {
    let widths = &[20, 18, 2][..];
    let setup = Setup {
        centred: true,
        ..Setup::of(widths)
    };
    let mut trainer =
        Trainer::<f64>::new(setup.config(Instructions::Detected), &setup.initial()).unwrap();
    let mut path = Reference::new(&setup);
    let mut rows = rows::<f64>(&setup, &Data::dense(10, widths));
    for step in 0..50 {
        // More and fewer rows, sparse and dense ones.
        let count = 10 + (step * 37) % 150;
        let data = if step % 3 == 0 {
            Data::pairs(count, widths)
        } else {
            Data::dense(count, widths)
        };
        rows.fill(&data.host()).unwrap();
        trainer.step(&rows, LEARNING_RATE).unwrap();
        path.step(&data, LEARNING_RATE);
    }
    let difference = largest_difference(&trainer.parameters(), &path.parameters);
    assert!(difference < AGREEMENT, "{difference:e}");
}

#[test]
fn a_changed_learning_rate_acts_in_every_optimizer() {
    for optimizer in OPTIMIZERS {
        let setup = Setup {
            optimizer,
            ..Setup::of(WIDTHS[1])
        };
        let data = Data::dense(13, WIDTHS[1]);
        let rows = rows::<f64>(&setup, &data);
        let mut trainer =
            Trainer::<f64>::new(setup.config(Instructions::Detected), &setup.initial()).unwrap();
        let mut path = Reference::new(&setup);
        for step in 0..40 {
            let rate = LEARNING_RATE / f64::from(1 + step);
            trainer.step(&rows, rate).unwrap();
            path.step(&data, rate);
        }
        let difference = largest_difference(&trainer.parameters(), &path.parameters);
        assert!(difference < AGREEMENT, "{optimizer:?}: {difference:e}");
    }
}

#[test]
fn a_restored_trainer_continues_to_the_bit() {
    for optimizer in OPTIMIZERS {
        let setup = Setup {
            optimizer,
            centred: true,
            ..Setup::of(WIDTHS[2])
        };
        let data = Data::dense(13, WIDTHS[2]);
        let rows = rows::<f32>(&setup, &data);
        let new =
            || Trainer::<f32>::new(setup.config(Instructions::Detected), &setup.initial()).unwrap();
        let mut whole = new();
        for _ in 0..20 {
            whole.step(&rows, LEARNING_RATE).unwrap();
        }
        let mut half = new();
        half.set_state(&whole.state()).unwrap();
        half.set_parameters(&whole.parameters()).unwrap();
        for _ in 0..20 {
            whole.step(&rows, LEARNING_RATE).unwrap();
            half.step(&rows, LEARNING_RATE).unwrap();
        }
        assert_eq!(whole.parameters(), half.parameters());
        assert_eq!(whole.state(), half.state());
        assert_eq!(whole.state().steps, 40);
    }
}

#[test]
fn what_is_not_a_number_stays_so() {
    for activation in Activation::ALL {
        for widths in [&[5, 7, 1][..], &[5, 7, 6, 3]] {
            let setup = Setup {
                activation,
                ..Setup::of(widths)
            };
            let mut data = Data::dense(13, widths);
            data.inputs[3] = f64::NAN;
            for instructions in [Instructions::Detected, Instructions::Portable] {
                let found = trained::<f32>(&setup, &data, 2, instructions);
                assert!(found.parameters.iter().all(|p| p.is_nan()), "{setup:?}");
                assert!(found.outputs.iter().all(|f| f.is_nan()), "{setup:?}");
            }
        }
    }
    // A rate at which the net diverges.
    let setup = Setup::of(&[5, 7, 1]);
    let rows = rows::<f32>(&setup, &Data::dense(13, setup.widths));
    let mut trainer =
        Trainer::<f32>::new(setup.config(Instructions::Detected), &setup.initial()).unwrap();
    for _ in 0..50 {
        trainer.step(&rows, 1e4).unwrap();
    }
    assert!(trainer.outputs(&rows).unwrap().iter().any(|f| f.is_nan()));
}

#[test]
fn the_derivative_of_relu_at_zero_is_zero() {
    let setup = Setup {
        biases: false,
        ..Setup::of(&[2, 3, 1])
    };
    let mut initial = setup.initial();
    initial[..6].fill(0.0);
    let mut trainer = Trainer::<f64>::new(setup.config(Instructions::Detected), &initial).unwrap();
    let rows = rows::<f64>(&setup, &Data::dense(9, setup.widths));
    trainer.step(&rows, 0.1).unwrap();
    assert_eq!(trainer.parameters(), initial);
}

#[test]
fn adam_without_epsilon_keeps_padding_out() {
    let optimizer = Adam {
        epsilon: 0.0,
        ..Adam::PYTORCH
    };
    for widths in [&[5, 7, 1][..], &[5, 18, 3]] {
        let setup = Setup {
            optimizer: optimizer.into(),
            activation: Activation::Tanh,
            ..Setup::of(widths)
        };
        assert_agrees(&setup, &Data::dense(13, widths), 50);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let setup = Setup::of(&[5, 7, 3]);
    let config = setup.config(Instructions::Detected);
    let initial = setup.initial();
    let error = Trainer::<f32>::new(config.clone(), &initial[1..]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "parameters has {} entries: must have {}",
            initial.len() - 1,
            initial.len()
        )
    );
    let mut broken = config.clone();
    broken.layers[1].inputs = 6;
    assert_eq!(
        Trainer::<f32>::new(broken, &initial)
            .unwrap_err()
            .to_string(),
        "inputs of layer 1 has 6 entries: must have 7"
    );
    let mut broken = config.clone();
    broken.layers.clear();
    assert_eq!(
        Trainer::<f32>::new(broken, &[]).unwrap_err(),
        MlpError::NoLayers
    );
    let mut broken = config.clone();
    let nesterov = Sgd {
        nesterov: true,
        ..Sgd::PLAIN
    };
    broken.optimizer = nesterov.into();
    assert!(Trainer::<f32>::new(broken, &initial).is_err());
    let mut trainer = Trainer::<f32>::new(config, &initial).unwrap();
    let narrow = Data::dense(4, &[4, 3]);
    let rows = Rows::new(4, 3, &narrow.host()).unwrap();
    assert!(trainer.step(&rows, 0.1).is_err());
    assert!(trainer.outputs(&rows).is_err());
    assert!(
        trainer
            .set_state(&mlp::TrainerState {
                steps: 1,
                first: vec![0.0],
                second: vec![]
            })
            .is_err()
    );
    for host in [
        HostRows {
            rows: 0,
            inputs: &[],
            targets: &[],
            weights: None,
        },
        HostRows {
            rows: 1,
            inputs: &[1.0],
            targets: &[1.0],
            weights: None,
        },
        HostRows {
            rows: 1,
            inputs: &[1.0, 2.0],
            targets: &[],
            weights: None,
        },
        HostRows {
            rows: 1,
            inputs: &[1.0, 2.0],
            targets: &[1.0],
            weights: Some(&[]),
        },
    ] {
        assert!(Rows::<f32>::new(2, 1, &host).is_err());
    }
}
