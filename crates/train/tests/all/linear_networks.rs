//! Linear nets from spec to table: metrics against a recursion by hand, and closed forms
//! against the nets that they describe.

use std::collections::BTreeMap;

use judge::Run;
use record::StopReason;
use theory::nalgebra::DMatrix;

use crate::{
    by_hand::ByHand,
    linear::{MAP, MODES, NET, SAMPLES, TWIN, measure, spec},
    runs::recorded,
};

/// Sums of a few products over some tens of steps, in another order.
const ROUNDING: f64 = 1e-11;
/// Halving the step of Euler's method halves its error; second-order terms leave this much.
const FIRST_ORDER: f64 = 0.15;

/// What a run recorded.
struct Recorded(Run);

impl Recorded {
    fn of(text: &str) -> Self {
        Self(recorded(text, &[]))
    }

    /// Values by (step, index).
    fn curve(&self, model: &str, metric: &str) -> BTreeMap<(u64, u64), f64> {
        let rows = self.0.observations.of_variant((model, metric), "base");
        rows.map(|o| ((o.step, o.index), o.value)).collect()
    }

    /// Values at one step, in the order of the indices.
    fn at(&self, model: &str, metric: &str, step: u64) -> Vec<f64> {
        let curve = self.curve(model, metric);
        let values: Vec<f64> = curve
            .range((step, 0)..(step + 1, 0))
            .map(|(_, v)| *v)
            .collect();
        assert!(!values.is_empty(), "{model} has no {metric} at {step}");
        values
    }

