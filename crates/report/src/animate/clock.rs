//! The time of an animation: training time from the left end of the axis to the right one, then a rest.

use std::collections::BTreeSet;

use judge::Run;
use plan::spec::{PanelKind, Picture, Scale, XAxis};

use crate::{
    axis::Axis,
    canvas::Place,
    number::plain,
    panel::Prepared,
    picture::Drawn,
    style::{QUIET, SMALL},
};

/// Moments of training that are shown, and how often the last is repeated before the loop begins anew.
const FRAMES: usize = 40;
const REST: usize = 10;
/// Moments from the start to the first record after it.
const START: u32 = 10;
/// Length of the loop, in seconds.
const SECONDS: f64 = 10.0;

/// When things are shown.
pub(super) struct Clock {
    /// The training step of each frame, without the rest.
    pub(super) steps: Vec<f64>,
}

impl Clock {
    /// The clock of a picture: steps as the axis of its first panel of curves has them, or else
    /// in geometric sequence over what is recorded. `None` where nothing is about training time.
    pub(super) fn of(run: &Run, picture: &Picture, drawn: &Drawn<'_>) -> Option<Self> {
        let both = || picture.panels.iter().zip(&drawn.panels).zip(&drawn.places);
        let timed = both().find_map(|((panel, prepared), (_, axes))| {
            let steps = panel.x_axis() == XAxis::Step && panel.kind == PanelKind::Curves;
            let axes = axes.as_ref().filter(|_| steps)?;
            matches!(prepared, Prepared::Curves(_)).then_some(axes.x)
        });
        let flows = both().any(|((panel, _), _)| {
            panel.kind == PanelKind::Curves && panel.x_axis() == XAxis::FlowTime
        });
        let axis = match timed {
            Some(axis) => axis,
            None => Axis::new(Scale::Log, recorded(run, picture, flows)?, [0.0, 1.0]),
        };
        let [from, to] = axis.pixels();
        let step = |frame: usize| {
            let share = frame as f64 / (FRAMES - 1) as f64;
            axis.value(from + share * (to - from))
        };
        let mut steps: Vec<f64> = (0..FRAMES).map(step).collect();
        if timed.is_none() {
            // Logarithmic time has no start, so that the way from there is linear.
            let first = steps[0];
            let start = (0..START).map(|frame| first * f64::from(frame) / f64::from(START));
            steps.splice(0..0, start);
        }
        Some(Self { steps })
    }

    /// How far a frame has come between two steps, in logarithmic time.
    pub(super) fn share(&self, step: f64, from: f64, to: f64) -> f64 {
        let first = self.steps.iter().copied().find(|s| *s > 0.0).unwrap_or(1.0);
        let log = |step: f64| (step + first).ln();
        ((log(step) - log(from)) / (log(to) - log(from))).clamp(0.0, 1.0)
    }

    /// An `animate` element of an attribute with a value for every frame: smooth, or one after another.
    pub(super) fn animate(attribute: &str, values: &[String], smooth: bool) -> String {
        let last = values.last().cloned().unwrap_or_default();
        let rest = std::iter::repeat_n(last, REST);
        let all: Vec<String> = values.iter().cloned().chain(rest).collect();
        let mode = if smooth { "linear" } else { "discrete" };
        format!(
            "<animate attributeName=\"{attribute}\" values=\"{}\" dur=\"{SECONDS}s\" \
             calcMode=\"{mode}\" repeatCount=\"indefinite\"/>",
            all.join(";")
        )
    }

    /// The step of every frame as text whose end stands at `place`.
    pub(super) fn label(&self, (x, y): Place) -> String {
        let mut texts = String::new();
        for (frame, step) in self.steps.iter().enumerate() {
            let shown = |other: usize| if other == frame { "inline" } else { "none" };
            let values: Vec<String> = (0..self.steps.len()).map(|f| shown(f).to_owned()).collect();
            texts.push_str(&format!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{SMALL}\" fill=\"{QUIET}\" \
                 text-anchor=\"end\" display=\"none\">step {}{}</text>\n",
                plain(*step, 0),
                Self::animate("display", &values, false)
            ));
        }
        texts
    }
}

/// The first step after the start and the last one of what scatter panels and spectra show; of anything,
/// where curves are over flow time.
fn recorded(run: &Run, picture: &Picture, flows: bool) -> Option<[f64; 2]> {
    let metrics: Vec<&str> = picture
        .panels
        .iter()
        .filter(|p| flows || matches!(p.kind, PanelKind::Scatter | PanelKind::Moments))
        .flat_map(|p| {
            let layers = p.layers.iter().filter_map(|layer| p.metric_of(layer));
            p.metrics.iter().map(String::as_str).chain(layers)
        })
        .collect();
    let rows = run.observations.rows().iter();
    let steps: BTreeSet<u64> = rows
        .filter(|o| o.step > 0 && metrics.contains(&&*o.metric))
        .map(|o| o.step)
        .collect();
    let (first, last) = (*steps.first()?, *steps.last()?);
    (first < last).then_some([first as f64, last as f64])
}
