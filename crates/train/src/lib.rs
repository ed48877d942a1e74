//! Trains the cells of a plan in parallel, measures them on their schedules and records the rows.
//!
//! [`run`] takes a [`plan::Plan`] and a [`record::RunFolder`]. It trains every cell that is not
//! done yet ([`train`]), and then derives numbers and predictions, judges the claims and writes the
//! tables ([`conclude`]). On a CPU each cell trains on its own thread; on a GPU many cells are
//! stacked into one tensor.
//!
//! ```
//! use layerwise_train::{Kinds, Observer, Provenance, Settings, run};
//! use plan::{Options, load_source};
//! use record::RunFolder;
//!
//! struct Unobserved;
//! impl Observer for Unobserved {}
//!
//! let spec = r#"
//!     name = "tiny"
//!     title = "A net on one parity"
//!     summary = "An example."
//!     source = "none"
//!     minutes = 0.1
//!     [task]
//!     kind = "sparse-parity"
//!     bits = 6
//!     parity = 2
//!     [models.net]
//!     kind = "mlp"
//!     widths = [16]
//!     [training]
//!     seeds = 2
//!     steps = 100
//!     lr = 0.1
//!     [[measure]]
//!     kind = "loss"
//!     schedule = { kind = "linear", every = 10 }
//! "#;
//! let kinds = Kinds::default();
//! let plan = load_source(spec, "tiny.toml", &Options::default(), &kinds)?;
//! let settings = Settings::default();
//! let out = tempfile::tempdir()?;
//! let identity = plan.identity(&settings.device, &settings.engine);
//! let folder = RunFolder::open(out.path(), &plan.spec.name, &plan.spec.to_toml(), &identity)?;
//! let provenance = Provenance::default();
//! let gathered = run(&plan, &settings, &provenance, &kinds.engines, folder, &Unobserved)?;
//! assert!(gathered.complete && gathered.manifest.cells.len() == 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batches;
mod batching;
mod error;
mod estimate;
mod kinds;
mod measurement;
mod observer;
mod reader;
mod run;
mod settings;
mod state;
mod work;

pub use error::TrainError;
pub use estimate::{Estimate, estimate};
pub use kinds::Kinds;
pub use observer::Observer;
pub use run::{Trained, check_engine, conclude, run, train};
pub use settings::{Provenance, Settings, Storing};
