//! Pictures of synthetic runs: what is in the SVG and what is seen in the PNG.

use judge::Run;
use layerwise_report::{ReportError, draw_pictures, png, svg};
use plan::spec::{Layer, Outcome, Picture};
use resvg::{tiny_skia, usvg};

use crate::synthetic::{self, Edit};

fn picture<'a>(run: &'a Run, name: &str) -> &'a Picture {
    let mut pictures = run.spec.pictures.iter();
    pictures.find(|picture| picture.name == name).unwrap()
}

fn drawn(run: &Run, name: &str) -> String {
    svg(run, picture(run, name)).unwrap()
}

/// Stroke of every curve: colour and dashes.
fn strokes(svg: &str) -> Vec<(String, String)> {
    let value = |line: &str, key: &str| {
        let start = line.split_once(&format!("{key}=\""));
        start.map_or(String::new(), |(_, rest)| {
            rest.split('"').next().unwrap().to_owned()
        })
    };
    let curves = svg.split("<g class=\"curves\">").nth(1).unwrap();
    let curves = curves.split("</g>").next().unwrap();
    let lines = curves.lines().filter(|line| line.starts_with("<polyline"));
    lines
        .map(|line| (value(line, "stroke"), value(line, "stroke-dasharray")))
        .collect()
}

#[test]
fn every_picture_is_valid_svg_with_text_as_text() {
    for run in [
        synthetic::emergence(),
        synthetic::data_sweep(),
        synthetic::scaling(),
    ] {
        for picture in &run.spec.pictures {
            let svg = svg(&run, picture).unwrap();
            usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
            for panel in &picture.panels {
                let y_label = panel.y_label.replace("R_k", "Rₖ");
                assert!(svg.contains(&format!(">{y_label}</text>")), "{y_label}");
                assert!(svg.contains(&panel.x_label), "{}", panel.x_label);
            }
            assert!(
                !svg.contains("NaN") && !svg.contains("inf"),
                "{}",
                picture.name
            );
        }
    }
}

#[test]
fn the_title_follows_the_verdict() {
    let mut run = synthetic::emergence();
    let titles = picture(&run, "emergence").titles.clone().unwrap();
    for outcome in [
        Outcome::Supported,
        Outcome::Contradicted,
        Outcome::Undecided,
    ] {
        run.verdict.claims[0].outcome = outcome;
        let svg = drawn(&run, "emergence");
        assert!(
            svg.contains(&format!(">{}</text>", titles.title(outcome))),
            "{outcome}"
        );
    }
    run.verdict.claims.clear();
    let svg = drawn(&run, "emergence");
    assert!(svg.contains(">Skills emerge one after another</text>"));
}

