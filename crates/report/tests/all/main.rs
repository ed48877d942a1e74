//! Tests of pictures and pages, on synthetic runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod animated;
mod figures;
mod first_screen;
mod heat_maps;
mod page;
mod panels;
mod pictures;
mod scatter;
#[path = "../fixture/synthetic.rs"]
mod synthetic;
