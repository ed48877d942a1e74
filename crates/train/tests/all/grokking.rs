//! Runs on modular arithmetic and digits: what is measured, and what follows from it.

use crate::{
    runs::{curve, last, recorded},
    specs::ADDITION,
};

#[test]
fn times_follow_from_the_accuracies_as_recorded() {
    let rows = recorded(ADDITION, &[]);
    for model in ["net", "diagonal"] {
        let first = |metric: &str, level: f64| {
            let curve = curve(&rows, model, metric, 0);
            let reached = curve.iter().find(|(_, value)| *value >= level);
            reached.map(|(step, _)| *step as f64)
        };
        let fit = first("train_accuracy", 0.9).unwrap();
        assert_eq!(last(&rows, model, "t_fit", 0), fit);
        let generalised = first("test_accuracy", 0.8).unwrap_or(f64::INFINITY);
        assert_eq!(last(&rows, model, "t_gen", 0), generalised);
        assert_eq!(last(&rows, model, "delay_gap", 0), generalised - fit);
        let at_fit = curve(&rows, model, "test_accuracy", 0);
        let (_, at_fit) = *at_fit.iter().find(|(step, _)| *step as f64 == fit).unwrap();
        assert_eq!(last(&rows, model, "test_accuracy_at_fit", 0), at_fit);
        // Shares of 39 training and 10 test rows.
        let share = last(&rows, model, "train_accuracy", 0) * 39.0;
        assert!((share - share.round()).abs() < 1e-9);
    }
    // The net starts without a right row and ends with all training rows.
    assert_eq!(last(&rows, "net", "train_accuracy", 0), 1.0);
    assert!(curve(&rows, "net", "train_accuracy", 0)[0].1 < 0.5);
    // The toy at the net's ratio, 1: the root of 1 + √2.
    let growth = last(&rows, "toy", "amplification", 0);
    assert!(
        (growth - (1.0 + 2.0_f64.sqrt()).sqrt()).abs() < 1e-12,
        "{growth}"
    );
}

#[test]
fn a_level_that_is_not_reached_is_infinite_and_leaves_no_gap() {
    let text = ADDITION
        .replace("steps = 400", "steps = 1")
        .replace("fit = 0.9", "fit = 1.0");
    let rows = recorded(&text, &[]);
    assert_eq!(last(&rows, "net", "t_fit", 0), f64::INFINITY);
    assert_eq!(last(&rows, "net", "t_gen", 0), f64::INFINITY);
    for metric in ["delay_gap", "delay_ratio", "test_accuracy_at_fit"] {
        assert!(curve(&rows, "net", metric, 0).is_empty(), "{metric}");
    }
}

#[test]
fn measures_have_their_known_values_at_the_start_and_the_end() {
    let rows = recorded(ADDITION, &[]);
    let first = |metric: &str, index| curve(&rows, "net", metric, index)[0].1;
    assert!((first("feature_cka", 1) - 1.0).abs() < 1e-12);
    assert!(first("kernel_distance", 0).abs() < 1e-12);
    assert_eq!(first("conserved_drift", 0), 0.0);
    assert_eq!(
        (first("weight_growth", 0), first("weight_to_target", 0)),
        (1.0, 1.0)
    );
    assert!(last(&rows, "net", "feature_cka", 1) < 0.99);
    assert!(last(&rows, "net", "kernel_distance", 0) > 0.01);
    assert!(last(&rows, "net", "conserved_drift", 0) > 0.01);
    // Three frequencies; shares add up to one, sorted ones fall.
    let spectrum: Vec<f64> = (1..=3)
        .map(|k| last(&rows, "net", "fourier_power", k))
        .collect();
    assert!((spectrum.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let sorted: Vec<f64> = (1..=3)
        .map(|k| last(&rows, "net", "sorted_power", k))
        .collect();
    assert!(sorted[0] > sorted[1] && sorted[1] > sorted[2]);
    assert!(last(&rows, "net", "ipr", 0) > first("ipr", 0));
    // The generalising part is on the key frequencies, the memorising part on the others.
    for model in ["net", "diagonal"] {
        let all = last(&rows, model, "restricted_accuracy", 0);
        let none = last(&rows, model, "excluded_accuracy", 0);
        assert!(all > 0.9 && none < 0.8, "{model}: {all} {none}");
        let losses = ["restricted_loss", "excluded_loss"].map(|m| last(&rows, model, m, 0));
        assert!(losses[0] < losses[1], "{model}: {losses:?}");
        assert!(last(&rows, model, "logit_margin", 0) > 0.0);
        assert!(last(&rows, model, "smallest_margin", 0) <= last(&rows, model, "logit_margin", 0));
        assert_eq!(last(&rows, model, "softmax_collapse", 0), 0.0);
    }
}

#[test]
fn the_four_scales_make_one_ratio() {
    let text = ADDITION
        .replace(
            "fraction = 0.8",
            "fraction = 0.8\ntarget = 2.0\ninput_scale = 0.5",
        )
        .replace(
            "bias = false",
            "bias = false\nweight_scale = 0.8\noutput_scale = 3.0",
        )
        .replace("steps = 400", "steps = 1");
    let rows = recorded(&text, &[]);
    let expected = 3.0 * 0.8_f64.powi(3) * 0.25 / 2.0;
    let found = last(&rows, "net", "weight_to_target", 0);
    assert!((found / expected - 1.0).abs() < 1e-12, "{found}");
}

#[test]
fn minibatches_are_measured_on_the_whole_training_set() {
    let text = r#"name = "digits"
title = "A title"
summary = "A summary"
source = "A source"
minutes = 0.1

[task]
kind = "dataset"
name = "digits"
train = 60
test = 200
data = { order = "epochs", batch = 8 }

[models.net]
kind = "mlp"
widths = [16]

[training]
seeds = 1
steps = 12
lr = 0.1

[[measure]]
kind = "accuracy"
schedule = { kind = "linear", every = 1 }

[[measure]]
kind = "kernel"
rows = 4
schedule = { kind = "ends" }
"#;
    let rows = recorded(text, &[]);
    let curve = curve(&rows, "net", "train_accuracy", 0);
    let counts: Vec<f64> = curve.iter().map(|(_, share)| share * 60.0).collect();
    assert!(
        counts
            .iter()
            .all(|count| (count - count.round()).abs() < 1e-9)
    );
    // Of eight rows only every eighth share is possible.
    assert!(curve.iter().any(|(_, share)| (share * 8.0).fract() != 0.0));
}
