#![doc = include_str!("../README.md")]
//!
//! # As a library
//!
//! ```no_run
//! use layerwise::Kinds;
//!
//! fn main() -> std::process::ExitCode {
//!     let mut kinds = Kinds::default();
//!     // kinds.metrics.register("my-metric", MyMetric::from_table);
//!     # let _ = &mut kinds;
//!     layerwise::main(kinds)
//! }
//! ```
//!
//! `examples/extending.rs` is such a program, with a task, a model, a metric and a statistic of
//! its own; [`tasks::Kind::document`] says what `layerwise show` prints of them. An engine is added by `kinds.engines.register(MyEngine)`.

#![allow(clippy::print_stderr, reason = "this is the crate that prints")]
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "doc comments of arguments are help texts, where brackets are brackets"
)]

#[macro_use]
mod say;

mod args;
mod bench;
mod commands;
mod destination;
mod external;
mod failure;
mod measure;
mod output;
mod progress;
mod shipped;
mod weights;

use std::process::ExitCode;

use clap::Parser;

pub use train::Kinds;

/// Reads the arguments of this process and does what they say, with these kinds. The exit code: 0 for
/// success, 1 for a run that failed, 2 for bad input, 3 for a claim that `--require` wanted
/// otherwise, 130 after Ctrl-C.
#[allow(
    clippy::needless_pass_by_value,
    reason = "a program has no other use for its kinds"
)]
pub fn main(kinds: Kinds) -> ExitCode {
    let arguments = args::Arguments::parse();
    match commands::dispatch(arguments, &kinds) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
