//! Errors of the crates as Python exceptions, with the same words.

use layerwise::library::Failure;
use pyo3::{
    PyErr,
    exceptions::{PyRuntimeError, PyValueError},
};

/// Wrong input.
pub(crate) fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// `ValueError` for wrong input, `RuntimeError` for a run that failed.
pub(crate) fn failure(failure: &Failure) -> PyErr {
    let message = failure.message().to_owned();
    if failure.is_usage() {
        PyValueError::new_err(message)
    } else {
        PyRuntimeError::new_err(message)
    }
}
