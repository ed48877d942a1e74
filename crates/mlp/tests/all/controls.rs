//! Interventions on layers against the reference net, whose gradients know none.

use mlp::{Activation, Controls, Dropout, Instructions, MlpError, Optimizer, Trainer};

use crate::support::trained::{
    ADAM, Data, LEARNING_RATE, OPTIMIZERS, PLAIN, Reference, Setup, Trained, rows,
};

/// Agreement with the reference after the steps of these tests, in f64.
const SAME_NUMBERS: f64 = 1e-11;
const STEPS: u64 = 12;

/// Last layers of one output and of several, with and without further hidden layers.
const NETS: [&[usize]; 4] = [&[5, 20, 1], &[5, 20, 3], &[4, 18, 17, 1], &[4, 7, 6, 18]];

/// Backward weights that are not small.
fn backward(widths: &[usize]) -> Vec<f64> {
    let [.., inputs, outputs] = widths else {
        unreachable!("nets have layers")
    };
    let entries = (0..inputs * outputs).map(|entry| 0.3 * (entry as f64 * 1.7).sin());
    entries.collect()
}

/// Every control alone, and all of them on different layers.
fn controls(widths: &[usize]) -> Vec<Controls> {
    let layers = widths.len() - 1;
    let none = || vec![None; layers];
    let at = |layer: usize, value| {
        let mut list = vec![None; layers];
        list[layer] = Some(value);
        list
    };
    let mut norms = none();
    norms[layers - 1] = Some(0.9);
    let frozen = |frozen_from| Controls {
        frozen_from,
        ..Controls::default()
    };
    vec![
        frozen(at(0, 0)),
        frozen(at(layers - 1, 0)),
        frozen(at(0, 5)),
        Controls {
            backward: backward(widths),
            ..Controls::default()
        },
        Controls {
            norms: norms.clone(),
            ..Controls::default()
        },
        Controls {
            frozen_from: at(0, 7),
            norms,
            backward: backward(widths),
            ..Controls::default()
        },
    ]
}

fn by_trainer(setup: &Setup, data: &Data, controls: &Controls, on: Instructions) -> Trained {
    let mut trainer = Trainer::<f64>::new(setup.config(on), &setup.initial()).unwrap();
    trainer.intervene(controls.clone()).unwrap();
    let rows = rows(setup, data);
    for _ in 0..STEPS {
        trainer.step(&rows, LEARNING_RATE).unwrap();
    }
    Trained {
        outputs: trainer.outputs(&rows).unwrap().to_vec(),
        parameters: trainer.parameters(),
    }
}

fn by_reference(setup: &Setup, data: &Data, controls: &Controls) -> Trained {
    let mut path = Reference::new(setup);
    for step in 0..STEPS {
        path.step_under(data, LEARNING_RATE, controls, step);
    }
    path.trained(data)
}

fn setups(widths: &'static [usize]) -> Vec<Setup> {
    let with = |activation, optimizer: Optimizer| Setup {
        activation,
        optimizer,
        ..Setup::of(widths)
    };
    let scaled = Setup {
        multipliers: true,
        centred: true,
        output_factor: 0.7,
        ..Setup::of(widths)
    };
    let unbiased = Setup {
        biases: false,
        ..Setup::of(widths)
    };
    vec![
        with(Activation::Relu, PLAIN),
        with(Activation::Gelu, ADAM),
        // Its value at 0 is not 0, which spoils padding.
        with(Activation::Softplus, OPTIMIZERS[4]),
        scaled,
        unbiased,
    ]
}

#[test]
fn controlled_training_is_that_of_the_reference() {
    for widths in NETS {
        for setup in setups(widths) {
            let data = Data::dense(23, widths).suited_to(setup.loss);
            for controls in controls(widths) {
                let expected = by_reference(&setup, &data, &controls);
                for on in [Instructions::Detected, Instructions::Portable] {
                    let found = by_trainer(&setup, &data, &controls, on);
                    let gap = found.difference(&expected);
                    assert!(gap < SAME_NUMBERS, "{setup:?} {controls:?} {on:?}: {gap:e}");
                }
                let free = by_trainer(&setup, &data, &Controls::default(), Instructions::Detected);
                let moved = free.difference(&expected);
                assert!(moved > 1e-4, "{controls:?} does nothing: {moved:e}");
            }
        }
    }
}

#[test]
fn a_layer_frozen_from_a_step_moves_until_then() {
    let widths: &[usize] = &[5, 20, 1];
    let setup = Setup::of(&[5, 20, 1]);
    let data = Data::dense(23, widths);
    let first = 5 * 20 + 20;
    let mut trainer =
        Trainer::<f64>::new(setup.config(Instructions::Detected), &setup.initial()).unwrap();
    let frozen_from = vec![Some(3), None];
    let controls = Controls {
        frozen_from,
        ..Controls::default()
    };
    trainer.intervene(controls).unwrap();
    let rows = rows(&setup, &data);
    let mut path = vec![trainer.parameters()];
    for _ in 0..6 {
        trainer.step(&rows, LEARNING_RATE).unwrap();
        path.push(trainer.parameters());
    }
    for (step, pair) in path.windows(2).enumerate() {
        let moved = pair[0][..first] != pair[1][..first];
        assert_eq!(moved, step < 3, "step {step}");
        assert_ne!(pair[0][first..], pair[1][first..], "step {step}");
    }
}

#[test]
fn controls_of_another_net_are_refused() {
    let setup = Setup::of(&[5, 20, 1]);
    let config = setup.config(Instructions::Detected);
    let mut trainer = Trainer::<f64>::new(config, &setup.initial()).unwrap();
    let plain = Controls::default;
    let wrong = [
        Controls {
            frozen_from: vec![None],
            ..plain()
        },
        Controls {
            norms: vec![None; 3],
            ..plain()
        },
        Controls {
            backward: vec![1.0; 19],
            ..plain()
        },
    ];
    for controls in wrong {
        let error = trainer.intervene(controls).unwrap_err();
        assert!(matches!(error, MlpError::Length { .. }), "{error}");
    }
    let wrong = [
        Controls {
            norms: vec![None, Some(-1.0)],
            ..plain()
        },
        Controls {
            backward: vec![f64::NAN; 20],
            ..plain()
        },
        Controls {
            dropout: Some(Dropout {
                rate: 1.0,
                key: [0; 32],
            }),
            ..plain()
        },
    ];
    for controls in wrong {
        let error = trainer.intervene(controls).unwrap_err();
        assert!(matches!(error, MlpError::Domain { .. }), "{error}");
    }
}
