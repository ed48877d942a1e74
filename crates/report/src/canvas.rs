use std::fmt::{self, Display, Write};

use crate::{
    font,
    style::{INK, Stroke},
    subscript::lowered,
};

/// A place in CSS pixels, from the upper left corner.
pub(crate) type Place = (f64, f64);

/// Where a text stands relative to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Right of it.
    Start,
    /// Around it.
    Middle,
    /// Left of it.
    End,
}

/// An SVG document that is being drawn: text as text, dashes as `stroke-dasharray`, no ids (so
/// that several pictures can stand on one page).
#[derive(Debug)]
pub(crate) struct Canvas {
    width: f64,
    description: String,
    body: String,
    /// What the next elements say about themselves.
    tag: String,
}

impl Canvas {
    /// An empty canvas; `description` is read out to those who cannot see it.
    pub(crate) fn new(width: f64, description: &str) -> Self {
        Self {
            width,
            description: description.to_owned(),
            body: String::new(),
            tag: String::new(),
        }
    }

    /// Draws lines, areas, dots and marks that carry the position of their series in its panel, by
    /// which the script of the page finds them.
    pub(crate) fn of_series(&mut self, position: usize, draw: impl FnOnce(&mut Self)) {
        self.tag = format!(" data-series=\"{position}\"");
        draw(self);
        self.tag.clear();
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: Place, to: Place, colour: &str, stroke: Stroke) {
        self.path(&[from, to], colour, stroke);
    }

    /// A line through `points`.
    pub(crate) fn path(&mut self, points: &[Place], colour: &str, stroke: Stroke) {
        self.path_from(points, colour, stroke, 0.0);
    }

    /// A line through `points` that starts at `offset` in its dashes.
    pub(crate) fn path_from(
        &mut self,
        points: &[Place],
        colour: &str,
        stroke: Stroke,
        offset: f64,
    ) {
        let mut dashes = match stroke.dashes {
            "" => String::new(),
            dashes => format!(" stroke-dasharray=\"{dashes}\""),
        };
        if !dashes.is_empty() && offset != 0.0 {
            dashes.push_str(&format!(" stroke-dashoffset=\"{}\"", Px(offset)));
        }
        self.push(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\" \
             stroke-linejoin=\"round\"{dashes}{}/>",
            Points(points),
            stroke.width,
            self.tag.clone(),
        ));
    }

    /// The area between `points` and back to the first one.
    pub(crate) fn area(&mut self, points: &[Place], colour: &str, opacity: f64) {
        self.push(format_args!(
            "<polygon points=\"{}\" fill=\"{colour}\" fill-opacity=\"{opacity}\"{}/>",
            Points(points),
            self.tag.clone(),
        ));
    }

    /// A filled rectangle.
    pub(crate) fn rect(&mut self, low: Place, high: Place, colour: &str) {
        self.push(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"/>",
            Px(low.0),
            Px(low.1),
            Px(high.0 - low.0),
            Px(high.1 - low.1),
        ));
    }

    /// Straight lines that have nothing to do with each other.
    pub(crate) fn segments(&mut self, lines: &[(Place, Place)], colour: &str, stroke: Stroke) {
        self.push(format_args!(
            "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\"/>",
            Segments(lines),
            stroke.width,
        ));
    }

    /// A mark: filled, or white with a coloured outline.
    pub(crate) fn mark(&mut self, points: &[Place], colour: &str, filled: bool) {
        let fill = if filled { colour } else { "#ffffff" };
        self.push(format_args!(
            "<polygon points=\"{}\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.5\" \
             stroke-linejoin=\"round\"{}/>",
            Points(points),
            self.tag.clone(),
        ));
    }

    /// A dot: filled, or white with a coloured outline.
    pub(crate) fn dot(&mut self, (x, y): Place, radius: f64, colour: &str, filled: bool) {
        let fill = if filled { colour } else { "#ffffff" };
        self.push(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"{colour}\" \
             stroke-width=\"1.8\"{}/>",
            Px(x),
            Px(y),
            self.tag.clone(),
        ));
    }

    /// A disc that others shine through.
    pub(crate) fn disc(&mut self, (x, y): Place, radius: f64, colour: &str, opacity: f64) {
        self.push(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{colour}\" \
             fill-opacity=\"{opacity}\"/>",
            Px(x),
            Px(y),
        ));
    }

    /// A filled dot with an outline in the colour of text.
    pub(crate) fn outlined_dot(&mut self, (x, y): Place, radius: f64, colour: &str) {
        self.push(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{colour}\" stroke=\"{INK}\" \
             stroke-width=\"1.6\"/>",
            Px(x),
            Px(y),
        ));
    }

    /// One line of text whose baseline is at `place`.
    pub(crate) fn text(
        &mut self,
        place: Place,
        anchor: Anchor,
        size: f64,
        colour: &str,
        text: &str,
    ) {
        self.text_element(place, anchor, size, colour, text, "");
    }

    /// One line of text that reads upwards, centred at `place`.
    pub(crate) fn text_upwards(&mut self, (x, y): Place, size: f64, colour: &str, text: &str) {
        let turn = format!(" transform=\"rotate(-90 {} {})\"", Px(x), Px(y));
        self.text_element((x, y), Anchor::Middle, size, colour, text, &turn);
    }

    fn text_element(
        &mut self,
        (x, y): Place,
        anchor: Anchor,
        size: f64,
        colour: &str,
        text: &str,
        turn: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let colour = if colour == INK {
            String::new()
        } else {
            format!(" fill=\"{colour}\"")
        };
        self.push(format_args!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{size}\"{anchor}{colour}{turn}>{}</text>",
            Px(x),
            Px(y),
            WithLowered(text, size),
        ));
    }

    /// Draws with everything outside the rectangle from `low` to `high` cut off. A nested `svg`
    /// cuts without an id.
    pub(crate) fn clipped(&mut self, low: Place, high: Place, draw: impl FnOnce(&mut Self)) {
        let (x, y) = (Px(low.0), Px(low.1));
        let (width, height) = (Px(high.0 - low.0), Px(high.1 - low.1));
        self.push(format_args!(
            "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"{x} {y} {width} {height}\">"
        ));
        draw(self);
        self.push(format_args!("</svg>"));
    }

    /// Draws inside a group with a class, for whoever reads or restyles the SVG.
    pub(crate) fn group(&mut self, class: &str, draw: impl FnOnce(&mut Self)) {
        self.push(format_args!("<g class=\"{}\">", Escaped(class)));
        draw(self);
        self.push(format_args!("</g>"));
    }

    /// Draws inside a group with a class in which edges are not smoothed, so that rectangles that
    /// touch leave no seam.
    pub(crate) fn crisp(&mut self, class: &str, draw: impl FnOnce(&mut Self)) {
        self.push(format_args!(
            "<g class=\"{}\" shape-rendering=\"crispEdges\">",
            Escaped(class)
        ));
        draw(self);
        self.push(format_args!("</g>"));
    }

    /// The document.
    pub(crate) fn finish(self, height: f64) -> String {
        let Self {
            width,
            description,
            body,
            ..
        } = self;
        let (width, height) = (width.ceil(), height.ceil());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\" \
             font-family=\"{}\" fill=\"{INK}\">\n<rect width=\"{width}\" height=\"{height}\" \
             fill=\"#ffffff\"/>\n{body}</svg>\n",
            Escaped(&description),
            font::STACK,
        )
    }

    fn push(&mut self, element: fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").expect("writing to a string cannot fail");
    }
}

