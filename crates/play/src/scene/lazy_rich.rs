//! Lazy and rich: scale and imbalance of the initial weights decide whether features turn.

use crate::{
    dial::Dial,
    tell::{Shown, three},
    values::Values,
};

use super::Scene;

/// Learning rate times the square of the heavier factor, as in the experiment lazy-rich.
const STABLE: f64 = 0.05;
/// Largest learning rate.
const MOST: f64 = 0.3;
/// Kernel distance above which a net is called rich, as in the claim.
const RICH: f64 = 0.1;

pub(super) fn scene() -> Scene {
    Scene {
        name: "lazy-rich".to_owned(),
        title: "Lazy and rich".to_owned(),
        invitation: "Turn κ up: the kernel stays where it started, and the net becomes its own first-order \
                     expansion. Turn g away from 1: only the lighter layer learns."
            .to_owned(),
        spec: include_str!("lazy-rich.toml").to_owned(),
        origin: "scene lazy-rich".to_owned(),
        quick: false,
        dials: vec![
            Dial::log("kappa", "κ, scale of the initial weights", (0.1, 5.0), 0.3)
                .help("Factor on all initial weights."),
            Dial::log("g", "g, imbalance of the layers", (0.1, 10.0), 1.0)
                .help("The first layer is multiplied by g and the last divided by it, so that the function is the same."),
            Dial::log("tau", "τ, scale of the targets", (0.1, 10.0), 1.0)
                .help("Only κ²/τ matters for a net of two homogeneous layers.")
                .sets("task.target"),
            Dial::whole("width", "width", (10, 200), 40),
            Dial::choice("activation", "activation", &["relu", "tanh", "gelu"]),
            Dial::whole("rows", "training rows", (30, 600), 120).sets("task.train"),
            Dial::log("lr", "factor on the learning rate", (0.1, 3.0), 1.0)
                .help("The rate itself falls as the square of the heavier layer, so that training stays stable."),
            Dial::whole("steps", "steps", (300, 20000), 3000).sets("training.steps"),
            Dial::whole("seeds", "seeds", (1, 8), 4)
                .help("Curves are medians; a verdict needs several.")
                .sets("training.seeds"),
        ],
        links,
        tells,
    }
}

fn links(values: &Values) -> Vec<String> {
    let [kappa, g, width] = ["kappa", "g", "width"].map(|name| values.number(name));
    let heavier = kappa * g.max(1.0 / g);
    let lr = values.number("lr") * (STABLE / (heavier * heavier)).min(MOST);
    let mut links = vec![format!("training.lr={lr:?}")];
    for model in ["net", "linear", "tangent"] {
        links.push(format!("models.{model}.weight_scale={kappa:?}"));
        links.push(format!("models.{model}.imbalance={g:?}"));
        links.push(format!("models.{model}.widths=[{width}]"));
    }
    let activation = values.word("activation");
    for model in ["net", "tangent"] {
        links.push(format!("models.{model}.activation={activation:?}"));
    }
    links
}

fn tells(shown: &Shown<'_>) -> Vec<String> {
    let mut text = Vec::new();
    let moved = |index| shown.last("net", "weight_change", index);
    // One layer that has moved by more than its size.
    let alone = moved(1)
        .zip(moved(2))
        .is_some_and(|(first, last)| first.max(last) > 1.0);
    if let Some(distance) = shown.last("net", "kernel_distance", 0) {
        text.push(if distance > RICH {
            format!(
                "Rich: the tangent kernel of the net has turned by {} (1 is a right angle). The layers change \
                 each other's speed, so features follow the teacher.",
                three(distance)
            )
        } else {
            format!(
                "Lazy: the tangent kernel of the net has turned by {} only. {}, so the net learns as a linear \
                 model of the features that it started with.",
                three(distance),
                if alone {
                    "One layer hardly changes and the other learns alone"
                } else {
                    "Its layers hardly change"
                }
            )
        });
    }
    if let (Some(first), Some(last)) = (moved(1), moved(2)) {
        text.push(format!(
            "Relative to their start, the first layer has moved by {} times its size and the last by {} times.",
            three(first),
            three(last)
        ));
    }
    let losses = ["net", "tangent"].map(|model| shown.last(model, "test_loss", 0));
    if let [Some(net), Some(tangent)] = losses {
        text.push(format!(
            "On new rows the net has an error of {}, its first-order expansion {}.",
            three(net),
            three(tangent)
        ));
    }
    text
}
