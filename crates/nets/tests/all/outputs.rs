//! Outputs of the net on the host, on cubes and on rows that are kept, against those of an engine on
//! rows written out.

use layerwise_nets::{Precision, Rows, cube_outputs};
use models::{HostArray, Loss, Optimizer};
use tasks::{TaskInstance, stream};

use crate::support::{
    Learner, flat, flex, initial, learner, model, relative_gap,
    start::{Start, balanced},
};

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
fn check(look: impl Fn(&Learner, &dyn TaskInstance, &[HostArray], Precision)) {
    let task = "kind = 'multitask-parity'\nskills = 3\nbits = 9\nbits_per_skill = 3\nalpha = 0.6\n\
                target = 5.0\ntest = { per_skill = 70 }";
    let task = tasks::kinds().build(task.parse().unwrap()).unwrap();
    let instance = task.instance(1);
    for table in TABLES {
        for precision in [Precision::F64, Precision::F32] {
            let target = flex(precision);
            let start = initial(&*model(table), task.shape(), 4);
            let (loss, sgd) = (Loss::default(), Optimizer::default());
            let (net, from) = (model(table), start.clone());
            let mut learner = learner("mlp", net, from, loss, sgd, &target, None).unwrap();
            let rows = instance.test();
            for _ in 0..5 {
                let needs = learner.model().needs();
                learner.step(&Rows::new(&rows, needs, &target), 0.01);
            }
            assert_ne!(flat(&learner.parameters().unwrap()), flat(&start));
            look(&learner, &*instance, &start, precision);
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
            let found = cube_outputs(learner.model(), start, &now, &axes.unwrap(), precision);
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
    let found = cube_outputs(&*twin, &start, &start, &axes, Precision::F64);
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

#[test]
fn the_net_on_the_host_computes_the_outputs_of_the_device() {
    let mut tables = vec![
        balanced("[4]", "strength = 0.3, alignment = 'random'"),
        format!(
            "output_scale = 0.3\n{}",
            balanced("[4, 6]", "strength = 0.3, alignment = 'task'")
        ),
    ];
    for activation in ["relu", "tanh", "gelu", "quadratic", "identity"] {
        for bias in [false, true] {
            tables.push(format!(
                "kind = 'mlp'\nwidths = [6, 3]\nactivation = '{activation}'\nbias = {bias}\n\
                 output_scale = 1.7\ninit = {{ kind = 'normal', std = 0.7 }}"
            ));
        }
    }
    for table in tables {
        let start = Start::new("kind = 'linear-map'\ninputs = 5\noutputs = 4", &table, 4);
        let mut rows = start.rows.clone();
        stream::standard_normals(&mut stream::keyed(1, "rows", 0), &mut rows.inputs);
        let model = start.model();
        let target = flex(Precision::F64);
        let batch = Rows::new(&rows, model.needs(), &target);
        let host = model.host(&start.weights).unwrap();
        let (loss, plain) = (Loss::default(), Optimizer::default());
        let net = learner("autodiff", model, start.weights, loss, plain, &target, None);
        let expected = net.unwrap().outputs(&batch).unwrap();
        let outputs = host.net.forward(&rows.inputs, rows.rows).unwrap();
        let found: Vec<f64> = outputs.iter().map(|f| host.output_scale * f).collect();
        let gap = relative_gap(&found, &expected);
        assert!(gap < SAME, "{table}: {gap:e}");
    }
}
