//! Emergence: skills of a net, which rise one after another as sigmoids from small weights and at once,
//! as exponentials, from large ones.

use crate::{
    dial::Dial,
    tell::{Shown, percent, three},
    values::Values,
};

use super::Scene;

/// σ: standard deviation of the initial weights at κ = 1.
const STD: f64 = 0.01;
/// S: the target of every skill.
const TARGET: f64 = 5.0;
/// [Nam2024]: R_0 = σ²/3.6.
const STARTS: f64 = 3.6;
/// Factor on the learning rate of the linear model, which puts it on the clock of the net at κ = 1.
const LINEAR: f64 = 0.0266;
/// Up to this learning rate times κ², nets of a pilot on seeds 200 and 201 trained without jumps.
const STABLE: f64 = 12.0;

pub(super) fn scene() -> Scene {
    Scene {
        name: "emergence".to_owned(),
        title: "Emergence".to_owned(),
        invitation: "Turn κ up: in theory and its twin the layers stop waiting for each other, and sigmoids become exponentials; see whether the net follows. \
                     Turn α down: skills come closer together."
            .to_owned(),
        spec: include_str!("emergence.toml").to_owned(),
        origin: "scene emergence".to_owned(),
        quick: false,
        dials: vec![
            Dial::log("kappa", "κ, scale of the initial weights", (0.3, 60.0), 1.0).help(
                "Factor on all initial weights of the net. Twin and theory start where that scale puts them.",
            ),
            Dial::linear("alpha", "α, exponent of the frequencies", (0.1, 2.0), 0.6)
                .help("Skill k has a frequency in proportion to k^−(α+1).")
                .sets("task.alpha"),
            Dial::whole("skills", "skills", (1, 5), 3).help("Each is a parity of three bits of its own."),
            Dial::whole("width", "width of the net", (16, 512), 128)
                .help("Neurons of its hidden layer."),
            Dial::choice("activation", "activation", &["relu", "tanh", "gelu", "identity"])
                .help("Without one (identity) the net is linear, and no parity can be learned.")
                .sets("models.net.activation"),
            Dial::log("lr", "learning rate", (0.002, 0.2), 0.05)
                .help("At large κ a smaller one is taken, 12/κ², so that training stays stable."),
            Dial::whole("batch", "rows per step", (20, 1000), 200)
                .help("Fresh rows at every step.")
                .sets("task.data.batch"),
            Dial::whole("steps", "most steps", (500, 30000), 8000)
                .help("Training ends earlier once the net has all skills.")
                .sets("training.steps"),
            Dial::whole("seeds", "seeds", (1, 16), 6)
                .help("Curves are medians; a verdict needs six.")
                .sets("training.seeds"),
        ],
        links,
        tells,
    }
}

/// Ratio of times between that of sigmoids (1.4 to 2.5) and that of an exponential (21.9): their geometric mean.
const STILL_A_SIGMOID: f64 = 7.0;

/// λ = 2 Σ_0: what random layers of W neurons conserve [Nam2025, Sec. 7].
fn imbalance(values: &Values) -> f64 {
    let kappa = values.number("kappa");
    2.0 * values.number("width") * (STD * kappa).powi(2)
}

/// Where a skill starts.
fn start(values: &Values) -> f64 {
    (STD * values.number("kappa")).powi(2) / STARTS
}

fn links(values: &Values) -> Vec<String> {
    let kappa = values.number("kappa");
    let skills = values.number("skills");
    let asked = values.number("lr");
    let lr = asked.min(STABLE / (kappa * kappa));
    // The linear model has no weights that could be too large, so its clock stays.
    let linear = LINEAR * asked / lr;
    let (start, lambda) = (start(values), imbalance(values));
    vec![
        format!("models.net.weight_scale={kappa:?}"),
        format!("models.net.widths=[{}]", values.number("width")),
        format!("models.twin.initial={start:?}"),
        format!("models.twin.lambda={lambda:?}"),
        format!("models.linear.lr_scale={linear:?}"),
        format!("predictions.theory.initial={start:?}"),
        format!("predictions.theory.lambda={lambda:?}"),
        format!("task.skills={skills}"),
        format!("task.bits={}", 3.0 * skills),
        format!("training.lr={lr:?}"),
    ]
}

