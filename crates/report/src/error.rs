use std::path::PathBuf;

use thiserror::Error;

/// Why a picture or a page cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A panel has nothing to draw.
    #[error(
        "picture {picture:?}, {panel}: no observation of metric {metric:?} for {models} in {variants} \
         can be drawn. Check `metric`, `layers`, `variants`, `indices`, `seeds`, `knob`, moments and \
         the ranges of the panel"
    )]
    NoData {
        /// The picture.
        picture: String,
        /// The panel: its position and heading.
        panel: String,
        /// The metric it asks for.
        metric: String,
        /// The models it asks for.
        models: String,
        /// The variant groups it asks for.
        variants: String,
    },
    /// The panel shows a knob but does not say which.
    #[error("picture {picture:?}, {panel}: needs `knob`, the dotted key of a sweep knob")]
    NoKnob {
        /// The picture.
        picture: String,
        /// The panel: its position and heading.
        panel: String,
    },
    /// The panel cannot be a heat map.
    #[error("picture {picture:?}, {panel}: {problem}")]
    HeatMap {
        /// The picture.
        picture: String,
        /// The panel: its position and heading.
        panel: String,
        /// What keeps it from being one.
        problem: String,
    },
    /// The panel cannot be a scatter panel.
    #[error("picture {picture:?}, {panel}: {problem}")]
    Scatter {
        /// The picture.
        picture: String,
        /// The panel: its position and heading.
        panel: String,
        /// What keeps it from being one.
        problem: String,
    },
    /// An SVG cannot be turned into pixels.
    #[error("the picture cannot be turned into a PNG: {problem}")]
    Png {
        /// What went wrong.
        problem: String,
    },
    /// The page cannot be filled in.
    #[error("the page cannot be made: {problem}")]
    Page {
        /// What went wrong.
        problem: String,
    },
    /// A document has no place for the table of verdicts.
    #[error("it lacks the lines {begin} and {end}, between which the table of verdicts is written")]
    NoMarkers {
        /// The line before the table.
        begin: String,
        /// The line after it.
        end: String,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
}
