use judge::Run;
use plan::spec::Outcome;

use crate::page::{decisive, number};

/// The verdicts of `runs` as a Markdown table: one row per claim, with the seconds that the cells of
/// each experiment took together.
#[must_use]
pub fn markdown(runs: &[Run]) -> String {
    let mut lines = vec![
        "| experiment | core s | claim | verdict | measured, 95 % interval |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for run in runs {
        let mut name = format!("`{}`", run.spec.name);
        let mut seconds = format!("{:.0}", run.manifest.cell_seconds);
        for claim in &run.verdict.claims {
            let verdict = match claim.outcome {
                Outcome::Supported => "supported",
                Outcome::Contradicted => "**contradicted**",
                Outcome::Undecided => "**undecided**",
            };
            let shared = if claim.shared_with.is_empty() {
                ""
            } else {
                ", **shared**"
            };
            let measured = decisive(&claim.measured).map_or("–".to_owned(), number);
            let missed = claim.controls.iter().filter(|control| !control.met);
            let missed: Vec<String> = missed
                .map(|control| format!("control missed: {}", control.name))
                .collect();
            let notes = if missed.is_empty() {
                String::new()
            } else {
                format!("; {}", missed.join(", "))
            };
            lines.push(format!(
                "| {name} | {seconds} | {} {} | {verdict}{shared} | {}{} |",
                cell(&claim.id),
                cell(&claim.statement),
                cell(&measured),
                cell(&notes)
            ));
            name.clear();
            seconds.clear();
        }
    }
    lines.join("\n") + "\n"
}

/// Text that does not end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
