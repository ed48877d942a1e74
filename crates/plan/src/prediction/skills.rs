use metrics::Crossing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, parse_table, positive, table_of};
use theory::{BalancedMode, DeepMode, LambdaMode};

use super::{CellView, Prediction};
use crate::{derived::Derived, times::half_time};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Skills>("initial_from = \"twin\"\ncalibrate_on = \"net\"").giving(&[&[
Quantity::new("slowdown", "–", "B²: how much slower the net is than the layered model, the one constant of the closed form; recorded at the last step").from("[Nam2024]"),
]]);

/// The layerwise-linear model of skills in closed form: the strength of skill k is a sigmoid of rate 2 P_k S/B² \[Nam2024\].
///
/// With `lambda` its two layers are imbalanced \[Domine2024\], with `depth` there are more than two \[Saxe2014\]. It is for
/// tasks of skills or modes, and starts from one of `initial`, `init_std` and `initial_from`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Skills {
    /// R_0: the initial strength of every skill. Above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    initial: Option<f64>,
    /// σ: the standard deviation of the initial weights of a net, from which S/R_0 − 1 = 3.6 S/σ² − 1 follows, an empirical
    /// relation of the code of \[Nam2024\]. Above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    init_std: Option<f64>,
    /// Name of the model whose strengths at step 0 are the initial ones, skill by skill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    initial_from: Option<String>,
    /// B²; 1 unless given. Above 0. Not with `calibrate_on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slowdown: Option<f64>,
    /// Name of the model whose half-time of skill 1 fixes B², per seed and variant. For two balanced layers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibrate_on: Option<String>,
    /// λ = b² − a² of the two layers; 0 is balanced.
    #[serde(default)]
    lambda: f64,
    /// L: the number of layers, 2 or more.
    #[serde(default = "two")]
    depth: u32,
    /// Factor on the flow time, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
}

fn two() -> u32 {
    2
}

fn one() -> f64 {
    1.0
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let mut kind: Skills = parse_table(table)?;
    if kind.slowdown.is_none() && kind.calibrate_on.is_none() {
        kind.slowdown = Some(1.0);
    }
    exactly_one(&[
        ("initial", kind.initial.is_some()),
        ("init_std", kind.init_std.is_some()),
        ("initial_from", kind.initial_from.is_some()),
    ])?;
    exactly_one(&[
        ("slowdown", kind.slowdown.is_some()),
        ("calibrate_on", kind.calibrate_on.is_some()),
    ])?;
    let numbers = [
        ("initial", kind.initial),
        ("init_std", kind.init_std),
        ("slowdown", kind.slowdown),
    ];
    for (key, value) in numbers {
        if let Some(value) = value {
            positive(key, value)?;
        }
    }
    positive("clock", kind.clock)?;
    if kind.depth < 2 {
        let hint = "Write 2 or more; one layer is kind = \"linear-skills\".";
        return Err(KeyError::new(
            "depth",
            kind.depth,
            "must be 2 or more",
            hint,
        ));
    }
    let plain = kind.depth == 2 && kind.lambda == 0.0;
    if !kind.lambda.is_finite() || (kind.depth > 2 && kind.lambda != 0.0) {
        let problem = "must be finite, and 0 for more than two layers";
        return Err(KeyError::new("lambda", kind.lambda, problem, "Write 0."));
    }
    if !plain && kind.calibrate_on.is_some() {
        let (value, problem) = ("(given)", "calibrates two balanced layers only");
        let hint = "Write slowdown, or leave lambda and depth out.";
        return Err(KeyError::new("calibrate_on", value, problem, hint));
    }
    Ok(Box::new(kind))
}

fn exactly_one(keys: &[(&str, bool)]) -> Result<(), KeyError> {
    let given = keys.iter().filter(|(_, given)| *given).count();
    if given == 1 {
        return Ok(());
    }
    let names = keys
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ");
    let hint = if given == 0 { "Add one." } else { "Keep one." };
    let found = format!("({given} given)");
    Err(KeyError::new(
        keys[0].0,
        found,
        format!("exactly one of {names} is needed"),
        hint,
    ))
}

