//! Curves over training time: theory stands, what was trained appears from left to right.

use models::Role;
use plan::spec::{PanelKind, XAxis};

use crate::{panel::Curves, style::QUIET};

use super::{Scene, clock::Clock, group, replaced};

/// The panel whose trained curves appear in time.
pub(super) fn moving(scene: &Scene<'_>, curves: &Curves<'_>, part: &str) -> Option<String> {
    let timed = matches!(scene.panel.x_axis(), XAxis::Step | XAxis::FlowTime);
    if !timed || scene.panel.kind != PanelKind::Curves {
        return None;
    }
    let whole = group(part, "curves")?;
    let is_theory = |line: &&str| {
        let tag = line.split_once("data-series=\"").map(|(_, rest)| rest);
        let position = tag.and_then(|rest| rest.split('"').next()?.parse::<usize>().ok());
        position.is_some_and(|position| curves.role(position) == Some(Role::Theory))
    };
    let inside = |line: &&str| line.contains("data-series=");
    let elements = whole.lines().filter(inside);
    let (theory, trained): (Vec<&str>, Vec<&str>) = elements.partition(is_theory);
    // Theory alone has nothing to rise over.
    let (theory, trained) = if trained.is_empty() {
        (trained, theory)
    } else {
        (theory, trained)
    };
    let mut lines = whole.lines();
    let head: Vec<&str> = lines.by_ref().take(2).collect();
    let frame = scene.axes.inner;
    let (height, id) = (frame.bottom - frame.top, scene.position);
    let widths = ends(scene).map(|x| format!("{:.1}", x - frame.left));
    let places: Vec<String> = ends(scene).map(|x| format!("{x:.1}")).collect();
    let clip = format!(
        "<clipPath id=\"reveal-{id}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
         height=\"{height:.1}\">{}</rect></clipPath>",
        frame.left,
        frame.top,
        frame.right - frame.left,
        Clock::animate("width", &widths.collect::<Vec<_>>(), true),
    );
    let cursor = format!(
        "<line class=\"moving\" y1=\"{:.1}\" y2=\"{:.1}\" x1=\"{:.1}\" x2=\"{:.1}\" stroke=\"{QUIET}\">{}{}</line>",
        frame.top,
        frame.bottom,
        frame.left,
        frame.left,
        Clock::animate("x1", &places, true),
        Clock::animate("x2", &places, true),
    );
    let new = format!(
        "{}\n{clip}\n{}\n<g class=\"revealed\" clip-path=\"url(#reveal-{id})\">\n{}\n</g>\n{cursor}\n</svg>\n</g>",
        head.join("\n"),
        theory.join("\n"),
        trained.join("\n"),
    );
    replaced(part, whole, &new)
}

/// The pixel that time has come to in every frame.
fn ends(scene: &Scene<'_>) -> impl Iterator<Item = f64> {
    let count = scene.clock.steps.len();
    let [from, to] = scene.axes.x.pixels();
    (0..count).map(move |frame| from + (to - from) * frame as f64 / (count - 1) as f64)
}
