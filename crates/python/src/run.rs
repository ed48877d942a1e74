use std::{
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use layerwise::{
    Kinds,
    library::{self, Experiment, Finished, Request, Watch},
};
use pyo3::prelude::*;

use crate::{
    errors::{failure, value_error},
    json::object,
};

/// How far a run is, as its threads report it and the interpreter reads it.
#[derive(Default)]
struct Shared {
    total: AtomicU64,
    done: AtomicU64,
    earlier: AtomicU64,
    stop: AtomicBool,
    ended: AtomicBool,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    cell: String,
    warnings: Vec<String>,
}

impl Shared {
    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        // A panic between two assignments of text leaves usable text.
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for &Shared {
    fn begins(&self, steps: u64) {
        self.total.store(steps, Ordering::Relaxed);
    }

    fn advances(&self, steps: u64, earlier: bool) {
        self.done.fetch_add(steps, Ordering::Relaxed);
        if earlier {
            self.earlier.fetch_add(steps, Ordering::Relaxed);
        }
    }

    fn trains(&self, cell: &str) {
        cell.clone_into(&mut self.said().cell);
    }

    fn warns(&self, warning: &str) {
        self.said().warnings.push(warning.to_owned());
    }

    fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Time between two looks at signals and progress.
const LOOK: Duration = Duration::from_millis(50);

/// Runs an experiment on other threads; `spec` is the JSON text of a spec, or None for the
/// experiment of this name. `progress(total, done, earlier, cell)` is called every few moments.
/// Returns the folder, whether the run is complete, notes, and whether the user stopped it.
#[pyfunction]
#[pyo3(signature = (
    name, spec, progress, seeds, set, quick, threads, device, engine, out, curves, checkpoints, layers,
    keep_weights, fresh
))]
#[allow(clippy::too_many_arguments, reason = "they are named in Python")]
pub(crate) fn run(
    py: Python<'_>,
    name: String,
    spec: Option<&str>,
    progress: Option<Py<PyAny>>,
    seeds: Option<u64>,
    set: Vec<String>,
    quick: bool,
    threads: Option<usize>,
    device: Option<String>,
    engine: Option<String>,
    out: Option<PathBuf>,
    curves: Vec<String>,
    checkpoints: Vec<String>,
    layers: Option<Vec<String>>,
    keep_weights: bool,
    fresh: bool,
) -> PyResult<(PathBuf, bool, Vec<String>, bool)> {
    let experiment = match spec {
        Some(text) => Experiment::Written(serde_json::from_str(text).map_err(value_error)?),
        None => Experiment::Named(name),
    };
    let request = Request {
        seeds,
        set,
        quick,
        threads,
        device,
        engine,
        out,
        curves,
        checkpoints,
        layers,
        keep_weights,
        fresh,
    };
    let shared = Shared::default();
    let (finished, raised) = py.detach(|| {
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let result = library::run(&experiment, &request, &Kinds::default(), &shared);
                shared.ended.store(true, Ordering::Release);
                result
            });
            let raised = watch(&shared, progress.as_ref(), || worker.is_finished());
            (worker.join(), raised)
        })
    });
    let Finished {
        folder,
        complete,
        mut notes,
    } = match finished {
        Ok(result) => result.map_err(|error| failure(&error))?,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    notes.extend(std::mem::take(&mut shared.said().warnings));
    match raised {
        Some(error) if !error.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py) => {
            Err(error)
        }
        raised => Ok((folder, complete, notes, raised.is_some())),
    }
}

/// Looks at signals and reports progress until the run has ended. An exception stops the run, and is
/// returned once it has stopped.
fn watch(
    shared: &Shared,
    progress: Option<&Py<PyAny>>,
    finished: impl Fn() -> bool,
) -> Option<PyErr> {
    let mut raised = None;
    let mut looks = 0_u32;
    loop {
        let ended = shared.ended.load(Ordering::Acquire) || finished();
        if raised.is_none() {
            // Four reports a second are enough for a bar.
            let reports = ended || looks.is_multiple_of(5);
            raised = Python::attach(|py| look(py, shared, progress.filter(|_| reports))).err();
            if raised.is_some() {
                shared.stop.store(true, Ordering::Relaxed);
            }
        }
        if ended {
            return raised;
        }
        looks = looks.wrapping_add(1);
        thread::sleep(LOOK);
    }
}

fn look(py: Python<'_>, shared: &Shared, progress: Option<&Py<PyAny>>) -> PyResult<()> {
    py.check_signals()?;
    let Some(progress) = progress else {
        return Ok(());
    };
    let number = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let cell = shared.said().cell.clone();
    let numbers = (
        number(&shared.total),
        number(&shared.done),
        number(&shared.earlier),
    );
    progress.call1(py, (numbers.0, numbers.1, numbers.2, cell))?;
    Ok(())
}

/// The shipped experiments: name, title, source, claims and minutes.
#[pyfunction]
pub(crate) fn experiments(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let rows = py.detach(|| library::experiments(&Kinds::default()));
    let rows = rows.map_err(|error| failure(&error))?;
    rows.iter().map(|row| object(py, row)).collect()
}
