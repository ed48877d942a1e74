//! Pictures and the numbers beside them: the script of the page may say only what the SVG shows.

use judge::Run;
use layerwise_report::{figure, page};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::synthetic::{self, Edit};

/// More numbers than any picture here has.
const ROOM: usize = 1_000_000;
/// A picture has two decimals of a pixel, and numbers have seven digits.
const NEAR: f64 = 0.02;

fn runs() -> [Run; 6] {
    [
        synthetic::emergence(),
        synthetic::data_sweep(),
        synthetic::scaling(),
        synthetic::plane(10),
        synthetic::grokking(),
        synthetic::features(),
    ]
}

/// Panels of curves with the SVG of each, of all pictures.
fn curves(room: usize) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for run in &runs() {
        for picture in &run.spec.pictures {
            let figure = figure(run, picture, room).unwrap();
            let numbers: Value = serde_json::from_str(&figure.numbers).unwrap();
            let drawn = figure.svg.split("<g class=\"panel\">").skip(1);
            let panels = numbers["panels"].as_array().unwrap();
            assert_eq!(drawn.clone().count(), panels.len(), "{}", picture.name);
            let both = drawn.map(str::to_owned).zip(panels.iter().cloned());
            all.extend(both.filter(|(_, panel)| panel["kind"] == "curves"));
        }
    }
    assert!(all.len() >= 8, "{}", all.len());
    all
}

/// Packed numbers as the script unpacks them.
fn unpacked(packed: &Value) -> Vec<f64> {
    let Some(text) = packed.as_str() else {
        let list = packed.as_array().map_or(&[][..], Vec::as_slice);
        let number = |value: &Value| match value.as_str() {
            Some("∞") => f64::INFINITY,
            Some(_) => f64::NEG_INFINITY,
            None => value.as_f64().unwrap_or(f64::NAN),
        };
        return list.iter().map(number).collect();
    };
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        bits = bits << 6 | letters.find(char::from(letter)).unwrap() as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    let floats = bytes
        .chunks(4)
        .map(|four| <[u8; 4]>::try_from(four).unwrap());
    floats
        .map(|four| f64::from(f32::from_le_bytes(four)))
        .collect()
}

/// The pixel of a value on an axis, as the script places it.
fn pixel(axis: &Value, value: f64) -> f64 {
    let number = |key: &str| axis[key].as_f64().unwrap();
    let (low, high) = (number("low"), number("high"));
    let share = match axis["scale"].as_str().unwrap() {
        "log" => (value / low).ln() / (high / low).ln(),
        _ => (value - low) / (high - low),
    };
    number("from") + share.clamp(-5.0, 6.0) * (number("to") - number("from"))
}

/// The corners of the elements of one series.
fn corners(svg: &str, element: &str, series: usize) -> Vec<(f64, f64)> {
    let tag = format!(" data-series=\"{series}\"");
    let start = format!("<{element} ");
    let lines = svg
        .lines()
        .filter(|l| l.starts_with(&start) && l.contains(&tag));
    let points = lines.filter_map(|line| line.split_once("points=\"")?.1.split('"').next());
    let pairs = points.flat_map(str::split_whitespace);
    let number = |text: &str| text.parse::<f64>().unwrap();
    pairs
        .map(|pair| pair.split_once(',').unwrap())
        .map(|(x, y)| (number(x), number(y)))
        .collect()
}

fn has(corners: &[(f64, f64)], (x, y): (f64, f64)) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= NEAR;
    corners.iter().any(|&(a, b)| near(a, x) && near(b, y))
}

