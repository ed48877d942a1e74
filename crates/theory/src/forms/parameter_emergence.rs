use super::probabilities::skills;
use super::{Form, FormError, Inputs, Output, Outputs, Parameter};
use crate::parameter_shot;

pub(super) const FORM: Form = Form {
    name: "parameter-emergence",
    summary: "skills that fit into a network of limited width",
    equation: "fraction_k = (width - (k - 1) neurons_per_skill)/neurons_per_skill, from 0 to 1",
    assumes: "training to the end; neurons go to the most frequent skill first",
    source: "[Nam2024]",
    parameters: &[
        Parameter {
            name: "skills",
            meaning: "number of skills",
            unit: "1",
            domain: "a whole number from 1 to 1000000",
            default: None,
        },
        Parameter {
            name: "width",
            meaning: "N, hidden neurons",
            unit: "1",
            domain: "finite and at least 0",
            default: None,
        },
        Parameter {
            name: "neurons_per_skill",
            meaning: "N_c",
            unit: "1",
            domain: "finite and above 0",
            default: Some(4.0),
        },
    ],
    points: &[],
    outputs: &[Output {
        name: "fraction",
        meaning: "R_k/S, a list over skills, most frequent first",
        unit: "1",
    }],
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let skills = skills(inputs)?;
    let (width, share) = (inputs.number("width")?, inputs.number("neurons_per_skill")?);
    let fraction = (1..=skills).map(|rank| parameter_shot(width, rank, share));
    let fraction = fraction.collect::<Result<Vec<_>, _>>()?;
    Ok(vec![("fraction", fraction.into())])
}
