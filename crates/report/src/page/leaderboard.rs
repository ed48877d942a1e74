//! Leaderboards of explanations, as text.

use judge::{Estimate, LeaderboardEntry, LeaderboardVerdict, Part, Standing};
use serde::Serialize;

use crate::{
    number::{plain, significant},
    plural::{counted, listed},
};

/// Significant digits of a share, an R² and a clock.
const DIGITS: usize = 3;

#[derive(Serialize)]
pub(super) struct LeaderboardView {
    anchor: String,
    id: String,
    statement: String,
    model: String,
    metric: String,
    /// The standing.
    word: String,
    symbol: &'static str,
    /// How the standing is coloured: as a verdict of the same sense.
    class: &'static str,
    reason: String,
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    label: String,
    part: &'static str,
    on_trial: bool,
    constants: u32,
    share: String,
    margin: String,
    r_squared: String,
    clock: String,
    shape: String,
}

impl LeaderboardView {
    pub(super) fn new(board: &LeaderboardVerdict, anchor: String) -> Self {
        let (symbol, class) = match board.standing {
            Standing::Preferred => ("✓", "supported"),
            Standing::Tied => ("≈", "undecided"),
            Standing::Beaten => ("✗", "contradicted"),
            Standing::Undecided => ("?", "undecided"),
        };
        Self {
            anchor,
            id: board.id.clone(),
            statement: board.statement.clone(),
            model: board.model.clone(),
            metric: board.metric.clone(),
            word: board.standing.to_string(),
            symbol,
            class,
            reason: board.reason.clone(),
            entries: board.entries.iter().map(EntryView::new).collect(),
        }
    }
}

/// How the explanations on trial stand on all boards, in one sentence; nothing without boards.
pub(super) fn standings(boards: &[LeaderboardView]) -> Option<String> {
    let words = ["preferred", "tied", "beaten", "undecided"];
    let counts = words.map(|word| boards.iter().filter(|board| board.word == word).count());
    let counts = counts
        .into_iter()
        .zip(words)
        .filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, word)| format!("{word} on {count}"))
        .collect();
    (!boards.is_empty()).then(|| {
        format!(
            "Explanations of a net's curves compete on {}: the one on trial is {}.",
            counted(boards.len(), "leaderboard"),
            listed(&counts)
        )
    })
}

impl EntryView {
    fn new(entry: &LeaderboardEntry) -> Self {
        let number = |value: Option<f64>| match value {
            Some(value) => significant(value, DIGITS),
            None => "–".to_owned(),
        };
        Self {
            label: entry.label.clone(),
            part: match entry.part {
                Part::OnTrial => "on trial",
                Part::Null => "baseline: share 0",
                Part::Rival => "rival",
                Part::Control => "control, must be worse",
                Part::Ceiling => "ceiling: share 1",
            },
            on_trial: entry.part == Part::OnTrial,
            constants: entry.constants,
            share: estimate(entry.share.as_ref(), ""),
            margin: estimate(entry.margin.as_ref(), "+"),
            r_squared: number(entry.r_squared),
            clock: number(entry.clock),
            shape: number(entry.shape_r_squared),
        }
    }
}

/// A mean with its interval, to two decimals; `plus` stands before positive means.
fn estimate(estimate: Option<&Estimate>, plus: &str) -> String {
    let Some(estimate) = estimate else {
        return "–".to_owned();
    };
    let sign = if estimate.mean > 0.0 { plus } else { "" };
    let mean = format!("{sign}{}", plain(estimate.mean, 2));
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("{mean} [{}, {}]", plain(low, 2), plain(high, 2)),
        _ => mean,
    }
}
