use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind};
use crate::UnconstrainedFeatures;

pub(super) const FORM: Form = Form {
    name: "unconstrained-features",
    summary: "neural collapse with free features: strength of the class means and residual within \
              classes",
    equation: "strength: balanced mode with input_power 1 and target S = sqrt(n) - decay; residual_outside = exp(-decay t); residual_inside = exp(-decay t)/sqrt(1 + (initial/S) (exp(2 S t) - 1))",
    assumes: "gradient flow on the halved squared error of all entries, with L2 decay of features and classifier, labels centred; a balanced start, aligned with the labels; small within-class residuals",
    source: "[Mixon2020; Saxe2014]; the residuals were derived here and checked against an adaptive integrator",
    parameters: parameters! {
        "classes": "C", "1", "a whole number from 2 to 1e12";
        "samples_per_class": "n", "1", "a whole number from 1 to 1e12";
        "initial": "s(0) of each of the C - 1 modes", "sqrt(samples)", "finite and above 0";
        "decay": "mu of features and classifier", "1/flow time", "at least 0 and below sqrt(n)" = 0.0;
        "inside": "Tr S_w at the start within the row space of the classifier",
            "sqrt(samples)", "finite and at least 0" = 0.0;
        "outside": "Tr S_w at the start outside it", "sqrt(samples)", "finite and at least 0" = 0.0;
    },
    points: &[PointKind::Times],
    outputs: outputs! {
        "modes": "C - 1, one number", "1";
        "target": "sqrt(n) - decay, one number", "sqrt(samples)";
        "strength": "s at the times", "sqrt(samples)";
        "residual_inside": "within-class residual over its start, inside the row space of the classifier",
            "1";
        "residual_outside": "the same outside it: only decay moves it", "1";
        "nc1": "Tr(S_w pinv(S_b))/C at the times: goes to 0", "1";
        "nc1_quotient": "Tr S_w/Tr S_b at the times: saturates without decay", "1";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let model = UnconstrainedFeatures::new(
        inputs.count("classes")?,
        inputs.count("samples_per_class")?,
        inputs.number("initial")?,
    )?
    .with_decay(inputs.number("decay")?)?;
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
