//! A picture with the numbers that it shows, which a page embeds beside it: the script of the page
//! reads values from these, and redraws curves where the reader asks for another view.

use plan::spec::Scale;
use serde::Serialize;

use crate::{axis::Axis, packed::Packed, panel::Frame};

/// A picture of a run and the numbers that it shows.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The picture, an SVG document.
    pub svg: String,
    /// The numbers as JSON. Every `<` is written as `\u003c`, so that the text can stand inside an
    /// HTML element.
    pub numbers: String,
}

/// The numbers of a picture.
#[derive(Serialize)]
pub(crate) struct Numbers {
    /// Name of its files.
    pub(crate) name: String,
    /// Name of the experiment.
    pub(crate) run: String,
    /// The finding.
    pub(crate) title: String,
    /// Sentences below the picture.
    pub(crate) caption: String,
    /// The claims that its curves feed.
    pub(crate) claims: Vec<Fed>,
    /// The panels, in the order in which they are drawn.
    pub(crate) panels: Vec<PanelNumbers>,
}

/// A claim that a curve feeds.
#[derive(Serialize)]
pub(crate) struct Fed {
    /// Its position among the claims of the run.
    pub(crate) position: usize,
    /// Its short name.
    pub(crate) id: String,
    /// The verdict in a word.
    pub(crate) word: String,
    /// The verdict as a symbol.
    pub(crate) symbol: &'static str,
    /// The part that decides, such as "skill 5"; empty where there is only one.
    pub(crate) part: String,
}

/// The numbers of a panel.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum PanelNumbers {
    /// Curves against time, a knob, a metric or an index.
    Curves(CurveNumbers),
    /// Colours on a plane of two knobs.
    HeatMap(MapNumbers),
    /// Outcomes on a plane of two knobs.
    Phases(PhaseNumbers),
    /// Points in a plane of two metrics.
    Points(PointNumbers),
    /// A panel that stays as it is drawn.
    Still {
        /// Where it stands.
        outer: [f64; 4],
    },
}

