//! Tests of pictures and pages, on synthetic runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod animated;
mod figures;
mod first_screen;
mod heat_maps;
#[path = "../fixture/phases.rs"]
mod made_of_phases;
mod page;
mod panels;
mod phases;
mod pictures;
mod scatter;
#[path = "../fixture/synthetic.rs"]
mod synthetic;
