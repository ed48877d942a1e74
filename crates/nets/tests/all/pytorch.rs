//! Losses of 1000 steps against those of PyTorch in float64, see `references/pytorch`.

use std::{fs, path::Path};

use layerwise_nets::{Precision, ReferenceCurve, References};
use models::{Adam, Decay, Loss, Optimizer, Sgd, WeightFile};
use tasks::tensors::Tensors;

use crate::support::flex;

/// Largest relative difference of a loss. Rounding, amplified over 1000 steps, gives 4e-15 between
/// PyTorch and NumPy; anything but rounding gives more than [`CAUGHT`].
const SAME: f64 = 1e-9;
/// Least difference that another formula makes.
const CAUGHT: f64 = 1e-6;
/// Both engines that train these nets.
const ENGINES: [&str; 2] = ["autodiff", "mlp"];

/// The largest gap of a curve to what is trained here with `optimizer`.
fn gap(curve: &ReferenceCurve, optimizer: Optimizer, engine: &str) -> f64 {
    let target = flex(Precision::F64);
    References::pytorch()
        .gap(curve, optimizer, engine, &target, u64::MAX)
        .unwrap()
}

/// The constants of an Adam, changed by `change`.
fn other_adam(optimizer: Optimizer, change: impl Fn(&mut f64, &mut Decay)) -> Option<Optimizer> {
    let Optimizer::Adam(Adam {
        beta1,
        beta2,
        mut epsilon,
        weight_decay,
        mut decay,
    }) = optimizer
    else {
        return None;
    };
    assert_eq!(epsilon, 1e-8);
    change(&mut epsilon, &mut decay);
    Some(Optimizer::Adam(Adam {
        beta1,
        beta2,
        epsilon,
        weight_decay,
        decay,
    }))
}

/// Expects that every curve of Adam is missed by the changed optimizer.
fn is_caught(change: impl Fn(&mut f64, &mut Decay) + Copy) {
    for engine in ENGINES {
        let mut tried = 0;
        for curve in References::pytorch().curves() {
            if let Some(other) = other_adam(curve.optimizer, change) {
                let gap = gap(&curve, other, engine);
                assert!(
                    gap > CAUGHT,
                    "{engine}, {}, {:?}: {gap:e}",
                    curve.activation,
                    curve.loss
                );
                tried += 1;
            }
        }
        assert_eq!(tried, 16);
    }
}

#[test]
fn losses_follow_pytorch_over_a_thousand_steps() {
    let references = References::pytorch();
    assert_eq!(references.steps, [0, 1, 2, 10, 100, 500, 1000]);
    let curves = references.curves();
    assert_eq!(curves.len(), 4 * 2 * 4);
    for curve in &curves {
        for engine in ENGINES {
            let gap = gap(curve, curve.optimizer, engine);
            let (activation, losses) = (&curve.activation, &curve.losses);
            assert!(losses[6] < 0.9 * losses[0], "{activation} does not train");
            let (loss, optimizer) = (curve.loss, curve.optimizer);
            assert!(
                gap < SAME,
                "{engine}, {activation}, {loss:?}, {optimizer:?}: {gap:e}"
            );
        }
    }
}

#[test]
fn another_epsilon_of_adam_is_caught() {
    // The default of the framework below.
    is_caught(|epsilon, _| *epsilon = 1e-5);
}

#[test]
fn the_other_form_of_weight_decay_is_caught() {
    is_caught(|_, decay| {
        *decay = match decay {
            Decay::Coupled => Decay::Decoupled,
            Decay::Decoupled => Decay::Coupled,
        };
    });
}

#[test]
fn momentum_left_out_is_caught() {
    for curve in References::pytorch().curves() {
        if matches!(curve.optimizer, Optimizer::Sgd(Sgd { momentum, .. }) if momentum > 0.0) {
            for engine in ENGINES {
                let gap = gap(&curve, Optimizer::default(), engine);
                assert!(gap > CAUGHT, "{engine}, {}: {gap:e}", curve.activation);
            }
        }
    }
}

#[test]
fn the_state_dict_that_pytorch_saved_is_the_start() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("references/pytorch/start.safetensors");
    let bytes = fs::read(path).unwrap();
    let file = WeightFile::read(&Tensors::open(&bytes).unwrap(), None).unwrap();
    assert_eq!(file.parameters(), References::pytorch().start());
}

#[test]
fn rows_of_the_references_are_those_of_their_loss() {
    let references = References::pytorch();
    let classes = references.rows(Loss::CrossEntropy);
    assert!(
        classes
            .targets
            .chunks_exact(3)
            .all(|row| row.iter().sum::<f64>() == 1.0)
    );
    assert_ne!(references.rows(Loss::default()).targets, classes.targets);
}
