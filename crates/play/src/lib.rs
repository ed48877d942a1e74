//! A bench in the browser: the dials of a phenomenon, nets that are trained at every turn of one, and
//! curves of net, twin, linear model and theory that move while they train.
//!
//! [`Server::start`] serves pages on an address of this machine alone. [`Bench`] is the site of
//! `layerwise play`: it holds [`Scene`]s, each a small spec with its [`Dial`]s, and runs one of them per
//! request. [`Live`] is the site of `layerwise run --open`: the page of a run folder that is being filled.
//!
//! ```text
//! dials ──► Values ──► overrides of the scene's spec ──► Plan ──► train ──► rows ──► figures, text ──► page
//! ```
//!
//! A run trains, derives, judges and draws by the same stages as `layerwise run`, in a temporary folder. Its
//! last figures and verdicts are those of that folder, which `Save as run` keeps. A run ends when its reader
//! turns another dial or leaves, and nothing of it stays.
//!
//! | to add | write | and one line in |
//! |---|---|---|
//! | a scene | a spec and its dials, in `src/scene/` | [`scenes`] |
//!
//! ```
//! use layerwise_play::{Bench, Limits, Server, scenes};
//! use train::{Kinds, Provenance};
//!
//! let saved = tempfile::tempdir()?;
//! let bench = Bench::new(scenes(), Kinds::default(), Provenance::default(), saved.path(), Limits::default())?;
//! let server = Server::start(0, bench)?;
//! // A page without the token of the address is not served.
//! assert!(server.address().starts_with("http://127.0.0.1:"));
//! server.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bench;
mod browser;
mod cancel;
mod dial;
mod error;
mod event;
mod http;
mod live;
mod page;
mod run;
mod runs;
mod saved;
mod scene;
mod server;
mod site;
mod tell;
mod underway;
mod values;

pub use bench::{Bench, Limits};
pub use browser::open as open_browser;
pub use dial::{Dial, Range};
pub use error::PlayError;
pub use live::Live;
pub use scene::{Scene, own_scene, scenes};
pub use server::Server;
pub use site::{Answer, Asked, Site};
pub use tell::Shown;
pub use values::{Value, Values};
