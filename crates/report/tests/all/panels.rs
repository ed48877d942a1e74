//! Panels of runs made by hand: where curves, dots and marks stand.

use judge::Run;
use layerwise_report::{ReportError, svg};
use plan::spec::Panel;
use resvg::usvg;

use crate::synthetic::{self, Edit};

const FIRST: usize = 0;
const SECOND: usize = 1;

fn drawn(run: &Run, name: &str) -> String {
    let mut pictures = run.spec.pictures.iter();
    let svg = svg(run, pictures.find(|p| p.name == name).unwrap()).unwrap();
    usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
    svg
}

fn panel<'a>(run: &'a mut Run, name: &str, position: usize) -> &'a mut Panel {
    let mut pictures = run.spec.pictures.iter_mut();
    let picture = pictures.find(|p| p.name == name).unwrap();
    &mut picture.panels[position]
}

/// The lines of one group of one panel.
fn group<'a>(svg: &'a str, position: usize, class: &str) -> Vec<&'a str> {
    let panel = svg.split("<g class=\"panel\">").nth(position + 1).unwrap();
    let start = format!("<g class=\"{class}\">");
    let Some(group) = panel.split(&start).nth(1) else {
        return Vec::new();
    };
    group.split("</g>").next().unwrap().lines().collect()
}

fn value<'a>(line: &'a str, key: &str) -> &'a str {
    let rest = line.split_once(&format!(" {key}=\""));
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

fn number(line: &str, key: &str) -> f64 {
    value(line, key).parse().unwrap()
}

fn starting<'a>(lines: &[&'a str], element: &str) -> Vec<&'a str> {
    let start = format!("<{element} ");
    let lines = lines.iter().filter(|line| line.starts_with(&start));
    lines.copied().collect()
}

