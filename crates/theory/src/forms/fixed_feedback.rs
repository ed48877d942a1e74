use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, of_mode};
use crate::FixedFeedbackMode;

pub(super) const FORM: Form = Form {
    name: "fixed-feedback",
    summary: "one mode of two layers, the first of which learns through a fixed backward weight",
    equation: "first' = input_power backward (target - first second), second' = input_power first (target - first second); first^2 - 2 backward second is conserved",
    assumes: "gradient flow on the halved squared error but for the backward weight; modes that decouple",
    source: "derived here, and checked against an adaptive integrator; the rule is that of [Lillicrap2016]",
    parameters: parameters! {
        "input_power": "v = E[x^2]", "1/(strength * flow time)", "finite and above 0";
        "target": "S", "strength", "finite and above 0";
        "backward": "B, in place of the second layer on the way back",
            "sqrt(strength)", "finite and above 0";
        "first": "a(0), the first layer", "sqrt(strength)", "finite, and 0 or more" = 0.0;
        "second": "b(0), the second layer",
            "sqrt(strength)", "finite, and 0 or more, with first * second below target" = 0.0;
    },
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: outputs! {
        "strength": "s at the times", "strength";
        "first_layer": "a at the times", "sqrt(strength)";
        "second_layer": "b at the times", "sqrt(strength)";
        "times": "t at which s is the fraction of the target", "flow time";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let mode = FixedFeedbackMode::new(
        inputs.number("input_power")?,
        inputs.number("target")?,
        inputs.number("backward")?,
        inputs.number("first")?,
        inputs.number("second")?,
    )?;
    of_mode(
        inputs,
        |q| mode.time_to_fraction(q),
        &[
            ("strength", &|t| mode.strength(t)),
            ("first_layer", &|t| mode.first_layer(t)),
            ("second_layer", &|t| mode.second_layer(t)),
        ],
    )
}