/// A length with two decimals at most.
struct Px(f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0 * 100.0).round() / 100.0)
    }
}

struct Points<'a>(&'a [Place]);

impl Display for Points<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, &(x, y)) in self.0.iter().enumerate() {
            let space = if position == 0 { "" } else { " " };
            write!(f, "{space}{},{}", Px(x), Px(y))?;
        }
        Ok(())
    }
}

struct Segments<'a>(&'a [(Place, Place)]);

impl Display for Segments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (from, to) in self.0 {
            let [x0, y0, x1, y1] = [from.0, from.1, to.0, to.1].map(Px);
            write!(f, "M{x0},{y0}L{x1},{y1}")?;
        }
        Ok(())
    }
}

/// Text of a size, with subscripts that have no glyph small and low.
struct WithLowered<'a>(&'a str, f64);

impl Display for WithLowered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, size) = *self;
        let (small, down) = (Px(size * font::LOWERED_SIZE), Px(0.17 * size));
        let (mut rest, mut is_back) = (text, true);
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| lowered(*c).is_some()) {
            back(f, &rest[..at], &down, is_back)?;
            let letter = lowered(c).unwrap_or(c);
            write!(
                f,
                "<tspan font-size=\"{small}\" dy=\"{down}\">{letter}</tspan>"
            )?;
            rest = &rest[at + c.len_utf8()..];
            is_back = false;
        }
        back(f, rest, &down, is_back)
    }
}

/// Text on the line, to which it returns after a subscript.
fn back(f: &mut fmt::Formatter<'_>, text: &str, down: &Px, is_back: bool) -> fmt::Result {
    if is_back || text.is_empty() {
        return write!(f, "{}", Escaped(text));
    }
    write!(f, "<tspan dy=\"-{down}\">{}</tspan>", Escaped(text))
}

struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                // XML 1.0 has no other control characters.
                c if c.is_control() => f.write_char(' ')?,
                c => match lowered(c) {
                    Some(letter) => write!(f, "_{letter}")?,
                    None => f.write_char(c)?,
                },
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use resvg::usvg;

    use super::*;

    #[test]
    fn text_is_escaped_and_the_document_parses() {
        let mut canvas = Canvas::new(100.0, "a \"quoted\" & <tagged> title");
        canvas.text((1.0, 2.0), Anchor::Start, 10.0, INK, "a < b & c\u{0}");
        canvas.clipped((0.0, 0.0), (50.0, 50.0), |c| {
            c.path(
                &[(0.0, 0.0), (1.234_567, 2.0)],
                "#000000",
                crate::style::HAIRLINE,
            );
        });
        let svg = canvas.finish(50.0);
        assert!(svg.contains(">a &lt; b &amp; c </text>"), "{svg}");
        assert!(svg.contains("0,0 1.23,2"), "{svg}");
        assert!(usvg::Tree::from_str(&svg, &usvg::Options::default()).is_ok());
    }
}
