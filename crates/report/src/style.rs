//! The look that every picture shares.

use std::borrow::Cow;

use judge::Run;
use models::Role;
use plan::spec::{Layer, LineStyle};

/// Text and axes.
pub(crate) const INK: &str = "#1a1a1a";
/// Text that is read second.
pub(crate) const QUIET: &str = "#555555";

/// Font sizes in CSS pixels. They stay legible when a picture is shown 700 pixels wide.
pub(crate) const TITLE: f64 = 18.0;
/// Heading of a panel.
pub(crate) const HEADING: f64 = 16.0;
/// Axis labels.
pub(crate) const AXIS: f64 = 16.0;
/// Tick labels and labels on curves.
pub(crate) const LABEL: f64 = 15.0;
/// Legend and caption.
pub(crate) const SMALL: f64 = 14.0;

/// Okabe and Ito's colours, in the order of use; their yellow is darkened to be seen on white.
const COLOURS: [&str; 8] = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B5A400",
];

/// The same hues dark enough for text on white.
const TEXT_COLOURS: [&str; 8] = [
    "#0067A0", "#B34F00", "#007D5B", "#A84F80", "#9A6A00", "#2379AE", "#000000", "#7A6F00",
];

/// Colour of a skill, mode or variant, from its position.
pub(crate) fn colour(position: usize) -> &'static str {
    COLOURS[position % COLOURS.len()]
}

/// The colour of text about the skill, mode or variant at `position`.
pub(crate) fn text_colour(position: usize) -> &'static str {
    TEXT_COLOURS[position % TEXT_COLOURS.len()]
}

/// Number of colours before they repeat.
pub(crate) const DISTINCT: usize = COLOURS.len();

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stroke {
    /// Width in CSS pixels.
    pub(crate) width: f64,
    /// Lengths of dashes and gaps; empty is solid.
    pub(crate) dashes: &'static str,
}

impl Stroke {
    /// Length after which the dashes repeat.
    pub(crate) fn period(self) -> f64 {
        let lengths = self.dashes.split(' ');
        lengths
            .filter_map(|length| length.parse::<f64>().ok())
            .sum()
    }
}

/// Share of white in the colour of theory.
const WHITE: f64 = 0.5;

/// Hairlines of axes and marks.
pub(crate) const HAIRLINE: Stroke = Stroke {
    width: 1.2,
    dashes: "",
};

/// The lines from the origin of a scatter panel to class means.
pub(crate) const TO_MEAN: Stroke = Stroke {
    width: 2.2,
    dashes: "",
};

/// Radius of the dot at a class mean.
pub(crate) const MEAN: f64 = 5.5;

/// Directions in a scatter panel that the points are compared with.
pub(crate) const RAY: Stroke = Stroke {
    width: 1.4,
    dashes: "6 4",
};

/// Their colour, and that of what stands for any class in a legend.
pub(crate) const FAINT: &str = "#9A9A9A";

/// How a layer is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appearance {
    /// What its model is beside the others.
    pub(crate) role: Role,
    /// How its lines are dashed.
    pub(crate) style: LineStyle,
}

impl Default for Appearance {
    fn default() -> Self {
        let role = Role::Net;
        Self {
            role,
            style: style_of(role),
        }
    }
}

impl Appearance {
    /// How `layer` of `run` is drawn: with the line style of its model's role, unless it has its own.
    pub(crate) fn of(run: &Run, layer: &Layer) -> Self {
        let role = run.manifest.role(&layer.model);
        let style = layer.style.unwrap_or(style_of(role));
        Self { role, style }
    }
}

fn style_of(role: Role) -> LineStyle {
    match role {
        Role::Theory => LineStyle::Solid,
        Role::Net => LineStyle::Dashed,
        Role::Twin => LineStyle::DashDotted,
        Role::Linear => LineStyle::Dotted,
    }
}

/// The line of a layer. Theory is drawn first, wider and lighter than what lies on top of it, so that
/// two curves that coincide are both seen.
pub(crate) fn stroke(appearance: Appearance) -> Stroke {
    let (width, dashes) = match appearance.style {
        LineStyle::Solid => (2.4, ""),
        LineStyle::Dashed => (2.6, "8 4"),
        LineStyle::DashDotted => (2.2, "10 4 2 4"),
        LineStyle::Dotted => (2.6, "2 4"),
    };
    let width = if appearance.role == Role::Theory {
        4.2
    } else {
        width
    };
    Stroke { width, dashes }
}

/// The colour in which a line shows `colour`: theory in a lighter tint.
pub(crate) fn line_colour(appearance: Appearance, colour: &'static str) -> Cow<'static, str> {
    if appearance.role != Role::Theory {
        return Cow::Borrowed(colour);
    }
    let part = |at: usize| u8::from_str_radix(&colour[at..at + 2], 16).map_or(0.0, f64::from);
    let [red, green, blue] =
        [1, 3, 5].map(|at| (part(at) + WHITE * (255.0 - part(at))).round() as u8);
    Cow::Owned(format!("#{red:02X}{green:02X}{blue:02X}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appearance(role: Role) -> Appearance {
        let style = style_of(role);
        Appearance { role, style }
    }

    #[test]
    fn no_two_roles_share_a_line_style() {
        let roles = [Role::Theory, Role::Net, Role::Twin, Role::Linear];
        for (position, &a) in roles.iter().enumerate() {
            for &b in &roles[position + 1..] {
                assert_ne!(stroke(appearance(a)).dashes, stroke(appearance(b)).dashes);
            }
        }
        let periods = roles.map(|role| stroke(appearance(role)).period());
        assert_eq!(periods, [0.0, 12.0, 20.0, 6.0]);
        for &other in &roles[1..] {
            assert!(stroke(appearance(Role::Theory)).width > 1.5 * stroke(appearance(other)).width);
        }
    }

    #[test]
    fn only_theory_is_tinted() {
        assert_eq!(line_colour(appearance(Role::Net), "#0072B2"), "#0072B2");
        assert_eq!(line_colour(appearance(Role::Theory), "#0072B2"), "#80B9D9");
        assert_eq!(line_colour(appearance(Role::Theory), "#000000"), "#808080");
    }
}
