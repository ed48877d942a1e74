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
//! `examples/bring-your-module` gives a burn module of its own every command, and needs no other
//! crate of this workspace. `examples/extending.rs` adds a task, a model, a metric and a statistic;
//! [`tasks::Kind::document`] says what `layerwise show` prints of them.
//! `kinds.engines.register(MyEngine)` adds an engine.

#![allow(clippy::print_stderr, reason = "this is the crate that prints")]
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "doc comments of arguments are help texts, in which brackets are not links"
)]

#[macro_use]
mod say;

mod args;
mod bench;
mod commands;
mod destination;
mod external;
mod failure;
mod invocation;
pub mod library;
mod measure;
mod output;
mod progress;
mod registered;
mod shipped;
mod weights;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::Parser;

pub use nets::{FromModule, ModuleKind, Readout, Start, burn};
pub use tasks::{KeyError, schemars};
pub use train::Kinds;

/// Parses the arguments of this process and runs the command with these kinds. The exit code is 0
/// for success, 1 if a run failed, 2 for bad input, 3 if a claim does not have the verdict of
/// `--require`, and 130 after Ctrl-C.
#[allow(
    clippy::needless_pass_by_value,
    reason = "a program needs its kinds for nothing else"
)]
pub fn main(kinds: Kinds) -> ExitCode {
    command(std::env::args_os().collect(), &kinds)
}

/// [`main`] for a process that is not this program, such as a Python interpreter. `program` is the
/// file that starts this command; scripts of clusters and benchmarks call it. `arguments` follow it.
pub fn main_of(program: PathBuf, arguments: Vec<OsString>, kinds: &Kinds) -> ExitCode {
    invocation::remember(program.clone(), arguments.clone());
    let arguments = std::iter::once(program.into()).chain(arguments);
    command(arguments.collect(), kinds)
}

/// Runs a command line, whose first word is the name of the program.
fn command(words: Vec<OsString>, kinds: &Kinds) -> ExitCode {
    let arguments = match args::Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to be told of a failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    match commands::dispatch(arguments, kinds) {
        Ok(code) => code,
        Err(failure) => {
            tell!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
