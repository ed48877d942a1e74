use super::probabilities::skills;
use super::{Form, FormError, Inputs, Output, Outputs, Parameter};
use crate::parameter_shot;

pub(super) const FORM: Form = Form {
    name: "parameter-emergence",
    summary: "skills that fit into a network of limited width",
    equation: "fraction_k = (width - (k - 1) neurons_per_skill)/neurons_per_skill, from 0 to 1",
    assumes: "training to the end; neurons go to the most frequent skill first",
    source: "[Nam2024]",
    parameters: parameters! {
        "skills": "number of skills", "1", "a whole number from 1 to 1000000";
        "width": "N, hidden neurons", "1", "finite and at least 0";
        "neurons_per_skill": "N_c", "1", "finite and above 0" = 4.0;
    },
    points: &[],
    outputs: outputs! {
        "fraction": "R_k/S, a list over skills, most frequent first", "1";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let skills = skills(inputs)?;
    let (width, share) = (inputs.number("width")?, inputs.number("neurons_per_skill")?);
    let fraction = (1..=skills).map(|rank| parameter_shot(width, rank, share));
    let fraction = fraction.collect::<Result<Vec<_>, _>>()?;
    Ok(vec![("fraction", fraction.into())])
}
