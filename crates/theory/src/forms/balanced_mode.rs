use super::{Form, FormError, Inputs, Outputs, Parameter, PointKind, STRENGTH_AND_TIMES, of_mode};
use crate::BalancedMode;

pub(super) const FORM: Form = Form {
    name: "balanced-mode",
    summary: "one mode of two layers that start equal: a sigmoid",
    equation: "strength(t) = target / (1 + (target/initial - 1) exp(-2 input_power target t))",
    assumes: "gradient flow on the halved squared error; equal layers at the start; modes that decouple",
    source: "[Saxe2014; Nam2025]",
    parameters: parameters! {
        "input_power": "v = E[x^2]", "1/(strength * flow time)", "finite and above 0";
        "target": "S", "strength", "finite and above 0";
        "initial": "s(0)", "strength", "finite and above 0";
    },
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: STRENGTH_AND_TIMES,
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let mode = BalancedMode::new(
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