fn tells(shown: &Shown<'_>) -> Vec<String> {
    let lambda = imbalance(shown.values);
    // x′ = (v/2)(x₊ − x)(x − x₋) with K = √(4S² + λ²): the share of K that does not wait for the other layer.
    let own_speed = lambda / lambda.hypot(2.0 * TARGET);
    let mut text = vec![if own_speed < 0.3 {
        format!(
            "From these weights the two layers wait for each other: each learns at the speed that the size of \
             the other gives it, and both start small. Of the final speed √(λ² + 4S²) only λ, {} of it, is \
             there at the start (λ = {}, 2S = {}). So theory is a sigmoid: a delay, then a rise.",
            percent(own_speed),
            three(lambda),
            three(2.0 * TARGET)
        )
    } else if own_speed < 0.9 {
        format!(
            "From these weights one layer gives the other {} of its final speed √(λ² + 4S²) from the start \
             (λ = {}, 2S = {}); the rest comes as they grow. So theory lies between a sigmoid and an \
             exponential.",
            percent(own_speed),
            three(lambda),
            three(2.0 * TARGET)
        )
    } else {
        format!(
            "From these weights one layer of theory is large enough to give the other its speed from the start: \
             {} of the final speed √(λ² + 4S²) is λ, which does not change (λ = {}, 2S = {}). Layers whose \
             sizes hardly change are a linear model, so theory is an exponential without a delay.",
            percent(own_speed),
            three(lambda),
            three(2.0 * TARGET)
        )
    }];
    let ratios = [
        ("theory", "theory"),
        ("twin", "its twin"),
        ("net", "the net"),
        ("linear", "the linear model"),
    ];
    let ratios = ratios.map(|(model, name)| {
        let ratio = shown
            .last(model, "t90_over_t10", 1)
            .filter(|ratio| ratio.is_finite());
        ratio.map(|ratio| format!("{} for {name}", three(ratio)))
    });
    let known: Vec<String> = ratios.into_iter().flatten().collect();
    if !known.is_empty() {
        text.push(format!(
            "Skill 1 takes this many times as long to 90 % as to 10 %, by what was recorded: {}. An exponential \
             from 0 has 21.9; sigmoids have 1.4 to 2.5.",
            known.join(", ")
        ));
    }
    let ratio = |model| shown.last(model, "t90_over_t10", 1);
    if let (Some(net), Some(theory)) = (ratio("net"), ratio("theory"))
        && own_speed >= 0.9
        && net < STILL_A_SIGMOID
        && theory > STILL_A_SIGMOID
    {
        text.push(format!(
            "The net does not follow theory here: its rise is still a sigmoid ({}). Theory is given each skill \
             as one feature, a ReLU net has to find it, and that part theory leaves out.",
            three(net)
        ));
    }
    let half = |model| {
        shown
            .last(model, "half_time", 1)
            .filter(|time| time.is_finite())
    };
    if let (Some(net), Some(theory)) = (half("net"), half("theory")) {
        text.push(format!(
            "The net is half-way with skill 1 at step {}, theory at step {}. The clock of theory was set once, \
             for κ = 1; it has no constant for other scales.",
            three(net),
            three(theory)
        ));
    }
    if let Some(moved) = shown.last("net", "weight_change", 1) {
        let verb = if shown.is_over {
            "has moved"
        } else {
            "has moved so far"
        };
        text.push(format!(
            "The first layer of the net {verb} by {} times its initial size.",
            three(moved)
        ));
    }
    text
}
