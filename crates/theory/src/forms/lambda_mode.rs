use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, of_mode};
use crate::LambdaMode;

pub(super) const FORM: Form = Form {
    name: "lambda-mode",
    summary: "one mode of two layers at any imbalance: from sigmoid (lambda = 0) to exponential",
    equation: "strength' = input_power sqrt(lambda^2 + 4 strength^2) (target - strength)",
    assumes: "gradient flow on the halved squared error; modes that decouple (matrices: W2^T W2 - W1 W1^T = lambda I)",
    source: "[Domine2024; Nam2025]; the explicit form was derived here and checked against 40-digit arithmetic and an adaptive integrator",
    parameters: parameters! {
        "input_power": "v = E[x^2]", "1/(strength * flow time)", "finite and above 0";
        "target": "S", "strength", "finite";
        "initial": "s(0) = a b", "strength", "finite";
        "lambda": "b^2 - a^2", "strength", "finite";
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
    let mode = LambdaMode::new(
        inputs.number("input_power")?,
        inputs.number("target")?,
        inputs.number("initial")?,
        inputs.number("lambda")?,
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
