//! What goes into training is the same on every device of this build: the host's bits, in f32 or
//! f64.

use std::borrow::Cow;

use layerwise_nets::{
    BACKENDS, DeviceBasis, Member, Precision, Rows, Target, burn::tensor::Tensor,
};
use models::{Loss, Needs, Optimizer};
use tasks::{Basis, TaskShape, stream};

use crate::support::{Targets, batch, initial, learners, model};

const SHAPE: TaskShape = TaskShape {
    inputs: 5,
    basis: 4,
    outputs: 3,
};

/// Every device of this build that this machine has, in every precision that it has.
fn targets() -> Vec<Target> {
    let found = BACKENDS
        .iter()
        .filter(|backend| !backend.found().is_empty());
    found
        .flat_map(|backend| {
            [Precision::F32, Precision::F64]
                .into_iter()
                .filter_map(|precision| Target::open(backend.name, precision).ok())
        })
        .collect()
}

/// The host's numbers, rounded to the precision of a device.
fn cast(values: &[f64], precision: Precision) -> Vec<u64> {
    let cast = |value: &f64| match precision {
        Precision::F32 => f64::from(*value as f32),
        Precision::F64 => *value,
    };
    values.iter().map(|value| cast(value).to_bits()).collect()
}

fn bits(tensor: &Tensor<3>) -> Vec<u64> {
    let data = tensor.clone().into_data();
    data.iter::<f64>().map(f64::to_bits).collect()
}

#[test]
fn initial_weights_reach_every_device_bit_by_bit() {
    let table = "kind = 'mlp'\nwidths = [7, 6]\nactivation = 'tanh'";
    let targets = targets();
    assert!(targets.len() >= 2, "flex has two precisions");
    for target in targets {
        let members = (0..3).map(|seed| {
            let start = initial(&*model(table), SHAPE, seed);
            Member::untouched(model(table).into(), start)
        });
        let (loss, optimizer) = (Loss::default(), Optimizer::default());
        let all = learners(
            "autodiff",
            members.collect(),
            loss,
            optimizer,
            &target,
            None,
        );
        for (seed, arrays) in (0..).zip(all.unwrap().parameters().unwrap()) {
            let expected = initial(&*model(table), SHAPE, seed);
            assert_eq!(arrays.len(), expected.len());
            for (found, expected) in arrays.iter().zip(&expected) {
                let found: Vec<u64> = found.values.iter().map(|value| value.to_bits()).collect();
                let name = target.backend.name;
                let expected_bits = cast(&expected.values, target.precision());
                assert_eq!(found, expected_bits, "{name}, {}", expected.name);
            }
        }
    }
}

#[test]
fn batches_reach_every_device_bit_by_bit() {
    for target in targets() {
        let batches = [0, 1].map(|step| {
            let mut rows = batch(SHAPE, 9, Targets::Numbers, true, step);
            let mut basis = vec![0.0; 9 * SHAPE.basis];
            stream::standard_normals(&mut stream::keyed(step, "basis", 0), &mut basis);
            rows.basis = Basis::Dense(basis);
            rows
        });
        let needs = Needs {
            inputs: true,
            basis: true,
        };
        let members = batches.iter().map(Cow::Borrowed).collect();
        let rows = Rows::of_members(members, needs, &target);
        let there = rows.on_device();
        let both = |part: &dyn Fn(&tasks::Batch) -> Vec<f64>| {
            let all: Vec<f64> = batches.iter().flat_map(part).collect();
            cast(&all, target.precision())
        };
        let name = target.backend.name;
        let inputs = bits(there.inputs.as_ref().unwrap());
        assert_eq!(inputs, both(&|rows| rows.inputs.clone()), "{name}");
        assert_eq!(
            bits(&there.targets),
            both(&|rows| rows.targets.clone()),
            "{name}"
        );
        let weights = bits(there.weights.as_ref().unwrap());
        assert_eq!(
            weights,
            both(&|rows| rows.weights.clone().unwrap()),
            "{name}"
        );
        let Some(DeviceBasis::Dense(basis)) = &there.basis else {
            panic!("the basis is dense");
        };
        let dense = |rows: &tasks::Batch| match &rows.basis {
            Basis::Dense(values) => values.clone(),
            Basis::Identity => unreachable!("dense"),
        };
        assert_eq!(bits(basis), both(&dense), "{name}");
    }
}
