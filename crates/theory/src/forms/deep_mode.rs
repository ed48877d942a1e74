use super::{Form, FormError, Inputs, Outputs, Parameter, PointKind, STRENGTH_AND_TIMES, of_mode};
use crate::{DeepMode, TheoryError};

pub(super) const FORM: Form = Form {
    name: "deep-mode",
    summary: "one mode of any number of layers that start equal: deeper is more step-like",
    equation: "strength' = depth input_power strength^(2 - 2/depth) (target - strength)",
    assumes: "gradient flow on the halved squared error; equal layers at the start; modes that decouple",
    source: "[Saxe2014; Nam2025]; the evaluation was derived here and checked against 40-digit arithmetic and an adaptive integrator",
    parameters: parameters! {
        "depth": "L, layers", "1", "a whole number from 1 to 4294967295";
        "input_power": "v = E[x^2]", "1/(strength^(2 - 2/depth) * flow time)", "finite and above 0";
        "target": "S", "strength", "finite and above 0";
        "initial": "s(0)", "strength", "from 1e-300 to 1e100 of target";
    },
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: STRENGTH_AND_TIMES,
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let depth = inputs.count("depth")?;
    let depth = u32::try_from(depth).map_err(|_| TheoryError::Domain {
        parameter: "depth",
        value: depth as f64,
        domain: "a whole number from 1 to 4294967295",
    })?;
    let mode = DeepMode::new(
        depth,
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
