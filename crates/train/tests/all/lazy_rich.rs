//! The measures of lazy and rich training, on runs whose answer is known.

use judge::Run;

use crate::runs::recorded;

/// Sums of a few dozen terms.
const ROUNDING: f64 = 1e-12;

fn values(rows: &Run, model: &str, metric: &str) -> Vec<(u64, u64, f64)> {
    let rows = rows.observations.of_variant((model, metric), "base");
    rows.map(|o| (o.step, o.index, o.value)).collect()
}

const HEAD: &str = "name = 'small'\ntitle = 'T'\nsummary = 'S'\nsource = 'S'\nminutes = 0.1\n";
const REGRESSION: &str = "[task]\nkind = 'random-regression'\nsamples = 12\ninputs = 4\n\
                          outputs = 2\nwhiten = true\n";
const TRAINING: &str = "[training]\nseeds = 1\nsteps = 40\nlr = 0.02\nprecision = 'f64'\n\
                        loss = { kind = 'mse', half = true, outputs = 'sum' }\n";
const LINEAR: &str = "[models.net]\nkind = 'deep-linear'\nwidths = [5]\n\
                      init = { kind = 'normal', std = 0.5 }\n";

fn spec(model: &str, measures: &str) -> String {
    format!("{HEAD}{REGRESSION}{model}{TRAINING}{measures}")
}

fn measure(kind: &str, schedule: &str) -> String {
    format!("[[measure]]\nkind = '{kind}'\nschedule = {schedule}\n")
}

#[test]
fn velocity_is_the_distance_from_the_record_before_over_the_steps_between() {
    let kernel = measure("kernel", "{ kind = 'ends' }") + "velocity = true\n";
    let rows = recorded(&spec(LINEAR, &kernel), &[]);
    let distance = values(&rows, "net", "kernel_distance");
    let velocity = values(&rows, "net", "kernel_velocity");
    // None at the start, which has no record before.
    assert_eq!(velocity.len(), 1);
    let (step, _, last) = distance[1];
    assert!(last > 1e-3, "the kernel must move: {last}");
    assert!((velocity[0].2 - last / step as f64).abs() < ROUNDING);
}

#[test]
fn a_kernel_that_turns_evenly_has_the_same_velocity_at_every_record() {
    let kernel = measure("kernel", "{ kind = 'linear', every = 10 }") + "velocity = true\n";
    let rows = recorded(
        &spec(LINEAR, &kernel),
        &["training.lr=1e-4", "training.steps=30"],
    );
    let velocity = values(&rows, "net", "kernel_velocity");
    let steps: Vec<u64> = velocity.iter().map(|v| v.0).collect();
    assert_eq!(steps, [10, 20, 30]);
    // From the record before, not from the start: distances from the start grow with the square of
    // the time, which would double and triple it.
    for (step, _, value) in &velocity {
        let ratio = value / velocity[0].2;
        assert!((ratio - 1.0).abs() < 0.05, "step {step}: {ratio}");
    }
    let distance = values(&rows, "net", "kernel_distance");
    let ratio = distance[3].2 / distance[1].2;
    assert!((ratio / 9.0 - 1.0).abs() < 0.05, "{ratio}");
}

#[test]
fn changes_of_layers_follow_from_their_imbalance_and_the_target() {
    // Gradient flow keeps b² − a² = λ of every mode: a b goes from s to the target, both are known.
    let (lambda, from, to) = (1.5_f64, 0.2_f64, 2.0_f64);
    let task = format!("[task]\nkind = 'linear-map'\ntarget = [[{to}, 0.0], [0.0, {to}]]\n");
    let net = format!(
        "[models.net]\nkind = 'deep-linear'\nwidths = [2]\ninit = {{ kind = 'balanced', \
         lambda = {lambda}, strength = {from}, alignment = 'task' }}\n"
    );
    let text = format!("{HEAD}{task}{net}{TRAINING}") + &measure("weights", "{ kind = 'ends' }");
    let rows = recorded(&text, &["training.lr=1e-3", "training.steps=20000"]);
    let change = values(&rows, "net", "weight_change");
    // a for sign −1, b for sign 1.
    let factor =
        |sign: f64, strength: f64| ((lambda.hypot(2.0 * strength) + sign * lambda) / 2.0).sqrt();
    for (layer, sign) in [(1, -1.0), (2, 1.0)] {
        let expected = factor(sign, to) / factor(sign, from) - 1.0;
        let last = change.iter().rfind(|row| row.1 == layer).unwrap().2;
        // First order in the learning rate.
        assert!(
            (last - expected).abs() < 0.01 * expected,
            "layer {layer}: {last}, not {expected}"
        );
    }
}

#[test]
fn a_metric_that_does_not_remember_has_no_velocity() {
    let rows = recorded(&spec(LINEAR, &measure("kernel", "{ kind = 'ends' }")), &[]);
    assert!(values(&rows, "net", "kernel_velocity").is_empty());
}

