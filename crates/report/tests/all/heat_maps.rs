//! Heat maps of a known function of two knobs: where colours and contours must be.

use judge::Run;
use layerwise_report::{ReportError, png, svg};
use plan::spec::{Panel, Scale};
use resvg::{tiny_skia, usvg};

use crate::synthetic::{self, Edit};

const DARKEST: &str = "#440154";
const MIDDLE: &str = "#20908C";
const LIGHTEST: &str = "#FDE725";
/// Room between a baseline and the middle of a tick label.
const DROP: f64 = 0.36 * 15.0;

fn drawn(run: &Run, name: &str) -> String {
    let mut pictures = run.spec.pictures.iter();
    let picture = pictures.find(|picture| picture.name == name).unwrap();
    svg(run, picture).unwrap()
}

/// The panels of a picture, as text.
fn panels(svg: &str) -> Vec<&str> {
    let body = svg.split("<g class=\"colour-scale\">").next().unwrap();
    body.split("<g class=\"panel\">").skip(1).collect()
}

fn number(line: &str, key: &str) -> f64 {
    attribute(line, key).parse().unwrap()
}

fn attribute<'a>(line: &'a str, key: &str) -> &'a str {
    let rest = line.split_once(&format!(" {key}=\"")).unwrap().1;
    rest.split('"').next().unwrap()
}

/// The part of a panel in the group `class`.
fn group<'a>(panel: &'a str, class: &str) -> &'a str {
    let start = panel.split_once(&format!("<g class=\"{class}\""));
    start.unwrap().1.split("</g>").next().unwrap()
}

#[derive(Debug, Clone, PartialEq)]
struct Rect {
    low: (f64, f64),
    high: (f64, f64),
    fill: String,
}

/// The rectangles of a panel.
fn cells(panel: &str) -> Vec<Rect> {
    let lines = group(panel, "cells").lines();
    let rects = lines.filter(|line| line.starts_with("<rect"));
    rects
        .map(|line| {
            let low = (number(line, "x"), number(line, "y"));
            let size = (number(line, "width"), number(line, "height"));
            Rect {
                low,
                high: (low.0 + size.0, low.1 + size.1),
                fill: attribute(line, "fill").to_owned(),
            }
        })
        .collect()
}

/// The colour at shares of the plane, from its lower left corner.
fn fill_at(panel: &str, across: f64, up: f64) -> String {
    let cells = cells(panel);
    let bound = |f: fn(&Rect) -> f64, fold: fn(f64, f64) -> f64, start: f64| {
        cells.iter().map(f).fold(start, fold)
    };
    let left = bound(|r| r.low.0, f64::min, f64::INFINITY);
    let right = bound(|r| r.high.0, f64::max, 0.0);
    let top = bound(|r| r.low.1, f64::min, f64::INFINITY);
    let bottom = bound(|r| r.high.1, f64::max, 0.0);
    let (x, y) = (left + across * (right - left), bottom - up * (bottom - top));
    let inside = |r: &&Rect| r.low.0 < x && x < r.high.0 && r.low.1 < y && y < r.high.1;
    let mut found = cells.iter().filter(inside);
    let fill = found.next().unwrap().fill.clone();
    assert_eq!(found.next(), None, "two cells at one place");
    fill
}

/// Colours at the corners: upper left, upper right, lower left, lower right.
fn corners(panel: &str) -> [String; 4] {
    let (low, high) = (0.005, 0.995);
    [(low, high), (high, high), (low, low), (high, low)].map(|(x, y)| fill_at(panel, x, y))
}

/// Where the text of a tick label stands.
fn place(panel: &str, text: &str, anchor: &str) -> (f64, f64) {
    let end = format!(">{text}</text>");
    let anchor = format!("text-anchor=\"{anchor}\"");
    let mut lines = panel.lines();
    let line = lines.find(|line| line.ends_with(&end) && line.contains(&anchor));
    let line = line.unwrap_or_else(|| panic!("no {text}"));
    (number(line, "x"), number(line, "y"))
}

