use super::{
    Form, FormError, Inputs, Outputs, Parameter, PointKind, Points, STRENGTH_AT_TIMES,
    TIMES_OF_FRACTIONS,
};
use crate::LinearMode;

pub(super) const FORM: Form = Form {
    name: "linear-mode",
    summary: "one mode of a linear model: exponential saturation",
    equation: "strength(t) = target + (initial - target) exp(-input_power t)",
    assumes: "gradient flow on the halved squared error; modes that decouple",
    source: "[Saxe2014; Nam2025]",
    parameters: &[
        Parameter {
            name: "input_power",
            meaning: "v = E[x^2]",
            unit: "1/flow time",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "target",
            meaning: "S",
            unit: "strength",
            domain: "finite",
            default: None,
        },
        Parameter {
            name: "initial",
            meaning: "s(0)",
            unit: "strength",
            domain: "finite",
            default: Some(0.0),
        },
    ],
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: &[STRENGTH_AT_TIMES, TIMES_OF_FRACTIONS],
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let mode = LinearMode::new(
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
