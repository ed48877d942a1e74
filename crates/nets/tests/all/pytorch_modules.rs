//! Losses and parameters of burn modules against those of PyTorch in float64, see
//! `references/pytorch`.

use std::sync::Arc;

use layerwise_nets::{
    Attention, ConvNet, Engines, FromModule, Member, Precision, ResidualMlp, Rows, TrainingSetup,
};
use models::{Adam, Decay, HostArray, Loss, Model, Optimizer};
use serde::Deserialize;
use tasks::{Batch, Registry, TaskShape};

use crate::support::{flex, initial, relative_gap};

/// Largest relative difference of a loss, or of a parameter from the largest of its array.
const SAME: f64 = 1e-9;
/// Least difference that another formula makes.
const CAUGHT: f64 = 1e-6;
const SHAPE: TaskShape = TaskShape {
    inputs: 16,
    basis: 0,
    outputs: 3,
};

#[derive(Deserialize)]
struct References {
    steps: Vec<u64>,
    optimizers: std::collections::BTreeMap<String, Settings>,
    inputs: Vec<f64>,
    labels: Vec<usize>,
    curves: Vec<Curve>,
}

#[derive(Deserialize)]
struct Settings {
    lr: f64,
    #[serde(default)]
    weight_decay: f64,
}

#[derive(Deserialize)]
struct Curve {
    model: String,
    optimizer: String,
    start: Vec<Vec<f64>>,
    losses: Vec<f64>,
    end: Vec<Vec<f64>>,
}

impl References {
    fn read() -> Self {
        serde_json::from_str(include_str!("../../references/pytorch/modules.json")).unwrap()
    }

    fn rows(&self) -> Batch {
        let mut rows = Batch::zeros(SHAPE, self.labels.len());
        rows.inputs = self.inputs.clone();
        let targets = rows.targets.chunks_exact_mut(SHAPE.outputs);
        for (row, &label) in targets.zip(&self.labels) {
            row[label] = 1.0;
        }
        rows
    }

    fn optimizer(&self, name: &str, decay: Decay) -> Optimizer {
        match name {
            "sgd" => Optimizer::default(),
            _ => Optimizer::Adam(Adam {
                epsilon: 1e-8,
                weight_decay: self.optimizers[name].weight_decay,
                decay,
                ..Adam::PYTORCH
            }),
        }
    }

    /// Largest differences of losses and of final parameters from a curve.
    fn gaps(&self, curve: &Curve, optimizer: Optimizer) -> (f64, f64) {
        let mut kinds: Registry<dyn Model> = Registry::new("model kind", []);
        kinds.register("residual-mlp", FromModule::<ResidualMlp>::boxed);
        kinds.register("conv-net", FromModule::<ConvNet>::boxed);
        kinds.register("attention", FromModule::<Attention>::boxed);
        let mut engines = Engines::default();
        (engines.forwards_mut()).register::<FromModule<ResidualMlp>>();
        (engines.forwards_mut()).register::<FromModule<ConvNet>>();
        (engines.forwards_mut()).register::<FromModule<Attention>>();
        let model: Arc<dyn Model> = kinds.build(curve.model.parse().unwrap()).unwrap().into();
        model.check(SHAPE).unwrap();
        let filled = |arrays: Vec<HostArray>, values: &[Vec<f64>]| -> Vec<HostArray> {
            assert_eq!(arrays.len(), values.len());
            let pairs = arrays.into_iter().zip(values);
            pairs
                .map(|(array, values)| HostArray {
                    values: values.clone(),
                    ..array
                })
                .collect()
        };
        let start = filled(initial(&*model, SHAPE, 0), &curve.start);
        let target = flex(Precision::F64);
        let batch = self.rows();
        let rows = Rows::new(&batch, model.needs(), &target);
        let setup = TrainingSetup {
            members: vec![Member::untouched(model, start)],
            loss: Loss::CrossEntropy,
            optimizer,
            target: &target,
            constant: Some(std::slice::from_ref(&batch)),
            forwards: engines.forwards(),
        };
        let mut net = engines.start("auto", setup).unwrap();
        let (mut step, mut gap) = (0, 0.0_f64);
        for (&known, expected) in self.steps.iter().zip(&curve.losses) {
            while step < known {
                net.step(&rows, &[self.optimizers[&curve.optimizer].lr]);
                step += 1;
            }
            let outputs = net.outputs(&rows).unwrap().swap_remove(0);
            let loss = Loss::CrossEntropy.value(&outputs, &batch.targets, None, SHAPE.outputs);
            assert!(loss.is_finite());
            gap = gap.max((loss / expected - 1.0).abs());
        }
        let end = net.parameters().unwrap().swap_remove(0);
        let gaps = end.iter().zip(&curve.end);
        let gaps = gaps.map(|(array, expected)| relative_gap(&array.values, expected));
        (gap, gaps.fold(0.0, f64::max))
    }
}

#[test]
fn modules_follow_pytorch_over_five_hundred_steps() {
    let references = References::read();
    assert_eq!(references.steps, [0, 1, 2, 10, 100, 500]);
    assert_eq!(references.curves.len(), 5 * 2);
    for curve in &references.curves {
        let optimizer = references.optimizer(&curve.optimizer, Decay::Decoupled);
        let (losses, parameters) = references.gaps(curve, optimizer);
        let (model, optimizer) = (&curve.model, &curve.optimizer);
        assert!(losses < SAME, "{model}, {optimizer}: {losses:e}");
        assert!(parameters < SAME, "{model}, {optimizer}: {parameters:e}");
    }
}

#[test]
fn the_other_form_of_weight_decay_is_caught_in_modules() {
    let references = References::read();
    for curve in &references.curves {
        if curve.optimizer == "adamw" {
            let other = references.optimizer("adamw", Decay::Coupled);
            let (losses, _) = references.gaps(curve, other);
            assert!(losses > CAUGHT, "{}: {losses:e}", curve.model);
        }
    }
}
