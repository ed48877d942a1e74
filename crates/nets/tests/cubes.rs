//! Outputs on cubes and on rows that are kept, against those on rows written out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use layerwise_nets::{self as nets, Loss, Optimizer, Precision, Rows};
use support::{flat, flex, initial, model, relative_gap};

/// The same sums in another order.
const SAME: f64 = 1e-12;
const SAME_SINGLE: f64 = 1e-5;

const TABLES: [&str; 4] = [
    "kind = 'mlp'\nwidths = [30]\nactivation = 'relu'",
    "kind = 'mlp'\nwidths = [20]\nactivation = 'tanh'\ncentre_output = true\noutput_scale = 2.0",
    "kind = 'mlp'\nwidths = [20, 17]\nactivation = 'tanh'\ncentre_output = true",
    "kind = 'mlp'\nwidths = [20]\nactivation = 'gelu'\nparametrisation = 'ntk'\nbias = false",
];

/// Every model after a few steps on the task's own rows.
fn check(
    look: impl Fn(&dyn nets::Learner, &dyn tasks::TaskInstance, &[nets::HostArray], Precision),
) {
    let task = "kind = 'multitask-parity'\nskills = 3\nbits = 9\nbits_per_skill = 3\nalpha = 0.6\n\
                target = 5.0\ntest = { per_skill = 70 }";
    let task = tasks::kinds().build(task.parse().unwrap()).unwrap();
    let instance = task.instance(1);
    for table in TABLES {
        for precision in [Precision::F64, Precision::F32] {
            let target = flex(precision);
            let start = initial(&*model(table), task.shape(), 4);
            let (loss, sgd) = (Loss::default(), Optimizer::default());
            let mut learner = nets::learner(
                "host",
                model(table),
                start.clone(),
                loss,
                sgd,
                &target,
                None,
            )
            .unwrap();
            let rows = instance.test();
            for _ in 0..5 {
                let needs = learner.model().needs();
                learner.step(&Rows::new(&rows, needs, &target), 0.01);
            }
            assert_ne!(flat(&learner.parameters().unwrap()), flat(&start));
            look(&*learner, &*instance, &start, precision);
        }
    }
}

fn bound(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => SAME_SINGLE,
        Precision::F64 => SAME,
    }
}

#[test]
fn outputs_on_a_cube_are_those_on_its_rows() {
    check(|learner, instance, start, precision| {
        for group in 0..3 {
            let (cube, axes) = (instance.cube(group).unwrap(), instance.cube_axes(group));
            let target = flex(precision);
            let needs = learner.model().needs();
            let expected = learner.outputs(&Rows::new(&cube, needs, &target)).unwrap();
            let now = learner.parameters().unwrap();
            let found = nets::cube_outputs(learner.model(), start, &now, &axes.unwrap(), precision);
            let Some(found) = found.unwrap() else {
                let deep = learner.parameters().unwrap().len() > 4;
                assert!(deep, "a net of one hidden layer is covered");
                continue;
            };
            let gap = relative_gap(&found, &expected);
            assert!(gap < bound(precision), "{gap:e}");
        }
    });
}

#[test]
fn models_without_layers_on_the_host_have_no_outputs_on_cubes() {
    let task = "kind = 'multitask-parity'\nskills = 3\nbits = 9\nbits_per_skill = 3\nalpha = 0.6\n\
                target = 5.0";
    let task = tasks::kinds().build(task.parse().unwrap()).unwrap();
    let twin = model("kind = 'multilinear'\ninitial = 0.1");
    let start = initial(&*twin, task.shape(), 0);
    let axes = task.instance(0).cube_axes(0).unwrap();
    let found = nets::cube_outputs(&*twin, &start, &start, &axes, Precision::F64);
    assert_eq!(found.unwrap(), None);
}

#[test]
fn rows_that_are_kept_have_the_same_outputs_every_time() {
    check(|learner, instance, _, precision| {
        let (test, target) = (instance.test(), flex(precision));
        let needs = learner.model().needs();
        let expected = learner.outputs(&Rows::new(&test, needs, &target)).unwrap();
        let kept = Rows::new(&test, needs, &target).kept();
        let found = learner.outputs(&kept).unwrap();
        let gap = relative_gap(&found, &expected);
        assert!(gap < bound(precision), "{gap:e}");
        assert_eq!(learner.outputs(&kept).unwrap(), found);
    });
}
