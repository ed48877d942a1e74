use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, of_mode};
use crate::MuonMode;

pub(super) const FORM: Form = Form {
    name: "muon-mode",
    summary: "one mode of two layers under Muon: every mode grows at one rate, small ones are complete first",
    equation: "strength(t) = min((first + t) (second + t), target), t = learning rate * steps; complete at t = sqrt(target) from 0; second - first is conserved",
    assumes: "steps along the exact polar factors of the gradients; layers that are aligned with the modes of the task",
    source: "derived here, and checked against the trainer step by step; the optimizer is that of [Jordan2024]",
    parameters: parameters! {
        "target": "S", "strength", "finite and above 0";
        "first": "a(0), the first layer", "sqrt(strength)", "finite, and 0 or more" = 0.0;
        "second": "b(0), the second layer",
            "sqrt(strength)", "finite, and 0 or more, with first * second at most target" = 0.0;
    },
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: outputs! {
        "strength": "s at the times", "strength";
        "times": "t at which s is the fraction of the target", "sqrt(strength): learning rate * steps";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let mode = MuonMode::new(
        inputs.number("target")?,
        inputs.number("first")?,
        inputs.number("second")?,
    )?;
    of_mode(
        inputs,
        |q| mode.time_to_fraction(q),
        &[("strength", &|t| mode.strength(t))],
    )
}
