use lab::record::Run;

use crate::ReportError;

/// .
///
/// # Errors
/// .
pub fn page(_runs: &[Run]) -> Result<String, ReportError> {
    Ok(String::new())
}
