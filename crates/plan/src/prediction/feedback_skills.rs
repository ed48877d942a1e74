use metrics::Crossing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, positive, table_of};
use theory::{Feedback, FeedbackMode};

use super::{CellView, Prediction};
use crate::{derived::Derived, times::half_time};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<FeedbackSkills>(
    "feedback = \"fixed\"\nfirst = 1e-3\nsecond = 1e-3\nbackward = 0.01\ncalibrate_on = \"net\"",
);

/// The two-layer skill model with the feedback between its layers intact or broken.
///
/// Each skill f = a b g is learned by itself, from the initial layers `first` and `second`. The
/// calibration constant `slowdown` (B²) stretches all times by the same factor, so that t90/t10 and
/// the spacing of skills do not depend on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FeedbackSkills {
    /// Whether the feedback is intact, or how it is broken.
    feedback: Case,
    /// First layer a at the start, the same for all skills.
    #[serde(default)]
    first: f64,
    /// Second layer b at the start.
    #[serde(default)]
    second: f64,
    /// Backward weight, with feedback = "fixed".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backward: Option<f64>,
    /// Size of the part of the first layer that is orthogonal to the second, with feedback =
    /// "readout-clamped"; 0 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    across: Option<f64>,
    /// B²: how much slower the net is than the model; 1 unless `calibrate_on` fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slowdown: Option<f64>,
    /// Model whose half-time of skill 1 fixes B², per seed and variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibrate_on: Option<String>,
}

/// Cases of the theory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Case {
    /// Each layer sets the speed of the other.
    Intact,
    /// The first layer does not learn.
    FirstLayerFrozen,
    /// The second layer does not learn.
    ReadoutFrozen,
    /// The error reaches the first layer through a fixed weight.
    Fixed,
    /// The second layer, of many neurons, turns but keeps its norm. This holds for one skill only,
    /// because several skills would share the norm.
    ReadoutClamped,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let mut kind: FeedbackSkills = parse_table(table)?;
    match (kind.slowdown, &kind.calibrate_on) {
        (Some(slowdown), None) => drop(positive("slowdown", slowdown)?),
        (None, Some(_)) => {}
        (None, None) => kind.slowdown = Some(1.0),
        (Some(slowdown), Some(_)) => {
            let problem = "has no effect beside calibrate_on";
            return Err(KeyError::new("slowdown", slowdown, problem, "Keep one."));
        }
    }
    for (key, layer) in [("first", kind.first), ("second", kind.second)] {
        if !(layer.is_finite() && layer >= 0.0) {
            let problem = "must be finite, and 0 or more";
            return Err(KeyError::new(
                key,
                layer,
                problem,
                "Write for example 0.01.",
            ));
        }
    }
    // A layer that does not learn, or keeps its norm, must not be 0. Neither may two layers that
    // grow only through each other.
    let (first, second): (&[Case], &[Case]) = (
        &[Case::Intact, Case::FirstLayerFrozen],
        &[Case::Intact, Case::ReadoutFrozen, Case::ReadoutClamped],
    );
    for (key, layer, needed) in [
        ("first", kind.first, first),
        ("second", kind.second, second),
    ] {
        if needed.contains(&kind.feedback) {
            positive(key, layer)?;
        }
    }
    match (kind.feedback, kind.backward) {
        (Case::Fixed, Some(backward)) => drop(positive("backward", backward)?),
        (Case::Fixed, None) => {
            let problem = "is needed with feedback = \"fixed\"";
            let hint = "Write for example backward = 0.01.";
            return Err(KeyError::new("backward", "(missing)", problem, hint));
        }
        (_, Some(backward)) => {
            let problem = "has no effect without feedback = \"fixed\"";
            return Err(KeyError::new("backward", backward, problem, "Remove it."));
        }
        (_, None) => {}
    }
    if let Some(across) = kind.across {
        let problem = match kind.feedback {
            Case::ReadoutClamped if (0.0..=5.0 * kind.second).contains(&across) => None,
            Case::ReadoutClamped => Some("must be from 0 to 5 times second"),
            _ => Some("has no effect without feedback = \"readout-clamped\""),
        };
        if let Some(problem) = problem {
            let hint = "Remove it, or write a number from 0 on.";
            return Err(KeyError::new("across", across, problem, hint));
        }
    }
    Ok(Box::new(kind))
}

impl FeedbackSkills {
    fn mode(&self, power: f64, target: f64) -> Option<FeedbackMode> {
        let feedback = match self.feedback {
            Case::Intact => Feedback::Intact,
            Case::FirstLayerFrozen => Feedback::FirstLayerFrozen,
            Case::ReadoutFrozen => Feedback::ReadoutFrozen,
            Case::Fixed => Feedback::Fixed {
                backward: self.backward?,
            },
            Case::ReadoutClamped => Feedback::ReadoutClamped {
                across: self.across.unwrap_or(0.0),
            },
        };
        feedback.mode(power, target, self.first, self.second).ok()
    }

    /// One mode per group, and B².
    fn modes(&self, cell: &CellView<'_>) -> Option<(Vec<FeedbackMode>, f64)> {
        let first = cell.groups.first()?;
        let slowdown = match (self.slowdown, &self.calibrate_on) {
            (Some(slowdown), _) => slowdown,
            (None, model) => {
                let (steps, values) = cell.curve(model.as_deref()?, "skill_strength", 1);
                let Ok(Crossing::At(step)) = half_time(&steps, &values) else {
                    return None;
                };
                // All times of a mode are proportional to B².
                let own = self.mode(first.probability, first.target)?;
                cell.clock.time_at(step)? / own.time_to_fraction(metrics::HALF).ok()?
            }
        };
        let modes = cell.groups.iter();
        let modes = modes.map(|group| self.mode(group.probability / slowdown, group.target));
        Some((modes.collect::<Option<_>>()?, slowdown))
    }
}

impl Prediction for FeedbackSkills {
    fn resolved(&self) -> toml::Table {
        table_of("feedback-skills", self)
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
        self.calibrate_on.iter().map(String::as_str).collect()
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some((modes, slowdown)) = self.modes(cell) else {
            return;
        };
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let Some(time) = cell.clock.time(at) else {
                break;
            };
            let mut push = |metric, index, value| {
                out.push(Derived {
                    metric,
                    index,
                    step,
                    flow_time: Some(time),
                    value,
                });
            };
            let mut loss = 0.0;
            for (index, (mode, group)) in (1..).zip(modes.iter().zip(cell.groups)) {
                push("skill_strength", index, mode.strength(time) / group.target);
                let gap = mode.residual(time);
                loss += 0.5 * group.multiplicity * group.probability * gap * gap;
            }
            push("test_loss", 0, loss);
            if Some(&step) == cell.clock.steps().last() {
                push("slowdown", 0, slowdown);
            }
        }
    }
}
