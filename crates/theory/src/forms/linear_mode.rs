use super::{Form, FormError, Inputs, Outputs, Parameter, PointKind, STRENGTH_AND_TIMES, of_mode};
use crate::LinearMode;

pub(super) const FORM: Form = Form {
    name: "linear-mode",
    summary: "one mode of a linear model: exponential saturation",
    equation: "strength(t) = target + (initial - target) exp(-input_power t)",
    assumes: "gradient flow on the halved squared error; modes that decouple",
    source: "[Saxe2014; Nam2025]",
    parameters: parameters! {
        "input_power": "v = E[x^2]", "1/flow time", "finite and above 0";
        "target": "S", "strength", "finite";
        "initial": "s(0)", "strength", "finite" = 0.0;
    },
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: STRENGTH_AND_TIMES,
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let mode = LinearMode::new(
        inputs.number("input_power")?,
        inputs.number("target")?,
        inputs.number("initial")?,
    )?;
    of_mode(
        inputs,
        |q| mode.time_to_fraction(q),
        &[("strength", &|t| mode.strength(t))],
    )
}
