//! The shipped font: its bytes, and how wide text is in it.

use skrifa::{
    FontRef, MetadataProvider,
    instance::{LocationRef, Size},
};

use crate::subscript::lowered;

/// DejaVu Sans with Latin, Greek, arrows, geometric shapes and mathematical signs.
pub(crate) const BYTES: &[u8] = include_bytes!("../assets/DejaVuSans-subset.ttf");

/// Name of the font family inside [`BYTES`].
pub(crate) const FAMILY: &str = "DejaVu Sans";

/// What a browser is asked for. The fallbacks are no wider than the first, so that what fits in
/// one fits in all.
pub(crate) const STACK: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// Size of a subscript without a glyph of its own, as a share of the text's size.
pub(crate) const LOWERED_SIZE: f64 = 0.66;

/// Width of one line of `text` in CSS pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let font = font();
    let glyphs = font.glyph_metrics(Size::new(size as f32), LocationRef::default());
    let map = font.charmap();
    text.chars()
        .map(|c| {
            let (c, share) = lowered(c).map_or((c, 1.0), |c| (c, LOWERED_SIZE));
            let advance = map.map(c).and_then(|glyph| glyphs.advance_width(glyph));
            share * advance.map_or(0.6 * size, f64::from)
        })
        .sum()
}

/// Breaks `text` at spaces into lines that are at most `room` wide, where words allow.
pub(crate) fn wrap(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The characters of `text` for which the shipped font has no glyph, each once: a PNG shows them as
/// boxes, and a browser takes them from a font of its own.
pub(crate) fn not_covered(text: &str) -> String {
    let font = font();
    let map = font.charmap();
    let mut found = String::new();
    for c in text.chars() {
        if !c.is_control() && map.map(c).is_none() && !found.contains(c) {
            found.push(c);
        }
    }
    found
}

fn font() -> FontRef<'static> {
    FontRef::new(BYTES).expect("the shipped font is a font")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_we_draw_has_a_glyph() {
        let drawn = "▲▽▶▷△✓✗≤≥×·−–—…αβγδεηθλμνρσστφωΔΣ₀₁₂₃₄₅₆₇₈₉ₖᵢⱼ⁰¹²³⁴⁵⁶⁷⁸⁹⁻∞√≈→←±‖∂∈°%";
        assert_eq!(not_covered(drawn), "");
        assert_eq!(not_covered(&(' '..='~').collect::<String>()), "");
        assert_eq!(not_covered("模a模型\n"), "模型");
    }

    #[test]
    fn text_is_wrapped_at_spaces_where_room_ends() {
        let lines = wrap("one two three", 10.0, width("one two", 10.0) + 0.1);
        assert_eq!(lines, ["one two", "three"]);
        assert!(wrap("", 10.0, 50.0).is_empty());
    }

    #[test]
    fn wide_letters_are_wider_than_narrow_ones() {
        assert!(width("mmm", 16.0) > 2.0 * width("iii", 16.0));
        assert!((width("ab", 20.0) - 2.0 * width("ab", 10.0)).abs() < 1e-3);
    }
}
