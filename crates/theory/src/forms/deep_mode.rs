use super::{
    Form, FormError, Inputs, Outputs, Parameter, PointKind, Points, STRENGTH_AT_TIMES,
    TIMES_OF_FRACTIONS,
};
use crate::{DeepMode, TheoryError};

pub(super) const FORM: Form = Form {
    name: "deep-mode",
    summary: "one mode of any number of layers that start equal: deeper is more step-like",
    equation: "strength' = depth input_power strength^(2 - 2/depth) (target - strength)",
    assumes: "gradient flow on the halved squared error; equal layers at the start; modes that decouple",
    source: "[Saxe2014; Nam2025]; the evaluation was derived here and checked against 40-digit arithmetic and an adaptive integrator",
    parameters: &[
        Parameter {
            name: "depth",
            meaning: "L, layers",
            unit: "1",
            domain: "a whole number from 1 to 4294967295",
            default: None,
        },
        Parameter {
            name: "input_power",
            meaning: "v = E[x^2]",
            unit: "1/(strength^(2 - 2/depth) * flow time)",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "target",
            meaning: "S",
            unit: "strength",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "initial",
            meaning: "s(0)",
            unit: "strength",
            domain: "from 1e-300 to 1e100 of target",
            default: None,
        },
    ],
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: &[STRENGTH_AT_TIMES, TIMES_OF_FRACTIONS],
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
    match inputs.points() {
        Points::Fractions(fractions) => {
            let times = fractions.iter().map(|&q| mode.time_to_fraction(q));
            let times = times.collect::<Result<Vec<_>, _>>()?;
            Ok(vec![("times", times.into())])
        }
        points => {
            let strength = points.values().iter().map(|&t| mode.strength(t));
            Ok(vec![("strength", strength.collect::<Vec<_>>().into())])
        }
    }
}
