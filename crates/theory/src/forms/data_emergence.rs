use super::probabilities::probabilities;
use super::{Form, FormError, Inputs, Output, Outputs, Parameter};
use crate::data_shot;
use crate::error::require;

pub(super) const FORM: Form = Form {
    name: "data-emergence",
    summary: "skills learned from a fixed number of examples",
    equation: "fraction_k = 1 - sqrt(1 - examples P_k/shots), at most 1; P_k ~ k^-(alpha + 1)",
    assumes: "training to the end; the extended multilinear model, fitted and not derived for networks",
    source: "[Nam2024]",
    parameters: parameters! {
        "skills": "number of skills", "1", "a whole number from 1 to 1000000";
        "alpha": "P_k ~ k^-(alpha + 1)", "1", "finite and at least -1";
        "examples": "D, examples of all skills together", "1", "finite and at least 0";
        "shots": "D_c, examples that a skill needs", "1", "finite and above 0" = 800.0;
    },
    points: &[],
    outputs: outputs! {
        "fraction": "R_k/S, a list over skills", "1";
        "probability": "P_k, a list over skills, most frequent first", "1";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let probabilities = probabilities(inputs)?;
    let examples = inputs.number("examples")?;
    require(
        examples.is_finite() && examples >= 0.0,
        "examples",
        examples,
        "finite and at least 0",
    )?;
    let shots = inputs.number("shots")?;
    let fraction = probabilities
        .iter()
        .map(|probability| data_shot(examples * probability, shots));
    let fraction = fraction.collect::<Result<Vec<_>, _>>()?;
    Ok(vec![
        ("fraction", fraction.into()),
        ("probability", probabilities.into()),
    ])
}
