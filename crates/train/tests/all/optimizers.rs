//! What optimizers conserve and how fast they make modes, from spec to table.

use std::collections::BTreeMap;

use judge::Run;

use crate::runs::recorded;

/// Rounding of a few hundred steps of f64.
const ROUNDING: f64 = 1e-9;

const HEAD: &str = "name = 'small'\ntitle = 'T'\nsummary = 'S'\nsource = 'S'\nminutes = 0.1\n";

/// Values by (step, index).
fn curve(run: &Run, model: &str, metric: &str) -> BTreeMap<(u64, u64), f64> {
    let rows = run.observations.of_variant((model, metric), "base");
    rows.map(|o| ((o.step, o.index), o.value)).collect()
}

/// A ReLU net that classifies digits in batches.
const CLASSIFIER: &str = "
[task]
kind = 'dataset'
name = 'digits'
train = 100
inputs = 'centred'
data = { order = 'epochs', batch = 20 }

[models.net]
kind = 'mlp'
widths = [12, 9]
activation = 'relu'
bias = true
lr_scale = 0.5

[predictions.law]
kind = 'decay-alone'
from = 'net'

[predictions.double]
kind = 'decay-alone'
from = 'net'
decay = 2.0

[training]
seeds = 1
steps = 400
lr = 0.2
precision = 'f64'
schedule = { kind = 'steps', every = 150, factor = 0.3 }
loss = { kind = 'cross-entropy' }
optimizer = { kind = 'sgd', weight_decay = 0.02 }

[[measure]]
kind = 'class-sum'
schedule = { kind = 'linear', every = 40 }
";

/// The largest relative distance of the net's sum of rows to a law; `None` if there is no law.
fn gap(overrides: &[&str], law: &str) -> Option<f64> {
    let run = recorded(&format!("{HEAD}{CLASSIFIER}"), overrides);
    let (net, law) = (
        curve(&run, "net", "class_sum"),
        curve(&run, law, "class_sum"),
    );
    assert_eq!(net.len(), 11);
    if law.is_empty() {
        return None;
    }
    assert!(net.keys().eq(law.keys()));
    let pairs = net.values().zip(law.values());
    Some(pairs.map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max))
}

#[test]
fn under_cross_entropy_only_decay_moves_the_sum_of_the_classifiers_rows() {
    let optimizers = [
        "training.optimizer={kind='sgd', weight_decay=0.02}",
        "training.optimizer={kind='sgd', weight_decay=0.02, momentum=0.9}",
        "training.optimizer={kind='sgd', weight_decay=0.02, momentum=0.9, nesterov=true}",
        "training.optimizer={kind='sgd'}",
    ];
    for optimizer in optimizers {
        let found = gap(&[optimizer], "law").unwrap();
        assert!(found < ROUNDING, "{optimizer}: {found:e}");
    }
    assert!(gap(&[], "double").unwrap() > 0.1);
    // The product written out: 150 steps at the full rate, 150 at 0.3 of it, the others at 0.09.
    let run = recorded(&format!("{HEAD}{CLASSIFIER}"), &[]);
    let law = curve(&run, "law", "class_sum");
    let left = |factor: f64, steps: i32| (1.0 - factor * 0.1 * 0.02).powi(steps);
    let expected = left(1.0, 150) * left(0.3, 150) * left(0.09, 100);
    assert!((law[&(400, 0)] / expected - 1.0).abs() < 1e-12);
    assert_eq!(law[&(0, 0)], 1.0);
}

#[test]
fn other_losses_and_optimizers_move_it() {
    for change in [
        "training.loss={kind='mse'}",
        "training.optimizer={kind='adam', weight_decay=0.02, decay='decoupled'}",
        "training.optimizer={kind='sign', weight_decay=0.02}",
    ] {
        let found = gap(&["training.lr=0.02", change], "law").unwrap();
        assert!(found > 1e-3, "{change}: {found:e}");
    }
    // Coupled decay enters Adam's moments: there is no law for a single number.
    let coupled = "training.optimizer={kind='adam', weight_decay=0.02}";
    assert_eq!(gap(&["training.lr=0.001", coupled], "law"), None);
}

#[test]
fn a_mode_of_a_linear_net_follows_its_closed_form_under_muon_and_has_none_elsewhere() {
    const RATE: f64 = 0.002;
    let spec = format!(
        "{HEAD}
[task]
kind = 'linear-map'
target = [[0.0, 0.5, 0.0], [-2.0, 0.0, 0.0]]

[models.net]
kind = 'deep-linear'
widths = [6]
init = {{ kind = 'balanced', strength = 1e-8, alignment = 'task' }}

[predictions.muon]
kind = 'muon-modes'
from = 'net'

[training]
seeds = 1
steps = 800
lr = {RATE}
precision = 'f64'
optimizer = {{ kind = 'muon' }}
loss = {{ kind = 'mse', half = true, outputs = 'sum' }}

[[measure]]
kind = 'modes'
schedule = {{ kind = 'linear', every = 4 }}

[[measure]]
kind = 'mode-sizes'
schedule = 'last'
"
    );
    let run = recorded(&spec, &[]);
    let sizes: Vec<f64> = curve(&run, "net", "mode_size").into_values().collect();
    assert!((sizes[0] - 2.0).abs() < 1e-12 && (sizes[1] - 0.5).abs() < 1e-12);
    let (net, form) = (
        curve(&run, "net", "skill_strength"),
        curve(&run, "muon", "skill_strength"),
    );
    assert!(net.keys().eq(form.keys()));
    for ((place, net), form) in net.iter().zip(form.values()) {
        // The start, and a step more or less about the end.
        assert!((net - form).abs() < 0.01, "{place:?}: {net} {form}");
    }
    for model in ["net", "muon"] {
        let times: Vec<f64> = curve(&run, model, "half_time").into_values().collect();
        for (time, size) in times.iter().zip(&sizes) {
            assert!(
                (time * RATE / (0.5 * size).sqrt() - 1.0).abs() < 0.01,
                "{model} {time}"
            );
        }
    }
    for other in [
        "{kind='sgd'}",
        "{kind='sign'}",
        "{kind='muon', weight_decay=0.1}",
    ] {
        let run = recorded(
            &spec,
            &[&format!("training.optimizer={other}"), "training.steps=8"],
        );
        assert!(curve(&run, "muon", "skill_strength").is_empty(), "{other}");
    }
}
