//! Grokking: rows that are fitted long before new ones are answered, and a scale from which they never are.

use crate::{
    dial::Dial,
    tell::{Shown, percent, three},
    values::Values,
};

use super::Scene;

/// Shares of rows from which they count as fitted and as generalised, as in the spec.
const FITTED: f64 = 0.99;
const GENERALISED: f64 = 0.95;

pub(super) fn scene() -> Scene {
    Scene {
        name: "grokking".to_owned(),
        title: "Grokking".to_owned(),
        invitation: "Turn κ up: the net fits sooner, and generalises later and later, then never. The spectrum says \
                     whether its neurons have found frequencies."
            .to_owned(),
        spec: include_str!("grokking.toml").to_owned(),
        origin: "scene grokking".to_owned(),
        quick: false,
        dials: vec![
            Dial::log("kappa", "κ, scale of the initial weights", (0.1, 2.0), 0.5)
                .help("Factor on all initial weights of the net.")
                .sets("models.net.weight_scale"),
            Dial::log("start", "start of the diagonal net", (0.003, 0.5), 0.01)
                .help("Its initial factors.")
                .sets("models.diagonal.initial"),
            Dial::choice("operation", "operation", &["add", "subtract", "multiply"])
                .help("Multiplication has no sparse solution in these characters.")
                .sets("task.operation"),
            Dial::linear("fraction", "share of pairs for training", (0.3, 0.9), 0.7)
                .help("The others are new rows.")
                .sets("task.fraction"),
            Dial::choice("modulus", "modulus p", &["17", "7", "11", "13"])
                .help("There are p² pairs."),
            Dial::whole("width", "width", (20, 300), 128).help("Neurons of the net."),
            Dial::log("lr", "learning rate", (0.02, 0.3), 0.2).sets("training.lr"),
            Dial::whole("steps", "steps", (300, 20000), 3000).sets("training.steps"),
            Dial::whole("seeds", "seeds", (1, 8), 3)
                .help("Curves are medians; a verdict needs several.")
                .sets("training.seeds"),
        ],
        links,
        tells,
    }
}

fn links(values: &Values) -> Vec<String> {
    vec![
        format!("models.net.widths=[{}]", values.number("width")),
        format!("task.modulus={}", values.word("modulus")),
    ]
}

fn tells(shown: &Shown<'_>) -> Vec<String> {
    let mut text = Vec::new();
    let accuracies = ["train_accuracy", "test_accuracy"].map(|m| shown.last("net", m, 0));
    let [Some(fitted), Some(new)] = accuracies else {
        return text;
    };
    let [fit, generalised] = ["t_fit", "t_gen"].map(|metric| {
        let time = shown.last("net", metric, 0);
        time.filter(|time| time.is_finite())
    });
    text.push(match (fit, generalised) {
        (Some(fit), Some(late)) if late > fit => format!(
            "The net fitted its rows (more than {}) at step {} and answered new ones (more than {}) at step {}, \
             {} times as late: that is grokking.",
            percent(FITTED),
            three(fit),
            percent(GENERALISED),
            three(late),
            three(late / fit)
        ),
        (Some(fit), Some(_)) => format!(
            "The net fitted its rows at step {} and answered new ones no later.",
            three(fit)
        ),
        (Some(fit), None) => format!(
            "The net fitted its rows at step {} and answers {} of the new ones{}.",
            three(fit),
            percent(new),
            if shown.is_over { ": it has memorised" } else { " so far" }
        ),
        (None, _) => format!(
            "The net answers {} of its training rows and {} of the new ones.",
            percent(fitted),
            percent(new)
        ),
    });
    if let (Some(first), Some(last)) = (
        shown.first("net", "sorted_power", 1),
        shown.last("net", "sorted_power", 1),
    ) {
        text.push(format!(
            "Its neurons have {} of their power in one frequency; it was {} at the start.",
            percent(last),
            percent(first)
        ));
    }
    let others = [
        ("diagonal", "The diagonal linear net"),
        ("linear", "The plain linear model"),
    ];
    for (model, name) in others {
        if let Some(new) = shown.last(model, "test_accuracy", 0) {
            text.push(format!("{name} answers {} of the new rows.", percent(new)));
        }
    }
    text
}
