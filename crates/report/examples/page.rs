//! Writes the page over run folders: `cargo run --release -p layerwise-report --example page -- OUT RUN…`.

use std::{env, path::Path};

use judge::Run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = env::args().skip(1);
    let out = paths
        .next()
        .ok_or("give the page to write, then run folders")?;
    let runs: Result<Vec<Run>, _> = paths.map(|path| Run::read(Path::new(&path))).collect();
    layerwise_report::write_page(&runs?, Path::new(&out))?;
    Ok(())
}
