use std::sync::Arc;

use resvg::{tiny_skia, usvg};

use crate::{ReportError, font};

/// Device pixels per CSS pixel: crisp on a dense screen and in print.
const SCALE: f32 = 2.0;

/// The picture in pixels, two per CSS pixel in each direction, on the background that it draws.
/// All text is set in the shipped font, whatever the SVG asks for.
///
/// # Errors
/// The text is not SVG, or the picture has no size.
pub fn png(svg: &str) -> Result<Vec<u8>, ReportError> {
    let problem = |problem: String| ReportError::Png { problem };
    let tree = usvg::Tree::from_str(svg, &options()).map_err(|e| problem(e.to_string()))?;
    let size = tree.size();
    let pixels = |length: f32| (length * SCALE).ceil() as u32;
    let mut pixmap = tiny_skia::Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or_else(|| problem(format!("{}×{} pixels", size.width(), size.height())))?;
    let transform = tiny_skia::Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|e| problem(e.to_string()))
}

/// Every font family means the shipped font.
fn options() -> usvg::Options<'static> {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(font::BYTES.to_vec());
    fonts.set_serif_family(font::FAMILY);
    fonts.set_sans_serif_family(font::FAMILY);
    fonts.set_cursive_family(font::FAMILY);
    fonts.set_fantasy_family(font::FAMILY);
    fonts.set_monospace_family(font::FAMILY);
    usvg::Options {
        font_family: font::FAMILY.to_owned(),
        fontdb: Arc::new(fonts),
        ..usvg::Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dark_pixels(svg: &str) -> usize {
        let bytes = png(svg).unwrap();
        let pixmap = tiny_skia::Pixmap::decode_png(&bytes).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (200, 80));
        let dark = |p: &&tiny_skia::PremultipliedColorU8| p.alpha() > 128 && p.red() < 128;
        pixmap.pixels().iter().filter(dark).count()
    }

    #[test]
    fn text_is_drawn_whatever_font_is_asked_for() {
        for family in ["DejaVu Sans", "Comic Sans MS", "serif", "monospace"] {
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='100' height='40'>\
                 <text x='5' y='25' font-family='{family}' font-size='20'>▲ ≤ λ</text></svg>"
            );
            assert!(dark_pixels(&svg) > 200, "{family}");
        }
    }

    #[test]
    fn what_is_not_svg_is_an_error() {
        assert!(matches!(png("no"), Err(ReportError::Png { .. })));
    }
}
