//! The look that every picture shares.

use lab::spec::Role;

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

/// Hairlines of axes and marks.
pub(crate) const HAIRLINE: Stroke = Stroke {
    width: 1.2,
    dashes: "",
};

/// The line style of a role. The solid line is the thinnest, so that a dashed one of the same
/// colour is still seen on top of it.
pub(crate) fn stroke(role: Role) -> Stroke {
    let (width, dashes) = match role {
        Role::Theory => (1.9, ""),
        Role::Net => (2.6, "8 4"),
        Role::Twin => (2.2, "10 4 2 4"),
        Role::Linear => (2.4, "2 4"),
    };
    Stroke { width, dashes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_roles_share_a_line_style() {
        let roles = [Role::Theory, Role::Net, Role::Twin, Role::Linear];
        for (position, &a) in roles.iter().enumerate() {
            for &b in &roles[position + 1..] {
                assert_ne!(stroke(a).dashes, stroke(b).dashes);
            }
        }
        assert!(stroke(Role::Theory).width < stroke(Role::Net).width);
    }
}
