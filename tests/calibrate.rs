//! `layerwise calibrate` on a run that was trained here.

use crate::support::{Workplace, stderr};

fn trained() -> Workplace {
    let place = Workplace::tiny();
    place.succeeds(&["run", "tiny.toml", "--out", "out"]);
    place
}

#[test]
fn a_calibration_is_kept_beside_the_run_and_shown_on_its_page() {
    let place = trained();
    let verdict = place.read("out/verdict.json");
    let document = place.json(&["calibrate", "out", "--draws", "50", "--json"]);
    let claim = &document["runs"][0]["calibration"]["claims"][0];
    assert_eq!(claim["id"], "T1");
    assert_eq!(claim["verification"], true);
    // Two skills have two orders, which is too few to say anything; values at the threshold are not.
    let nulls = claim["nulls"].as_array().unwrap();
    assert!(nulls.iter().any(|null| null["counts"] == true), "{claim}");
    let kept: serde_json::Value =
        serde_json::from_str(&place.read("out/calibration.json")).unwrap();
    assert_eq!(kept, document["runs"][0]["calibration"]);
    assert_eq!(place.read("out/verdict.json"), verdict);
    place.succeeds(&["report", "out"]);
    let page = place.read("out/report.html");
    assert!(
        page.contains("of null data support it"),
        "the page says nothing of it"
    );
    assert!(page.contains("Clopper–Pearson"));
}

#[test]
fn an_output_file_leaves_the_run_alone() {
    let place = trained();
    let arguments = ["calibrate", "out", "--draws", "50", "--out", "all.json"];
    let output = place.succeeds(&arguments);
    assert!(String::from_utf8_lossy(&output.stdout).contains("T1"));
    assert!(!place.path("out/calibration.json").exists());
    assert!(place.read("all.json").contains("\"claims\""));
    let table = place.succeeds(&["calibrate", "out", "--draws", "50", "--markdown"]);
    let table = String::from_utf8(table.stdout).unwrap();
    let mut lines = table.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("| experiment | claim | null data")
    );
    assert!(lines.next().unwrap().starts_with("|---|"));
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("| `tiny` | T1 (verification) |")
    );
}

#[test]
fn what_is_no_run_is_refused() {
    let place = Workplace::tiny();
    place.refuses(&["calibrate", "nowhere"], &["nowhere"]);
    let few = place.layerwise(&["calibrate", "out", "--draws", "0"]);
    assert_eq!(few.status.code(), Some(2), "{}", stderr(&few));
}
