//! The page over synthetic runs, read as text.

use judge::{Estimate, LeaderboardEntry, LeaderboardVerdict, Part, Standing};
use layerwise_report::{page, svg, write_page};
use plan::spec::PanelKind;

use crate::synthetic::{self, Edit};

#[test]
fn the_page_needs_nothing_from_outside() {
    let runs = [
        synthetic::emergence(),
        synthetic::data_sweep(),
        synthetic::scaling(),
    ];
    let html = page(&runs).unwrap();
    // The name of SVG's elements is no address, and only the script says it.
    let html_without = html.replace("\"http://www.w3.org/2000/svg\"", "");
    for outside in ["http://", "https://", "<link", "@import", "url(", " src="] {
        assert!(!html_without.contains(outside), "{outside}");
    }
    let numbers = "<script type=\"application/json\" class=\"numbers\">";
    let all = html.matches("<script").count();
    assert_eq!(all, html.matches(numbers).count() + 1, "one script runs");
    assert_eq!(
        html.matches("<svg ").count(),
        html.matches("</svg>").count()
    );
    assert!(!html.contains(" id=\"clip"));
}

#[test]
fn ids_are_unique_and_every_link_leads_to_one() {
    let html = page(&[synthetic::emergence(), synthetic::emergence()]).unwrap();
    let named = |mark: &str| -> Vec<&str> {
        let rest = html.split(mark).skip(1);
        rest.map(|rest| rest.split('"').next().unwrap()).collect()
    };
    let mut ids = named(" id=\"");
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    let links = named("href=\"#");
    assert!(links.len() > 20, "{links:?}");
    for link in links {
        assert!(ids.contains(&link), "{link}");
    }
}

#[test]
fn the_glossary_of_a_page_has_the_terms_that_the_page_uses() {
    let html = page(&[synthetic::emergence()]).unwrap();
    let (_, glossary) = html.split_once("class=\"glossary\"").unwrap();
    assert!(glossary.contains("<dt id=\"term-supported\">supported</dt>"));
    assert!(glossary.contains("<dt id=\"term-skill\">"));
    assert!(!glossary.contains("term-grokking"));
}

#[test]
fn a_page_over_quick_runs_says_that_they_judge_nothing() {
    let note = "Quick runs are too small to judge";
    let answer = "class=\"answer\"";
    let mut runs = [synthetic::emergence(), synthetic::scaling()];
    runs.iter_mut().for_each(|run| run.manifest.quick = false);
    let html = page(&runs).unwrap();
    assert!(!html.contains(note) && html.contains(answer));
    let made = "Trained by layerwise 0.1.0 (commit 981ece7) on AMD EPYC 7763, 2 cores.";
    assert!(html.contains(made));
    runs[1].manifest.quick = true;
    let html = page(&runs).unwrap();
    assert!(html.contains(&format!(": {}. Quick", runs[1].spec.name)));
    assert!(html.contains(note));
    // Neither its heading nor a picture says what was found.
    let run = &runs[1];
    assert!(html.contains(&format!(
        "Smoke test with quick settings: {}",
        run.spec.name
    )));
    assert!(!html.contains(&format!(">{}</h2>", run.spec.title)));
    for picture in &run.spec.pictures {
        assert!(!html.contains(&format!(">{}<", picture.title)));
        let svg = svg(run, picture).unwrap();
        assert!(svg.contains("Smoke test with quick settings"));
        assert!(svg.contains("A smoke test is evidence of nothing."));
    }
    runs[0].manifest.quick = true;
    let html = page(&runs).unwrap();
    assert!(html.contains("<title>Smoke test") && !html.contains(answer));
}

#[test]
fn statements_are_escaped() {
    let html = page(&[synthetic::emergence()]).unwrap();
    assert!(html.contains("p &lt; 0.1 &amp; p &gt; 0.01 emerge &lt;later&gt;"));
    assert!(!html.contains("<later>"));
}

