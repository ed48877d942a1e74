//! Tests of training: the records of runs, how runs end and resume, and nets against closed forms.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod by_hand;
mod clock;
mod collapse;
mod derivatives;
mod freezing;
mod grokking;
mod lazy_rich;
#[allow(dead_code, reason = "tests of plans use the rest")]
#[path = "../../../plan/tests/all/linear.rs"]
mod linear;
mod linear_networks;
mod manifests;
mod optimizers;
mod resume;
mod run;
mod runs;
#[allow(dead_code, reason = "tests of plans use the rest")]
#[path = "../../../plan/tests/all/support.rs"]
mod specs;
mod together;
mod without_training;
