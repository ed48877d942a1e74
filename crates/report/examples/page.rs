//! Writes the page over run folders, and the pictures that move into them:
//! `cargo run --release -p layerwise-report --example page -- OUT RUN…`.

use std::{env, path::Path};

use judge::Run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = env::args().skip(1);
    let out = paths
        .next()
        .ok_or("give the page to write, then run folders")?;
    let runs: Result<Vec<Run>, _> = paths.map(|path| Run::read(Path::new(&path))).collect();
    let runs = runs?;
    for run in &runs {
        layerwise_report::draw_animated(run)?;
    }
    layerwise_report::write_page(&runs, Path::new(&out))?;
    Ok(())
}