#[test]
fn the_picture_and_the_numbers_beside_it_are_the_same() {
    let (mut lines, mut bands) = (0, 0);
    for (svg, panel) in curves(ROOM) {
        for (position, series) in panel["series"].as_array().unwrap().iter().enumerate() {
            let places = &panel["places"][series["places"].as_u64().unwrap() as usize];
            let (xs, medians) = (unpacked(&places["x"]), unpacked(&series["median"]));
            assert_eq!(xs.len(), medians.len());
            let line = corners(&svg, "polyline", position);
            let area = corners(&svg, "polygon", position);
            if xs.len() > 1 {
                assert_eq!(line.len(), xs.len(), "every point is in both");
                lines += 1;
            }
            let at = |x: f64, y: f64| (pixel(&panel["x"], x), pixel(&panel["y"], y));
            for (&x, &y) in xs.iter().zip(&medians).filter(|_| xs.len() > 1) {
                assert!(has(&line, at(x, y)), "{x} {y} of series {position}");
            }
            for side in ["low", "high"] {
                let values = unpacked(&series[side]);
                bands += usize::from(!values.is_empty());
                for (&x, &y) in xs.iter().zip(&values).filter(|(_, y)| y.is_finite()) {
                    assert!(has(&area, at(x, y)), "{side} {x} {y} of series {position}");
                }
            }
        }
    }
    assert!(lines > 20 && bands > 10, "{lines} lines, {bands} bands");
}

