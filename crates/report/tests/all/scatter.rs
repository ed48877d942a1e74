//! Scatter panels of runs made by hand: where points, class means and rays stand.

use judge::Run;
use layerwise_report::{ReportError, svg};
use plan::spec::{Panel, Picture};
use resvg::usvg;

use crate::synthetic::{self, CONTRACTION, Edit, POINTS};

const COLOURS: [&str; 3] = ["#0072B2", "#D55E00", "#009E73"];
const START: usize = 0;
const FIT: usize = 1;
const END: usize = 2;

fn picture<'a>(run: &'a Run, name: &str) -> &'a Picture {
    let mut pictures = run.spec.pictures.iter();
    pictures.find(|p| p.name == name).unwrap()
}

fn drawn(run: &Run, name: &str) -> String {
    let svg = svg(run, picture(run, name)).unwrap();
    usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
    svg
}

fn panel<'a>(run: &'a mut Run, name: &str, position: usize) -> &'a mut Panel {
    let mut pictures = run.spec.pictures.iter_mut();
    let picture = pictures.find(|p| p.name == name).unwrap();
    &mut picture.panels[position]
}

/// The elements of one name in one group of one panel.
fn elements<'a>(svg: &'a str, position: usize, class: &str, element: &str) -> Vec<&'a str> {
    let panel = svg.split("<g class=\"panel\">").nth(position + 1).unwrap();
    let group = panel.split(&format!("<g class=\"{class}\">")).nth(1);
    let group = group.map_or("", |group| group.split("</g>").next().unwrap());
    let start = format!("<{element} ");
    group.lines().filter(|l| l.starts_with(&start)).collect()
}

fn value<'a>(line: &'a str, key: &str) -> &'a str {
    let rest = line.split_once(&format!(" {key}=\""));
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

fn number(line: &str, key: &str) -> f64 {
    value(line, key).parse().unwrap()
}

fn centre(circle: &str) -> (f64, f64) {
    (number(circle, "cx"), number(circle, "cy"))
}

fn ends(line: &str) -> Vec<(f64, f64)> {
    let points = value(line, "points").split_whitespace();
    let pairs = points.map(|point| point.split_once(',').unwrap());
    pairs
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect()
}

/// Where a panel is cut off: left, top, width and height of the inside of its axes.
fn inside(svg: &str, position: usize) -> [f64; 4] {
    let panel = svg.split("<g class=\"panel\">").nth(position + 1).unwrap();
    let mut lines = panel.lines();
    let cut = lines.find(|line| line.starts_with("<svg ")).unwrap();
    ["x", "y", "width", "height"].map(|key| number(cut, key))
}

/// Pixels per unit of both axes, from the labelled ticks of a panel.
fn units(svg: &str, position: usize) -> [f64; 2] {
    let texts = elements(svg, position, "axes", "text");
    let ticks = |anchor: &str, key: &str| -> f64 {
        let own = texts.iter().filter(|text| {
            value(text, "text-anchor") == anchor && value(text, "font-size") == "15"
        });
        let places: Vec<(f64, f64)> = own
            .map(|text| {
                let written = text.split('>').nth(1).unwrap().split('<').next().unwrap();
                let tick = written.replace('−', "-").parse().unwrap();
                (tick, number(text, key))
            })
            .collect();
        assert!((2..=5).contains(&places.len()), "{places:?}");
        let (first, last) = (places[0], places[places.len() - 1]);
        ((last.1 - first.1) / (last.0 - first.0)).abs()
    };
    [ticks("middle", "x"), ticks("end", "y")]
}

fn origin(svg: &str, position: usize) -> (f64, f64) {
    let dots = elements(svg, position, "means", "circle");
    let dot = dots.iter().find(|dot| value(dot, "r") == "2.5").unwrap();
    centre(dot)
}

/// The marks of class means, in the order of classes.
fn means(svg: &str, position: usize) -> Vec<&str> {
    let dots = elements(svg, position, "means", "circle").into_iter();
    dots.filter(|dot| value(dot, "stroke") == "#1a1a1a")
        .collect()
}

