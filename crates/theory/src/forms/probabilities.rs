use super::{FormError, Inputs};
use crate::error::require;
use crate::zipf_probabilities;

/// The parameter `skills`.
pub(super) fn skills(inputs: &Inputs) -> Result<usize, FormError> {
    /// Limit of the number of skills.
    const LARGEST: usize = 1_000_000;
    let skills = inputs.count("skills")?;
    require(
        (1..=LARGEST).contains(&skills),
        "skills",
        skills as f64,
        "a whole number from 1 to 1000000",
    )?;
    Ok(skills)
}

/// The probabilities of a form with the parameters `skills` and `alpha`.
pub(super) fn probabilities(inputs: &Inputs) -> Result<Vec<f64>, FormError> {
    Ok(zipf_probabilities(
        skills(inputs)?,
        inputs.number("alpha")?,
    )?)
}