    /// The largest distance of a metric of two models, which have the same rows.
    fn gap(&self, model: &str, other: &str, metric: &str) -> f64 {
        let (own, other) = (self.curve(model, metric), self.curve(other, metric));
        assert!(own.len() > 4, "{model} {metric}: {own:?}");
        assert!(own.keys().eq(other.keys()), "{metric}: {own:?} {other:?}");
        let pairs = own.values().zip(other.values());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (a, b) in found.iter().zip(expected) {
        let scale = b.abs().max(1.0);
        assert!((a - b).abs() < ROUNDING * scale, "{found:?}\n{expected:?}");
    }
}

#[test]
fn outputs_are_the_entries_of_the_network_function_column_by_column() {
    let scaled = "[models.scaled]\nkind = 'deep-linear'\nwidths = [4]\noutput_scale = 0.5\n\
                  lr_scale = 2.0\ninit = { kind = 'normal', std = 0.8 }\n";
    let text = spec(
        MAP,
        &format!("{NET}{scaled}"),
        "steps = 20\nlr = 0.05",
        &measure(&["outputs", "loss"], 5),
    );
    let found = Recorded::of(&text);
    for (model, lr) in [("net", 0.05), ("scaled", 0.1)] {
        let mut net = ByHand::new(&text, model);
        for step in [0, 5, 10, 15, 20] {
            // Rows are unit vectors: f on row n is column n.
            let function = net.function();
            assert_close(&found.at(model, "output", step), function.as_slice());
            let map = DMatrix::from_row_slice(3, 2, &[3.0, 0.5, -1.0, 2.0, 0.0, 1.0]);
            let loss = 0.5 * (function - map).norm_squared();
            assert_close(&found.at(model, "test_loss", step), &[loss]);
            assert_close(&found.at(model, "train_loss", step), &[loss]);
            net.train(5, lr);
        }
        let flow = found
            .0
            .observations
            .rows()
            .iter()
            .find(|o| o.model == model && o.step == 20);
        assert_close(&[flow.unwrap().flow_time.unwrap()], &[20.0 * lr]);
    }
    assert_eq!(found.0.manifest.cells[0].stopped, StopReason::Finished);
}

#[test]
fn the_test_loss_of_rows_without_groups_is_half_their_mean_squared_error() {
    for task in [
        SAMPLES.to_owned(),
        format!("{SAMPLES}whiten = true\ntarget_divisor = 3.0"),
    ] {
        let text = spec(
            &task,
            NET,
            "steps = 20\nlr = 0.05",
            &measure(&["loss", "outputs"], 10),
        );
        let found = Recorded::of(&text);
        let mut net = ByHand::new(&text, "net");
        for step in [0, 10, 20] {
            assert_close(&found.at("net", "output", step), net.outputs().as_slice());
            assert_close(&found.at("net", "test_loss", step), &[net.loss()]);
            assert_close(&found.at("net", "train_loss", step), &[net.loss()]);
            net.train(10, 0.05);
        }
    }
    let text = spec(
        SAMPLES,
        NET,
        "steps = 10\nlr = 0.05",
        &measure(&["loss"], 10),
    );
    let theory = "loss = { kind = 'mse', half = true, outputs = 'sum' }\n";
    let raw = Recorded::of(&text.replace(theory, "loss = { kind = 'mse' }\n"));
    let net = ByHand::new(&text, "net");
    // Mean over 2 outputs without the half: the same number.
    assert_close(&raw.at("net", "test_loss", 0), &[net.loss()]);
    assert_close(&raw.at("net", "train_loss", 0), &[net.loss()]);
    let summed = "loss = { kind = 'mse', outputs = 'sum' }\n";
    let summed = Recorded::of(&text.replace(theory, summed));
    assert_close(&summed.at("net", "test_loss", 0), &[net.loss()]);
    assert_close(&summed.at("net", "train_loss", 0), &[2.0 * net.loss()]);
}

#[test]
fn modes_are_the_strengths_along_the_singular_vectors_of_the_task() {
    // Singular values 4 and 3 along single entries, and 2 with a second mode that is none.
    let text = spec(
        "kind = 'linear-map'\ntarget = [[3, 0, 0], [0, 0, -4]]",
        NET,
        "steps = 20\nlr = 0.05",
        &measure(&["modes"], 10),
    );
    let found = Recorded::of(&text);
    let mut net = ByHand::new(&text, "net");
    for step in [0, 10, 20] {
        let function = net.function();
        let expected = [function[(1, 2)] / -4.0, function[(0, 0)] / 3.0];
        assert_close(&found.at("net", "skill_strength", step), &expected);
        net.train(10, 0.05);
    }
    // Both modes have been learned for the most part.
    assert!(
        found
            .at("net", "skill_strength", 20)
            .iter()
            .all(|s| *s > 0.2)
    );
    let flat = spec(
        "kind = 'linear-map'\ntarget = [[1, 1], [1, 1]]",
        NET,
        "steps = 1\nlr = 0.05",
        &measure(&["modes"], 1),
    );
    let sum = ByHand::new(&flat, "net").function().sum();
    assert_close(
        &Recorded::of(&flat).at("net", "skill_strength", 0),
        &[sum / 4.0],
    );
}

#[test]
fn modes_of_samples_are_those_of_their_correlation() {
    let text = spec(
        &format!("{SAMPLES}whiten = true"),
        NET,
        "steps = 10\nlr = 0.05",
        &measure(&["modes"], 10),
    );
    let net = ByHand::new(&text, "net");
    // Whitened rows: E[f xᵀ] is the function itself. A net that is the task has strength 1.
    let correlation = &net.targets * net.inputs.transpose() / 5.0;
    let svd = correlation.clone().svd(true, true);
    let (left, right) = (svd.u.unwrap(), svd.v_t.unwrap());
    let along = |map: &DMatrix<f64>| -> Vec<f64> {
        (0..2)
            .map(|mode| {
                (left.column(mode).transpose() * map * right.row(mode).transpose())[0]
                    / svd.singular_values[mode]
            })
            .collect()
    };
    assert_close(&along(&correlation), &[1.0, 1.0]);
    let found = Recorded::of(&text).at("net", "skill_strength", 0);
    assert_close(&found, &along(&net.function()));
}

#[test]
fn the_kernel_moves_as_the_gradients_of_all_outputs_say() {
    // The factor on the output does not turn the kernel.
    let scaled = NET.replace("widths", "output_scale = 0.5\nwidths");
    let text = spec(
        SAMPLES,
        &scaled,
        "steps = 20\nlr = 0.3",
        &measure(&["kernel"], 10),
    );
    let found = Recorded::of(&text);
    let mut net = ByHand::new(&text, "net");
    let start = net.kernel();
    let y = DMatrix::from_column_slice(10, 1, net.targets.transpose().as_slice());
    for step in [0, 10, 20] {
        let now = net.kernel();
        let distance = 1.0 - start.dot(&now) / (start.norm() * now.norm());
        let aligned = (y.transpose() * &now * &y)[0] / (now.norm() * y.norm_squared());
        assert_close(&found.at("net", "kernel_distance", step), &[distance]);
        assert_close(&found.at("net", "target_alignment", step), &[aligned]);
        net.train(10, 0.3);
    }
    assert_eq!(found.at("net", "kernel_distance", 0), [0.0]);
    assert!(found.at("net", "kernel_distance", 20)[0] > 0.01);
}

#[test]
fn the_kernel_of_a_nonlinear_net_on_fresh_rows_starts_at_distance_zero() {
    let text = spec(
        "kind = 'multitask-parity'\nskills = 2\nbits = 4\nbits_per_skill = 2\nalpha = 0.6\n\
         data = { mode = 'fresh', batch = 6 }\ntest = { per_skill = 4 }",
        "[models.net]\nkind = 'mlp'\nwidths = [5]\n",
        "steps = 10\nlr = 0.5",
        &measure(&["kernel"], 5),
    );
    let found = Recorded::of(&text).curve("net", "kernel_distance");
    assert_eq!(found[&(0, 0)], 0.0);
    assert!(found[&(10, 0)] > 1e-6 && found[&(10, 0)] < 1.0, "{found:?}");
}

/// The scalar toy with Z = 4: weight norm 0.2 and target 1.5.
fn toy(input_power: f64, lr: f64, steps: u64, more: &str) -> String {
    let every = steps / 10;
    spec(
        &format!("kind = 'modes'\ninput_powers = [{input_power}]\ntargets = [1.5]"),
        "[models.net]\nkind = 'deep-linear'\nwidths = [5]\noutput_scale = 0.25\n\
         init = { kind = 'toy', sigma = 0.2, correlation = 0.3 }\n",
        &format!("steps = {steps}\nlr = {lr}"),
        &format!("{}{more}", measure(&["outputs", "amplification"], every)),
    )
}

#[test]
fn the_amplification_is_the_growth_of_the_sum_of_both_layers() {
    let text = toy(1.0, 0.1, 40, "");
    let found = Recorded::of(&text);
    let mut net = ByHand::new(&text, "net");
    let sum = |net: &ByHand| (&net.first + net.second.transpose()).norm();
    let start = sum(&net);
    for step in (0..=40).step_by(4) {
        assert_close(
            &found.at("net", "amplification", step),
            &[sum(&net) / start],
        );
        assert_close(&found.at("net", "output", step), &[net.function()[0]]);
        net.train(4, 0.1);
    }
    assert_eq!(found.at("net", "amplification", 0), [1.0]);
    assert_close(&found.at("net", "output", 0), &[0.3 * 0.2]);
    assert!(found.at("net", "amplification", 40)[0] > 1.5);
}

/// The gaps of pairs of models and metrics must halve with the learning rate, and be small.
fn assert_first_order(text: impl Fn(f64, u64) -> String, pairs: &[(&str, &str, &str)]) {
    let (coarse, fine) = (
        Recorded::of(&text(0.01, 400)),
        Recorded::of(&text(0.005, 800)),
    );
    for (model, theory, metric) in pairs {
        let (coarse, fine) = (
            coarse.gap(model, theory, metric),
            fine.gap(model, theory, metric),
        );
        assert!(coarse < 0.03, "{theory} {metric}: {coarse}");
        assert!(coarse > 1e-9, "{theory} {metric}: nothing was compared");
        let ratio = coarse / fine;
        assert!(
            (ratio - 2.0).abs() < FIRST_ORDER,
            "{theory} {metric}: {ratio}"
        );
    }
}

#[test]
fn the_scalar_toy_follows_its_solution() {
    let with = |power: f64| {
        move |lr: f64, steps: u64| {
            toy(
                power,
                lr,
                steps,
                "[predictions.toy]\nkind = 'scalar-toy'\nfrom = 'net'\nnormalisation = 4.0\n",
            )
        }
    };
    let pairs = [("net", "toy", "output"), ("net", "toy", "amplification")];
    assert_first_order(with(1.0), &pairs);
    assert_first_order(with(0.4), &pairs);
}

#[test]
fn the_printed_amplification_is_the_square_of_that_of_the_features() {
    let more = "[predictions.toy]\nkind = 'scalar-toy'\nfrom = 'net'\nnormalisation = 4.0\n\
                [predictions.printed]\nkind = 'scalar-toy'\nfrom = 'net'\nnormalisation = 4.0\n\
                squared = true\n";
    let found = Recorded::of(&toy(1.0, 0.1, 40, more));
    for step in [0, 20, 40] {
        let growth = found.at("toy", "amplification", step)[0];
        assert_close(
            &found.at("printed", "amplification", step),
            &[growth * growth],
        );
    }
    assert_eq!(
        found.curve("toy", "output"),
        found.curve("printed", "output")
    );
    assert!(found.gap("net", "printed", "amplification") > 0.5);
}

/// A balanced net on a linear map, with the two solutions.
fn balanced(alignment: &str, lambda: f64) -> impl Fn(f64, u64) -> String {
    let models = format!(
        "[models.net]\nkind = 'deep-linear'\nwidths = [2]\n\
         init = {{ kind = 'balanced', lambda = {lambda:?}, strength = 0.1, alignment = '{alignment}' }}\n\
         [models.fast]\nkind = 'deep-linear'\nwidths = [2]\nlr_scale = 2.0\n\
         init = {{ kind = 'balanced', lambda = {lambda:?}, strength = 0.1, alignment = '{alignment}' }}\n"
    );
    move |lr, steps| {
        let form = |name: &str, kind: &str, model: &str| {
            format!(
                "[predictions.{name}]\nkind = '{kind}'\nfrom = '{model}'\n\
                 metrics = ['output', 'kernel_distance']\n"
            )
        };
        let more = [
            measure(&["outputs", "kernel"], steps / 10),
            form("aligned", "aligned-network", "net"),
            form("exact", "balanced-network", "net"),
            // On the clock of its net.
            form("fast-exact", "balanced-network", "fast"),
        ];
        spec(
            "kind = 'linear-map'\ntarget = [[1.5, 0.5], [-0.4, 0.8]]",
            &models,
            &format!("steps = {steps}\nlr = {lr}"),
            &more.concat(),
        )
    }
}

#[test]
fn aligned_nets_follow_both_solutions_at_any_imbalance() {
    for lambda in [0.0, 0.7, -0.7] {
        assert_first_order(
            balanced("task", lambda),
            &[
                ("net", "aligned", "output"),
                ("net", "exact", "output"),
                ("net", "aligned", "kernel_distance"),
                ("net", "exact", "kernel_distance"),
            ],
        );
    }
}

#[test]
fn nets_in_any_position_follow_the_exact_solution_only() {
    for lambda in [0.0, 0.7, -0.7] {
        let text = balanced("random", lambda);
        assert_first_order(
            &text,
            &[
                ("net", "exact", "output"),
                ("net", "exact", "kernel_distance"),
                ("fast", "fast-exact", "output"),
            ],
        );
        let found = Recorded::of(&text(0.01, 400));
        let off = found.gap("net", "aligned", "output");
        assert!(off > 0.05, "lambda = {lambda}: {off}");
    }
}

#[test]
fn solutions_start_where_the_net_starts() {
    let found = Recorded::of(&balanced("random", 0.7)(0.01, 20));
    let start = found.at("net", "output", 0);
    assert_close(&found.at("exact", "output", 0), &start);
    assert_eq!(found.at("exact", "kernel_distance", 0), [0.0]);
    // The theorem keeps the part along the modes of the task only.
    assert_ne!(found.at("aligned", "output", 0), start);
}

#[test]
fn samples_have_the_exact_solution_of_their_correlation() {
    let text = |lr: f64, steps: u64| {
        spec(
            &format!("{SAMPLES}whiten = true"),
            "[models.net]\nkind = 'deep-linear'\nwidths = [2]\n\
             init = { kind = 'balanced', lambda = 0.5, strength = 0.2, alignment = 'random' }\n",
            &format!("steps = {steps}\nlr = {lr}"),
            &format!(
                "{}[predictions.exact]\nkind = 'balanced-network'\nfrom = 'net'\n\
                 metrics = ['output', 'kernel_distance']\n",
                measure(&["outputs", "kernel"], steps / 10)
            ),
        )
    };
    let pairs = [
        ("net", "exact", "output"),
        ("net", "exact", "kernel_distance"),
    ];
    assert_first_order(text, &pairs);
}

#[test]
fn a_net_that_is_not_balanced_has_no_exact_solution() {
    let text = spec(
        MAP,
        &NET.replace("[4]", "[2]"),
        "steps = 10\nlr = 0.05",
        &format!(
            "{}[predictions.exact]\nkind = 'balanced-network'\nfrom = 'net'\n\
             [predictions.aligned]\nkind = 'aligned-network'\nfrom = 'net'\n",
            measure(&["outputs"], 5)
        ),
    );
    let found = Recorded::of(&text);
    assert!(found.curve("exact", "output").is_empty());
    assert_eq!(found.curve("aligned", "output").len(), 3 * 6);
}

/// Three modes learned by a twin, with the model of skills that it is.
fn skills(twin: &'static str, form: &'static str) -> impl Fn(f64, u64) -> String {
    predicted("multilinear-skills", twin, form)
}

/// Three modes learned by a twin, with a prediction of this kind.
fn predicted(
    kind: &'static str,
    twin: &'static str,
    form: &'static str,
) -> impl Fn(f64, u64) -> String {
    move |lr, steps| {
        spec(
            "kind = 'modes'\ninput_powers = [1.0, 0.6, 0.3]\ntargets = [1.5, 1.0, 2.0]",
            &format!("[models.twin]\nkind = 'multilinear'\n{twin}\n"),
            &format!("steps = {steps}\nlr = {lr}"),
            &format!(
                "{}[predictions.form]\nkind = '{kind}'\n{form}\n",
                measure(&["skills", "loss"], steps / 20)
            ),
        )
    }
}

#[test]
fn twins_of_any_imbalance_and_depth_follow_the_model_of_skills() {
    let strength = ("twin", "form", "skill_strength");
    let loss = ("twin", "form", "test_loss");
    for (twin, form) in [
        ("initial = 0.1", "initial = 0.1"),
        ("initial = 0.1\nlambda = 0.8", "initial = 0.1\nlambda = 0.8"),
        (
            "initial = 0.1\nlambda = -3.0",
            "initial = 0.1\nlambda = -3.0",
        ),
        ("initial = 0.3\ndepth = 3", "initial = 0.3\ndepth = 3"),
        ("initial = 0.5\ndepth = 5", "initial = 0.5\ndepth = 5"),
        // Its own start, its own clock, which `slowdown` and `clock` change and here leave.
        (
            "initial = 0.1\ninitial_factors = [1.0, 2.0, 0.5]\nlambda = 0.8\nlr_scale = 0.5",
            "initial_from = 'twin'\nlambda = 0.8",
        ),
        (
            "initial = 0.3\ninitial_factors = [1.0, 2.0, 0.5]\ndepth = 3\nlr_scale = 0.5",
            "initial_from = 'twin'\ndepth = 3\nslowdown = 2.0\nclock = 2.0",
        ),
    ] {
        assert_first_order(skills(twin, form), &[strength, loss]);
    }
    // The sign of lambda does not matter to the strength; its size and the depth do.
    let off = |twin, form| {
        Recorded::of(&skills(twin, form)(0.01, 400)).gap("twin", "form", "skill_strength")
    };
    assert!(
        off(
            "initial = 0.1\nlambda = 0.8",
            "initial = 0.1\nlambda = -0.8"
        ) < 0.03
    );
    assert!(off("initial = 0.1\nlambda = 0.8", "initial = 0.1\nlambda = 1.6") > 0.05);
    assert!(off("initial = 0.3\ndepth = 3", "initial = 0.3\ndepth = 4") > 0.05);
}

#[test]
fn twins_whose_feedback_is_broken_follow_their_model_of_skills() {
    let strength = ("twin", "form", "skill_strength");
    let loss = ("twin", "form", "test_loss");
    // Layers of 0.04 and 1.
    let (light, heavy) = (
        "initial = 0.04\nimbalance = 25.0",
        "initial = 0.04\nimbalance = 0.04",
    );
    let frozen = format!("{light}\nfreeze = ['layer 2']");
    let first = format!("{heavy}\nfreeze = ['layer 1']");
    let fixed = "initial = 0.01\nfeedback = { kind = 'fixed', value = 0.3 }";
    let slow = format!("{fixed}\nlr_scale = 0.5");
    let cases: [(&str, &str); 5] = [
        (light, "feedback = 'intact'\nfirst = 0.04\nsecond = 1.0"),
        (
            &frozen,
            "feedback = 'readout-frozen'\nfirst = 0.04\nsecond = 1.0",
        ),
        (
            &first,
            "feedback = 'first-layer-frozen'\nfirst = 1.0\nsecond = 0.04",
        ),
        (
            fixed,
            "feedback = 'fixed'\nbackward = 0.3\nfirst = 0.1\nsecond = 0.1",
        ),
        // Its clock, which `slowdown` stretches.
        (
            &slow,
            "feedback = 'fixed'\nbackward = 0.3\nfirst = 0.1\nsecond = 0.1\nslowdown = 2.0",
        ),
    ];
    for (twin, form) in cases {
        let (twin, form): (&'static str, &'static str) =
            (twin.to_owned().leak(), form.to_owned().leak());
        assert_first_order(predicted("feedback-skills", twin, form), &[strength, loss]);
    }
    // One skill is enough to find the clock of the twin.
    let form =
        "feedback = 'fixed'\nbackward = 0.3\nfirst = 0.1\nsecond = 0.1\ncalibrate_on = 'twin'";
    let text = predicted("feedback-skills", slow.leak(), form)(0.01, 2000);
    let found = Recorded::of(&text);
    let (_, slowdown) = found.curve("form", "slowdown").pop_last().unwrap();
    // The clock of the prediction is that of the twin, which runs at half the rate of the run.
    assert!((slowdown - 1.0).abs() < 0.02, "{slowdown}");
    assert!(found.gap("twin", "form", "skill_strength") < 0.03);
}

#[test]
fn the_rise_over_the_half_time_of_an_exponential_is_that_of_theory() {
    let more = "[predictions.line]\nkind = 'linear-skills'\n\
                [[numbers]]\nid = 'R'\nstatement = 'Rise'\nmetric = 'rise_over_half_time'\n\
                model = 'line'\nstatistic = { kind = 'final-value' }\n";
    let text = spec(
        "kind = 'modes'\ninput_powers = [1.0, 0.5]\ntargets = [1.5, 1.0]",
        "[models.net]\nkind = 'linear-skills'\n",
        "steps = 2000\nlr = 0.005",
        &format!("{}{more}", measure(&["skills"], 1)),
    );
    let found = Recorded::of(&text);
    // (t90 − t10)/t50 = ln 9/ln 2.
    let expected = 9.0_f64.ln() / 2.0_f64.ln();
    for (_, value) in found.curve("line", "rise_over_half_time") {
        // Linear interpolation between steps of 0.005 of the time constant.
        assert!((value / expected - 1.0).abs() < 1e-4, "{value}");
    }
    assert_eq!(found.curve("line", "rise_over_half_time").len(), 2);
    // A net that has not got to 90 % has no rise.
    let short = Recorded::of(&text.replace("steps = 2000", "steps = 200"));
    assert!(short.curve("line", "rise_over_half_time").is_empty());
    assert_eq!(short.curve("line", "half_time").len(), 2);
}

#[test]
fn a_cell_can_stop_on_a_metric_of_linear_nets() {
    let stop = |metric: &str, bound: &str| {
        let condition = format!("stop_when = {{ model = 'net', metric = '{metric}', {bound} }}");
        let text = toy(1.0, 0.1, 100, "").replace("seeds = 1", &format!("seeds = 1\n{condition}"));
        Recorded::of(&text)
    };
    let found = stop("amplification", "above = 1.5");
    let StopReason::Condition { step } = found.0.manifest.cells[0].stopped else {
        panic!("{:?}", found.0.manifest.cells[0].stopped);
    };
    assert!((10..100).contains(&step) && step % 10 == 0, "{step}");
    assert!(found.at("net", "amplification", step)[0] > 1.5);
    assert!(found.at("net", "amplification", step - 10)[0] <= 1.5);
    let found = stop("output", "above = 0.75");
    let StopReason::Condition { step } = found.0.manifest.cells[0].stopped else {
        panic!("{:?}", found.0.manifest.cells[0].stopped);
    };
    assert!(found.at("net", "output", step)[0] > 0.75);
    assert!(found.at("net", "output", step - 10)[0] <= 0.75);
}

#[test]
fn the_manifest_says_which_engine_trained_each_model() {
    let both = format!("{NET}{TWIN}");
    let engines = |text: &str| -> Vec<(String, String)> {
        Recorded::of(text).0.manifest.engines.into_iter().collect()
    };
    let text = spec(MODES, &both, "steps = 5\nlr = 0.05", &measure(&["loss"], 5));
    let pairs = |net: &str| {
        [("net", net), ("twin", "products")]
            .map(|(model, engine)| (model.to_owned(), engine.to_owned()))
    };
    assert_eq!(engines(&text), pairs("moments"));
    assert_eq!(engines(&text.replace("'f64'", "'f32'")), pairs("mlp"));
    let momentum = text.replace(
        "lr = 0.05",
        "lr = 0.05\noptimizer = { kind = 'sgd', momentum = 0.5 }",
    );
    assert_eq!(engines(&momentum), pairs("mlp"));
}
