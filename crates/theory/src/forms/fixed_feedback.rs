use super::{
    Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, Points, STRENGTH_AT_TIMES,
    TIMES_OF_FRACTIONS,
};
use crate::FixedFeedbackMode;

pub(super) const FORM: Form = Form {
    name: "fixed-feedback",
    summary: "one mode of two layers, the first of which learns through a fixed backward weight",
    equation: "first' = input_power backward (target - first second), second' = input_power first (target - first second); first^2 - 2 backward second is conserved",
    assumes: "gradient flow on the halved squared error but for the backward weight; modes that decouple",
    source: "derived here, and checked against an adaptive integrator; the rule is that of [Lillicrap2016]",
    parameters: &[
        Parameter {
            name: "input_power",
            meaning: "v = E[x^2]",
            unit: "1/(strength * flow time)",
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
            name: "backward",
            meaning: "B, in place of the second layer on the way back",
            unit: "sqrt(strength)",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "first",
            meaning: "a(0), the first layer",
            unit: "sqrt(strength)",
            domain: "finite, and 0 or more",
            default: Some(0.0),
        },
        Parameter {
            name: "second",
            meaning: "b(0), the second layer",
            unit: "sqrt(strength)",
            domain: "finite, and 0 or more, with first * second below target",
            default: Some(0.0),
        },
    ],
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: &[
        STRENGTH_AT_TIMES,
        Output {
            name: "first_layer",
            meaning: "a at the times",
            unit: "sqrt(strength)",
        },
        Output {
            name: "second_layer",
            meaning: "b at the times",
            unit: "sqrt(strength)",
        },
        TIMES_OF_FRACTIONS,
    ],
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
    match inputs.points() {
        Points::Fractions(fractions) => {
            let times = fractions.iter().map(|&q| mode.time_to_fraction(q));
            let times = times.collect::<Result<Vec<_>, _>>()?;
            Ok(vec![("times", times.into())])
        }
        points => {
            let at = |value: &dyn Fn(f64) -> f64| -> Vec<f64> {
                points.values().iter().map(|&t| value(t)).collect()
            };
            Ok(vec![
                ("strength", at(&|t| mode.strength(t)).into()),
                ("first_layer", at(&|t| mode.first_layer(t)).into()),
                ("second_layer", at(&|t| mode.second_layer(t)).into()),
            ])
        }
    }
}
