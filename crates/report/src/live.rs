//! What a page needs whose figures change while it is open, as those of a run in progress do.
//!
//! Such a page holds the [style] and one [script]. Its own part of the script calls `liveFigure(root)` once
//! for every `<figure id="…">` that holds a picture and its numbers ([`crate::figure`]), and
//! `renewFigure(figure, svg, numbers)` for every new one. The figure then shows the new curves under the
//! view that its reader has chosen, and answers as on a page that [`crate::page`] makes.

use plan::spec::Outcome;

use crate::{number, page};

/// The style of pages, for a style element.
pub fn style() -> &'static str {
    include_str!("../assets/page/style.css")
}

/// The content of the one script element: the parts that make figures answer, and the page's `own`.
pub fn script(own: &str) -> String {
    page::script::script(&[include_str!("../assets/page/script/live.js"), own])
}

/// The Content-Security-Policy of such a page: this script runs and no other, and it may ask the address
/// of the page alone.
pub fn policy(script: &str) -> String {
    let source = page::script::source(script);
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src blob: data:; script-src {source}; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// A number as pages write it: `1,000`, `−0.5`, `1.5·10⁻⁹`, with about `digits` significant digits.
pub fn significant(value: f64, digits: usize) -> String {
    number::significant(value, digits)
}

/// A verdict as a symbol.
pub fn symbol(outcome: Outcome) -> &'static str {
    page::symbol(outcome)
}
