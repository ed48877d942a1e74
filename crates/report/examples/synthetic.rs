//! Draws the pictures and the page of synthetic runs into a folder:
//! `cargo run --release -p layerwise-report --example synthetic -- OUT`. For tests in a browser it also
//! writes what was recorded of the first run, and a page over a run whose spec is hostile.

#[path = "../tests/fixture/phases.rs"]
mod phases;
#[path = "../tests/fixture/synthetic.rs"]
mod synthetic;

use std::{fmt::Write, fs, path::PathBuf};

use judge::Run;

/// What its first claim reads.
const CLAIM: &str = r#"
id = "E1"
statement = "Skills emerge one after another"
source = "here"
metric = "skill_strength"
model = "net"
statistic = { kind = "half-time-order" }
threshold = { above = 0.8 }
controls = []
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let mut runs = [
        synthetic::emergence(),
        synthetic::data_sweep(),
        synthetic::scaling(),
        synthetic::plane(40),
        synthetic::grokking(),
        synthetic::features(),
        phases::phases(),
    ];
    runs[0].spec.claims = vec![toml::from_str(CLAIM)?];
    for run in &mut runs {
        run.path = out.join(&run.spec.name);
        fs::create_dir_all(&run.path)?;
        layerwise_report::draw_pictures(run)?;
    }
    layerwise_report::write_page(&runs, &out.join("report.html"))?;
    layerwise_report::write_page(&runs[5..6], &out.join("features.html"))?;
    fs::write(out.join("recorded.csv"), recorded(&runs[0])?)?;
    layerwise_report::write_page(&[hostile()], &out.join("hostile.html"))?;
    Ok(())
}

/// The skills of a run, as a table.
fn recorded(run: &Run) -> Result<String, std::fmt::Error> {
    let mut table = "model,index,seed,step,value\n".to_owned();
    let rows = run.observations.rows().iter();
    for o in rows.filter(|o| *o.metric == *"skill_strength") {
        writeln!(
            table,
            "{},{},{},{},{}",
            o.model, o.index, o.seed, o.step, o.value
        )?;
    }
    Ok(table)
}

/// A run whose words are markup.
fn hostile() -> Run {
    let words = "<img src=x onerror=alert(1)></script><script>alert(2)</script>".to_owned();
    let mut run = synthetic::emergence();
    run.spec.title.clone_from(&words);
    run.spec.summary.clone_from(&words);
    for picture in &mut run.spec.pictures {
        picture.titles = None;
        picture.title.clone_from(&words);
        picture.caption.clone_from(&words);
        for panel in &mut picture.panels {
            panel.title.clone_from(&words);
            panel.x_label.clone_from(&words);
            panel.y_label.clone_from(&words);
            panel.index_name = Some(words.clone());
            for layer in &mut panel.layers {
                layer.label = format!("{} {words}", layer.model);
            }
        }
    }
    for claim in &mut run.verdict.claims {
        claim.statement.clone_from(&words);
        claim.reason.clone_from(&words);
    }
    run
}
