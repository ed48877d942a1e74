//! The script of the page, and the policy that lets nothing else run or leave.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::packed::base64;

/// The parts of the script that make figures answer, in an order in which constants come before their use.
const FIGURES: [&str; 11] = [
    include_str!("../../assets/page/script/elements.js"),
    include_str!("../../assets/page/script/numbers.js"),
    include_str!("../../assets/page/script/axis.js"),
    include_str!("../../assets/page/script/view.js"),
    include_str!("../../assets/page/script/draw.js"),
    include_str!("../../assets/page/script/reading.js"),
    include_str!("../../assets/page/script/zoom.js"),
    include_str!("../../assets/page/script/take.js"),
    include_str!("../../assets/page/script/controls.js"),
    include_str!("../../assets/page/script/reflow.js"),
    include_str!("../../assets/page/script/figure.js"),
];

/// The other parts of the script of a page over runs.
const PAGE: [&str; 3] = [
    include_str!("../../assets/page/script/claims.js"),
    include_str!("../../assets/page/script/scroll.js"),
    include_str!("../../assets/page/script/start.js"),
];

/// The whole script: the content of the one script element that runs.
pub(super) static SCRIPT: LazyLock<String> = LazyLock::new(|| script(&PAGE));

/// A script of the parts that make figures answer, and further ones.
pub(crate) fn script(further: &[&str]) -> String {
    let parts = [&FIGURES, further].concat();
    format!("(() => {{\n\"use strict\";\n{}}})();", parts.join("\n"))
}

/// The source of a Content-Security-Policy that lets one script run.
pub(crate) fn source(script: &str) -> String {
    format!("'sha256-{}'", base64(&Sha256::digest(script.as_bytes())))
}

/// The Content-Security-Policy of the page: only this script runs, whatever a spec says, and nothing
/// is requested from anywhere.
pub(super) fn policy() -> String {
    let source = source(&SCRIPT);
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src blob: data:; script-src {source}; \
         base-uri 'none'; form-action 'none'"
    )
}
