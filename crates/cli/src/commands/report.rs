use std::process::ExitCode;

use lab::record::Run;
use serde_json::json;

use super::print_json;
use crate::{args, failure::Failure};

/// Draws the pictures of recorded runs and writes one page over them.
pub(super) fn report(arguments: &args::Report, json: bool) -> Result<ExitCode, Failure> {
    let runs = arguments
        .runs
        .iter()
        .map(|path| Run::read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut pictures = Vec::new();
    for run in &runs {
        pictures.extend(report::draw_pictures(run)?);
    }
    let page = arguments
        .out
        .clone()
        .unwrap_or_else(|| arguments.runs[0].join("report.html"));
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
