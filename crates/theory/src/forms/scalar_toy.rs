use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, Points};
use crate::ScalarToy;

pub(super) const FORM: Form = Form {
    name: "scalar-toy",
    summary: "a linear network between two scalars: feature amplification",
    equation: "f(x) = x sum(first second)/normalisation; sum(first + second) grows by sqrt((S + sqrt(Sigma_0^2 - S_0^2 + S^2))/(Sigma_0 + S_0))",
    assumes: "gradient flow on the halved squared error with E[x^2] = 1",
    source: "[Nam2025]; that features grow by the square root of the printed expression was derived here and checked against an adaptive integrator",
    parameters: parameters! {
        "first": "a, a list over neurons", "sqrt(strength)", "finite numbers";
        "second": "b, a list over neurons", "sqrt(strength)", "finite numbers, as many as first";
        "normalisation": "Z", "1", "finite and above 0" = 1.0;
        "target": "S", "strength", "finite";
    },
    points: &[PointKind::None, PointKind::Times],
    outputs: outputs! {
        "sigma_initial": "Sigma_0 = sum(a^2 + b^2)/(2 Z); without points", "strength";
        "strength_initial": "S_0 = sum(a b)/Z; without points", "strength";
        "lambda_effective": "2 sqrt(Sigma_0^2 - S_0^2); without points", "strength";
        "amplification": "growth of every a_i + b_i from start to end; without points", "1";
        "amplification_squared": "its square, (S + sqrt(Sigma_0^2 - S_0^2 + S^2))/(Sigma_0 + S_0); without points",
            "1";
        "sigma_final": "Sigma at the end; without points", "strength";
        "strength": "s at the times", "strength";
        "growth": "growth of every a_i + b_i until the times", "1";
    },
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