/// One skill of the model.
enum Mode {
    Balanced(BalancedMode),
    Imbalanced(LambdaMode),
    Deep(DeepMode),
}

impl Mode {
    fn strength(&self, time: f64) -> f64 {
        match self {
            Self::Balanced(mode) => mode.strength(time),
            Self::Imbalanced(mode) => mode.strength(time),
            Self::Deep(mode) => mode.strength(time),
        }
    }
}

impl Skills {
    fn mode(&self, power: f64, target: f64, start: f64) -> Option<Mode> {
        if self.depth > 2 {
            DeepMode::new(self.depth, power, target, start)
                .ok()
                .map(Mode::Deep)
        } else if self.lambda == 0.0 {
            BalancedMode::new(power, target, start)
                .ok()
                .map(Mode::Balanced)
        } else {
            LambdaMode::new(power, target, start, self.lambda)
                .ok()
                .map(Mode::Imbalanced)
        }
    }

    /// One curve per group, and B².
    fn modes(&self, cell: &CellView<'_>) -> Option<(Vec<Mode>, f64)> {
        let first = cell.groups.first()?;
        let initial = (1..)
            .zip(cell.groups)
            .map(
                |(index, group)| match (&self.initial_from, self.initial, self.init_std) {
                    (Some(model), ..) => {
                        let (steps, values) = cell.curve(model, "skill_strength", index);
                        // What a curve begins with later is no initial strength.
                        let start = values.first().filter(|_| steps.first() == Some(&0.0));
                        start.map(|start| start * group.target)
                    }
                    (None, Some(initial), _) => Some(initial),
                    (None, None, std) => theory::initial_from_init_std(std?).ok(),
                },
            )
            .collect::<Option<Vec<f64>>>()?;
        let slowdown = match (self.slowdown, &self.calibrate_on) {
            (Some(slowdown), _) => slowdown,
            (None, model) => {
                let (steps, values) = cell.curve(model.as_deref()?, "skill_strength", 1);
                let Ok(Crossing::At(step)) = half_time(&steps, &values) else {
                    return None;
                };
                let time = cell.clock.time_at(step)? * self.clock;
                let (power, target) = (first.probability, first.target);
                theory::slowdown_from_half_time(time, power, target, initial[0]).ok()?
            }
        };
        // Modes may have targets of their own, so each is a curve of its own.
        let modes = cell
            .groups
            .iter()
            .zip(initial)
            .map(|(g, start)| self.mode(g.probability / slowdown, g.target, start))
            .collect::<Option<Vec<_>>>()?;
        Some((modes, slowdown))
    }
}

impl Prediction for Skills {
    fn resolved(&self) -> toml::Table {
        table_of("multilinear-skills", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength", "test_loss", "slowdown"]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "skill_strength" => "skill",
            _ => "",
        }
    }

    fn reads(&self) -> Vec<&str> {
        self.calibrate_on
            .iter()
            .chain(&self.initial_from)
            .map(String::as_str)
            .collect()
    }

    fn constants(&self) -> u32 {
        u32::from(self.calibrate_on.is_some())
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some((modes, slowdown)) = self.modes(cell) else {
            return;
        };
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let Some(time) = cell.clock.time(at).map(|t| t * self.clock) else {
                break;
            };
            let flow_time = Some(time);
            let mut push = |metric, index, value| {
                out.push(Derived {
                    metric,
                    index,
                    step,
                    flow_time,
                    value,
                });
            };
            let mut loss = 0.0;
            for (index, (mode, group)) in (1..).zip(modes.iter().zip(cell.groups)) {
                let strength = mode.strength(time);
                push("skill_strength", index, strength / group.target);
                let gap = group.target - strength;
                loss += 0.5 * group.multiplicity * group.probability * gap * gap;
            }
            push("test_loss", 0, loss);
            if Some(&step) == cell.clock.steps().last() {
                push("slowdown", 0, slowdown);
            }
        }
    }
}