#[test]
fn verdicts_are_words_and_symbols_with_all_that_led_to_them() {
    let html = page(&[synthetic::emergence()]).unwrap();
    for text in [
        "2 claims: 1 supported, 1 contradicted, 0 undecided.",
        "✓</span> supported",
        "✗</span> contradicted",
        "in [0.8, 1.25]",
        "changed after the run, was in [0.9, 1.1]",
        "[0.929, 1.01]",
        "[0.959, ∞)",
        "<b>censored</b>",
        "5 of them only bounds",
        "shuffled skill frequencies",
        "the test does not tell net from it",
        "</a> 2 is 0.95 [0.91, 0.99], inside",
        "Half-time</a> of the first <a",
    ] {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn failures_manifest_values_and_spec_are_on_the_page() {
    let run = synthetic::emergence();
    let html = page(std::slice::from_ref(&run)).unwrap();
    for text in [
        "net diverged: its loss was 3.2·10⁸ at step 6,300",
        "7 trained all steps, 1 failed",
        "4f1c3a9be2d07c55",
        "layerwise 0.1.0, rustc 1.95.0",
        "1 min 34 s",
        "12 %",
        "<th class=\"n\">seed 7</th>",
        "<dd>AMD EPYC 7763, 2 cores</dd>",
        "E1, control shuffled skill frequencies",
        "[[pictures]]",
    ] {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn a_picture_that_cannot_be_drawn_leaves_the_rest_of_the_page() {
    let mut run = synthetic::emergence();
    run.retain_rows(|o| o.metric != "loss");
    let html = page(&[run]).unwrap();
    assert_eq!(html.matches("<figure id=").count(), 1);
    assert!(html.contains("Not drawn: picture &quot;models&quot;, panel 2"));
}

#[test]
fn heat_maps_are_on_the_page_and_thousands_of_cells_are_not() {
    let mut run = synthetic::plane(40);
    let is_cut = |cell: &&mut record::CellSummary| cell.steps == 700;
    let stopped = run.manifest.cells.iter_mut().find(is_cut).unwrap();
    let stopped = stopped.stopped.clone();
    for cell in run.manifest.cells.iter_mut().rev().take(100) {
        cell.stopped = stopped.clone();
    }
    let html = page(std::slice::from_ref(&run)).unwrap();
    assert_eq!(html.matches("<figure id=").count(), run.spec.pictures.len());
    assert!(!html.contains("Not drawn") && !html.contains(" id=\"clip"));
    assert!(html.contains("<dt>Variants</dt><dd>1600</dd>"));
    let rows = |html: &str| html.matches("<tr><td>base,models.net.width=").count();
    let failed = run.manifest.cells.iter();
    let failed = failed.filter(|cell| cell.stopped.is_failure()).count();
    assert!(failed > 100, "{failed}");
    assert_eq!(rows(&html), 40);
    assert!(html.contains(&format!(
        "… and {} more. All are in manifest.json.",
        failed - 40
    )));
    assert!(html.contains(&format!("{failed} failed.")));
    // A page with few failures lists them all.
    let mut few = run;
    let mut left = 40;
    few.manifest.cells.retain(|cell| {
        left -= usize::from(cell.stopped.is_failure() && left > 0);
        !cell.stopped.is_failure() || left > 0
    });
    let html = page(&[few]).unwrap();
    assert!(rows(&html) == 39 && !html.contains("more. All are"));
}

#[test]
fn the_page_is_written_in_one_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    write_page(&[synthetic::scaling()], &path).unwrap();
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .ends_with("</html>\n")
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = folder.path().join("absent/report.html");
    let error = write_page(&[synthetic::scaling()], &nowhere).unwrap_err();
    assert!(error.to_string().contains("report.html"));
}

/// Three explanations: a rival, the one on trial, and a control that is off the axis.
fn leaderboard() -> LeaderboardVerdict {
    let estimate = |mean: f64, low: f64, high: f64| {
        Some(Estimate {
            mean,
            low: Some(low),
            high: Some(high),
            values: vec![Some(low), Some(high)],
        })
    };
    let entry = |model: &str, label: &str, part, constants, share, margin| LeaderboardEntry {
        model: model.to_owned(),
        label: label.to_owned(),
        part,
        constants,
        r_squared: Some(0.9),
        share,
        margin,
        clock: Some(1.15),
        shape_r_squared: Some(0.99),
    };
    let rival = (estimate(0.87, 0.79, 0.95), estimate(-0.61, -0.91, -0.32));
    let control = (estimate(-3.2, -3.5, -2.9), estimate(4.3, 3.9, 4.7));
    LeaderboardVerdict {
        id: "EL".to_owned(),
        statement: "What explains the net?".to_owned(),
        metric: "skill_strength".to_owned(),
        model: "net".to_owned(),
        explanation: "theory".to_owned(),
        standing: Standing::Beaten,
        by: vec!["a rival".to_owned()],
        reason: "layers: 78 % of what is left; better: a rival by 0.61 bits".to_owned(),
        entries: vec![
            entry("delayed", "a rival", Part::Rival, 2, rival.0, rival.1),
            entry(
                "theory",
                "layers",
                Part::OnTrial,
                1,
                estimate(0.78, 0.64, 0.92),
                None,
            ),
            entry(
                "equal",
                "equal times",
                Part::Control,
                2,
                control.0,
                control.1,
            ),
        ],
    }
}

#[test]
fn a_leaderboard_is_a_table_and_a_picture_best_first() {
    let mut run = synthetic::emergence();
    run.verdict.leaderboards = vec![leaderboard()];
    let mut picture = run.spec.pictures[0].clone();
    let mut panel = picture.panels[0].clone();
    panel.kind = PanelKind::Leaderboard;
    panel.leaderboard = Some("EL".to_owned());
    panel.x_label = "explained share".to_owned();
    panel.layers.clear();
    picture.panels = vec![panel];
    let svg = svg(&run, &picture).unwrap();
    run.spec.pictures = vec![picture];
    let html = page(&[run]).unwrap();
    for text in [
        "better: a rival",
        "on trial",
        "0.78 [0.64, 0.92]",
        "−0.61 [−0.91, −0.32]",
    ] {
        assert!(html.contains(text), "{text}");
    }
    for text in ["layers (1)", "a rival (2)", "−0.61 bits", "◂ −3.2"] {
        assert!(svg.contains(text), "{text}");
    }
    // The best stands highest.
    assert!(svg.find("a rival (2)") < svg.find("layers (1)"));
    // Over several runs the first screen names the standing and links to the table.
    let mut ranked = synthetic::emergence();
    ranked.verdict.leaderboards = vec![leaderboard()];
    ranked.manifest.quick = false;
    let html = page(&[ranked, synthetic::scaling()]).unwrap();
    let (first, _) = html.split_once("<h2>").unwrap();
    assert!(first.contains("better: a rival"), "{first}");
    assert!(first.contains("href=\"#run-1-board-1\"") && html.contains("id=\"run-1-board-1\""));
    assert!(
        !page(&[synthetic::emergence()])
            .unwrap()
            .contains("class=\"board\"")
    );
}

#[test]
fn values_at_the_end_stand_in_a_table_of_models() {
    let mut run = synthetic::emergence();
    let mut twin = run.verdict.numbers[0].clone();
    "twin".clone_into(&mut twin.model);
    twin.components[0].centre = Some(301.0);
    // A default number names its model at the end of its statement.
    for (number, model) in run
        .verdict
        .numbers
        .iter_mut()
        .chain([&mut twin])
        .zip(["net", "twin"])
    {
        number.statement = format!("Training loss at the end, {model}");
    }
    run.verdict.numbers.push(twin);
    run.verdict.claims.clear();
    let html = page(&[run]).unwrap();
    assert!(html.contains("<h3>Values at the end</h3>"));
    let (_, table) = html.split_once("<table class=\"ends stacked\">").unwrap();
    let table = table.split("</table>").next().unwrap();
    assert_eq!(table.matches("<tr>").count(), 3, "{table}");
    let both = "<th class=\"n\">net</th><th class=\"n\">twin</th>";
    assert!(table.contains(both), "{table}");
    assert!(table.contains(
        "<td>Training loss at the end</td><td class=\"n\" data-head=\"net\">287 [287, 287]"
    ));
    assert!(
        table.contains("<td class=\"n\" data-head=\"twin\">301 ["),
        "{table}"
    );
}
