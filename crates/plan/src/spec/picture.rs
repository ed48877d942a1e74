mod layer;
mod panel;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claim::Outcome;

pub use layer::{Layer, LineStyle};
pub use panel::{CrossingMark, Panel, PanelKind, Scale, Transform, XAxis};

/// One overlay: a title that states the finding, and panels side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Name of the SVG and PNG files, without their extension.
    pub name: String,
    /// The finding, in words that a reader can dispute; `titles` may decide otherwise.
    pub title: String,
    /// Titles that follow the verdict of a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub titles: Option<VerdictTitles>,
    /// Sentences below the picture; `{seeds}` stands for the number of seeds.
    #[serde(default)]
    pub caption: String,
    /// The panels, from left to right.
    pub panels: Vec<Panel>,
}

/// A title for each verdict of one claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictTitles {
    /// Id of the claim that decides.
    pub claim: String,
    /// Title if the claim is supported.
    pub supported: String,
    /// Title if the claim is contradicted.
    pub contradicted: String,
    /// Title if the claim is undecided.
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