#[test]
fn labels_legend_flow_time_and_seeds_are_written_out() {
    let svg = drawn(&synthetic::emergence(), "emergence");
    for text in [
        ">skill 1<",
        ">skill 5<",
        "layerwise theory, one constant from skill 1",
        "ReLU MLP, median of 8 seeds (band: 10–90 %)",
        "flow time = 0.05 × step",
        "training step (log scale)",
        ">1,000<",
        "predicted half-time",
        "measured half-time",
        "Medians of 8 seeds",
    ] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn roles_decide_dashes_and_skills_decide_colours() {
    let svg = drawn(&synthetic::emergence(), "models");
    let strokes = strokes(&svg);
    assert_eq!(strokes.len(), 8);
    for pair in strokes.chunks(2) {
        assert_eq!(pair[0].1, pair[1].1, "one layer, one dash pattern");
        assert_ne!(pair[0].0, pair[1].0, "two skills, two colours");
    }
    let mut dashes: Vec<&str> = strokes.iter().step_by(2).map(|s| s.1.as_str()).collect();
    assert_eq!(dashes[0], "", "theory is solid");
    dashes.sort_unstable();
    dashes.dedup();
    assert_eq!(dashes.len(), 4);
}

#[test]
fn theory_lies_below_what_was_trained_in_a_lighter_tint() {
    let mut run = synthetic::emergence();
    let legend_of = |svg: &str| svg.split("<g class=\"legend\">").nth(1).unwrap().to_owned();
    for panel in &mut run.spec.pictures[1].panels {
        panel.layers.reverse();
    }
    let svg = drawn(&run, "models");
    let strokes = strokes(&svg);
    assert_eq!(strokes[0].1, "", "the first lines are solid");
    assert_eq!(strokes[1].1, "");
    for tinted in &strokes[..2] {
        assert!(strokes[2..].iter().all(|other| other.0 != tinted.0));
    }
    assert!(legend_of(&svg).contains("stroke=\"#8D8D8D\" stroke-width=\"4.2\""));
}

#[test]
fn only_a_net_has_a_band() {
    let mut run = synthetic::emergence();
    let bands = |run: &Run| drawn(run, "models").matches("fill-opacity").count();
    assert_eq!(bands(&run), 3);
    for panel in &mut run.spec.pictures[1].panels {
        panel.layers.retain(|layer| layer.model != "net");
    }
    assert_eq!(bands(&run), 0);
}

#[test]
fn what_did_not_happen_is_a_mark_at_the_edge() {
    let mut run = synthetic::emergence();
    assert!(drawn(&run, "emergence").contains("not within 10,000 steps"));
    run.retain_rows(|o| o.index != 5);
    assert!(!drawn(&run, "emergence").contains("not within"));
    let sweep = synthetic::data_sweep();
    assert!(drawn(&sweep, "variants").contains("no value within 5,000 steps"));
}

#[test]
fn a_seed_that_stopped_early_leaves_the_others_smooth() {
    let mut run = synthetic::emergence();
    let whole = strokes_points(&drawn(&run, "emergence"));
    // Seed 5 was measured once more when it stopped, at a step that no other seed has.
    let mut extra = run.observations.rows().to_vec();
    extra.retain(|o| o.seed == 5 && o.step > 6_000);
    for o in &mut extra {
        o.step = 6_299;
        o.value = 9.0;
    }
    run.extend_rows(extra);
    assert_eq!(strokes_points(&drawn(&run, "emergence")), whole);
}

fn strokes_points(svg: &str) -> usize {
    let lines = svg.lines().filter(|line| line.starts_with("<polyline"));
    lines.map(|line| line.matches(',').count()).sum()
}

#[test]
fn slopes_of_power_laws_are_written_beside_their_ends() {
    let svg = drawn(&synthetic::scaling(), "scaling");
    // Exact exponents −α/(1 + α) of the theory in the left panel.
    for slope in ["slope −0.231", "slope −0.375", "slope −0.474"] {
        assert!(svg.contains(slope), "{slope}");
    }
    assert!(svg.contains(">alpha = 0.6<"));
}

#[test]
fn labels_of_variants_replace_their_names() {
    let mut run = synthetic::data_sweep();
    let before = drawn(&run, "variants");
    let position = run.spec.pictures.iter().position(|p| p.name == "variants");
    let panel = &mut run.spec.pictures[position.unwrap()].panels[0];
    let names = panel.variants.clone();
    assert!(
        names
            .iter()
            .all(|name| before.contains(&format!(">{name}</text>")))
    );
    panel.variant_labels = names.iter().map(|name| format!("N_c/{name}")).collect();
    let after = drawn(&run, "variants");
    let after = after.split("<g class=\"panel\">").nth(1).unwrap();
    for name in names {
        assert!(!after.contains(&format!(">{name}</text>")));
        assert!(after.contains(&format!("</tspan><tspan dy=\"-2.55\">/{name}</tspan>")));
    }
}

#[test]
fn samples_times_probability_make_the_curves_collapse() {
    let svg = drawn(&synthetic::data_sweep(), "data-size");
    let panels: Vec<&str> = svg.split("<g class=\"panel\">").collect();
    // 50 samples of skill 4 (p = 1/16) up to 2,000 of skill 1 (p = 1/2).
    assert!(panels[1].contains(">2,000<"));
    assert!(!panels[2].contains(">2,000<") && panels[2].contains(">1,000<"));
}

#[test]
fn values_that_cannot_be_drawn_are_left_out() {
    let mut run = synthetic::emergence();
    run.edit_numbered_rows(|position, o| {
        if position % 3 == 0 {
            o.value = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][position / 3 % 3];
        }
    });
    for name in ["emergence", "models"] {
        let svg = drawn(&run, name);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    }
}

#[test]
fn a_layer_without_data_is_left_out_and_a_panel_without_data_is_an_error() {
    let mut run = synthetic::emergence();
    run.spec.pictures[0].panels[0].layers.push(Layer {
        model: "absent".to_owned(),
        style: None,
        label: "a twin that was not trained".to_owned(),
        metric: None,
    });
    assert!(!drawn(&run, "emergence").contains("not trained"));
    run.retain_rows(|o| o.metric != "loss");
    let error = svg(&run, picture(&run, "models")).unwrap_err();
    assert!(matches!(error, ReportError::NoData { .. }));
    let text = error.to_string();
    assert!(
        text.contains("\"models\"") && text.contains("panel 2 (\"Loss\")"),
        "{text}"
    );
}