/// The places of the contour lines of a panel as logarithms of the knobs, read off the axes.
fn contours(panel: &str) -> Vec<Vec<(f64, f64)>> {
    let (x0, x1) = (
        place(panel, "10", "middle").0,
        place(panel, "10,000", "middle").0,
    );
    let (y0, y1) = (
        place(panel, "0.1", "end").1 - DROP,
        place(panel, "100", "end").1 - DROP,
    );
    let lines = group(panel, "contours").lines();
    // Each line is drawn twice: the rim, then the core.
    let lines = lines
        .filter(|line| line.starts_with("<polyline"))
        .step_by(2);
    lines
        .map(|line| {
            let points = attribute(line, "points").split(' ');
            points
                .map(|point| {
                    let (x, y) = point.split_once(',').unwrap();
                    let [x, y] = [x, y].map(|text| text.parse::<f64>().unwrap());
                    (
                        1.0 + 3.0 * (x - x0) / (x1 - x0),
                        -1.0 + 3.0 * (y - y0) / (y1 - y0),
                    )
                })
                .collect()
        })
        .collect()
}

/// Changes every panel of the picture `name`.
fn change_panels(run: &mut Run, name: &str, change: impl Fn(&mut Panel)) {
    let mut pictures = run.spec.pictures.iter_mut();
    let picture = pictures.find(|picture| picture.name == name).unwrap();
    picture.panels.iter_mut().for_each(change);
}

