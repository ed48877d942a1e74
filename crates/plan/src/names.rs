use crate::spec::SpecError;

/// Checks a name that becomes part of a path or of a table's column.
pub(crate) fn plain_name(key: &str, name: &str) -> Result<(), SpecError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !name.is_empty() && name.chars().all(fits) {
        return Ok(());
    }
    Err(SpecError::key(
        key,
        format!("{name:?}"),
        "becomes part of file names and may contain only letters, digits, - and _",
        "Write for example \"my-run\".",
    ))
}