#[test]
fn values_of_single_seeds_are_the_recorded_ones() {
    let run = synthetic::emergence();
    let figure = figure(&run, &run.spec.pictures[0], ROOM).unwrap();
    let numbers: Value = serde_json::from_str(&figure.numbers).unwrap();
    let panel = &numbers["panels"][0];
    let mut compared = 0;
    for series in panel["series"].as_array().unwrap() {
        let model = &panel["layers"][series["layer"].as_u64().unwrap() as usize]["model"];
        let key = &panel["keys"][series["key"].as_u64().unwrap() as usize];
        let index: u64 = key["short"].as_str().unwrap().parse().unwrap();
        let places = &panel["places"][series["places"].as_u64().unwrap() as usize];
        let xs = unpacked(&places["x"]);
        let seeds = series["seeds"].as_array().unwrap().iter();
        let values = series["values"].as_array().map_or(&[][..], Vec::as_slice);
        for (seed, values) in seeds.zip(values) {
            for (&x, value) in xs.iter().zip(unpacked(values)) {
                let mut rows = run.observations.rows().iter();
                let row = rows.find(|o| {
                    let cell = *o.variant == *"base" && Some(o.seed) == seed.as_u64();
                    let curve = *o.metric == *"skill_strength" && Some(&*o.model) == model.as_str();
                    cell && curve && o.index == index && o.step as f64 == x
                });
                let recorded = row.map_or(f64::NAN, |row| row.value);
                let same =
                    recorded.is_nan() && value.is_nan() || value == f64::from(recorded as f32);
                assert!(same, "{recorded} {value}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn little_room_leaves_some_records_out_but_changes_none() {
    for ((svg, few), (_, all)) in curves(300).into_iter().zip(curves(ROOM)) {
        let mut left = 0;
        for (position, series) in few["series"].as_array().unwrap().iter().enumerate() {
            let places = |panel: &Value| {
                let at = panel["series"][position]["places"].as_u64().unwrap();
                panel["places"][at as usize].clone()
            };
            let (xs, whole) = (unpacked(&places(&few)["x"]), unpacked(&places(&all)["x"]));
            left += whole.len() - xs.len();
            assert_eq!((xs.first(), xs.last()), (whole.first(), whole.last()));
            let line = corners(&svg, "polyline", position);
            for (&x, y) in xs.iter().zip(unpacked(&series["median"])) {
                let place = (pixel(&few["x"], x), pixel(&few["y"], y));
                assert!(whole.len() < 2 || has(&line, place));
            }
            let seeds = unpacked(&places(&few)["of_seeds"]).len();
            for values in series["values"].as_array().map_or(&[][..], Vec::as_slice) {
                let own = unpacked(values).len();
                assert!(own == seeds || (seeds == 0 && own == xs.len()));
            }
        }
        let many = unpacked(&all["places"][0]["x"]).len() > 100;
        assert!(!many || left > 0, "a long curve is thinned out");
    }
}

#[test]
fn the_numbers_of_a_figure_take_the_room_that_they_have() {
    let run = synthetic::emergence();
    for room in [3_000, 10_000] {
        let figure = figure(&run, &run.spec.pictures[0], room).unwrap();
        // A number takes 16 thirds of a byte; names and the few numbers of axes take the rest.
        let most = room * 16 / 3 + 8_000;
        assert!(
            figure.numbers.len() < most,
            "{} of {most}",
            figure.numbers.len()
        );
    }
}

#[test]
fn flow_time_is_beside_steps() {
    let run = synthetic::emergence();
    let figure = figure(&run, &run.spec.pictures[0], ROOM).unwrap();
    let numbers: Value = serde_json::from_str(&figure.numbers).unwrap();
    let panel = &numbers["panels"][0];
    assert_eq!(panel["other"][0], "flow_time");
    let rate = panel["places"][0]["rate"].as_f64().unwrap();
    assert!((rate - 0.05).abs() < 1e-12, "{rate}");
}

#[test]
fn a_curve_names_the_claims_that_it_feeds_and_a_claim_links_to_its_curve() {
    let mut run = synthetic::emergence();
    let claim: plan::spec::Claim = toml::from_str(
        "id = 'E1'\nstatement = 's'\nsource = 'here'\nmetric = 'skill_strength'\nmodel = 'net'\n\
         statistic = { kind = 'shape' }\nthreshold = { below = 2.0 }\ncontrols = []",
    )
    .unwrap();
    run.spec.claims = vec![claim];
    let picture = figure(&run, &run.spec.pictures[0], ROOM).unwrap();
    let numbers: Value = serde_json::from_str(&picture.numbers).unwrap();
    assert_eq!(numbers["claims"][0]["id"], "E1");
    for series in numbers["panels"][0]["series"].as_array().unwrap() {
        let is_net = numbers["panels"][0]["layers"][series["layer"].as_u64().unwrap() as usize]["model"]
            == "net";
        assert_eq!(series.get("claims").is_some(), is_net);
    }
    let html = page(&[run]).unwrap();
    assert!(html.contains("<a class=\"curve\" href=\"#figure-1-1\" data-claim=\"0\">"));
}

#[test]
fn a_knob_that_a_picture_fixes_has_the_picture_at_its_other_values() {
    let html = page(&[synthetic::features()]).unwrap();
    for value in ["0.5", "2"] {
        let start =
            format!("<template data-knob=\"scale\" data-value=\"{value}\" data-shown=\"0.5\">");
        assert!(html.contains(&start), "{start}");
    }
    // Another value is no finding.
    let (_, other) = html.split_once("data-value=\"2\"").unwrap();
    assert!(other.contains(">collapse of synthetic-features at scale = 2</text>"));
    assert!(!other.contains("aria-label=\"Features of each class contract"));
    let mut run = synthetic::features();
    run.retain_rows(|o| !o.variant.ends_with("scale=2"));
    assert!(
        !page(&[run]).unwrap().contains("<template"),
        "one value is no choice"
    );
}

#[test]
fn what_a_spec_says_cannot_become_a_script() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    let mut run = synthetic::emergence();
    hostile.clone_into(&mut run.spec.pictures[0].title);
    run.spec.pictures[0].titles = None;
    run.spec.pictures[0].panels[0].layers[0].label = hostile.to_owned();
    hostile.clone_into(&mut run.spec.pictures[0].panels[0].x_label);
    run.verdict.claims[0].statement = hostile.to_owned();
    let html = page(&[run]).unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("<img"));
    assert!(html.contains("\\u003c/script>"));
}

#[test]
fn the_policy_of_the_page_lets_only_its_own_script_run() {
    let html = page(&[synthetic::scaling()]).unwrap();
    let (_, rest) = html.split_once("<script>").unwrap();
    let script = rest.split("</script>").next().unwrap();
    let hash = Sha256::digest(script.as_bytes());
    let (_, policy) = html.split_once("script-src 'sha256-").unwrap();
    let named = policy.split('\'').next().unwrap();
    let padded: String = hash.iter().map(|byte| format!("{byte:08b}")).collect();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = padded + "00";
    let base64: String = (0..bits.len() / 6)
        .map(|at| usize::from_str_radix(&bits[6 * at..6 * at + 6], 2).unwrap())
        .map(|six| char::from(letters[six]))
        .collect();
    assert_eq!(named, format!("{base64}="));
    assert!(html.contains("default-src 'none'"));
}
