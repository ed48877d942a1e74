//! The verbs as functions that return values and print nothing, for bindings to other languages.
//!
//! The numbers are those of the command line, from the same code. Documents are JSON values with the
//! keys that the verbs print with `--json`.

mod measure;
mod run;

pub use crate::{failure::Failure, progress::Watch};
pub use measure::{Classifier, Matrix, collapse, fourier, meaning_of, network, spectrum};
pub use run::{Experiment, Finished, Request, experiments, run};
