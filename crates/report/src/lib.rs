//! Overlays (SVG, PNG) and self-contained pages from recorded runs.
//!
//! [`svg`] draws one picture of a run, [`png`] turns it into pixels with a font that is shipped,
//! and [`draw_pictures`] writes both for every picture of a run. [`page`] puts pictures, verdicts,
//! numbers and manifests of several runs on one page that needs nothing from outside. [`figure`] gives a
//! picture with the numbers that it shows, from which the script of the page answers to its reader, and
//! [`animated`] a picture that moves in training time.
//!
//! The line style says what a curve is (theory solid, net dashed, twin dash-dotted, plain linear
//! model dotted); the colour says which skill, mode or variant it belongs to; a band is seeds. In a
//! heat map the colour is a value, on one scale for all heat maps of a picture; in a scatter panel it
//! is the class of a point.
//!
//! A line belongs to a model, and how it is drawn follows from what the model is (its role, from the
//! manifest of the run), unless a layer of the picture has a `style` of its own.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use judge::Run;
//! use layerwise_report::{draw_pictures, write_page};
//!
//! let run = Run::read(Path::new("runs/emergence"))?;
//! for path in draw_pictures(&run)?.files {
//!     println!("{}", path.display());
//! }
//! write_page(&[run], Path::new("emergence.html"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod animate;
mod axis;
mod canvas;
mod collect;
mod colour_scale;
mod confirmation;
mod contour;
mod crossing;
mod error;
mod families;
mod feeds;
mod figure;
mod files;
mod font;
mod glossary;
mod keys;
mod label;
mod legend;
pub mod live;
mod markdown;
mod number;
mod packed;
mod page;
mod panel;
mod phases;
mod picture;
mod plane;
mod plural;
mod png;
mod quantile;
mod style;
mod subscript;
mod table;
mod ticks;

pub use animate::animated;
pub use confirmation::{Confirmation, Confirmed};
pub use error::ReportError;
pub use figure::Figure;
pub use files::{Drawn, draw_animated, draw_pictures, write_markdown, write_page, write_page_over};
pub use glossary::glossary;
pub use markdown::{markdown, put_into};
pub use page::{number_name, page, page_over};
pub use picture::{figure, svg};
pub use png::png;

/// An experiment that could not be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its name.
    pub name: String,
    /// What went wrong.
    pub problem: String,
}