/// Curves and where they stand.
#[derive(Serialize)]
pub(crate) struct CurveNumbers {
    pub(crate) title: String,
    /// Left, top, right and bottom of the whole panel, in CSS pixels.
    pub(crate) outer: [f64; 4],
    /// The same of the rectangle inside the axes.
    pub(crate) frame: [f64; 4],
    pub(crate) x: AxisNumbers,
    pub(crate) y: AxisNumbers,
    /// Name and label of the other axis of time, where every curve has it.
    pub(crate) other: Option<[&'static str; 2]>,
    /// Whether places are values of their own, shown as dots.
    pub(crate) dots: bool,
    pub(crate) layers: Vec<LayerNumbers>,
    pub(crate) keys: Vec<KeyNumbers>,
    /// Where the points of curves stand, which several curves may share.
    pub(crate) places: Vec<PlaceNumbers>,
    pub(crate) series: Vec<SeriesNumbers>,
    pub(crate) marks: Vec<MarkNumbers>,
}

/// One axis.
#[derive(Serialize)]
pub(crate) struct AxisNumbers {
    /// What a column of these values is called: `step`, a knob, a metric.
    name: String,
    label: String,
    scale: Scale,
    /// The smallest and the largest value, and the pixels where they stand.
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

/// A model in a panel, and how its lines are drawn.
#[derive(Serialize)]
pub(crate) struct LayerNumbers {
    pub(crate) label: String,
    pub(crate) model: String,
    pub(crate) width: f64,
    pub(crate) dashes: &'static str,
    /// Whether it is theory: drawn first, in a lighter tint, with filled marks.
    pub(crate) theory: bool,
}

/// What a colour means.
#[derive(Serialize)]
pub(crate) struct KeyNumbers {
    pub(crate) label: String,
    pub(crate) short: String,
    /// The colour of lines, and that of text.
    pub(crate) colour: &'static str,
    pub(crate) ink: &'static str,
    /// The knobs that tell it from other keys, with their values.
    pub(crate) knobs: Vec<(String, String)>,
}

/// Where points stand.
#[derive(Serialize)]
pub(crate) struct PlaceNumbers {
    pub(crate) x: Packed,
    /// The other time is this many times `x`, where that holds everywhere; else `times` lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<f64>,
    #[serde(skip_serializing_if = "Packed::is_empty")]
    pub(crate) times: Packed,
    /// Positions of the places at which single seeds have their values; empty for all.
    #[serde(skip_serializing_if = "Packed::is_empty")]
    pub(crate) of_seeds: Packed,
}

/// One curve.
#[derive(Serialize)]
pub(crate) struct SeriesNumbers {
    pub(crate) layer: usize,
    pub(crate) key: usize,
    /// Position of its places.
    pub(crate) places: usize,
    pub(crate) metric: String,
    /// The colour of its line.
    pub(crate) colour: String,
    pub(crate) median: Packed,
    /// The band over seeds, 10 % and 90 %, where one is drawn.
    #[serde(skip_serializing_if = "Packed::is_empty")]
    pub(crate) low: Packed,
    #[serde(skip_serializing_if = "Packed::is_empty")]
    pub(crate) high: Packed,
    /// The seeds, and the values of each; no values where all seeds agree with the median.
    pub(crate) seeds: Vec<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<Packed>,
    /// Places where nothing happened in time, and where it had before the first record.
    #[serde(skip_serializing_if = "Packed::is_empty")]
    pub(crate) missed: Packed,
    #[serde(skip_serializing_if = "Packed::is_empty")]
    pub(crate) before: Packed,
    /// Positions of the claims of the run that it feeds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) claims: Vec<usize>,
}

/// A mark on the axis of time.
#[derive(Serialize)]
pub(crate) struct MarkNumbers {
    pub(crate) x: f64,
    pub(crate) shape: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) filled: bool,
}

/// The cells of a heat map.
#[derive(Serialize)]
pub(crate) struct MapNumbers {
    pub(crate) title: String,
    pub(crate) outer: [f64; 4],
    pub(crate) frame: [f64; 4],
    pub(crate) x: KnobNumbers,
    pub(crate) y: KnobNumbers,
    pub(crate) model: String,
    pub(crate) metric: String,
    /// Whether the cells are logarithms to base 10 of the metric.
    pub(crate) log10: bool,
    /// Medians over seeds, row by row from the lowest: infinite where what was waited for did not
    /// come, not a number where there is no value.
    pub(crate) cells: Packed,
}

/// The cells of a phase diagram.
#[derive(Serialize)]
pub(crate) struct PhaseNumbers {
    pub(crate) title: String,
    pub(crate) outer: [f64; 4],
    pub(crate) frame: [f64; 4],
    pub(crate) x: KnobNumbers,
    pub(crate) y: KnobNumbers,
    pub(crate) model: String,
    /// The metrics whose values are the steps of fit and generalisation.
    pub(crate) metrics: Vec<String>,
    pub(crate) outcomes: [&'static str; 4],
    /// Seeds of every outcome of every cell, row by row from the lowest.
    pub(crate) counts: Packed,
}

/// An axis of a heat map.
#[derive(Serialize)]
pub(crate) struct KnobNumbers {
    #[serde(flatten)]
    pub(crate) axis: AxisNumbers,
    pub(crate) values: Packed,
    /// Where cells end: one more than there are values.
    pub(crate) edges: Packed,
}

/// The points of a scatter panel.
#[derive(Serialize)]
pub(crate) struct PointNumbers {
    pub(crate) title: String,
    pub(crate) outer: [f64; 4],
    pub(crate) frame: [f64; 4],
    pub(crate) x: AxisNumbers,
    pub(crate) y: AxisNumbers,
    pub(crate) model: String,
    pub(crate) seed: u64,
    /// What the classes are called; empty where points have none.
    pub(crate) classes: Vec<String>,
    pub(crate) xs: Packed,
    pub(crate) ys: Packed,
    /// Position of the class of each point.
    pub(crate) class: Packed,
}

impl Numbers {
    /// As JSON that can stand inside an HTML element.
    pub(crate) fn to_json(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        json.replace('<', "\\u003c")
    }
}

impl AxisNumbers {
    /// The axis as it was drawn.
    pub(crate) fn new(axis: &Axis, name: &str, label: &str) -> Self {
        let [from, to] = axis.pixels();
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            scale: axis.scale(),
            low: axis.low,
            high: axis.high,
            from: rounded(from),
            to: rounded(to),
        }
    }
}

impl From<Frame> for [f64; 4] {
    fn from(frame: Frame) -> Self {
        [frame.left, frame.top, frame.right, frame.bottom].map(rounded)
    }
}

/// A length as an SVG document has it.
fn rounded(pixels: f64) -> f64 {
    (pixels * 100.0).round() / 100.0
}
