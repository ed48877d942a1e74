//! Scenes: a small spec each, with its dials and the sentences that its numbers make.

mod collapse;
mod emergence;
mod grokking;
mod lazy_rich;
mod own;

use serde::Serialize;

pub use own::own_scene;

use crate::{dial::Dial, tell::Shown, values::Values};

/// A phenomenon to play with.
#[derive(Clone, Serialize)]
pub struct Scene {
    /// Its name in links: letters, digits, `-`.
    pub name: String,
    /// What it is, for the tab.
    pub title: String,
    /// What to try, in one or two sentences.
    pub invitation: String,
    /// The text of its spec, in which claims, pictures and seeds are those of a small run.
    #[serde(skip)]
    pub spec: String,
    /// Name of the spec in messages.
    #[serde(skip)]
    pub origin: String,
    /// Whether the `[quick]` table of the spec is applied.
    #[serde(skip)]
    pub quick: bool,
    /// Its dials, the most telling one first.
    pub dials: Vec<Dial>,
    /// Overrides of the spec that follow from several dials, or from one in another unit.
    #[serde(skip)]
    pub links: fn(&Values) -> Vec<String>,
    /// What the figures show, one sentence each, from what was measured.
    #[serde(skip)]
    pub tells: fn(&Shown<'_>) -> Vec<String>,
}

/// The scenes of this workspace, in the order of the page.
pub fn scenes() -> Vec<Scene> {
    vec![
        emergence::scene(),
        collapse::scene(),
        lazy_rich::scene(),
        grokking::scene(),
    ]
}
