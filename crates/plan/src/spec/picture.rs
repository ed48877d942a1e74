mod layer;
mod panel;

use serde::{Deserialize, Serialize};

use super::claim::Outcome;

pub use layer::{Layer, LineStyle};
pub use panel::{CrossingMark, Panel, PanelKind, Scale, Transform, XAxis};

/// One overlay: a title that states the finding, and panels side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// File stem of the SVG and PNG.
    pub name: String,
    /// The finding, in words a reader can dispute. Used unless `titles` decides.
    pub title: String,
    /// Titles that follow a claim's verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub titles: Option<VerdictTitles>,
    /// A sentence below the picture. `{seeds}` is replaced by the number of seeds.
    #[serde(default)]
    pub caption: String,
    /// The panels, left to right.
    pub panels: Vec<Panel>,
}

/// A title for each verdict of one claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictTitles {
    /// Id of the claim that decides.
    pub claim: String,
    /// Title when it is supported.
    pub supported: String,
    /// Title when it is contradicted.
    pub contradicted: String,
    /// Title when it is undecided.
    pub undecided: String,
}

impl VerdictTitles {
    /// The title for `outcome`.
    pub fn title(&self, outcome: Outcome) -> &str {
        match outcome {
            Outcome::Supported => &self.supported,
            Outcome::Contradicted => &self.contradicted,
            Outcome::Undecided => &self.undecided,
        }
    }
}
