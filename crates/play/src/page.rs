use std::sync::Arc;

use judge::Run;
use report::{ReportError, live};
use serde_json::json;

use crate::{scene::Scene, site::Answer};

/// The page of a bench.
pub(crate) struct Page {
    html: Arc<str>,
    policy: String,
}

/// The page with the places for its parts.
const PAGE: &str = include_str!("../assets/page.html");
/// What its style has beyond that of reports.
const STYLE: &str = include_str!("../assets/page.css");
/// Its own part of the script.
const SCRIPT: &str = include_str!("../assets/page.js");

impl Page {
    /// The page with scenes and their dials.
    pub(crate) fn new(scenes: &[Scene]) -> Self {
        Self::of(&json!({ "scenes": scenes, "watches": false }))
    }

    /// The page that watches a run of this title.
    pub(crate) fn watching(title: &str) -> Self {
        let scene =
            json!({ "name": "run", "title": "Run in progress", "invitation": title, "dials": [] });
        Self::of(&json!({ "scenes": [scene], "watches": true }))
    }

    /// The page of a run that is done, as it is in its folder.
    pub(crate) fn report(run: &Run) -> Result<Self, ReportError> {
        // The page names what it may do itself.
        let policy = "frame-ancestors 'none'".to_owned();
        let html = Arc::from(report::page(std::slice::from_ref(run))?);
        Ok(Self { html, policy })
    }

    fn of(scenes: &serde_json::Value) -> Self {
        let script = live::script(SCRIPT);
        // Nothing that a spec says can end the element.
        let scenes = scenes.to_string().replace('<', "\\u003c");
        Self {
            policy: live::policy(&script),
            html: Arc::from(filled(&[
                ("{style}", live::style()),
                ("{own style}", STYLE),
                ("{scenes}", &scenes),
                ("{script}", &script),
            ])),
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::Page {
            html: Arc::clone(&self.html),
            policy: self.policy.clone(),
        }
    }
}

/// The page with its parts, each of which is put in once, whatever it says.
fn filled(parts: &[(&str, &str)]) -> String {
    let mut page = String::new();
    let mut rest = PAGE;
    for (place, part) in parts {
        let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
        page.push_str(before);
        page.push_str(part);
        rest = after;
    }
    page + rest
}