/// Distance of a class mean from the origin, in units of the axes.
fn distance(svg: &str, position: usize) -> f64 {
    let (origin, mean) = (origin(svg, position), centre(means(svg, position)[0]));
    (mean.0 - origin.0).hypot(mean.1 - origin.1) / units(svg, position)[1]
}

fn refused(run: &Run) -> ReportError {
    svg(run, picture(run, "collapse")).unwrap_err()
}

#[test]
fn every_row_is_a_point_in_the_colour_of_its_class() {
    let mut run = synthetic::features();
    let svg = drawn(&run, "collapse");
    for position in [START, FIT, END] {
        let points = elements(&svg, position, "points", "circle");
        assert_eq!(points.len() as u64, 3 * POINTS);
        for (row, point) in points.iter().enumerate() {
            assert_eq!(value(point, "fill"), COLOURS[row % 3]);
            assert!(number(point, "fill-opacity") < 1.0);
        }
    }
    for text in [
        "class 0",
        "class 2",
        "class mean, from the origin",
        "simplex",
    ] {
        assert_eq!(svg.matches(&format!(">{text}<")).count(), 1, "{text}");
    }
    let shown = panel(&mut run, "collapse", END);
    shown.class_names = ["cat", "dog", "eel"].map(str::to_owned).to_vec();
    shown.indices = (0..12).collect();
    let svg = drawn(&run, "collapse");
    assert_eq!(elements(&svg, END, "points", "circle").len(), 12);
    assert!(svg.contains(">dog<"));
    // Without classes there is one colour and one mean.
    for position in [START, FIT, END] {
        let shown = panel(&mut run, "collapse", position);
        (shown.colour_metric, shown.rays) = (None, None);
        shown.class_names.clear();
    }
    let svg = drawn(&run, "collapse");
    let points = elements(&svg, START, "points", "circle");
    assert!(
        points
            .iter()
            .all(|point| value(point, "fill") == COLOURS[0])
    );
    assert_eq!(means(&svg, START).len(), 1);
    assert!(svg.contains(">mean of all points, from the origin<"));
    assert!(!svg.contains("class 0") && !svg.contains(">simplex<"));
}

#[test]
fn class_means_stand_at_the_corners_of_a_triangle() {
    let run = synthetic::features();
    let svg = drawn(&run, "collapse");
    for (position, moment) in [(START, 0), (FIT, 2), (END, 3)] {
        let radius = CONTRACTION[moment].1;
        let ([x, y], origin) = (units(&svg, position), origin(&svg, position));
        let means = means(&svg, position);
        let lines = elements(&svg, position, "means", "polyline");
        assert_eq!((means.len(), lines.len()), (3, 3));
        for (class, (mean, line)) in means.iter().zip(lines).enumerate() {
            let turn = (90.0 + 120.0 * class as f64).to_radians();
            let place = (
                origin.0 + x * radius * turn.cos(),
                origin.1 - y * radius * turn.sin(),
            );
            let found = centre(mean);
            let apart = (found.0 - place.0).hypot(found.1 - place.1);
            assert!(apart < 0.5, "{position} {class}: {found:?} {place:?}");
            assert_eq!(value(mean, "fill"), COLOURS[class]);
            assert_eq!(value(line, "stroke"), COLOURS[class]);
            assert_eq!(ends(line), [origin, found]);
        }
    }
}

