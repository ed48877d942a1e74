use super::{
    Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, Points, STRENGTH_AT_TIMES,
    TIMES_OF_FRACTIONS,
};
use crate::LambdaMode;

pub(super) const FORM: Form = Form {
    name: "lambda-mode",
    summary: "one mode of two layers at any imbalance: from sigmoid (lambda = 0) to exponential",
    equation: "strength' = input_power sqrt(lambda^2 + 4 strength^2) (target - strength)",
    assumes: "gradient flow on the halved squared error; modes that decouple (matrices: W2^T W2 - W1 W1^T = lambda I)",
    source: "[Domine2024; Nam2025]; the explicit form was derived here and checked against 40-digit arithmetic and an adaptive integrator",
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
            domain: "finite",
            default: None,
        },
        Parameter {
            name: "initial",
            meaning: "s(0) = a b",
            unit: "strength",
            domain: "finite",
            default: None,
        },
        Parameter {
            name: "lambda",
            meaning: "b^2 - a^2",
            unit: "strength",
            domain: "finite",
            default: None,
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
    let mode = LambdaMode::new(
        inputs.number("input_power")?,
        inputs.number("target")?,
        inputs.number("initial")?,
        inputs.number("lambda")?,
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
