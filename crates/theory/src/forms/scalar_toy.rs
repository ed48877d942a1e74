use super::{
    Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, Points, STRENGTH_AT_TIMES,
};
use crate::ScalarToy;

pub(super) const FORM: Form = Form {
    name: "scalar-toy",
    summary: "a linear network between two scalars: feature amplification",
    equation: "f(x) = x sum(first second)/normalisation; sum(first + second) grows by sqrt((S + sqrt(Sigma_0^2 - S_0^2 + S^2))/(Sigma_0 + S_0))",
    assumes: "gradient flow on the halved squared error with E[x^2] = 1",
    source: "[Nam2025]; that features grow by the square root of the printed expression was derived here and checked against an adaptive integrator",
    parameters: &[
        Parameter {
            name: "first",
            meaning: "a, a list over neurons",
            unit: "sqrt(strength)",
            domain: "finite numbers",
            default: None,
        },
        Parameter {
            name: "second",
            meaning: "b, a list over neurons",
            unit: "sqrt(strength)",
            domain: "finite numbers, as many as first",
            default: None,
        },
        Parameter {
            name: "normalisation",
            meaning: "Z",
            unit: "1",
            domain: "finite and above 0",
            default: Some(1.0),
        },
        Parameter {
            name: "target",
            meaning: "S",
            unit: "strength",
            domain: "finite",
            default: None,
        },
    ],
    points: &[PointKind::None, PointKind::Times],
    outputs: &[
        Output {
            name: "sigma_initial",
            meaning: "Sigma_0 = sum(a^2 + b^2)/(2 Z); without points",
            unit: "strength",
        },
        Output {
            name: "strength_initial",
            meaning: "S_0 = sum(a b)/Z; without points",
            unit: "strength",
        },
        Output {
            name: "lambda_effective",
            meaning: "2 sqrt(Sigma_0^2 - S_0^2); without points",
            unit: "strength",
        },
        Output {
            name: "amplification",
            meaning: "growth of every a_i + b_i from start to end; without points",
            unit: "1",
        },
        Output {
            name: "amplification_squared",
            meaning: "its square, (S + sqrt(Sigma_0^2 - S_0^2 + S^2))/(Sigma_0 + S_0); without points",
            unit: "1",
        },
        Output {
            name: "sigma_final",
            meaning: "Sigma at the end; without points",
            unit: "strength",
        },
        STRENGTH_AT_TIMES,
        Output {
            name: "growth",
            meaning: "growth of every a_i + b_i until the times",
            unit: "1",
        },
    ],
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let toy = ScalarToy::new(
        &inputs.list("first")?,
        &inputs.list("second")?,
        inputs.number("normalisation")?,
        inputs.number("target")?,
    )?;
    match inputs.points() {
        Points::None => Ok(vec![
            ("sigma_initial", toy.sigma_initial().into()),
            ("strength_initial", toy.strength_initial().into()),
            ("lambda_effective", toy.lambda_effective().into()),
            ("amplification", toy.amplification().into()),
            ("amplification_squared", toy.amplification_squared().into()),
            ("sigma_final", toy.sigma_final().into()),
        ]),
        points => {
            let times = points.values();
            let strength = times.iter().map(|&t| toy.strength(t));
            let growth = times.iter().map(|&t| toy.amplification_at(t));
            Ok(vec![
                ("strength", strength.collect::<Vec<_>>().into()),
                ("growth", growth.collect::<Vec<_>>().into()),
            ])
        }
    }
}
