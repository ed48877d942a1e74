use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use judge::Run;
use serde_json::json;
use train::Kinds;

use super::{other_spec::derive_by, print_json};
use crate::{args, destination, failure::Failure, output};

/// Draws recorded runs again and writes one page over them.
pub(super) fn report(
    arguments: &args::Report,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let mut read: Vec<&Path> = arguments.spec.as_deref().into_iter().collect();
    for (flag, path) in [
        ("--out", &arguments.out),
        ("--markdown", &arguments.markdown),
    ] {
        if let Some(path) = path {
            destination::check(flag, path, &read)?;
            // Two outputs in the same file would overwrite each other.
            read.push(path);
        }
    }
    // This is checked before writing, because writing replaces the file.
    let quiet: Vec<&PathBuf> = [&arguments.out, &arguments.markdown]
        .into_iter()
        .flatten()
        .filter(|path| destination::is_stdout(path))
        .collect();
    let mut runs = arguments
        .runs
        .iter()
        .map(|path| Run::read(path))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(file) = &arguments.spec {
        for run in &mut runs {
            derive_by(run, file, kinds)?;
        }
    }
    let mut pictures = Vec::new();
    let mut name = "report.html".to_owned();
    match arguments.spec.as_ref().and_then(|file| file.file_stem()) {
        // The pictures in the run folder stay those of its own spec; only the page shows the
        // pictures of the other spec.
        Some(stem) => name = format!("report-{}.html", stem.to_string_lossy()),
        None => {
            for run in &runs {
                let drawn = report::draw_pictures(run)?;
                output::warn(&drawn.warnings);
                pictures.extend(drawn.files);
                if arguments.animate {
                    let moving = report::draw_animated(run)?;
                    if moving.is_empty() {
                        output::warn(&[format!(
                            "{}: no picture is about training time, so none moves",
                            run.spec.name
                        )]);
                    }
                    pictures.extend(moving);
                }
            }
        }
    }
    let page = (arguments.out.clone()).unwrap_or_else(|| arguments.runs[0].join(name));
    report::write_page(&runs, &page)?;
    if let Some(table) = &arguments.markdown {
        report::write_markdown(&runs, table)?;
    }
    let written = [Some(&page), arguments.markdown.as_ref()];
    if written
        .into_iter()
        .flatten()
        .any(|path| quiet.contains(&path))
    {
        return Ok(ExitCode::SUCCESS);
    }
    if json {
        print_json(&json!({ "report": page, "pictures": pictures }));
    } else {
        for picture in pictures {
            say!("{}", picture.display());
        }
        say!("{}", page.display());
    }
    Ok(ExitCode::SUCCESS)
}
