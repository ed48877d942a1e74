use std::path::PathBuf;

use judge::Run;
use pyo3::{prelude::*, types::PyDict};
use serde::Serialize;
use serde_json::Value;

use crate::{errors::value_error, json::object, observations::Table};

/// A recorded run, read from its folder.
#[pyclass(frozen)]
pub(crate) struct Recorded {
    run: Run,
}

fn document<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let value: Value = serde_json::to_value(value).map_err(value_error)?;
    object(py, &value)
}

#[pymethods]
impl Recorded {
    /// Reads a run folder, whose files are checked against their checksums.
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let run = py.detach(|| Run::read(&path)).map_err(value_error)?;
        Ok(Self { run })
    }

    /// The folder.
    #[getter]
    fn path(&self) -> PathBuf {
        self.run.path.clone()
    }

    /// The long table.
    fn observations(&self, py: Python<'_>) -> PyResult<Table> {
        py.detach(|| Table::of(&self.run))
    }

    /// The resolved spec.
    fn spec<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.run.spec)
    }

    /// Origin of the run and how it ended.
    fn manifest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.run.manifest)
    }

    /// The verdicts, as in `verdict.json`, with the word of each claim under `word`.
    fn verdict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let verdict = document(py, &self.run.verdict)?;
        let claims = verdict.get_item("claims")?;
        for (claim, judged) in claims.try_iter()?.zip(&self.run.verdict.claims) {
            claim?.cast::<PyDict>()?.set_item("word", judged.word())?;
        }
        Ok(verdict)
    }

    /// Names, titles and captions of the pictures of the spec.
    fn pictures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.run.spec.pictures)
    }
}
