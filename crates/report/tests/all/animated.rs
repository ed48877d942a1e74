//! Pictures that move in training time.

use judge::Run;
use layerwise_report::{animated, draw_animated};
use resvg::usvg;

use crate::synthetic;

fn moving(run: &Run, name: &str) -> Option<String> {
    let mut pictures = run.spec.pictures.iter();
    let svg = animated(run, pictures.find(|p| p.name == name).unwrap()).unwrap()?;
    usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
    assert!(svg.len() < 2_000_000, "{name}: {} bytes", svg.len());
    assert!(svg.contains("prefers-reduced-motion:reduce"));
    Some(svg)
}

/// The values of one animated attribute of an element.
fn values(element: &str, attribute: &str) -> Vec<f64> {
    let (_, rest) = element
        .split_once(&format!("attributeName=\"{attribute}\" values=\""))
        .unwrap();
    let values = rest.split('"').next().unwrap().split(';');
    values.map(|value| value.parse().unwrap()).collect()
}

fn attribute<'a>(line: &'a str, key: &str) -> &'a str {
    let rest = line.split_once(&format!(" {key}=\""));
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

#[test]
fn trained_curves_appear_over_a_theory_that_stands() {
    let svg = moving(&synthetic::emergence(), "emergence").unwrap();
    let (before, rest) = svg
        .split_once("<g class=\"revealed\" clip-path=\"url(#reveal-0)\">")
        .unwrap();
    let (revealed, _) = rest.split_once("</g>").unwrap();
    let dashed = |part: &str| part.matches("stroke-dasharray").count();
    // Theory is solid, and the net is dashed.
    assert_eq!(
        (before.matches("<polyline").count(), dashed(before)),
        (5, 0)
    );
    assert_eq!(
        (revealed.matches("<polyline").count(), dashed(revealed)),
        (5, 5)
    );
    let clip = before
        .lines()
        .find(|line| line.contains("<clipPath"))
        .unwrap();
    let widths = values(clip, "width");
    assert!(widths.is_sorted() && widths[0] == 0.0);
    let whole: f64 = attribute(clip.split_once("<rect").unwrap().1, "width")
        .parse()
        .unwrap();
    assert_eq!(widths.last(), Some(&whole), "the loop ends with all of it");
}

#[test]
fn points_of_several_moments_become_one_panel_that_moves() {
    let run = synthetic::features();
    let svg = moving(&run, "collapse").unwrap();
    assert_eq!(svg.matches("<g class=\"panel\">").count(), 1);
    let (still, moving) = svg.split_once("<g class=\"moving\">").unwrap();
    let discs = |part: &str| -> Vec<String> {
        let lines = part
            .lines()
            .filter(|line| line.contains("fill-opacity=\"0.5\""));
        lines.map(str::to_owned).collect()
    };
    let (still, moving) = (discs(still), discs(moving));
    assert!(still.len() > 50 && still.len() == moving.len());
    for (still, moving) in still.iter().zip(&moving) {
        for axis in ["cx", "cy"] {
            let end: f64 = attribute(still, axis).parse().unwrap();
            let places = values(moving, axis);
            assert!((places.last().unwrap() - end).abs() <= 0.06, "{axis}");
            assert!(places[0] != places[places.len() - 1], "it moves");
        }
    }
    // One step at a time is named.
    assert!(svg.matches(">step ").count() > 20);
}

#[test]
fn bars_of_a_spectrum_end_at_its_last_values() {
    let run = synthetic::grokking();
    let kinds = run.spec.pictures.iter().filter(|picture| {
        let mut panels = picture.panels.iter();
        panels.any(|panel| panel.kind == plan::spec::PanelKind::Moments)
    });
    let name = &kinds.map(|picture| picture.name.clone()).next().unwrap();
    let svg = moving(&run, name).unwrap();
    let bars: Vec<&str> = svg
        .lines()
        .filter(|l| l.contains("fill-opacity=\"0.75\""))
        .collect();
    assert!(bars.len() > 3, "{}", bars.len());
    for bar in bars {
        let (tops, heights) = (values(bar, "y"), values(bar, "height"));
        let floors: Vec<f64> = tops.iter().zip(&heights).map(|(y, h)| y + h).collect();
        assert!(
            floors.iter().all(|floor| (floor - floors[0]).abs() < 0.21),
            "{floors:?}"
        );
        assert!(heights.iter().all(|height| *height >= 0.0));
    }
}

#[test]
fn pictures_without_training_time_stand_still() {
    let run = synthetic::data_sweep();
    for picture in &run.spec.pictures {
        let timed = picture.panels.iter().any(|panel| {
            panel.kind == plan::spec::PanelKind::Curves && panel.x_axis() != plan::spec::XAxis::Knob
        });
        assert_eq!(
            animated(&run, picture).unwrap().is_some(),
            timed,
            "{}",
            picture.name
        );
    }
}

#[test]
fn files_that_move_stand_beside_those_that_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = synthetic::emergence();
    run.path = folder.path().to_owned();
    let files = draw_animated(&run).unwrap();
    assert_eq!(
        files[0],
        folder.path().join("figures/emergence-animated.svg")
    );
    assert!(files.iter().all(|file| file.exists()));
}
