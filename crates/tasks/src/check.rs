//! Checks of single keys that several task kinds share.

use std::fmt::Display;

use crate::KeyError;

/// Largest number of entries in one block of rows (512 MiB of f64).
pub(crate) const MAX_NUMBERS: usize = 1 << 26;

/// A finite number above 0.
///
/// # Errors
/// Any other number, naming `key`.
pub fn positive(key: &str, value: f64) -> Result<f64, KeyError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(KeyError::new(
            key,
            value,
            "must be finite and above 0",
            "Write a positive number.",
        ))
    }
}

/// Writes the SHA-256 `found` of `file` into a table. If the table already has a sum, it must be
/// the same.
///
/// # Errors
/// The table has another sum under `key`.
pub fn same_content(
    key: &str,
    written: &mut Option<String>,
    found: String,
    file: &str,
) -> Result<(), KeyError> {
    if let Some(written) = written.as_ref().filter(|written| **written != found) {
        let problem = format!(
            "is not the SHA-256 of {file}, which is {found}: the file was changed since the sum \
             was written, and may hold other rows or weights"
        );
        let hint = "Restore the file, or remove sha256 to use the present content of the file.";
        return Err(KeyError::new(key, written, problem, hint));
    }
    *written = Some(found);
    Ok(())
}

/// A share in `[0, 1]`.
pub(crate) fn share(key: &str, value: f64) -> Result<f64, KeyError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    let problem = "must be between 0 and 1";
    Err(KeyError::new(key, value, problem, "Write for example 0.1."))
}

/// A whole number in `least..=most`.
pub(crate) fn within(key: &str, value: u64, least: u64, most: u64) -> Result<u64, KeyError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let (problem, hint) = if value < least {
        (
            format!("must be at least {least}"),
            format!("Write {least} or more."),
        )
    } else {
        (
            format!("must be at most {most}"),
            format!("Write {most} or less."),
        )
    };
    Err(KeyError::new(key, value, problem, hint))
}

/// Checks that `rows` rows of `row_len` numbers fit into the memory limit of a block of rows.
pub(crate) fn fits(
    key: &str,
    value: &dyn Display,
    rows: usize,
    row_len: usize,
) -> Result<(), KeyError> {
    match rows.checked_mul(row_len) {
        Some(numbers) if numbers <= MAX_NUMBERS => Ok(()),
        _ => Err(KeyError::new(
            key,
            value,
            format!("would make {rows} rows of {row_len} numbers, more than {MAX_NUMBERS} numbers"),
            "Use fewer rows or a smaller task.",
        )),
    }
}
