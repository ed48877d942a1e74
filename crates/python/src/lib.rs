//! The extension module `layerwise._layerwise`, on which the Python package `layerwise` is built.
//!
//! It converts arrays, releases the interpreter's lock and calls the crates of the workspace; every
//! number is theirs. Python code checks and documents what users call.

#![forbid(unsafe_code)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "Python hands over its arguments by value"
)]

mod command;
mod errors;
mod json;
mod measure;
mod observations;
mod recorded;
mod run;
mod theory;

use pyo3::prelude::*;

/// Training allocates a result for every operation; with the system allocator, page faults would
/// take most of the time of a step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pymodule]
fn _layerwise(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(command::command, module)?)?;
    module.add_function(wrap_pyfunction!(theory::forms, module)?)?;
    module.add_function(wrap_pyfunction!(theory::evaluate, module)?)?;
    module.add_function(wrap_pyfunction!(measure::collapse, module)?)?;
    module.add_function(wrap_pyfunction!(measure::spectrum, module)?)?;
    module.add_function(wrap_pyfunction!(measure::fourier, module)?)?;
    module.add_function(wrap_pyfunction!(measure::kernel_distance, module)?)?;
    module.add_function(wrap_pyfunction!(measure::kernel_alignment, module)?)?;
    module.add_function(wrap_pyfunction!(measure::kernel_cka, module)?)?;
    module.add_function(wrap_pyfunction!(measure::feature_cka, module)?)?;
    module.add_function(wrap_pyfunction!(measure::tangent_kernel, module)?)?;
    module.add_function(wrap_pyfunction!(measure::first_record, module)?)?;
    module.add_function(wrap_pyfunction!(measure::meaning, module)?)?;
    module.add_function(wrap_pyfunction!(run::run, module)?)?;
    module.add_function(wrap_pyfunction!(run::experiments, module)?)?;
    module.add_class::<recorded::Recorded>()?;
    module.add_class::<observations::Table>()?;
    Ok(())
}
