use plan::{
    Explanations, PlannedLeaderboard, RecordedRun, Sample, Score, Selection, explained_share,
    margin_bits,
    spec::{Explanation, IntervalKind},
};
use serde::{Deserialize, Serialize};

use crate::interval::interval;

/// Confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// Explanations of the curves of one model, ranked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeaderboardVerdict {
    /// Short name.
    pub id: String,
    /// The question that it answers.
    pub statement: String,
    /// The metric whose curves are explained.
    pub metric: String,
    /// The model whose curves are explained.
    pub model: String,
    /// Name of the explanation on trial, as in the entries.
    pub explanation: String,
    /// How the explanation on trial stands.
    pub standing: Standing,
    /// Labels of the explanations that tie with it (`Standing::Tied`) or beat it
    /// (`Standing::Beaten`).
    pub by: Vec<String>,
    /// The standing in one sentence with its numbers.
    pub reason: String,
    /// The explanations, best first, with the ceiling among them.
    pub entries: Vec<LeaderboardEntry>,
}

/// How an explanation stands among its rivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is better than every rival: the interval of every margin lies above 0.
    Preferred,
    /// No rival is better beyond doubt, but at least one may be.
    Tied,
    /// A rival is better: the interval of its margin, corrected for the number of rivals, lies below 0.
    Beaten,
    /// A control was not worse, or the data are too few to tell.
    Undecided,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Preferred => "preferred",
            Self::Tied => "tied",
            Self::Beaten => "beaten",
            Self::Undecided => "undecided",
        })
    }
}

/// The part that an explanation plays on its leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The explanation on trial.
    OnTrial,
    /// The baseline, which stands for no explanation.
    Null,
    /// A competing explanation.
    Rival,
    /// An explanation that is known to be wrong.
    Control,
    /// The mean of the other seeds: the best prediction possible without knowing the seed.
    Ceiling,
}

/// One explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeaderboardEntry {
    /// Model or prediction; empty for the ceiling.
    pub model: String,
    /// Its label.
    pub label: String,
    /// The part that it plays.
    pub part: Part,
    /// Constants fitted per seed.
    pub constants: u32,
    /// R² on the held-out curves, mean over seeds.
    pub r_squared: Option<f64>,
    /// Explained share: 0 is the baseline, 1 the ceiling.
    pub share: Option<Estimate>,
    /// By how many bits the explanation on trial is better (log₂ of the ratio of errors), over
    /// paired seeds; `None` for the explanation on trial.
    pub margin: Option<Estimate>,
    /// Typical factor by which its curves are early or late, geometric mean over seeds.
    pub clock: Option<f64>,
    /// R² after every curve is shifted by its best fit in log time. It measures the shape alone.
    pub shape_r_squared: Option<f64>,
}

/// A mean over seeds with its interval (Student's t).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean over seeds.
    pub mean: f64,
    /// Lower end of the 95 % interval; `None` if there are too few seeds.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// The values, one per seed, in seed order; `None` where the seed gives none.
    pub values: Vec<Option<f64>>,
}

impl Estimate {
    fn of(values: Vec<Option<f64>>) -> Option<Self> {
        Self::at(values, CONFIDENCE)
    }

    fn at(values: Vec<Option<f64>>, confidence: f64) -> Option<Self> {
        let known: Vec<Sample> = values.iter().flatten().map(|&v| Sample::Exact(v)).collect();
        let found = interval(&known, IntervalKind::T, confidence);
        let mean = known.len() as f64;
        let mean = values.iter().flatten().sum::<f64>() / mean;
        let finite = |value: f64| (found.coverage > 0.0).then_some(value);
        mean.is_finite().then(|| Self {
            mean,
            low: finite(found.low),
            high: finite(found.high),
            values,
        })
    }
}