#[test]
fn a_unit_is_as_long_on_both_axes_and_all_is_inside() {
    let mut run = synthetic::features();
    let check = |svg: &str, position: usize| {
        let [x, y] = units(svg, position);
        assert!((x / y - 1.0).abs() < 1e-3, "{x} {y}");
        let [left, top, width, height] = inside(svg, position);
        let points = elements(svg, position, "points", "circle");
        let points = points.into_iter().map(centre);
        for (x, y) in points.chain([origin(svg, position)]) {
            assert!(x > left + 2.0 && x < left + width - 2.0, "{x}");
            assert!(y > top + 2.0 && y < top + height - 2.0, "{y}");
        }
        [width / x, height / y]
    };
    let svg = drawn(&run, "collapse");
    let own = [START, FIT, END].map(|position| check(&svg, position)[0]);
    assert!(own[2] > 2.0 * own[0], "each has its own scale: {own:?}");
    // Wide points need a longer vertical range, and points far from it leave the origin inside.
    for (metric, factor, shift) in [("plane_x", 30.0, 0.0), ("plane_y", 30.0, 400.0)] {
        let mut run = synthetic::features();
        run.edit_rows(|o| {
            if o.metric == metric {
                o.value = o.value * factor + shift;
            }
        });
        let svg = drawn(&run, "collapse");
        check(&svg, START);
        check(&svg, END);
    }
    // A range that is given is shown, in the middle of a longer one where need be.
    for position in [START, FIT, END] {
        panel(&mut run, "collapse", position).y_range = Some([-8.0, 8.0]);
        panel(&mut run, "collapse", position).x_range = Some([-1.0, 1.0]);
    }
    let svg = drawn(&run, "collapse");
    for position in [START, FIT, END] {
        let [width, height] = check(&svg, position);
        assert!((height - 16.0).abs() < 0.1 && width > 2.0, "{height}");
        let [left, _, pixels, _] = inside(&svg, position);
        assert!((origin(&svg, position).0 - left - pixels / 2.0).abs() < 0.1);
    }
}

#[test]
fn rays_lead_from_the_origin_through_the_corners_of_a_simplex() {
    let mut run = synthetic::features();
    let angles = |svg: &str| -> Vec<f64> {
        let rays = elements(svg, END, "rays", "polyline").into_iter();
        rays.map(|ray| {
            let places = ends(ray);
            let ((x0, y0), (x1, y1)) = (places[0], places[1]);
            assert_eq!((x0, y0), origin(svg, END));
            let turn = (y0 - y1).atan2(x1 - x0).to_degrees();
            (turn.rem_euclid(360.0) * 10.0).round() / 10.0
        })
        .collect()
    };
    assert_eq!(angles(&drawn(&run, "collapse")), [90.0, 210.0, 330.0]);
    panel(&mut run, "collapse", END).rays = Some(4);
    let svg = drawn(&run, "collapse");
    assert_eq!(angles(&svg), [90.0, 180.0, 270.0, 0.0]);
    for position in [START, FIT, END] {
        panel(&mut run, "collapse", position).rays = None;
    }
    let svg = drawn(&run, "collapse");
    assert!(angles(&svg).is_empty() && !svg.contains(">simplex<"));
}

#[test]
fn a_moment_is_an_end_or_the_record_nearest_to_a_step() {
    let mut run = synthetic::features();
    let radius = |run: &Run| (distance(&drawn(run, "collapse"), FIT) * 100.0).round() / 100.0;
    // 840 is nearest to 1,000.
    assert_eq!(radius(&run), 3.0);
    for (moment, at) in [(Some("start"), 0.3), (Some("end"), 5.0), (None, 5.0)] {
        panel(&mut run, "collapse", FIT).moment = moment.map(str::to_owned);
        assert_eq!(radius(&run), at, "{moment:?}");
    }
    panel(&mut run, "collapse", FIT).moment = Some("t_fit".to_owned());
    let fit = |run: &mut Run, step: f64| {
        run.edit_rows(|o| {
            if o.metric == "t_fit" && o.seed == 0 {
                o.value = step;
            }
        });
    };
    fit(&mut run, 90.0);
    assert_eq!(radius(&run), 1.0);
    fit(&mut run, f64::INFINITY);
    assert!(matches!(refused(&run), ReportError::NoData { .. }));
}

