//! Neural collapse: features that contract onto their class means, the more the smaller the initial weights.

use crate::{
    dial::Dial,
    tell::{Shown, percent, three},
    values::Values,
};

use super::Scene;

/// C − 1: the rank of collapsed features of ten classes.
const COLLAPSED_RANK: f64 = 9.0;

/// NC1 below which features count as collapsed, as in the claim.
const COLLAPSED: f64 = 0.05;
/// Share of training rows from which they count as fitted.
const FITTED: f64 = 0.99;

pub(super) fn scene() -> Scene {
    Scene {
        name: "collapse".to_owned(),
        title: "Neural collapse".to_owned(),
        invitation: "Watch three clouds contract onto three points. Turn κ up: the net fits its rows as well, \
                     but the clouds stay."
            .to_owned(),
        spec: include_str!("collapse.toml").to_owned(),
        origin: "scene collapse".to_owned(),
        quick: false,
        dials: vec![
            Dial::log("kappa", "κ, scale of the initial weights", (0.1, 3.0), 0.3)
                .help("Factor on all initial weights, which are those of He at κ = 1."),
            Dial::whole("width", "width", (16, 256), 64).help("Neurons of each hidden layer."),
            Dial::whole("depth", "hidden layers", (1, 4), 2).help("Features are those of the last one."),
            Dial::choice("activation", "activation", &["relu", "tanh", "gelu"])
                .sets("models.net.activation"),
            Dial::whole("rows", "training rows", (200, 1200), 300)
                .help("Images of digits.")
                .sets("task.train"),
            Dial::linear("noise", "share of random labels", (0.0, 1.0), 0.0)
                .help("Random labels collapse as well: collapse says nothing about generalisation.")
                .sets("task.label_noise"),
            Dial::log("lr", "learning rate", (0.0003, 0.01), 0.002)
                .help("Of Adam.")
                .sets("training.lr"),
            Dial::whole("steps", "steps", (200, 6000), 1500).sets("training.steps"),
            Dial::whole("seeds", "seeds", (1, 8), 2)
                .help("Curves are medians; a verdict needs several.")
                .sets("training.seeds"),
        ],
        links,
        tells,
    }
}

fn links(values: &Values) -> Vec<String> {
    let width = values.number("width").to_string();
    let widths = vec![width; values.number("depth") as usize].join(", ");
    let kappa = values.number("kappa");
    ["net", "linear"]
        .into_iter()
        .flat_map(|model| {
            [
                format!("models.{model}.weight_scale={kappa:?}"),
                format!("models.{model}.widths=[{widths}]"),
            ]
        })
        .collect()
}

fn tells(shown: &Shown<'_>) -> Vec<String> {
    let mut text = Vec::new();
    let both = |metric| {
        Some((
            shown.first("net", metric, 0)?,
            shown.last("net", metric, 0)?,
        ))
    };
    if let Some((first, last)) = both("nc1") {
        let (left, verb) = (last / first, if shown.is_over { "is" } else { "is now" });
        text.push(format!(
            "NC1, the scatter of features around their class mean in units of the scatter of the means, {verb} \
             {} in the net; it was {} at the start. {}",
            three(last),
            three(first),
            if left < 0.1 {
                "Features contract: what tells rows of a class apart is not needed for the labels."
            } else {
                "Features have not contracted."
            }
        ));
    }
    if let Some(accuracy) = shown.last("net", "train_accuracy", 0) {
        let collapsed = shown
            .last("net", "nc1", 0)
            .is_some_and(|nc1| nc1 < COLLAPSED);
        let alone = if accuracy > FITTED && !collapsed {
            " It fits without collapse, so fitting alone does not make features collapse."
        } else {
            ""
        };
        text.push(format!(
            "The net has learned {} of its training rows.{alone}",
            percent(accuracy)
        ));
    }
    if let Some(rank) = shown.last("net", "effective_rank", 0) {
        text.push(format!(
            "Features have the effective rank {}; a collapsed net has C − 1 = {COLLAPSED_RANK}. From small weights \
             layers amplify each other in the directions of the labels alone, and the others stay small; from \
             large ones the others are there from the start, and nothing removes them.",
            three(rank)
        ));
    }
    if let Some(last) = shown.last("linear", "nc1", 0) {
        text.push(format!(
            "The deep linear net of the same scale is at {}.",
            three(last)
        ));
    }
    text
}
