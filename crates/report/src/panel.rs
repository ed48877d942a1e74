//! One pair of axes: a panel of any kind, before it has a place.

mod axes;
mod curves;
mod heat_map;
mod leaderboard;
mod phases;
mod scatter;

use judge::Run;
use plan::spec::{Panel, PanelKind, Picture};

use crate::{
    ReportError, canvas::Canvas, colour_scale::ColourScale, figure::PanelNumbers, legend::Entry,
    plane::Plane,
};

use self::{heat_map::HeatMap, leaderboard::Leaderboard, phases::PhaseDiagram, scatter::Scatter};

pub(crate) use axes::{Axes, Frame};
pub(crate) use curves::Curves;

/// A panel whose data are collected.
pub(crate) enum Prepared<'a> {
    /// Curves against time, a knob, a metric or an index.
    Curves(Box<Curves<'a>>),
    /// Colours on a plane of two knobs.
    HeatMap(Box<HeatMap<'a>>),
    /// Outcomes on a plane of two knobs.
    Phases(Box<PhaseDiagram<'a>>),
    /// Points in a plane of two metrics.
    Scatter(Box<Scatter<'a>>),
    /// Explanations, best first.
    Leaderboard(Box<Leaderboard<'a>>),
}

impl<'a> Prepared<'a> {
    /// Collects the data of the panel at `position` of `picture`, for a panel about `width` wide.
    pub(crate) fn new(
        run: &'a Run,
        picture: &'a Picture,
        position: usize,
        width: f64,
    ) -> Result<Self, ReportError> {
        Ok(match picture.panels[position].kind {
            PanelKind::HeatMap => Self::HeatMap(Box::new(HeatMap::new(run, picture, position)?)),
            PanelKind::Phases => Self::Phases(Box::new(PhaseDiagram::new(run, picture, position)?)),
            PanelKind::Scatter => Self::Scatter(Box::new(Scatter::new(run, picture, position)?)),
            PanelKind::Leaderboard => {
                Self::Leaderboard(Box::new(Leaderboard::new(run, picture, position)?))
            }
            PanelKind::Curves | PanelKind::Knob | PanelKind::PowerLaw | PanelKind::Moments => {
                Self::Curves(Box::new(Curves::new(run, picture, position, width)?))
            }
        })
    }

    /// What must have a colour on a shared scale.
    pub(crate) fn coloured(&self) -> Option<(&Panel, &Plane)> {
        match self {
            Self::Curves(_) | Self::Phases(_) | Self::Scatter(_) | Self::Leaderboard(_) => None,
            Self::HeatMap(map) => Some(map.coloured()),
        }
    }

    /// Height of everything below the axes of a panel that is `width` wide.
    pub(crate) fn foot(&self, width: f64) -> f64 {
        match self {
            Self::Curves(curves) => curves.foot(width),
            Self::HeatMap(map) => map.foot(width),
            Self::Phases(phases) => phases.foot(width),
            Self::Scatter(scatter) => scatter.foot(width),
            Self::Leaderboard(board) => board.foot(width),
        }
    }

    /// Draws the panel into `outer`; the axes of panels in a row share `foot`, and heat maps
    /// share `scale`. Answers where the axes stand, where the panel has numbers that stand on them.
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas,
        outer: Frame,
        foot: f64,
        scale: Option<&ColourScale>,
    ) -> Option<Axes> {
        match (self, scale) {
            (Self::Curves(curves), _) => Some(curves.draw(canvas, outer, foot)),
            (Self::Phases(phases), _) => Some(phases.draw(canvas, outer, foot)),
            (Self::Scatter(scatter), _) => Some(scatter.draw(canvas, outer, foot)),
            (Self::HeatMap(map), Some(scale)) => Some(map.draw(canvas, outer, foot, scale)),
            (Self::Leaderboard(board), _) => {
                board.draw(canvas, outer, foot);
                None
            }
            (Self::HeatMap(_), None) => None,
        }
    }

    /// The numbers of a panel that was drawn into `outer`, where its axes stand as `axes` do. Curves
    /// have about `room` numbers at most.
    pub(crate) fn numbers(
        &self,
        run: &Run,
        axes: Option<&Axes>,
        outer: Frame,
        room: usize,
    ) -> PanelNumbers {
        match (self, axes) {
            (Self::Curves(curves), Some(axes)) => {
                PanelNumbers::Curves(curves.numbers(run, axes, outer, room))
            }
            (Self::Scatter(scatter), Some(axes)) => {
                PanelNumbers::Points(scatter.numbers(axes, outer))
            }
            (Self::HeatMap(map), Some(axes)) => PanelNumbers::HeatMap(map.numbers(axes, outer)),
            (Self::Phases(phases), Some(axes)) => PanelNumbers::Phases(phases.numbers(axes, outer)),
            _ => PanelNumbers::Still {
                outer: outer.into(),
            },
        }
    }

    /// What the legend must explain.
    pub(crate) fn entries(&self, scale: Option<&ColourScale>) -> Vec<Entry> {
        match (self, scale) {
            (Self::Curves(curves), _) => curves.entries(),
            (Self::Phases(phases), _) => phases.entries(),
            (Self::Scatter(scatter), _) => scatter.entries(),
            (Self::Leaderboard(board), _) => board.entries(),
            (Self::HeatMap(map), Some(scale)) => map.entries(scale),
            (Self::HeatMap(_), None) => Vec::new(),
        }
    }
}

fn name_of(panel: &Panel, position: usize) -> String {
    if panel.title.is_empty() {
        format!("panel {}", position + 1)
    } else {
        format!("panel {} ({:?})", position + 1, panel.title)
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
