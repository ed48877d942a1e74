use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind};
use crate::{DeepFeatures, TheoryError};

pub(super) const FORM: Form = Form {
    name: "deep-features",
    summary: "neural collapse with free features below several linear layers",
    equation: "strength: deep mode with input_power 1 and target S = sqrt(n); residual = ((S - strength)/(S - initial))^(1/depth)",
    assumes: "gradient flow on the halved squared error of all entries, labels centred; a balanced start, aligned with the labels; small within-class residuals",
    source: "[Mixon2020; Saxe2014]; the residual was derived here and checked against an adaptive integrator",
    parameters: parameters! {
        "classes": "C", "1", "a whole number from 2 to 1e12";
        "samples_per_class": "n", "1", "a whole number from 1 to 1e12";
        "depth": "L: features, linear layers and classifier", "1", "a whole number from 2 to 4294967295";
        "initial": "s(0) of each of the C - 1 modes", "sqrt(samples)", "from 1e-300 of sqrt(n) to below it";
        "inside": "Tr S_w of the features at the start, in the directions that the layers read",
            "feature^2", "finite and at least 0" = 0.0;
    },
    points: &[PointKind::Times],
    outputs: outputs! {
        "strength": "s at the times", "sqrt(samples)";
        "residual": "within-class residual of the features over its start", "1";
        "nc1": "Tr(S_w pinv(S_b))/C of every layer at the times", "1";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let depth = inputs.count("depth")?;
    let depth = u32::try_from(depth).map_err(|_| TheoryError::Domain {
        parameter: "depth",
        value: depth as f64,
        domain: "a whole number from 2 to 4294967295",
    })?;
    let model = DeepFeatures::new(
        inputs.count("classes")?,
        inputs.count("samples_per_class")?,
        depth,
        inputs.number("initial")?,
    )?;
    let inside = inputs.number("inside")?;
    let times = inputs.points().values();
    let at = |value: &dyn Fn(f64) -> f64| -> Vec<f64> { times.iter().map(|&t| value(t)).collect() };
    let nc1 = times.iter().map(|&t| model.nc1(t, inside));
    Ok(vec![
        ("strength", at(&|t| model.mode().strength(t)).into()),
        ("residual", at(&|t| model.residual(t)).into()),
        ("nc1", nc1.collect::<Result<Vec<_>, _>>()?.into()),
    ])
}
