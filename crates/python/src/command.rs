use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use layerwise::Kinds;
use pyo3::prelude::*;

/// Runs the command `layerwise` with these arguments and returns its exit code. `program` is the file
/// that starts the command again, for scripts of clusters.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, program: PathBuf, arguments: Vec<OsString>) -> u8 {
    py.detach(|| {
        let code = layerwise::main_of(program, arguments, &Kinds::default());
        // An exit code can only be compared.
        let same = |number: &u8| ExitCode::from(*number) == code;
        (0..=u8::MAX).find(same).unwrap_or(1)
    })
}
