//! Members that are stepped together against the same members one by one.

use std::borrow::Cow;

use layerwise_nets::{Member, Precision, Rows};
use models::{Adam, Decay, Loss, Muon, Optimizer, Reduction, Sgd};
use tasks::{Batch, TaskShape};

use crate::support::{Targets, batch, flat, flex, initial, learners, model, relative_gap};

/// The same operations on the same numbers, only in other loops.
const SAME_NUMBERS: f64 = 1e-12;
/// In f32 a product may add in another order.
const SINGLE_PRECISION: f64 = 1e-4;
/// Members differ by far more than that, so that a mix-up would be seen.
const APART: f64 = 0.01;

const SHAPE: TaskShape = TaskShape {
    inputs: 4,
    basis: 0,
    outputs: 3,
};
const MEMBERS: u64 = 3;
const STEPS: u64 = 30;

const MSE: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

fn optimizers() -> [Optimizer; 4] {
    let momentum = Optimizer::Sgd(Sgd {
        momentum: 0.8,
        dampening: 0.1,
        nesterov: true,
        weight_decay: 0.05,
    });
    let adamw = Optimizer::Adam(Adam {
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weight_decay: 0.1,
        decay: Decay::Decoupled,
    });
    let muon = Optimizer::Muon(Muon {
        momentum: 0.8,
        weight_decay: 0.1,
    });
    [Optimizer::default(), momentum, adamw, muon]
}

struct Case<'a> {
    table: &'a str,
    loss: Loss,
    optimizer: Optimizer,
    precision: Precision,
    /// Rates of the members.
    rates: [f64; MEMBERS as usize],
    weighted: bool,
}

impl Case<'_> {
    fn rows(&self, member: u64, step: u64) -> Batch {
        let targets = match self.loss {
            Loss::CrossEntropy => Targets::Classes,
            Loss::Mse { .. } | Loss::Hinge { .. } => Targets::Numbers,
        };
        batch(SHAPE, 7, targets, self.weighted, 100 * member + step)
    }

    fn member(&self, member: u64) -> Member {
        let model = model(self.table);
        Member {
            initial: initial(&*model, SHAPE, member),
            backward: model.backward(SHAPE, member),
            model: model.into(),
            seed: member,
        }
    }

    /// Parameters and outputs of every member, stepped together.
    fn together(&self) -> Vec<(Vec<f64>, Vec<f64>)> {
        let target = flex(self.precision);
        let members: Vec<Member> = (0..MEMBERS).map(|member| self.member(member)).collect();
        let needs = members[0].model.needs();
        let share = members[0].model.lr_scale();
        let rates = self.rates.map(|rate| rate * share);
        let rows = |step| {
            let batches = (0..MEMBERS).map(|member| Cow::Owned(self.rows(member, step)));
            Rows::of_members(batches.collect(), needs, &target)
        };
        let (loss, optimizer) = (self.loss, self.optimizer);
        let mut all = learners("autodiff", members, loss, optimizer, &target, None).unwrap();
        for step in 0..STEPS {
            all.step(&rows(step), &rates);
        }
        let outputs = all.outputs(&rows(STEPS)).unwrap();
        for (member, outputs) in (0..).zip(&outputs) {
            let alone = self.rows(member, STEPS);
            let alone = all.outputs_of(member as usize, &Rows::new(&alone, needs, &target));
            assert_eq!(&alone.unwrap(), outputs, "one member asked alone");
        }
        let parameters = all.parameters().unwrap();
        parameters.iter().map(|p| flat(p)).zip(outputs).collect()
    }

    fn one_by_one(&self) -> Vec<(Vec<f64>, Vec<f64>)> {
        let target = flex(self.precision);
        let (loss, optimizer) = (self.loss, self.optimizer);
        let train = |member: u64| {
            let alone = self.member(member);
            let (needs, share) = (alone.model.needs(), alone.model.lr_scale());
            let members = vec![alone];
            let mut one = learners("autodiff", members, loss, optimizer, &target, None).unwrap();
            for step in 0..STEPS {
                let batch = self.rows(member, step);
                let rate = share * self.rates[member as usize];
                one.step(&Rows::new(&batch, needs, &target), &[rate]);
            }
            let batch = self.rows(member, STEPS);
            let outputs = one.outputs(&Rows::new(&batch, needs, &target)).unwrap();
            (flat(&one.parameters().unwrap()[0]), outputs[0].clone())
        };
        (0..MEMBERS).map(train).collect()
    }

    fn check(&self, tolerance: f64) {
        let (together, alone) = (self.together(), self.one_by_one());
        assert_eq!(together.len(), alone.len());
        for (found, expected) in together.iter().zip(&alone) {
            for (found, expected) in [(&found.0, &expected.0), (&found.1, &expected.1)] {
                let gap = relative_gap(found, expected);
                assert!(gap < tolerance, "{}: {gap:e}", self.table);
            }
        }
        let apart = relative_gap(&alone[0].0, &alone[1].0);
        assert!(apart > APART, "members are alike: {apart:e}");
    }
}

#[test]
fn members_stepped_together_train_as_they_do_alone() {
    let tables = [
        "kind = 'mlp'\nwidths = [5]\nactivation = 'relu'",
        "kind = 'mlp'\nwidths = [5, 6]\nactivation = 'gelu'\noutput_scale = 2.0\ncentre_output = true",
        "kind = 'mlp'\nwidths = [6]\nactivation = 'tanh'\nlinearised = true",
        "kind = 'mlp'\nwidths = [8]\nactivation = 'quadratic'\nparametrisation = 'mean-field'",
        "kind = 'deep-linear'\nwidths = [5, 4]\nlr_scale = 0.5",
        "kind = 'mlp'\nwidths = [5]\nfeedback = { kind = 'fixed', std = 0.5 }\nclamp = ['layer 2']",
        "kind = 'mlp'\nwidths = [5, 6]\nactivation = 'tanh'\nfreeze = ['layer 2']",
    ];
    for table in tables {
        for optimizer in optimizers() {
            for loss in [MSE, Loss::CrossEntropy] {
                for rates in [[0.002; 3], [0.002, 0.004, 0.001]] {
                    Case {
                        table,
                        loss,
                        optimizer,
                        precision: Precision::F64,
                        rates,
                        weighted: false,
                    }
                    .check(SAME_NUMBERS);
                }
            }
        }
    }
}

#[test]
fn every_member_has_its_own_row_weights() {
    Case {
        table: "kind = 'mlp'\nwidths = [5]\nactivation = 'tanh'",
        loss: MSE,
        optimizer: Optimizer::default(),
        precision: Precision::F64,
        rates: [0.02; 3],
        weighted: true,
    }
    .check(SAME_NUMBERS);
}

#[test]
fn single_precision_together_is_single_precision_alone() {
    for optimizer in optimizers() {
        Case {
            table: "kind = 'mlp'\nwidths = [16]\nactivation = 'relu'",
            loss: MSE,
            optimizer,
            precision: Precision::F32,
            rates: [0.01; 3],
            weighted: false,
        }
        .check(SINGLE_PRECISION);
    }
}
