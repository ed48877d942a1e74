//! The command line of layerwise.

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
mod failure;
mod measure;
mod output;
mod own;
mod progress;
mod shipped;
mod weights;

use std::process::ExitCode;

use clap::Parser;

/// Every tensor operation allocates its result; with the system allocator page faults would eat
/// most of a training step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    match commands::dispatch(arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