#[test]
fn balanced_layers_have_their_lambda_and_drift_with_the_learning_rate() {
    let balanced = "[models.net]\nkind = 'deep-linear'\nwidths = [2]\n\
                    init = { kind = 'balanced', lambda = 0.7, strength = 0.3, alignment = 'random' }\n";
    let text = spec(balanced, &measure("balance", "{ kind = 'ends' }"));
    let drift = |lr: &str, steps: &str| {
        let rows = recorded(&text, &[lr, steps]);
        let start = values(&rows, "net", "balance")[0];
        assert!(
            (start.2 - 0.7).abs() < ROUNDING && start.1 == 1,
            "{start:?}"
        );
        assert!(values(&rows, "net", "balance_error")[0].2 < ROUNDING);
        values(&rows, "net", "balance_drift").last().unwrap().2
    };
    // The same flow time: the drift of gradient descent is of first order.
    let coarse = drift("training.lr=0.02", "training.steps=100");
    let fine = drift("training.lr=0.01", "training.steps=200");
    let ratio = coarse / fine;
    assert!(
        (1.8..2.2).contains(&ratio),
        "{coarse} over {fine} is {ratio}"
    );
}

#[test]
fn one_hidden_unit_is_one_direction_and_orthogonal_weights_are_all() {
    let narrow = LINEAR.replace("[5]", "[1]");
    let rows = recorded(&spec(&narrow, &measure("ranks", "{ kind = 'ends' }")), &[]);
    for metric in [
        "weight_effective_rank",
        "weight_stable_rank",
        "feature_effective_rank",
    ] {
        let found = values(&rows, "net", metric);
        assert!(!found.is_empty(), "{metric}");
        for (_, _, rank) in found {
            assert!((rank - 1.0).abs() < 1e-6, "{metric}: {rank}");
        }
    }
    // Balanced layers of one strength have equal singular values: both ranks are 2.
    let balanced = "[models.net]\nkind = 'deep-linear'\nwidths = [2]\n\
                    init = { kind = 'balanced', lambda = 0.0, strength = 0.3, alignment = 'random' }\n";
    let rows = recorded(&spec(balanced, &measure("ranks", "{ kind = 'ends' }")), &[]);
    // So do their features of whitened inputs.
    for metric in [
        "weight_effective_rank",
        "weight_stable_rank",
        "feature_effective_rank",
    ] {
        for (step, index, rank) in values(&rows, "net", metric) {
            assert!(
                step > 0 || (rank - 2.0).abs() < 1e-9,
                "{metric} {index}: {rank}"
            );
        }
    }
}

#[test]
fn the_gap_to_the_linearised_net_is_that_of_the_outputs_and_falls_as_one_over_the_scale() {
    let net =
        "kind = 'mlp'\nwidths = [20]\nactivation = 'tanh'\nbias = false\ncentre_output = true\n";
    let models = format!("[models.net]\n{net}[models.lin]\n{net}linearised = true\n");
    let measures = measure("outputs", "{ kind = 'linear', every = 20 }")
        + &measure("linearised-gap", "{ kind = 'linear', every = 20 }")
        + "to = 'lin'\nmodels = ['net']\n";
    let text = spec(&models, &measures);
    let gap = |scale: f64| {
        let set = [
            format!("models.net.output_scale={scale:?}"),
            format!("models.lin.output_scale={scale:?}"),
            format!("training.lr={:?}", 0.05 / (scale * scale)),
        ];
        let rows = recorded(&text, &set.each_ref().map(String::as_str));
        let gaps = values(&rows, "net", "linearised_gap");
        assert!(gaps[0].2 < ROUNDING, "they start as one: {}", gaps[0].2);
        for &(step, _, gap) in &gaps {
            let of = |model: &str| -> Vec<f64> {
                let outputs = values(&rows, model, "output").into_iter();
                outputs.filter(|o| o.0 == step).map(|o| o.2).collect()
            };
            let pairs = of("net").into_iter().zip(of("lin"));
            let expected = pairs.map(|(f, g)| (f - g).abs()).fold(0.0, f64::max);
            assert!((gap - expected).abs() < ROUNDING, "step {step}");
        }
        gaps.last().unwrap().2
    };
    // The law of [Chizat2019]: tenfold from 10 to 100, up to corrections of order 1/10.
    let ratio = gap(10.0) / gap(100.0);
    assert!((9.0..11.0).contains(&ratio), "{ratio}");
}

#[test]
fn modes_of_a_linear_net_follow_the_closed_form_from_its_random_start() {
    let small = LINEAR.replace("0.5", "1e-3").replace("[5]", "[30]");
    let text = spec(&small, &measure("modes", "{ kind = 'linear', every = 20 }"))
        + "[predictions.theory]\nkind = 'random-start'\nfrom = 'net'\n";
    let rows = recorded(&text, &["training.steps=4000", "training.lr=0.01"]);
    let (net, theory) = (
        values(&rows, "net", "skill_strength"),
        values(&rows, "theory", "skill_strength"),
    );
    assert_eq!(net.len(), theory.len());
    assert!(net.last().unwrap().2 > 0.5, "something must be learned");
    let gaps = net.iter().zip(&theory).map(|(a, b)| (a.2 - b.2).abs());
    // First order in lr S and the overlap of modes: a few percent.
    let largest = gaps.fold(0.0, f64::max);
    assert!(largest < 0.03, "{largest}");
}
