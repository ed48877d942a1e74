//! Draws the pictures and the page of synthetic runs into a folder:
//! `cargo run --release -p layerwise-report --example synthetic -- OUT`.

#[path = "../tests/fixture/synthetic.rs"]
mod synthetic;

use std::path::PathBuf;

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
    ];
    for run in &mut runs {
        run.path = out.join(&run.spec.name);
        std::fs::create_dir_all(&run.path)?;
        layerwise_report::draw_pictures(run)?;
    }
    layerwise_report::write_page(&runs, &out.join("report.html"))?;
    Ok(())
}