#[test]
fn one_seed_and_one_cell_are_shown_and_named() {
    let mut run = synthetic::features();
    let svg = drawn(&run, "collapse");
    assert_eq!(svg.matches(">ReLU MLP, seed 0<").count(), 1);
    // What other seeds and cells hold changes nothing.
    let mut alone = synthetic::features();
    let is_shown = |o: &record::Observation| o.seed == 0 && o.variant.ends_with("=0.5");
    alone.retain_rows(is_shown);
    assert_eq!(drawn(&alone, "collapse"), svg);
    // The third seed is three times as far out, the other cell four times that.
    panel(&mut run, "collapse", END).seeds = vec![2, 1];
    let svg = drawn(&run, "collapse");
    assert!((distance(&svg, END) - 15.0).abs() < 0.05);
    assert!(svg.contains(">start, fit: ReLU MLP, seed 0<"));
    assert!(svg.contains(">end: ReLU MLP, seed 2<"));
    let at = &mut panel(&mut run, "collapse", END).at;
    at.insert("models.net.scale".to_owned(), 2.0.into());
    let found = distance(&drawn(&run, "collapse"), END);
    assert!((found - 60.0).abs() < 0.2, "{found}");
    // Without a heading, the layer is the heading.
    panel(&mut run, "models", 1).title.clear();
    let svg = drawn(&run, "models");
    assert!(svg.contains(">linear net</text>"));
    assert!(svg.contains(">linear net: linear net, seed 0<"));
}

#[test]
fn what_has_no_value_is_counted_and_nothing_is_an_error() {
    let mut run = synthetic::features();
    run.edit_rows(|o| {
        let is_last = o.step == 10_000 && o.seed == 0;
        if o.metric == "plane_x" && is_last && o.index < 2 {
            o.value = f64::NAN;
        }
    });
    run.retain_rows(|o| o.metric != "plane_class" || o.index != 5);
    let svg = drawn(&run, "collapse");
    assert_eq!(elements(&svg, END, "points", "circle").len(), 117);
    assert!(svg.contains(">end: ReLU MLP, seed 0, without 3 of 120 points (no value)<"));
    assert!(svg.contains(">start, fit: ReLU MLP, seed 0, without 1 of 120 points (no value)<"));
    for missing in ["plane_x", "plane_y", "plane_class", "t_fit"] {
        let mut run = synthetic::features();
        run.retain_rows(|o| o.metric != missing);
        let error = refused(&run);
        assert!(matches!(error, ReportError::NoData { .. }), "{missing}");
        let expected = "metric \"plane_y, plane_x, plane_class\" for net in base";
        assert!(error.to_string().contains(expected), "{error}");
    }
    let mut run = synthetic::features();
    panel(&mut run, "collapse", END).seeds = vec![7];
    let error = refused(&run).to_string();
    assert!(
        error.contains("picture \"collapse\", panel 3 (\"end\"):"),
        "{error}"
    );
}

#[test]
fn features_that_vanish_are_drawn() {
    let mut run = synthetic::features();
    run.edit_rows(|o| {
        if o.metric != "plane_class" && o.step == 0 {
            o.value = 0.0;
        }
    });
    let svg = drawn(&run, "collapse");
    let points = elements(&svg, START, "points", "circle");
    assert!(points.into_iter().all(|p| centre(p) == origin(&svg, START)));
}

#[test]
fn classes_are_few_whole_numbers() {
    type Class = fn(u64) -> f64;
    let cases: [(Class, &str); 4] = [
        (
            |index| index as f64 / 2.0,
            "has the value 0.5, and classes are whole numbers",
        ),
        (|index| index as f64 - 1.0, "has the value -1, and classes"),
        (
            |index| (index % 9) as f64,
            "has 9 classes, and only 8 colours",
        ),
        (
            |index| (index % 2) as f64,
            "`class_names` has 3 names for the 2 classes",
        ),
    ];
    for (class, message) in cases {
        let mut run = synthetic::features();
        run.edit_rows(|o| {
            if o.metric == "plane_class" {
                o.value = class(o.index);
            }
        });
        let error = refused(&run).to_string();
        let place = "picture \"collapse\", panel 1 (\"start\"): `";
        assert!(
            error.starts_with(place) && error.contains(message),
            "{error}"
        );
    }
    // A class keeps its colour where another has no points.
    let mut run = synthetic::features();
    run.retain_rows(|o| o.step != 10_000 || o.index % 3 != 0 || o.metric == "t_fit");
    let svg = drawn(&run, "collapse");
    let fills: Vec<&str> = means(&svg, END).iter().map(|m| value(m, "fill")).collect();
    assert_eq!(fills, COLOURS[1..]);
}
