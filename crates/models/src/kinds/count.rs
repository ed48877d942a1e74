use tasks::KeyError;

/// More parameters than these are refused: on the host alone, where they are drawn in f64, they
/// would take 16 GiB.
const MOST_PARAMETERS: f64 = 2_147_483_648.0;

/// Checks how many parameters the value of a key makes.
pub(super) fn few_enough(
    key: &str,
    value: impl std::fmt::Display,
    parameters: f64,
) -> Result<(), KeyError> {
    if parameters <= MOST_PARAMETERS {
        return Ok(());
    }
    Err(KeyError::new(
        key,
        value,
        format!("makes {parameters:.1e} parameters, more than 2^31"),
        "Write a smaller number.",
    ))
}