fn corners(line: &str) -> Vec<(f64, f64)> {
    let points = value(line, "points").split_whitespace();
    points
        .map(|point| {
            let (x, y) = point.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

/// The middle of a mark (of its box).
fn centre(line: &str) -> (f64, f64) {
    let corners = corners(line);
    let middle = |value: fn(&(f64, f64)) -> f64| {
        let values = corners.iter().map(value);
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        (low + high) / 2.0
    };
    (middle(|c| c.0), middle(|c| c.1))
}

/// Pixel of `x` on a panel's log axis, from the curve of the whole range.
fn pixel(curve: &str, [low, high]: [f64; 2], x: f64) -> f64 {
    let places = corners(curve);
    let (first, last) = (places[0].0, places[places.len() - 1].0);
    first + (last - first) * (x / low).ln() / (high / low).ln()
}

const BLUE: &str = "#0072B2";
const RED: &str = "#D55E00";
const GREEN: &str = "#009E73";
const PINK: &str = "#CC79A7";

#[test]
fn several_metrics_have_a_colour_each_and_layers_their_line_style() {
    let mut run = synthetic::grokking();
    let svg = drawn(&run, "accuracy");
    let lines = group(&svg, FIRST, "curves");
    let strokes: Vec<(&str, &str)> = starting(&lines, "polyline")
        .iter()
        .map(|line| (value(line, "stroke"), value(line, "stroke-dasharray")))
        .collect();
    // The linear model has no train accuracy.
    assert_eq!(
        strokes,
        [(BLUE, "8 4"), (RED, "8 4"), (RED, "2 4")],
        "{strokes:?}"
    );
    assert!(svg.contains(">train</text>") && svg.contains(">test</text>"));
    panel(&mut run, "accuracy", 0).metric_labels.clear();
    let svg = drawn(&run, "accuracy");
    assert!(svg.contains(">train accuracy</text>") && svg.contains(">test accuracy</text>"));
}

#[test]
fn at_leaves_the_cells_with_these_values() {
    let mut run = synthetic::grokking();
    let one = drawn(&run, "accuracy");
    // What the other cells hold changes nothing.
    let others = |o: &record::Observation| !o.variant.ends_with("scale=0.5");
    run.retain_rows(|o| !others(o));
    assert_eq!(drawn(&run, "accuracy"), one);
    let mut run = synthetic::grokking();
    panel(&mut run, "growth", SECOND)
        .at
        .insert("models.net.scale".to_owned(), 1.0.into());
    let svg = drawn(&run, "growth");
    let dots = starting(&group(&svg, SECOND, "curves"), "circle").len();
    assert_eq!(dots, 2, "one cell of two layers");
    let at = &mut panel(&mut run, "growth", SECOND).at;
    at.insert("models.net.scale".to_owned(), 7.0.into());
    let pictures = &run.spec.pictures;
    let growth = pictures.iter().find(|p| p.name == "growth").unwrap();
    assert!(matches!(
        svg_error(&run, growth),
        ReportError::NoData { .. }
    ));
}

fn svg_error(run: &Run, picture: &plan::spec::Picture) -> ReportError {
    svg(run, picture).unwrap_err()
}

#[test]
fn a_heat_map_leaves_out_cells_too() {
    let mut run = synthetic::plane(6);
    let whole = drawn(&run, "plane");
    // A third knob doubles the cells; `at` picks one half.
    for variant in &mut run.manifest.variants {
        variant.knobs.insert("training.lr".to_owned(), 0.1.into());
    }
    let mut others = run.manifest.variants.clone();
    for variant in &mut others {
        variant.name.push_str(",training.lr=0.2");
        variant.knobs.insert("training.lr".to_owned(), 0.2.into());
    }
    run.manifest.variants.extend(others);
    let picture = run.spec.pictures.iter().find(|p| p.name == "plane");
    assert!(svg(&run, picture.unwrap()).is_err());
    for picture in &mut run.spec.pictures {
        for panel in &mut picture.panels {
            panel.at.insert("training.lr".to_owned(), 0.1.into());
        }
    }
    assert_eq!(drawn(&run, "plane"), whole);
}

#[test]
fn values_of_a_knob_are_colours_in_the_order_of_the_grid() {
    let mut run = synthetic::grokking();
    let svg = drawn(&run, "scales");
    let lines = group(&svg, FIRST, "curves");
    let colours: Vec<&str> = starting(&lines, "polyline")
        .iter()
        .map(|line| value(line, "stroke"))
        .collect();
    assert_eq!(colours, [BLUE, RED, GREEN, PINK]);
    for label in ["κ = 0.25", "κ = 0.5", "κ = 1", "κ = 2.5"] {
        assert!(svg.contains(&format!(">{label}</text>")), "{label}");
    }
    panel(&mut run, "scales", FIRST).knob_label.clear();
    assert!(drawn(&run, "scales").contains(">scale = 0.25</text>"));
    // A list with one entry, such as a width, is that entry; a word is itself.
    for (value, label) in [
        (toml::Value::Array(vec![64.into()]), "scale = 64"),
        ("wide".into(), "scale = wide"),
    ] {
        for variant in &mut run.manifest.variants {
            if variant.name.ends_with("scale=0.25") {
                let knobs = &mut variant.knobs;
                knobs.insert("models.net.scale".to_owned(), value.clone());
            }
        }
        assert!(drawn(&run, "scales").contains(&format!(">{label}</text>")));
    }
}

#[test]
fn marks_stand_at_the_first_record_at_the_level() {
    let mut run = synthetic::grokking();
    // Few records: nothing is interpolated between 100 and 1,000.
    run.retain_rows(|o| o.variant.contains("scale=0.5"));
    let mut model = run.observations.rows()[0].clone();
    run.retain_rows(|_| false);
    for seed in 0..3 {
        for step in [10, 100, 1_000, 20_000] {
            for metric in ["train_accuracy", "test_accuracy"] {
                (model.seed, model.step, model.metric) = (seed, step, metric.into());
                // Seeds reach the level of training at 100, 1,000 and 20,000; test accuracy only
                // with the first seed, at the last step.
                let late = if metric == "train_accuracy" { 0 } else { 2 };
                let reached = step >= 10u64.pow(2 + (seed + late) as u32).min(20_000);
                let reached = reached && (late == 0 || seed == 0);
                model.value = if reached { 0.99 } else { 0.9 };
                run.push_row(model.clone());
            }
        }
    }
    let svg = drawn(&run, "accuracy");
    let lines = group(&svg, FIRST, "curves");
    let curve = starting(&lines, "polyline")[0].to_owned();
    let marks = group(&svg, FIRST, "marks");
    let marks = starting(&marks, "polygon");
    assert_eq!(marks.len(), 2);
    let at = pixel(&curve, [10.0, 20_000.0], 1_000.0);
    assert!((centre(marks[0]).0 - at).abs() < 0.1, "{at} {}", marks[0]);
    assert_eq!(
        (value(marks[0], "fill"), value(marks[0], "stroke")),
        ("#ffffff", BLUE)
    );
    // Two of three seeds did not generalise: right of the axis.
    let end = pixel(&curve, [10.0, 20_000.0], 20_000.0);
    assert!(centre(marks[1]).0 > end + 5.0);
    assert_eq!(corners(marks[1]).len(), 3, "▷");
    for text in [
        ">fit: train ≥ 0.99<",
        ">generalised: test ≥ 0.95<",
        ">not within 20,000 steps<",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    // A level that lies beyond the range is not one that was never reached.
    panel(&mut run, "accuracy", 0).x_range = Some([10.0, 500.0]);
    let svg = drawn(&run, "accuracy");
    assert!(svg.contains(">later than shown, or not within 20,000 steps<"));
}

#[test]
fn marks_of_every_colour_are_apart() {
    let run = synthetic::grokking();
    let svg = drawn(&run, "scales");
    let marks = group(&svg, FIRST, "marks");
    let marks = starting(&marks, "polygon");
    assert_eq!(marks.len(), 8, "two per value of the knob");
    let centres: Vec<(f64, f64)> = marks.iter().map(|mark| centre(mark)).collect();
    for (position, a) in centres.iter().enumerate() {
        for b in &centres[position + 1..] {
            assert!((a.0 - b.0).hypot(a.1 - b.1) > 10.0, "{a:?} {b:?}");
        }
    }
    // All fit at the same time; the largest scale does not generalise.
    assert!(
        centres[..4]
            .iter()
            .all(|c| (c.0 - centres[0].0).abs() < 0.1)
    );
    assert!(centres[4..7].is_sorted_by(|a, b| a.0 < b.0));
    let colours: Vec<&str> = marks[4..].iter().map(|m| value(m, "stroke")).collect();
    assert_eq!(colours, [BLUE, RED, GREEN, PINK]);
    let shapes: Vec<usize> = marks[4..].iter().map(|m| corners(m).len()).collect();
    assert_eq!(shapes, [4, 4, 4, 3]);
    // Curves stay above them.
    let curves = group(&svg, FIRST, "curves");
    let curves = starting(&curves, "polyline");
    let lowest = curves.iter().flat_map(|line| corners(line)).map(|p| p.1);
    let lowest = lowest.fold(0.0, f64::max);
    assert!(centres.iter().all(|c| c.1 - 5.0 > lowest));
}

#[test]
fn predicted_marks_are_filled_and_marks_of_other_metrics_take_the_only_colour() {
    let mut run = synthetic::grokking();
    let mut theory = run.observations.rows().to_vec();
    theory.retain(|o| o.metric == "test_accuracy" && o.model == "net");
    for o in &mut theory {
        o.model = "toy".into();
    }
    run.extend_rows(theory);
    let shown = panel(&mut run, "accuracy", 0);
    shown.metrics.clear();
    shown.metric_labels.clear();
    shown.metric = Some("test_accuracy".to_owned());
    shown.layers[1].model = "toy".to_owned();

    let svg = drawn(&run, "accuracy");
    let marks = group(&svg, FIRST, "marks");
    let fills: Vec<(&str, &str)> = starting(&marks, "polygon")
        .iter()
        .map(|mark| (value(mark, "fill"), value(mark, "stroke")))
        .collect();
    assert_eq!(fills, [("#ffffff", BLUE), (BLUE, BLUE), ("#ffffff", BLUE)]);
    assert!(svg.contains(">generalised, predicted: test accuracy ≥ 0.95<"));
    // Beside several metrics, a mark of none of them is black.
    let mut run = synthetic::grokking();
    panel(&mut run, "accuracy", 0).marks[0].metric = "weight_growth".to_owned();
    let svg = drawn(&run, "accuracy");
    let marks = group(&svg, FIRST, "marks");
    assert_eq!(value(starting(&marks, "polygon")[0], "stroke"), "#1a1a1a");
}

#[test]
fn sweeps_of_several_knobs_lie_on_one_measured_axis() {
    let run = synthetic::grokking();
    let svg = drawn(&run, "scales");
    let lines = group(&svg, SECOND, "curves");
    let dots = starting(&lines, "circle");
    let of = |colour: &str| {
        let own = dots.iter().filter(|dot| value(dot, "stroke") == colour);
        own.map(|dot| number(dot, "cx")).collect::<Vec<f64>>()
    };
    let (scale, decay) = (of(BLUE), of(RED));
    assert_eq!((scale.len(), decay.len()), (3, 4));
    // Ratios 0.25, 0.5, 1 and 1.3/4, 1.3/2, 1.3/1.5, 1.3, times the same noise.
    let per_e = (scale[2] - scale[0]) / 4f64.ln();
    for (pixel, ratio) in decay.iter().zip([0.325, 0.65, 1.3 / 1.5, 1.3]) {
        let expected = scale[2] + per_e * f64::ln(ratio);
        assert!((pixel - expected).abs() < 0.5, "{pixel} {expected}");
    }
    assert!(svg.contains(">weight decay</text>") && svg.contains(">scale</text>"));
    // The largest scale did not generalise.
    let missed: Vec<&str> = starting(&lines, "polygon")
        .into_iter()
        .filter(|line| line.contains("stroke="))
        .collect();
    assert_eq!(missed.len(), 1);
    assert_eq!(value(missed[0], "stroke"), BLUE);
    assert!((centre(missed[0]).0 - scale[2] - per_e * 2.5f64.ln()).abs() < 0.5);
    assert!(svg.contains(">no value within 20,000 steps<"));
}

#[test]
fn a_median_is_shown_when_more_than_half_of_the_seeds_came() {
    let mut run = synthetic::grokking();
    let censor = |run: &mut Run, seeds: u64| {
        run.edit_rows(|o| {
            if o.metric == "t_gen" && o.variant.ends_with("scale=1") && o.seed < seeds {
                o.value = f64::INFINITY;
            }
        });
        let svg = drawn(run, "scales");
        let lines = group(&svg, SECOND, "curves");
        let dots = starting(&lines, "circle");
        let dots = dots.iter().filter(|dot| value(dot, "stroke") == BLUE);
        let areas = starting(&lines, "polygon");
        let missed = areas.clone();
        // A band that leaves the panel leads to its upper edge, not far beyond.
        let band = areas.iter().flat_map(|area| corners(area));
        assert!(band.map(|place| place.1).fold(f64::MAX, f64::min) > 40.0);
        let missed = missed.iter().filter(|line| line.contains("stroke="));
        (dots.count(), missed.count())
    };
    assert_eq!(censor(&mut run, 3), (3, 1));
    assert_eq!(censor(&mut run, 4), (2, 2));
    // A sweep of which nothing came keeps its label.
    run.edit_rows(|o| {
        if o.metric == "t_gen" && o.variant.starts_with("decay") {
            o.value = f64::INFINITY;
        }
    });
    let svg = drawn(&run, "scales");
    assert!(svg.contains(">weight decay</text>"));
}

#[test]
fn a_prediction_stands_where_the_measured_cell_does() {
    let mut run = synthetic::grokking();
    let shown = panel(&mut run, "growth", SECOND);
    shown.knob = None;
    shown.x_metric = Some("weight_to_target".to_owned());
    let svg = drawn(&run, "growth");
    let dots = group(&svg, SECOND, "curves");
    let places: Vec<f64> = starting(&dots, "circle")
        .iter()
        .map(|dot| number(dot, "cx"))
        .collect();
    assert_eq!(places.len(), 8);
    assert_eq!(places[..4], places[4..]);
}

#[test]
fn few_points_of_a_knob_panel_are_dots() {
    let mut run = synthetic::data_sweep();
    let position = run.spec.pictures.iter().position(|p| p.name == "variants");
    // On a narrow range six places are close together.
    let dots = |run: &Run| {
        let svg = drawn(run, "variants");
        starting(&group(&svg, FIRST, "curves"), "circle").len()
    };
    let panels = &mut run.spec.pictures[position.unwrap()].panels;
    panels[FIRST].x_range = Some([0.0, 40_000.0]);
    assert_eq!(dots(&run), 36);
}

#[test]
fn moments_are_colours_and_the_legend_counts_their_seeds() {
    let mut run = synthetic::grokking();
    let svg = drawn(&run, "spectrum");
    let colours = |svg: &str, position: usize| -> Vec<String> {
        let lines = group(svg, position, "curves");
        let lines = starting(&lines, "polyline").into_iter();
        lines.map(|line| value(line, "stroke").to_owned()).collect()
    };
    assert_eq!(colours(&svg, FIRST), [BLUE, RED, GREEN, PINK]);
    assert_eq!(colours(&svg, SECOND), [BLUE, RED, PINK]);
    assert!(svg.contains(">κ = 2.5, generalised: 0 of 8 seeds (8 not within 20,000 steps)<"));
    assert!(!svg.contains("κ = 0.5, "));
    // Three seeds do not generalise: the others make the curve.
    run.edit_rows(|o| {
        if o.metric == "t_gen" && o.variant.ends_with("scale=0.5") && o.seed < 3 {
            o.value = f64::INFINITY;
        }
    });
    let svg = drawn(&run, "spectrum");
    assert_eq!(colours(&svg, FIRST), [BLUE, RED, GREEN, PINK]);
    assert!(svg.contains(">κ = 0.5, generalised: 5 of 8 seeds (3 not within 20,000 steps)<"));
    panel(&mut run, "spectrum", FIRST).moment_labels.clear();
    assert!(drawn(&run, "spectrum").contains(">t gen</text>"));
}

#[test]
fn a_moment_shows_the_nearest_record() {
    let mut run = synthetic::grokking();
    let mut model = run.observations.rows()[0].clone();
    let variant = "base,models.net.scale=0.5";
    run.retain_rows(|o| o.metric != "power" || o.variant != variant);
    (model.variant, model.model) = (variant.into(), "net".into());
    model.metric = "power".into();
    for seed in 0..8 {
        for (step, height) in [(0, 0.0), (100, 1.0), (1_000, 2.0), (10_000, 4.0)] {
            for index in 1..=4 {
                (model.seed, model.step, model.index) = (seed, step, index);
                model.value = height * index as f64;
                run.push_row(model.clone());
            }
        }
    }
    run.edit_rows(|o| {
        if o.variant == variant && o.metric == "t_fit" {
            o.value = 540.0;
        }
        if o.variant == variant && o.metric == "t_gen" {
            o.value = 560.0;
        }
    });
    let svg = drawn(&run, "spectrum");
    let lines = group(&svg, FIRST, "curves");
    let ends: Vec<f64> = starting(&lines, "polyline")
        .iter()
        .map(|line| corners(line)[3].1)
        .collect();
    // Heights 0, 1, 2 and 4 at the last index.
    // There is no index of one and a half.
    let axes = group(&svg, FIRST, "axes").join("\n");
    assert!(axes.contains(">1</text>") && axes.contains(">4</text>"));
    assert!(!axes.contains(">1.5</text>") && !axes.contains(">2.5</text>"));
    let unit = (ends[0] - ends[3]) / 4.0;
    assert!((ends[0] - ends[1] - unit).abs() < 0.1, "{ends:?}");
    assert!((ends[0] - ends[2] - 2.0 * unit).abs() < 0.1, "{ends:?}");
}

#[test]
fn layers_with_metrics_of_their_own_lie_over_each_other() {
    let mut run = synthetic::grokking();
    let svg = drawn(&run, "growth");
    for position in [FIRST, SECOND] {
        let lines = group(&svg, position, "curves");
        let dashes: Vec<&str> = starting(&lines, "polyline")
            .iter()
            .map(|line| value(line, "stroke-dasharray"))
            .collect();
        assert_eq!(dashes, ["", "8 4"]);
    }
    for layer in &mut panel(&mut run, "growth", FIRST).layers {
        layer.metric = Some("absent".to_owned());
    }
    let pictures = &run.spec.pictures;
    let growth = pictures.iter().find(|p| p.name == "growth").unwrap();
    let error = svg_error(&run, growth).to_string();
    assert!(error.contains("metric \"absent\" for toy, net"), "{error}");
}

#[test]
fn cells_at_one_measured_place_stay_apart() {
    let mut run = synthetic::grokking();
    run.edit_rows(|o| {
        if o.metric == "weight_to_target" && o.variant.ends_with("scale=0.25") {
            o.value = 0.5;
        }
        if o.metric == "weight_to_target" && o.variant.ends_with("scale=0.5") {
            o.value = 0.5;
        }
    });
    let svg = drawn(&run, "scales");
    let lines = group(&svg, SECOND, "curves");
    let dots = starting(&lines, "circle");
    let blue = dots.iter().filter(|dot| value(dot, "stroke") == BLUE);
    let places: Vec<(f64, f64)> = blue
        .map(|dot| (number(dot, "cx"), number(dot, "cy")))
        .collect();
    assert_eq!(places.len(), 3);
    assert_eq!(places[0].0, places[1].0);
    assert!((places[0].1 - places[1].1).abs() > 20.0);
}

/// Where the text of a label stands.
fn place(svg: &str, text: &str) -> (f64, f64) {
    let end = format!(">{text}</text>");
    let line = svg.lines().find(|line| line.ends_with(&end)).unwrap();
    (number(line, "x"), number(line, "y"))
}

#[test]
fn a_label_stands_beside_what_came() {
    let mut run = synthetic::grokking();
    let mut theory = run.observations.rows().to_vec();
    theory.retain(|o| o.metric == "t_gen" && o.variant.starts_with("decay"));
    for o in &mut theory {
        (o.model, o.value) = ("toy".into(), 500.0);
    }
    run.edit_rows(|o| {
        if o.metric == "t_gen" && o.variant.starts_with("decay") {
            o.value = f64::INFINITY;
        }
    });
    run.extend_rows(theory);
    let shown = panel(&mut run, "scales", SECOND);
    let mut layer = shown.layers[0].clone();
    layer.model = "toy".to_owned();
    shown.layers.push(layer);
    let svg = drawn(&run, "scales");
    // The net's sweep of the scale ends high, the theory's of the decay low.
    assert!(place(&svg, "weight decay").1 > place(&svg, "scale").1 + 100.0);
}

#[test]
fn marks_beyond_the_edge_keep_labels_away() {
    let mut run = synthetic::grokking();
    let shown = panel(&mut run, "accuracy", 0);
    shown.at.insert("models.net.scale".to_owned(), 2.5.into());
    shown.x_range = Some([10.0, 5_000.0]);
    shown.y_range = Some([0.02, 1.0]);
    let svg = drawn(&run, "accuracy");
    let marks = group(&svg, FIRST, "marks");
    let marks = starting(&marks, "polygon");
    let beyond = centre(marks[1]);
    let label = place(&svg, "test");
    assert!(label.0 < beyond.0 + 30.0, "{label:?} {beyond:?}");
    // Letters such as p hang 4 pixels below, and the mark is 10 high.
    assert!(label.1 + 4.0 < beyond.1 - 5.0, "{label:?} {beyond:?}");
}

#[test]
fn moments_that_coincide_take_turns() {
    let svg = drawn(&synthetic::grokking(), "spectrum");
    let lines = group(&svg, FIRST, "curves");
    let offsets: Vec<&str> = starting(&lines, "polyline")
        .iter()
        .map(|line| value(line, "stroke-dashoffset"))
        .collect();
    assert_eq!(offsets, ["", "3", "6", "9"]);
}