/// Ranks the explanations of a leaderboard on what a run recorded.
pub(crate) fn rank(planned: &PlannedLeaderboard, run: &RecordedRun<'_>) -> LeaderboardVerdict {
    let board = &planned.leaderboard;
    let everywhere = toml::Table::new();
    let table = Selection::select(
        run,
        &board.variant,
        &board.model,
        &board.metric,
        &everywhere,
    );
    let explanations = Explanations::new(&table, &board.fitted);
    let ceiling = explanations.of_other_seeds();
    let null = explanations.of(&board.baseline.model);
    let trial = explanations.of(&board.explanation.model);
    let entry = |model: &str, label: &str, part: Part, scores: &[Option<Score>]| {
        let shares = scores.iter().zip(&null).zip(&ceiling);
        let shares = shares.map(|((own, null), top)| explained_share((*own)?, (*null)?, (*top)?));
        let margins = trial.iter().zip(scores);
        let margins = margins.map(|(trial, own)| Some(margin_bits((*trial)?, (*own)?)));
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let known = || scores.iter().flatten();
        let mean = |value: &dyn Fn(&Score) -> f64| {
            let mean = known().map(value).sum::<f64>() / known().count() as f64;
            finite(Some(mean))
        };
        LeaderboardEntry {
            model: model.to_owned(),
            label: label.to_owned(),
            part,
            constants: planned.constants.get(model).copied().unwrap_or(0),
            r_squared: mean(&|score| score.r_squared),
            share: Estimate::of(shares.map(finite).collect()),
            margin: if part == Part::OnTrial {
                None
            } else {
                Estimate::of(margins.map(finite).collect())
            },
            clock: mean(&|score| score.clock.ln()).map(f64::exp),
            shape_r_squared: mean(&|score| score.shape_r_squared),
        }
    };
    let of = |explanation: &Explanation, part: Part| {
        let (model, label) = (&explanation.model, &explanation.label);
        entry(model, label, part, &explanations.of(model))
    };
    let mut entries = vec![
        entry(
            &board.explanation.model,
            &board.explanation.label,
            Part::OnTrial,
            &trial,
        ),
        entry(
            &board.baseline.model,
            &board.baseline.label,
            Part::Null,
            &null,
        ),
        entry("", "mean of the other seeds", Part::Ceiling, &ceiling),
    ];
    entries.extend(board.rivals.iter().map(|rival| of(rival, Part::Rival)));
    entries.extend(
        board
            .controls
            .iter()
            .map(|control| of(control, Part::Control)),
    );
    let worth = |entry: &LeaderboardEntry| entry.r_squared.unwrap_or(f64::NEG_INFINITY);
    entries.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let (standing, by) = standing(&entries);
    LeaderboardVerdict {
        id: board.id.clone(),
        statement: board.statement.clone(),
        metric: board.metric.clone(),
        model: board.model.clone(),
        explanation: board.explanation.model.clone(),
        standing,
        reason: reason(&entries, standing, &by),
        by,
        entries,
    }
}

/// The standing of the explanation on trial, with the rivals that tie with it or beat it.
///
/// *Preferred* requires that every rival is worse, which needs no correction for their number.
/// *Beaten* requires only one better rival, so its interval has Bonferroni's correction.
fn standing(entries: &[LeaderboardEntry]) -> (Standing, Vec<String>) {
    let rivals = |entry: &&LeaderboardEntry| matches!(entry.part, Part::Rival | Part::Null);
    let is_worse = |entry: &LeaderboardEntry| {
        let low = entry.margin.as_ref().and_then(|margin| margin.low);
        low.is_some_and(|low| low > 0.0)
    };
    let labels = |test: &dyn Fn(&LeaderboardEntry) -> bool| -> Vec<String> {
        let found = entries.iter().filter(rivals).filter(|entry| test(entry));
        found.map(|entry| entry.label.clone()).collect()
    };
    let mut controls = entries.iter().filter(|entry| entry.part == Part::Control);
    if !controls.all(is_worse) {
        return (Standing::Undecided, Vec::new());
    }
    let count = entries.iter().filter(rivals).count() as f64;
    let better = labels(&|entry| {
        let margin = entry.margin.as_ref().map(|margin| margin.values.clone());
        let wide = margin.and_then(|values| Estimate::at(values, 1.0 - (1.0 - CONFIDENCE) / count));
        wide.and_then(|wide| wide.high)
            .is_some_and(|high| high < 0.0)
    });
    if !better.is_empty() {
        return (Standing::Beaten, better);
    }
    let close = labels(&|entry| !is_worse(entry));
    if close.is_empty() {
        (Standing::Preferred, Vec::new())
    } else {
        (Standing::Tied, close)
    }
}

/// The standing in words.
fn reason(entries: &[LeaderboardEntry], standing: Standing, by: &[String]) -> String {
    let Some(trial) = entries.iter().find(|entry| entry.part == Part::OnTrial) else {
        return String::new();
    };
    let percent = |share: f64| format!("{:.0}", 100.0 * share).replace('-', "−");
    let null = entries.iter().find(|entry| entry.part == Part::Null);
    let null = null.map_or("the baseline", |null| &null.label);
    let share = match &trial.share {
        Some(Estimate {
            mean,
            low: Some(low),
            high: Some(high),
            ..
        }) => format!(
            "{}: {} % [{}, {}] of what the {null} leaves (other seeds: 100 %)",
            trial.label,
            percent(*mean),
            percent(*low),
            percent(*high),
        ),
        _ => format!("{}: no explained share with an interval", trial.label),
    };
    let bits = |label: &String| -> Option<String> {
        let entry = entries.iter().find(|entry| entry.label == *label);
        let margin = entry.and_then(|entry| entry.margin.as_ref());
        Some(format!("{label} by {:.2} bits", -margin?.mean))
    };
    let others: Vec<String> = by.iter().filter_map(bits).collect();
    let others = others.join(", ");
    match standing {
        Standing::Preferred => format!("{share}; no rival does as well"),
        Standing::Tied => format!("{share}; not told apart, by the mean better: {others}"),
        Standing::Beaten => format!("{share}; better: {others}"),
        Standing::Undecided => {
            let failed = entries.iter().filter(|entry| entry.part == Part::Control);
            let failed = failed.filter(|entry| {
                let margin = entry.margin.as_ref().and_then(|margin| margin.low);
                margin.is_none_or(|low| low <= 0.0)
            });
            let failed: Vec<&str> = failed.map(|entry| &*entry.label).collect();
            format!(
                "{share}; {} should be worse and is not, so the comparison cannot be trusted",
                failed.join(", ")
            )
        }
    }
}