#[test]
fn ranges_do_not_hide_that_there_are_no_data() {
    let mut run = synthetic::emergence();
    let panel = &mut run.spec.pictures[0].panels[0];
    panel.y_range = Some([0.0, 1.0]);
    panel.metric = Some("absent".to_owned());
    assert!(matches!(
        svg(&run, &run.spec.pictures[0]),
        Err(ReportError::NoData { .. })
    ));
    let panel = &mut run.spec.pictures[0].panels[0];
    panel.metric = Some("skill_strength".to_owned());
    panel.x_range = Some([20_000.0, 30_000.0]);
    assert!(matches!(
        svg(&run, &run.spec.pictures[0]),
        Err(ReportError::NoData { .. })
    ));
}

/// Where the text of a label stands.
fn place(svg: &str, text: &str) -> (f64, f64) {
    let end = format!(">{text}</text>");
    let line = svg.lines().find(|line| line.ends_with(&end)).unwrap();
    let number = |key: &str| {
        let rest = line.split_once(&format!(" {key}=\"")).unwrap().1;
        rest.split('"').next().unwrap().parse::<f64>().unwrap()
    };
    (number("x"), number("y"))
}

#[test]
fn labels_stand_above_rising_curves_in_order_and_beside_ends_that_are_apart() {
    let svg = drawn(&synthetic::emergence(), "emergence");
    let labels: Vec<(f64, f64)> = (1..=5)
        .map(|skill| place(&svg, &format!("skill {skill}")))
        .collect();
    for pair in labels.windows(2) {
        assert!(pair[1].0 > pair[0].0 + 50.0, "{labels:?}");
        assert_eq!(pair[0].1, pair[1].1);
    }
    let scaling = drawn(&synthetic::scaling(), "scaling");
    let flat = place(&scaling, "alpha = 0.3");
    let steep = place(&scaling, "alpha = 0.9");
    assert!(flat.0 == steep.0 && steep.1 > flat.1 + 100.0);
}

#[test]
fn a_knob_panel_without_a_knob_is_an_error() {
    let mut run = synthetic::data_sweep();
    run.spec.pictures[0].panels[0].knob = None;
    let error = svg(&run, &run.spec.pictures[0]).unwrap_err();
    assert!(matches!(error, ReportError::NoKnob { .. }));
}

#[test]
fn titles_are_escaped() {
    let mut run = synthetic::emergence();
    run.verdict.claims.clear();
    run.spec.pictures[0].title = "a < b & \"c\"".to_owned();
    let svg = drawn(&run, "emergence");
    assert!(svg.contains(">a &lt; b &amp; &quot;c&quot;</text>"));
}

#[test]
fn the_png_shows_text_without_any_font_on_the_machine() {
    let svg = drawn(&synthetic::emergence(), "emergence");
    let pixels = tiny_skia::Pixmap::decode_png(&png(&svg).unwrap()).unwrap();
    assert_eq!(pixels.width(), 1920);
    // The title stands alone in the first rows: dark on white.
    let rows = pixels.pixels().iter().take(1920 * 80);
    let dark = rows.filter(|p| p.red() < 100 && p.green() < 100 && p.blue() < 100);
    assert!(dark.count() > 2_000);
}

#[test]
fn pictures_are_written_beside_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = synthetic::emergence();
    run.path = folder.path().to_owned();
    let written = draw_pictures(&run).unwrap();
    let expected = ["emergence.svg", "emergence.png", "models.svg", "models.png"];
    let figures = folder.path().join("figures");
    assert_eq!(written.files, expected.map(|name| figures.join(name)));
    assert!(written.warnings.is_empty());
    assert!(written.files.iter().all(|path| path.is_file()));
    assert_eq!(std::fs::read_dir(&figures).unwrap().count(), expected.len());

    // One that cannot be drawn is an error, but the others are there.
    run.spec.pictures[0].panels[0].metric = Some("absent".to_owned());
    std::fs::remove_dir_all(&figures).unwrap();
    assert!(draw_pictures(&run).is_err());
    assert!(figures.join("models.png").is_file());
}
