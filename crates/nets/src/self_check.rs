//! Checks that a device must pass to be trusted, besides reproducing reference curves.

use std::borrow::Cow;

use models::{HostArray, Loss, Optimizer, Precision};
use tasks::{Batch, TaskShape, stream};

use crate::{
    Engines, LearnerError, Learners, Member, Rows, Target, TrainingSetup,
    array::{self, download},
};

/// Number of members, enough to reveal a wrong stride.
const MEMBERS: u64 = 5;
/// Number of steps.
const STEPS: u64 = 20;
const SHAPE: TaskShape = TaskShape {
    inputs: 6,
    basis: 0,
    outputs: 3,
};

/// Whether numbers come back from the device unchanged, in its precision.
///
/// # Errors
/// The device failed.
pub fn bits_survive(target: &Target) -> Result<bool, LearnerError> {
    let mut values = vec![0.0; 1024];
    stream::standard_normals(&mut stream::keyed(0, "device check", 0), &mut values);
    // The values range from the smallest normal numbers of f32 to the largest.
    for (place, value) in values.iter_mut().enumerate() {
        *value *= 10.0_f64.powi(place as i32 % 70 - 35);
    }
    let array = HostArray {
        name: "numbers".to_owned(),
        rows: 32,
        columns: 32,
        values,
    };
    let found = download(&array::stack(&[&array], target)).map_err(LearnerError::Device)?;
    let expected = array.values.iter().map(|&value| match target.precision() {
        Precision::F64 => value,
        Precision::F32 => f64::from(value as f32),
    });
    Ok(expected
        .zip(&found[0])
        .all(|(a, b)| a.to_bits() == b.to_bits()))
}

fn rows(member: u64) -> Batch {
    let mut rows = Batch::zeros(SHAPE, 17);
    let rng = &mut stream::keyed(member, "device check", 1);
    stream::standard_normals(rng, &mut rows.inputs);
    stream::standard_normals(rng, &mut rows.targets);
    rows
}

fn member(seed: u64) -> Member {
    let table = "widths = [9, 7]\nactivation = 'tanh'";
    let table = table.parse().expect("this table is TOML");
    Member::plain(table, SHAPE, seed).expect("this net is valid")
}

fn start(members: Vec<Member>, target: &Target) -> Result<Box<dyn Learners>, LearnerError> {
    let engines = Engines::default();
    let setup = TrainingSetup {
        members,
        loss: Loss::default(),
        optimizer: Optimizer::default(),
        target,
        constant: None,
        forwards: engines.forwards(),
    };
    engines.start("autodiff", setup)
}

/// Largest difference between parameters of members trained together and of the same members
/// trained alone, relative to the largest parameter.
///
/// # Errors
/// The device failed.
pub fn together_and_alone(target: &Target) -> Result<f64, LearnerError> {
    let lr = |member: u64| 0.01 * (member + 1) as f64;
    let mut together = start((0..MEMBERS).map(member).collect(), target)?;
    let batches = (0..MEMBERS)
        .map(|member| Cow::Owned(rows(member)))
        .collect();
    let needs = together.model(0).needs();
    let all = Rows::of_members(batches, needs, target);
    let rates: Vec<f64> = (0..MEMBERS).map(lr).collect();
    for _ in 0..STEPS {
        together.step(&all, &rates);
    }
    let mut gap: f64 = 0.0;
    for (place, found) in (0..).zip(together.parameters()?) {
        let mut alone = start(vec![member(place)], target)?;
        let batch = rows(place);
        let own = Rows::new(&batch, needs, target);
        for _ in 0..STEPS {
            alone.step(&own, &[lr(place)]);
        }
        for (found, expected) in found.iter().zip(alone.parameters()?.swap_remove(0)) {
            let size = expected
                .values
                .iter()
                .fold(0.0_f64, |size, x| size.max(x.abs()));
            for (found, expected) in found.values.iter().zip(&expected.values) {
                let difference = (found - expected).abs() / size.max(f64::MIN_POSITIVE);
                gap = if difference.is_nan() {
                    f64::INFINITY
                } else {
                    gap.max(difference)
                };
            }
        }
    }
    Ok(gap)
}
