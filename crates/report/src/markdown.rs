//! The verdicts as a Markdown table, as they stand in `experiments/README.md`.

use judge::{ClaimVerdict, Run};
use models::Role;
use plan::spec::Outcome;

use crate::{
    ReportError,
    page::{centre, decisive, made_by, number},
    plural::{counted, listed},
};

/// The lines of a document between which the table stands.
const BEGIN: &str = "<!-- experiments:begin -->";
const END: &str = "<!-- experiments:end -->";

/// The verdicts of `runs`: a sentence that says what trained them, and a table with one row per claim.
#[must_use]
pub fn markdown(runs: &[Run]) -> String {
    let mut lines = vec![
        origin(runs),
        String::new(),
        "| experiment | claim | verdict | measured: median over seeds [95 % interval] |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for run in runs {
        let mut name = format!("`{}`", run.spec.name);
        for claim in &run.verdict.claims {
            lines.push(format!(
                "| {name} | {} {} | {} | {} |",
                cell(&claim.id),
                cell(&claim.statement),
                verdict(run, claim),
                cell(&measured(run, claim))
            ));
            name.clear();
        }
    }
    lines.join("\n") + "\n"
}

/// `document` with the table of `runs` between its markers.
///
/// # Errors
/// The document lacks the markers.
pub fn put_into(document: &str, runs: &[Run]) -> Result<String, ReportError> {
    let absent = || ReportError::NoMarkers {
        begin: BEGIN.to_owned(),
        end: END.to_owned(),
    };
    let (before, rest) = document.split_once(BEGIN).ok_or_else(absent)?;
    let (_, after) = rest.split_once(END).ok_or_else(absent)?;
    let table = markdown(runs);
    Ok(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

/// What trained the runs, with how many seeds.
fn origin(runs: &[Run]) -> String {
    let seeds = |run: &Run| run.manifest.seeds.len();
    // The number of seeds that most runs have.
    let usual = runs.iter().map(seeds).max_by_key(|count| {
        let same = runs.iter().filter(|run| seeds(run) == *count);
        (same.count(), std::cmp::Reverse(*count))
    });
    let usual = usual.unwrap_or(0);
    let others: Vec<String> = (runs.iter().filter(|run| seeds(run) != usual))
        .map(|run| format!("{} in `{}`", seeds(run), run.spec.name))
        .collect();
    let others = match &others[..] {
        [] => String::new(),
        others => format!(" ({})", listed(others)),
    };
    let origin = format!(
        "Trained by {}, with {}{others}.",
        made_by(runs),
        counted(usual, "seed")
    );
    let quick: Vec<String> = (runs.iter().filter(|run| run.manifest.quick))
        .map(|run| format!("`{}`", run.spec.name))
        .collect();
    match &quick[..] {
        [] => origin,
        quick => format!(
            "**Smoke test with quick settings, evidence of nothing: {}.** {origin}",
            listed(quick)
        ),
    }
}

fn verdict(run: &Run, claim: &ClaimVerdict) -> String {
    let verdict = match claim.outcome {
        Outcome::Supported => "supported",
        Outcome::Contradicted => "**contradicted**",
        Outcome::Undecided => "**undecided**",
    };
    let shared = claim.shared_with.iter();
    let shared: Vec<String> = shared
        .map(|model| match run.manifest.role(model) {
            Role::Net => "the net".to_owned(),
            Role::Twin => "the layered twin".to_owned(),
            Role::Linear => "the linear model".to_owned(),
            Role::Theory => "the closed form".to_owned(),
        })
        .collect();
    match &shared[..] {
        [] => verdict.to_owned(),
        shared => format!("{verdict}, **shared** with {}", listed(shared)),
    }
}

/// The number that decides, and the controls that the test missed.
fn measured(run: &Run, claim: &ClaimVerdict) -> String {
    let mut parts = vec![decisive(&claim.measured).map_or("–".to_owned(), number)];
    let centre = centre(run, &claim.id);
    if centre != "median" {
        parts.push(format!("{centre} over seeds"));
    }
    let missed = claim.controls.iter().filter(|control| !control.met);
    parts.extend(missed.map(|control| format!("control missed: {}", control.name)));
    parts.join("; ")
}

/// Text that does not end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_replaces_what_stood_between_the_markers_and_nothing_else() {
        let document = format!("# Title\n\n{BEGIN}\nold\n{END}\n\nText.\n");
        let written = put_into(&document, &[]).unwrap();
        assert!(written.starts_with(&format!("# Title\n\n{BEGIN}\n\nTrained by ")));
        assert!(written.ends_with(&format!("|---|---|---|---|\n\n{END}\n\nText.\n")));
        assert!(!written.contains("old"));
        assert_eq!(put_into(&written, &[]).unwrap(), written);
        let error = put_into("# Title\n", &[]).unwrap_err().to_string();
        assert!(error.contains(BEGIN), "{error}");
    }
}
