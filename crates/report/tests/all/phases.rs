//! Phase diagrams of a run made by hand, whose outcomes are known in every cell.

use layerwise_report::{ReportError, figure, page, svg};

use crate::{
    made_of_phases::{SIDE, phases as run},
    synthetic::Edit,
};

/// Comprehension, grokking, memorisation, confusion.
const COLOURS: [&str; 4] = ["#009E73", "#E69F00", "#0072B2", "#4A4A4A"];

/// Colour, bottom, left and width of the cells.
fn cells(svg: &str) -> Vec<(String, f64, f64, f64)> {
    let (_, rest) = svg.split_once("<g class=\"cells\"").unwrap();
    let lines = rest.split("</g>").next().unwrap().lines();
    let value = |line: &str, key: &str| -> String {
        let (_, rest) = line.split_once(&format!(" {key}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let number = |line: &str, key: &str| value(line, key).parse::<f64>().unwrap();
    lines
        .filter(|line| line.starts_with("<rect"))
        .map(|line| {
            let bottom = number(line, "y") + number(line, "height");
            (
                value(line, "fill"),
                bottom,
                number(line, "x"),
                number(line, "width"),
            )
        })
        .collect()
}

#[test]
fn a_cell_is_divided_among_the_outcomes_of_its_seeds() {
    let run = run();
    let svg = svg(&run, &run.spec.pictures[0]).unwrap();
    let cells = cells(&svg);
    let mut rows: Vec<f64> = cells.iter().map(|cell| cell.1).collect();
    // The lowest scale stands lowest.
    rows.sort_by(|a, b| b.total_cmp(a));
    rows.dedup();
    assert_eq!(rows.len(), SIDE as usize);
    let expected: [&[&str]; 4] = [&[COLOURS[0]], &COLOURS[..2], &[COLOURS[2]], &[COLOURS[3]]];
    for (row, expected) in rows.iter().zip(expected) {
        let own: Vec<_> = cells.iter().filter(|cell| cell.1 == *row).collect();
        assert_eq!(own.len(), expected.len() * SIDE as usize);
        for (cell, colour) in own.iter().zip(expected.iter().cycle()) {
            assert_eq!(cell.0, *colour);
        }
        if let [first, second] = expected {
            let width = |colour| own.iter().find(|cell| cell.0 == colour).unwrap().3;
            let share = width(*first) / (width(*first) + width(*second));
            assert!(
                (share - 1.0 / 3.0).abs() < 0.02,
                "one seed of three: {share}"
            );
        }
    }
    for text in [
        "comprehension: generalised within 10 times the steps to fit",
        "grokking: generalised later",
        "memorisation: fitted, but did not generalise within 5,000 steps",
        "confusion: did not fit within 5,000 steps",
        "a cell is divided among its 3 seeds",
    ] {
        let steps = run
            .manifest
            .cells
            .iter()
            .map(|cell| cell.steps)
            .max()
            .unwrap();
        let text = text.replace("5,000", &format!("{},{:03}", steps / 1_000, steps % 1_000));
        assert!(svg.contains(&text), "{text}");
    }
}

#[test]
fn another_delay_makes_other_phases() {
    let mut run = run();
    run.spec.pictures[0].panels[0].delay = Some(3.0);
    let drawn = svg(&run, &run.spec.pictures[0]).unwrap();
    assert!(
        cells(&drawn).iter().all(|cell| cell.0 != COLOURS[0]),
        "all are late"
    );
    run.spec.pictures[0].panels[0].delay = Some(30.0);
    let drawn = svg(&run, &run.spec.pictures[0]).unwrap();
    assert!(
        cells(&drawn).iter().all(|cell| cell.0 != COLOURS[1]),
        "none is late"
    );
}

#[test]
fn cells_that_did_not_train_to_their_end_have_no_outcome() {
    let mut run = run();
    let name = run.manifest.variants[0].name.clone();
    for cell in run
        .manifest
        .cells
        .iter_mut()
        .filter(|cell| cell.variant == name)
    {
        cell.stopped = record::StopReason::Interrupted { step: 10 };
    }
    let drawn = svg(&run, &run.spec.pictures[0]).unwrap();
    assert_eq!(
        drawn.matches("fill=\"#d0d0d0\"").count(),
        2,
        "the cell, and the legend"
    );
    assert!(drawn.contains("no value: training did not finish"));
    run.retain_rows(|o| o.metric != "t_gen");
    let error = svg(&run, &run.spec.pictures[0]).unwrap_err();
    assert!(matches!(error, ReportError::NoData { .. }), "{error}");
}

#[test]
fn the_page_has_the_seeds_of_every_outcome() {
    let run = run();
    let figure = figure(&run, &run.spec.pictures[0], 1_000).unwrap();
    let numbers: serde_json::Value = serde_json::from_str(&figure.numbers).unwrap();
    let panel = &numbers["panels"][0];
    assert_eq!(panel["kind"], "phases");
    assert_eq!(panel["outcomes"][1], "grokking");
    // Four numbers of four bytes per cell, in base64.
    let bytes = 4 * 4 * SIDE * SIDE;
    assert_eq!(
        panel["counts"].as_str().unwrap().len() as u32,
        bytes.div_ceil(3) * 4
    );
    assert!(!page(&[run]).unwrap().contains("Not drawn"));
}
