use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind};
use crate::UnconstrainedFeatures;

pub(super) const FORM: Form = Form {
    name: "unconstrained-features",
    summary: "neural collapse with free features: strength of the class means and residual within \
              classes",
    equation: "strength: balanced mode with input_power 1 and target sqrt(n); residual_inside = 1/sqrt(1 + (initial/sqrt(n)) (exp(2 sqrt(n) t) - 1))",
    assumes: "gradient flow on the halved squared error of all entries, labels centred; a balanced start, aligned with the labels; small within-class residuals",
    source: "[Mixon2020; Saxe2014]; the residuals were derived here and checked against an adaptive integrator",
    parameters: &[
        Parameter {
            name: "classes",
            meaning: "C",
            unit: "1",
            domain: "a whole number from 2 to 1e12",
            default: None,
        },
        Parameter {
            name: "samples_per_class",
            meaning: "n",
            unit: "1",
            domain: "a whole number from 1 to 1e12",
            default: None,
        },
        Parameter {
            name: "initial",
            meaning: "s(0) of each of the C - 1 modes",
            unit: "sqrt(samples)",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "inside",
            meaning: "Tr S_w at the start within the row space of the classifier",
            unit: "sqrt(samples)",
            domain: "finite and at least 0",
            default: Some(0.0),
        },
        Parameter {
            name: "outside",
            meaning: "Tr S_w at the start outside it",
            unit: "sqrt(samples)",
            domain: "finite and at least 0",
            default: Some(0.0),
        },
    ],
    points: &[PointKind::Times],
    outputs: &[
        Output {
            name: "modes",
            meaning: "C - 1, one number",
            unit: "1",
        },
        Output {
            name: "target",
            meaning: "sqrt(n), one number",
            unit: "sqrt(samples)",
        },
        Output {
            name: "strength",
            meaning: "s at the times",
            unit: "sqrt(samples)",
        },
        Output {
            name: "residual_inside",
            meaning: "within-class residual over its start, inside the row space of the classifier",
            unit: "1",
        },
        Output {
            name: "residual_outside",
            meaning: "the same outside it: it never moves",
            unit: "1",
        },
        Output {
            name: "nc1",
            meaning: "Tr(S_w pinv(S_b))/C at the times: goes to 0",
            unit: "1",
        },
        Output {
            name: "nc1_quotient",
            meaning: "Tr S_w/Tr S_b at the times: saturates",
            unit: "1",
        },
    ],
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let model = UnconstrainedFeatures::new(
        inputs.count("classes")?,
        inputs.count("samples_per_class")?,
        inputs.number("initial")?,
    )?;
    let (inside, outside) = (inputs.number("inside")?, inputs.number("outside")?);
    let times = inputs.points().values();
    let at = |value: &dyn Fn(f64) -> f64| -> Vec<f64> { times.iter().map(|&t| value(t)).collect() };
    let nc1 = times.iter().map(|&t| model.nc1(t, inside));
    let quotient = times
        .iter()
        .map(|&t| model.nc1_quotient(t, inside, outside));
    Ok(vec![
        ("modes", (model.modes() as f64).into()),
        ("target", model.mode().target().into()),
        ("strength", at(&|t| model.strength(t)).into()),
        ("residual_inside", at(&|t| model.residual_inside(t)).into()),
        (
            "residual_outside",
            at(&|t| model.residual_outside(t)).into(),
        ),
        ("nc1", nc1.collect::<Result<Vec<_>, _>>()?.into()),
        (
            "nc1_quotient",
            quotient.collect::<Result<Vec<_>, _>>()?.into(),
        ),
    ])
}
