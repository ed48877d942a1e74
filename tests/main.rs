//! Tests of the binary, as a user runs it. One file is one module: `cargo test --test all -- devices::`
//! runs those of `devices.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod calibrate;
mod cli;
mod clusters;
mod compare;
mod data;
mod devices;
mod export;
mod front_door;
mod init;
mod interrupted;
mod measure;
mod mutated;
mod own_runs;
mod references;
mod reproduce;
mod show;
mod support;
mod sweeps;
mod theory;
