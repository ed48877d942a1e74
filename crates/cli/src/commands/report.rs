use std::{path::Path, process::ExitCode};

use judge::Run;
use record::RunFolder;
use serde_json::json;
use train::Kinds;

use super::{other_spec::derive_by, print_json};
use crate::{args, failure::Failure};

/// Checks that writing `path` takes nothing away from a run.
fn check_free(path: &Path) -> Result<(), Failure> {
    let Some(run) = RunFolder::owner_of(path) else {
        return Ok(());
    };
    let run = if run.as_os_str().is_empty() {
        Path::new(".")
    } else {
        run
    };
    Err(Failure::usage(format!(
        "{}: is a file of the run in {} itself. Give a name of its own, such as report.html",
        path.display(),
        run.display()
    )))
}

/// Draws the pictures of recorded runs and writes one page over them.
pub(super) fn report(
    arguments: &args::Report,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    for path in [&arguments.out, &arguments.markdown].into_iter().flatten() {
        check_free(path)?;
    }
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
        // The figures of a run stay those of its own spec; the page has the others.
        Some(stem) => name = format!("report-{}.html", stem.to_string_lossy()),
        None => {
            for run in &runs {
                pictures.extend(report::draw_pictures(run)?);
            }
        }
    }
    let page = (arguments.out.clone()).unwrap_or_else(|| arguments.runs[0].join(name));
    report::write_page(&runs, &page)?;
    if let Some(table) = &arguments.markdown {
        report::write_markdown(&runs, table)?;
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
