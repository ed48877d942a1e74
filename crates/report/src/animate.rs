//! A picture that moves in training time: curves of what was trained rise over the theory, points of
//! classes contract, and a spectrum condenses. It loops, and stands still for readers who asked their
//! system for less motion.
//!
//! The picture is drawn as ever; then what moves in it is put in the place of what stands still.

mod bars;
mod clock;
mod cloud;
mod reveal;

use judge::Run;
use plan::spec::{Panel, PanelKind, Picture};

use crate::{
    ReportError,
    panel::{Axes, Prepared},
    picture::{Drawn, draw},
};

use self::clock::Clock;

/// What is shown without motion, and what with it.
const STYLE: &str = "<style>.still{display:none}\
    @media (prefers-reduced-motion:reduce){.still{display:inline}.moving{display:none}\
    .revealed{clip-path:none}}</style>\n";

/// The start of a panel in a picture.
const PANEL: &str = "<g class=\"panel\">";

/// One picture of a run as an SVG document that moves in training time, or `None` where no panel of it
/// is about training time.
///
/// # Errors
/// Those of [`svg`](crate::svg).
pub fn animated(run: &Run, picture: &Picture) -> Result<Option<String>, ReportError> {
    let picture = of_one_moment(picture);
    let drawn = draw(run, &picture)?;
    let Some(clock) = Clock::of(run, &picture, &drawn) else {
        return Ok(None);
    };
    let Drawn {
        svg,
        panels,
        places,
    } = drawn;
    let mut parts = svg.split(PANEL);
    let mut moving = parts
        .next()
        .unwrap_or_default()
        .replacen(">\n", &format!(">\n{STYLE}"), 1);
    let mut moves = false;
    let all = panels.iter().zip(&places).zip(&picture.panels).enumerate();
    for (part, (position, ((prepared, (_, axes)), panel))) in parts.zip(all) {
        moving.push_str(PANEL);
        let changed = axes.as_ref().and_then(|axes| {
            let scene = Scene {
                run,
                panel,
                axes,
                clock: &clock,
                position,
            };
            scene.moving(prepared, part)
        });
        moves |= changed.is_some();
        moving.push_str(changed.as_deref().unwrap_or(part));
    }
    Ok(moves.then_some(moving))
}

/// A panel that is to move.
struct Scene<'s> {
    run: &'s Run,
    panel: &'s Panel,
    axes: &'s Axes,
    clock: &'s Clock,
    /// Position of the panel in its picture.
    position: usize,
}

impl Scene<'_> {
    /// The panel, drawn as `part`, in motion; `None` where nothing in it does.
    fn moving(&self, prepared: &Prepared<'_>, part: &str) -> Option<String> {
        match prepared {
            Prepared::Curves(curves) if self.panel.kind == PanelKind::Moments => {
                bars::moving(self, curves, part)
            }
            Prepared::Curves(curves) => reveal::moving(self, curves, part),
            Prepared::Scatter(_) => cloud::moving(self, part),
            Prepared::HeatMap(_) | Prepared::Phases(_) | Prepared::Leaderboard(_) => None,
        }
    }
}

/// The picture with one panel in place of several that show the same points at different moments.
fn of_one_moment(picture: &Picture) -> Picture {
    let same = |a: &Panel, b: &Panel| {
        let scatter = a.kind == PanelKind::Scatter && b.kind == PanelKind::Scatter;
        scatter
            && (&a.metric, &a.x_metric, &a.layers) == (&b.metric, &b.x_metric, &b.layers)
            && (&a.variants, &a.at, &a.seeds) == (&b.variants, &b.at, &b.seeds)
    };
    let mut picture = picture.clone();
    let all = picture.panels.clone();
    picture.panels.clear();
    for panel in &all {
        let several = all.iter().filter(|other| same(other, panel)).count() > 1;
        if !several {
            picture.panels.push(panel.clone());
        } else if !picture.panels.iter().any(|other| same(other, panel)) {
            let mut moving = panel.clone();
            moving.moment = Some("end".to_owned());
            moving.title.clear();
            picture.panels.push(moving);
        }
    }
    picture
}

/// `part` with `old` replaced once, where it is there.
fn replaced(part: &str, old: &str, new: &str) -> Option<String> {
    part.contains(old).then(|| part.replacen(old, new, 1))
}

/// The group of a class in a panel, from its start to its end, where no group stands inside it.
fn group<'p>(part: &'p str, class: &str) -> Option<&'p str> {
    let start = part.find(&format!("<g class=\"{class}\">"))?;
    let end = part[start..].find("</g>")? + start + "</g>".len();
    Some(&part[start..end])
}