fn error(run: &Run) -> String {
    let error = svg(run, &run.spec.pictures[0]).unwrap_err();
    assert!(matches!(error, ReportError::HeatMap { .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("picture \"plane\", panel "), "{text}");
    text
}

#[test]
fn every_picture_is_valid_svg_and_the_same_every_time() {
    let run = synthetic::plane(40);
    let mut turned = run.clone();
    turned.observations = turned.observations.rows().iter().rev().cloned().collect();
    turned.manifest.variants.reverse();
    for picture in &run.spec.pictures {
        let text = svg(&run, picture).unwrap();
        usvg::Tree::from_str(&text, &usvg::Options::default()).unwrap();
        assert!(!text.contains("NaN") && !text.contains("inf"));
        assert_eq!(text.matches("<g class=\"colour-scale\">").count(), 1);
        assert_eq!(svg(&turned, picture).unwrap(), text, "{}", picture.name);
    }
}

#[test]
fn corners_have_the_colours_of_their_values() {
    let svg = drawn(&synthetic::plane(40), "plane");
    let theory = corners(panels(&svg)[0]);
    // 100²/10 = 10³, 100²/10⁴ = 1, 0.1²/10 = 10⁻³ and 0.1²/10⁴, which is shown as the floor.
    assert_eq!(theory, [LIGHTEST, MIDDLE, DARKEST, DARKEST]);
    let net = corners(panels(&svg)[1]);
    assert_ne!(net[1], MIDDLE);
    assert_eq!(net[3], DARKEST);
}

#[test]
fn the_contour_is_where_the_function_has_its_value() {
    let svg = drawn(&synthetic::plane(40), "plane");
    let half_a_cell = 3.0 / 39.0 / 2.0;
    let theory = contours(panels(&svg)[0]);
    assert_eq!(theory.len(), 1);
    assert!(theory[0].len() > 40);
    for (width, scale) in &theory[0] {
        assert!(
            (2.0 * scale - width).abs() < 0.25 * half_a_cell,
            "{width}, {scale}"
        );
    }
    let span = theory[0].iter().map(|place| place.0);
    let (low, high) = span.fold((9.0f64, 0.0f64), |(low, high), x| (low.min(x), high.max(x)));
    assert!(low < 1.01 && high > 3.98, "{low} to {high}");
    // The net has 0.7 of it, with noise.
    let net: Vec<(f64, f64)> = contours(panels(&svg)[1]).concat();
    let offsets = net.iter().map(|(width, scale)| 2.0 * scale - width);
    let mean = offsets.sum::<f64>() / net.len() as f64;
    assert!((mean + 0.7f64.log10()).abs() < half_a_cell, "{mean}");
    // Marked on the bar at its value, and explained.
    let bar = svg.split("<g class=\"colour-scale\">").nth(1).unwrap();
    let mark = bar
        .lines()
        .find(|line| line.starts_with("<polyline") && line.contains("4.4"));
    let at = attribute(mark.unwrap(), "points")
        .split(',')
        .next()
        .unwrap();
    assert!((at.parse::<f64>().unwrap() - place(bar, "0", "middle").0).abs() < 0.01);
    assert!(svg.contains(">contour at 0</text>"));
}

#[test]
fn heat_maps_of_a_picture_share_one_scale() {
    let run = synthetic::plane(10);
    let mut louder = run.clone();
    louder.edit_rows(|o| {
        if o.model == "net" {
            o.value *= 1e3;
        }
    });
    let before = drawn(&run, "plane");
    let after = drawn(&louder, "plane");
    let [before, after] = [&before, &after].map(|svg| corners(panels(svg)[0]));
    assert_eq!(before[0], LIGHTEST);
    assert!(after[0] != LIGHTEST && after[1] != before[1]);
    assert_eq!(after[3], DARKEST);
    // A range of the spec stands, and what lies beyond is said to.
    for run in [&run, &louder] {
        let mut run = run.clone();
        change_panels(&mut run, "plane", |panel| {
            panel.colour_range = Some([-2.0, 2.0]);
        });
        let svg = drawn(&run, "plane");
        assert_eq!(
            corners(panels(&svg)[0]),
            [LIGHTEST, MIDDLE, DARKEST, DARKEST]
        );
        assert!(svg.contains(">−2 or less</text>") && svg.contains(">2 or more</text>"));
    }
}

#[test]
fn the_scale_says_what_it_shows() {
    let mut run = synthetic::plane(40);
    let svg = drawn(&run, "plane");
    let label = "log₁₀ relative change of the features (median of 1 to 3 seeds)";
    assert!(svg.contains(&format!(">{label}</text>")));
    assert!(svg.contains(">−3 or less</text>") && !svg.contains("or more"));
    assert!(svg.contains(">Layerwise theory</text>"));
    change_panels(&mut run, "plane", |panel| {
        panel.colour_label.clear();
        panel.title.clear();
    });
    let svg = drawn(&run, "plane");
    assert!(svg.contains(">log₁₀ change (median of 1 to 3 seeds)</text>"));
    assert!(svg.contains(">theory</text>") && svg.contains(">ReLU MLP</text>"));
}

#[test]
fn cells_whose_training_failed_are_hatched() {
    let run = synthetic::plane(40);
    let svg = drawn(&run, "plane");
    let [theory, net] = panels(&svg)[..] else {
        panic!("two panels");
    };
    let hatched = |panel: &str| panel.contains("<path d=\"M");
    assert!(hatched(net) && !hatched(theory));
    assert!(svg.contains(">no value: training did not finish</text>"));
    assert_eq!(corners(net)[0], "#d0d0d0");
    assert_eq!(cells(net).iter().filter(|r| r.fill == "#d0d0d0").count(), 1);
    // What a seed measured before it failed is no value at the end of training.
    let mut wild = run.clone();
    let cut = |variant: &str, seed: u64| {
        let mut cells = run.manifest.cells.iter();
        let cell = cells.find(|cell| cell.variant == variant && cell.seed == seed);
        cell.unwrap().stopped.is_failure()
    };
    wild.edit_rows(|o| {
        // Failures are few and at a large change.
        if o.model == "net" && o.value > 100.0 && cut(&o.variant, o.seed) {
            o.value = 1e9;
        }
    });
    assert_ne!(wild.observations, run.observations);
    assert_eq!(drawn(&wild, "plane"), svg);
    // A cell that nobody recorded is missing for no known reason.
    let mut unknown = run.clone();
    for cell in &mut unknown.manifest.cells {
        cell.stopped = record::StopReason::Finished;
    }
    let first = unknown.manifest.variants[0].name.clone();
    unknown.retain_rows(|o| o.variant != first);
    assert!(drawn(&unknown, "plane").contains(">no value</text>"));
}

#[test]
fn times_that_did_not_come_have_a_colour_of_their_own() {
    let svg = drawn(&synthetic::plane(20), "four");
    let time = panels(&svg)[2];
    assert_eq!(corners(time)[3], "#e6e6e6");
    assert!(svg.contains(">did not happen in time</text>"));
    assert!(!drawn(&synthetic::plane(20), "plane").contains("did not happen"));
}

#[test]
fn cells_end_halfway_on_the_scale_of_the_axis() {
    let mut run = synthetic::plane(8);
    let widths = |run: &Run| -> Vec<f64> {
        let svg = drawn(run, "plane");
        let mut rows = cells(panels(&svg)[0]);
        let top = rows.iter().map(|r| r.low.1).fold(f64::INFINITY, f64::min);
        rows.retain(|r| r.low.1 == top);
        rows.iter().map(|r| r.high.0 - r.low.0).collect()
    };
    let even = widths(&run);
    assert_eq!(even.len(), 8);
    assert!(
        even.iter().all(|width| (width - even[0]).abs() <= 1.0),
        "{even:?}"
    );
    change_panels(&mut run, "plane", |panel| panel.x_scale = Scale::Linear);
    let growing = widths(&run);
    assert!(growing[7] > 3.0 * growing[4], "{growing:?}");
    assert!(growing.windows(2).all(|pair| pair[1] >= pair[0]));
    let svg = drawn(&run, "plane");
    assert!(
        svg.contains(">width</text>") && svg.contains(">scale of the output (log scale)</text>")
    );
}

#[test]
fn cells_cover_the_plane_without_gaps() {
    for picture in ["plane", "four"] {
        let svg = drawn(&synthetic::plane(40), picture);
        for panel in panels(&svg) {
            let cells = cells(panel);
            let area = |r: &Rect| (r.high.0 - r.low.0) * (r.high.1 - r.low.1);
            let covered: f64 = cells.iter().map(area).sum();
            let whole = cells.iter().fold(cells[0].clone(), |mut all, r| {
                all.low = (all.low.0.min(r.low.0), all.low.1.min(r.low.1));
                all.high = (all.high.0.max(r.high.0), all.high.1.max(r.high.1));
                all
            });
            assert_eq!(covered, area(&whole));
        }
    }
}

#[test]
fn the_png_has_no_seams() {
    let svg = drawn(&synthetic::plane(40), "plane");
    let pixels = tiny_skia::Pixmap::decode_png(&png(&svg).unwrap()).unwrap();
    assert_no_seam(&svg, &pixels, 2.0);
    // Nor has what a browser shows 700 pixels wide.
    let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    let scale = 700.0 / tree.size().width();
    let mut pixels = tiny_skia::Pixmap::new(700, 400).unwrap();
    let transform = tiny_skia::Transform::from_scale(scale, scale);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    assert_no_seam(&svg, &pixels, f64::from(scale));
}

/// Ten rows of the floor, one below the other, have one colour.
fn assert_no_seam(svg: &str, pixels: &tiny_skia::Pixmap, scale: f64) {
    let dark = cells(panels(svg)[0]);
    let dark = dark.iter().filter(|r| r.fill == DARKEST);
    let ends = dark.map(|r| (r.high.0, r.high.1));
    let (right, bottom) = ends.fold((0.0, 0.0), |a, b| (b.0.max(a.0), b.1.max(a.1)));
    for (up, left) in (2..75).flat_map(|up| (2..20).map(move |left| (up, left))) {
        let at = |end: f64, back: i32| (scale * (end - f64::from(back))) as u32;
        let pixel = pixels.pixel(at(right, left), at(bottom, up)).unwrap();
        let colour = (pixel.red(), pixel.green(), pixel.blue());
        assert_eq!(colour, (0x44, 0x01, 0x54), "{left}, {up}");
    }
}

#[test]
fn few_knob_values_are_labelled_each() {
    let svg = drawn(&synthetic::plane(4), "plane");
    for panel in panels(&svg) {
        for text in ["10", "100", "1,000", "10,000"] {
            place(panel, text, "middle");
        }
        for text in ["0.1", "1", "10", "100"] {
            place(panel, text, "end");
        }
        assert_eq!(
            group(panel, "axes")
                .matches("text-anchor=\"middle\"")
                .count(),
            6
        );
    }
}

#[test]
fn one_index_is_shown() {
    let run = synthetic::plane(6);
    let mut more = run.clone();
    for o in run.observations.clone().rows() {
        let mut other = o.clone();
        other.index = 2;
        other.value *= 100.0;
        more.push_row(other);
    }
    assert_eq!(drawn(&more, "plane"), drawn(&run, "plane"));
    change_panels(&mut more, "plane", |panel| panel.indices = vec![2]);
    let svg = drawn(&more, "plane");
    assert!(
        !contours(panels(&svg)[0])
            .concat()
            .iter()
            .any(|(w, s)| (2.0 * s - w).abs() < 1.0)
    );
}

#[test]
fn what_is_no_plane_is_an_error() {
    let run = synthetic::plane(4);
    let mut flat = run.clone();
    let scale = |v: &record::VariantInfo| v.knobs["models.net.scale"].as_float().unwrap();
    flat.manifest.variants.retain(|v| scale(v) == 100.0);
    assert!(error(&flat).contains("\"models.net.scale\" has the single value 100"));

    let mut without = run.clone();
    change_panels(&mut without, "plane", |panel| panel.knob_y = None);
    assert!(error(&without).contains("needs `knob_y`"));

    let mut third = run.clone();
    let mut twin = third.manifest.variants[3].clone();
    twin.name.push_str(",training.lr=1");
    third.manifest.variants.push(twin);
    assert!(error(&third).contains("has the knobs of another one"));

    let mut text = run.clone();
    text.manifest.variants[0].knobs["models.net.width"] = "wide".into();
    assert!(error(&text).contains("has no number \"models.net.width\""));

    let mut zero = run.clone();
    for variant in &mut zero.manifest.variants {
        if scale(variant) == 0.1 {
            variant.knobs["models.net.scale"] = 0.0.into();
        }
    }
    assert!(error(&zero).contains("\"models.net.scale\" has values that a log scale"));
    change_panels(&mut zero, "plane", |panel| panel.y_scale = Scale::Linear);
    drawn(&zero, "plane");

    let mut layers = run.clone();
    change_panels(&mut layers, "plane", |panel| {
        panel.layers.extend(panel.layers.clone());
    });
    assert!(error(&layers).contains("exactly one layer"));

    let mut nothing = run;
    nothing.retain_rows(|o| o.model != "net");
    let error = svg(&nothing, &nothing.spec.pictures[0]).unwrap_err();
    assert!(matches!(error, ReportError::NoData { .. }), "{error}");
}

#[test]
fn values_that_have_no_logarithm_are_the_lowest() {
    let mut run = synthetic::plane(6);
    change_panels(&mut run, "plane", |panel| panel.floor = None);
    let svg = drawn(&run, "plane");
    assert_eq!(corners(panels(&svg)[0])[3], DARKEST);
    // A line at the lowest value goes around them.
    change_panels(&mut run, "plane", |panel| panel.contour = vec![-4.0]);
    let svg = drawn(&run, "plane");
    let around: Vec<(f64, f64)> = contours(panels(&svg)[0]).concat();
    assert!(around.len() > 2);
    for (width, scale) in around {
        assert!((2.0 * scale - width + 4.0).abs() < 1.2, "{width}, {scale}");
    }
    // Without any value above zero there is still a picture.
    run.edit_rows(|o| {
        o.value = 0.0;
    });
    change_panels(&mut run, "plane", |panel| panel.contour.clear());
    let svg = drawn(&run, "plane");
    assert_eq!(corners(panels(&svg)[0]), [DARKEST; 4]);
}
