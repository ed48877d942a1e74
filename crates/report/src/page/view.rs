//! What the template sees: everything is already text.

use judge::{Calibration, Run};
use minijinja::Value;
use plan::spec::Outcome;
use serde::Serialize;

use crate::{Failed, svg};

use super::{
    judged::{ClaimView, JudgementView, Raw},
    made::{Cut, cut_short, ended, manifest},
    overview::Overview,
};

#[derive(Serialize)]
pub(super) struct PageView {
    title: String,
    tally: String,
    overview: Option<Overview>,
    runs: Vec<RunView>,
}

#[derive(Serialize)]
struct RunView {
    anchor: String,
    name: String,
    title: String,
    summary: String,
    source: String,
    quick: bool,
    pictures: Vec<PictureView>,
    claims: Vec<ClaimView>,
    numbers: Vec<JudgementView>,
    raw: Raw,
    cut_short: Vec<Cut>,
    /// Number of cells that were cut short and are not listed.
    cut_short_left: usize,
    ended: String,
    manifest: Vec<(&'static str, String)>,
    spec: String,
}

#[derive(Serialize)]
struct PictureView {
    svg: Option<Value>,
    problem: String,
}

impl PageView {
    pub(super) fn new(runs: &[Run], failed: &[Failed], left: &[String]) -> Self {
        let known = |name: &str| runs.iter().any(|run| run.spec.name == name);
        // An experiment of which some cells failed is a run, too.
        let without = failed.iter().filter(|f| !known(&f.name)).count();
        let several = runs.len() > 1 || !failed.is_empty() || !left.is_empty();
        let title = match runs {
            [run] if !several => {
                format!("{}: what was claimed and what was found", run.spec.name)
            }
            runs => format!(
                "{} experiments: what was claimed and what was found",
                runs.len() + without + left.len()
            ),
        };
        let views = runs.iter().enumerate();
        Self {
            title,
            tally: tally(runs),
            overview: several.then(|| Overview::new(runs, failed, left)),
            runs: views
                .map(|(position, run)| RunView::new(run, position))
                .collect(),
        }
    }
}

impl RunView {
    fn new(run: &Run, position: usize) -> Self {
        let verdict = &run.verdict;
        let (cut_short, cut_short_left) = cut_short(&run.manifest);
        Self {
            anchor: format!("run-{}", position + 1),
            name: run.spec.name.clone(),
            title: match run.manifest.quick {
                true => format!("Smoke test with quick settings: {}", run.spec.name),
                false => run.spec.title.clone(),
            },
            summary: run.spec.summary.clone(),
            source: run.spec.source.clone(),
            quick: run.manifest.quick,
            pictures: pictures(run),
            claims: claims(run),
            numbers: verdict
                .numbers
                .iter()
                .map(JudgementView::of_number)
                .collect(),
            raw: Raw::new(run),
            cut_short,
            cut_short_left,
            ended: ended(&run.manifest),
            manifest: manifest(&run.manifest),
            spec: run.spec.to_toml(),
        }
    }
}

fn claims(run: &Run) -> Vec<ClaimView> {
    let calibration = Calibration::of_run(run);
    let claims = run.verdict.claims.iter();
    claims
        .map(|claim| {
            let calibration = calibration
                .as_ref()
                .and_then(|known| known.claim(&claim.id));
            ClaimView::new(claim, calibration)
        })
        .collect()
}

fn pictures(run: &Run) -> Vec<PictureView> {
    let pictures = run.spec.pictures.iter();
    pictures
        .map(|picture| match svg(run, picture) {
            // Inside HTML the name space goes without saying.
            Ok(svg) => PictureView {
                svg: Some(Value::from_safe_string(svg.replacen(
                    " xmlns=\"http://www.w3.org/2000/svg\"",
                    "",
                    1,
                ))),
                problem: String::new(),
            },
            Err(error) => PictureView {
                svg: None,
                problem: error.to_string(),
            },
        })
        .collect()
}

/// How many claims got which verdict.
fn tally(runs: &[Run]) -> String {
    let outcomes: Vec<Outcome> = runs
        .iter()
        .flat_map(|run| &run.verdict.claims)
        .map(|claim| claim.outcome)
        .collect();
    if outcomes.is_empty() {
        return "No claims.".to_owned();
    }
    let kinds = [
        Outcome::Supported,
        Outcome::Contradicted,
        Outcome::Undecided,
    ];
    let counts = kinds.map(|kind| {
        let count = outcomes.iter().filter(|&&outcome| outcome == kind).count();
        format!("{count} {kind}")
    });
    let claims = match outcomes.len() {
        1 => "1 claim".to_owned(),
        count => format!("{count} claims"),
    };
    let all = runs.iter().flat_map(|run| &run.verdict.claims);
    let verifications = all.filter(|claim| claim.verification).count();
    let verifications = match verifications {
        0 => String::new(),
        count => format!(" {count} of them verify solvable models and are no tests of nets."),
    };
    format!("{claims}: {}.{verifications}", counts.join(", "))
}
