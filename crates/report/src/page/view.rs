//! What the template sees: everything is already text.

use judge::Run;
use plan::spec::Outcome;
use serde::Serialize;

use crate::{
    Failed,
    plural::{counted, listed},
};

use super::{
    claims::Claims,
    end_values::EndValues,
    first_screen::FirstScreen,
    judged::{ClaimView, Raw},
    leaderboard::LeaderboardView,
    made::{Cut, cut_short, ended, made_by, manifest},
    map::Map,
    pictures::{PictureView, pictures},
    topic::{run_anchor, topics},
};

#[derive(Serialize)]
pub(super) struct PageView {
    pub(super) title: String,
    tally: String,
    made_by: String,
    /// Names of the runs that were made with quick settings.
    smoke: String,
    /// Whether all of them were.
    all_smoke: bool,
    /// Whether the page is over more than one experiment.
    several: bool,
    /// What was asked for and did not run to its end.
    left: Vec<String>,
    failed: Vec<FailedView>,
    answer: Option<FirstScreen>,
    map: Option<Map>,
    claims: Option<Claims>,
    runs: Vec<RunView>,
}

#[derive(Serialize)]
struct FailedView {
    name: String,
    problem: String,
}

#[derive(Serialize)]
struct RunView {
    anchor: String,
    name: String,
    title: String,
    summary: String,
    source: String,
    tally: String,
    quick: bool,
    pictures: Vec<PictureView>,
    leaderboards: Vec<LeaderboardView>,
    claims: Vec<ClaimView>,
    ends: EndValues,
    raw: Raw,
    cut_short: Vec<Cut>,
    /// Number of cells that were cut short and are not listed.
    cut_short_left: usize,
    ended: String,
    manifest: Vec<(&'static str, String)>,
    spec: String,
}

impl PageView {
    pub(super) fn new(runs: &[Run], failed: &[Failed], left: &[String]) -> Self {
        let several = runs.len() > 1 || !failed.is_empty() || !left.is_empty();
        let quick: Vec<String> = (runs.iter().filter(|run| run.manifest.quick))
            .map(|run| run.spec.name.clone())
            .collect();
        let all_smoke = !quick.is_empty() && quick.len() == runs.len();
        let title = match runs {
            [run] if !several => title(run),
            _ if all_smoke => "Smoke test of experiments with quick settings".to_owned(),
            _ => "What layerwise-linear models explain of real nets".to_owned(),
        };
        let topics = topics(runs);
        let claimed = several && !topics.is_empty();
        let map = claimed.then(|| Map::new(&topics)).flatten();
        let views = runs.iter().enumerate();
        Self {
            title,
            tally: tally(runs),
            made_by: made_by(runs),
            smoke: listed(&quick),
            all_smoke,
            several,
            left: left.to_vec(),
            failed: failed.iter().map(FailedView::new).collect(),
            answer: claimed
                .then(|| FirstScreen::new(&topics, all_leaderboards(runs), map.as_ref()))
                .flatten(),
            map,
            claims: claimed.then(|| Claims::new(&topics, runs)),
            runs: views
                .map(|(position, run)| RunView::new(run, position, several))
                .collect(),
        }
    }
}

/// The leaderboards of one run, which stands at `place` on the page.
fn leaderboards(run: &Run, place: usize) -> Vec<LeaderboardView> {
    let boards = run.verdict.leaderboards.iter().enumerate();
    boards
        .map(|(position, board)| {
            let anchor = format!("{}-board-{}", run_anchor(place), position + 1);
            LeaderboardView::new(board, anchor)
        })
        .collect()
}

/// Those of all runs. Quick ones are evidence of nothing.
fn all_leaderboards(runs: &[Run]) -> Vec<LeaderboardView> {
    let runs = runs.iter().enumerate();
    let full = runs.filter(|(_, run)| !run.manifest.quick);
    full.flat_map(|(place, run)| leaderboards(run, place))
        .collect()
}

impl FailedView {
    fn new(failed: &Failed) -> Self {
        Self {
            name: failed.name.clone(),
            problem: failed.problem.clone(),
        }
    }
}

/// What an experiment shows; a quick run shows nothing.
fn title(run: &Run) -> String {
    if run.manifest.quick {
        format!("Smoke test with quick settings: {}", run.spec.name)
    } else if run.spec.title.is_empty() {
        run.spec.name.clone()
    } else {
        run.spec.title.clone()
    }
}

impl RunView {
    fn new(run: &Run, place: usize, several: bool) -> Self {
        let claims = run.verdict.claims.iter().enumerate();
        let (cut_short, cut_short_left) = cut_short(&run.manifest);
        Self {
            anchor: run_anchor(place),
            name: run.spec.name.clone(),
            title: title(run),
            summary: run.spec.summary.clone(),
            source: run.spec.source.clone(),
            tally: tally(std::slice::from_ref(run)),
            quick: run.manifest.quick,
            pictures: pictures(run, place, several),
            leaderboards: leaderboards(run, place),
            claims: claims
                .map(|(position, claim)| ClaimView::new(run, claim, (place, position)))
                .collect(),
            ends: EndValues::new(run),
            raw: Raw::new(run),
            cut_short,
            cut_short_left,
            ended: ended(&run.manifest),
            manifest: manifest(&run.manifest),
            spec: run.spec.to_toml(),
        }
    }
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
    let claims = counted(outcomes.len(), "claim");
    let all = runs.iter().flat_map(|run| &run.verdict.claims);
    let verifications = all.filter(|claim| claim.verification).count();
    let verifications = match verifications {
        0 => String::new(),
        count => format!(" {count} of them verify solvable models and are no tests of nets."),
    };
    format!("{claims}: {}.{verifications}", counts.join(", "))
}
