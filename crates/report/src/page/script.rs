//! The script of the page, and the policy that lets nothing else run or leave.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::packed::base64;

/// The parts of the script, in an order in which constants come before their use.
const PARTS: [&str; 14] = [
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
    include_str!("../../assets/page/script/claims.js"),
    include_str!("../../assets/page/script/scroll.js"),
    include_str!("../../assets/page/script/start.js"),
];

/// The whole script: the content of the one script element that runs.
pub(super) static SCRIPT: LazyLock<String> =
    LazyLock::new(|| format!("(() => {{\n\"use strict\";\n{}}})();", PARTS.join("\n")));

/// The Content-Security-Policy of the page: only this script runs, whatever a spec says, and nothing
/// is requested from anywhere.
pub(super) fn policy() -> String {
    let hash = base64(&Sha256::digest(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src blob: data:; script-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'"
    )
}
