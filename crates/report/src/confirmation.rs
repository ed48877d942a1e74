//! Verdicts on the seeds of a spec beside those on seeds that nothing was chosen on.

use judge::{Run, VerdictFile};
use plan::spec::Claim;

use crate::{
    page::{decisive, number},
    plural::counted,
};

/// The verdicts of experiments on two sets of seeds, side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmation {
    /// Claims, then leaderboards, experiment by experiment.
    pub rows: Vec<Confirmed>,
}

/// One claim or leaderboard on both sets of seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmed {
    /// The experiment.
    pub experiment: String,
    /// Short name.
    pub id: String,
    /// Where the threshold comes from; empty where the spec does not say, and for leaderboards.
    pub origin: String,
    /// Whether it stands as it was registered; `None` for leaderboards, which have no threshold.
    pub registered: Option<bool>,
    /// The verdict on the seeds of the spec, with its number.
    pub explored: [String; 2],
    /// The verdict on the other seeds, with its number.
    pub confirmed: [String; 2],
}

impl Confirmed {
    /// Whether both sets of seeds give the same verdict.
    pub fn agrees(&self) -> bool {
        self.explored[0] == self.confirmed[0]
    }
}

impl Confirmation {
    /// Lays verdicts side by side. Experiments that only one side has are left out; `registered` says
    /// whether a claim of an experiment stands as it was registered.
    pub fn new(
        explored: &[Run],
        confirmed: &[Run],
        registered: impl Fn(&str, &Claim) -> bool,
    ) -> Self {
        let mut rows = Vec::new();
        for first in explored {
            let name = &first.spec.name;
            let Some(second) = confirmed.iter().find(|run| run.spec.name == *name) else {
                continue;
            };
            for claim in &first.spec.claims {
                let verdicts =
                    [&first.verdict, &second.verdict].map(|file| of_claim(file, &claim.id));
                if let [Some(explored), Some(confirmed)] = verdicts {
                    rows.push(Confirmed {
                        experiment: name.clone(),
                        id: claim.id.clone(),
                        origin: claim.origin.map_or_else(String::new, |o| o.to_string()),
                        registered: Some(registered(name, claim)),
                        explored,
                        confirmed,
                    });
                }
            }
            for board in &first.verdict.leaderboards {
                let standings =
                    [&first.verdict, &second.verdict].map(|file| of_board(file, &board.id));
                if let [Some(explored), Some(confirmed)] = standings {
                    rows.push(Confirmed {
                        experiment: name.clone(),
                        id: board.id.clone(),
                        origin: String::new(),
                        registered: None,
                        explored,
                        confirmed,
                    });
                }
            }
        }
        Self { rows }
    }

    /// How many verdicts are the same, in one sentence.
    pub fn summary(&self) -> String {
        let same = self.rows.iter().filter(|row| row.agrees()).count();
        let changed = self.rows.iter().filter(|row| row.registered == Some(false));
        let changed = match changed.count() {
            0 => String::new(),
            count => format!(
                " {} changed since they were registered.",
                counted(count, "claim")
            ),
        };
        format!(
            "{same} of {} are the same on the fresh seeds.{changed}",
            counted(self.rows.len(), "verdict")
        )
    }

    /// The table, with the summary above it.
    pub fn markdown(&self) -> String {
        let mut lines = vec![
            self.summary(),
            String::new(),
            "| experiment | claim | threshold from | registered | seeds of the spec | fresh seeds | same |"
                .to_owned(),
            "|---|---|---|---|---|---|---|".to_owned(),
        ];
        let mut before = "";
        for row in &self.rows {
            let name = if row.experiment == before {
                String::new()
            } else {
                format!("`{}`", row.experiment)
            };
            before = &row.experiment;
            let side = |[verdict, number]: &[String; 2]| {
                format!("{verdict}: {number}").replace('|', "\\|")
            };
            lines.push(format!(
                "| {name} | {} | {} | {} | {} | {} | {} |",
                row.id,
                row.origin,
                match row.registered {
                    Some(true) => "yes",
                    Some(false) => "**changed**",
                    None => "",
                },
                side(&row.explored),
                side(&row.confirmed),
                if row.agrees() { "yes" } else { "**no**" }
            ));
        }
        lines.join("\n") + "\n"
    }
}

/// The verdict on a claim, and the number that decides it.
fn of_claim(file: &VerdictFile, id: &str) -> Option<[String; 2]> {
    let claim = file.claims.iter().find(|claim| claim.id == id)?;
    let measured = decisive(&claim.measured).map_or("–".to_owned(), number);
    Some([claim.word().to_owned(), measured])
}

/// The standing of an explanation, and the share that it explains.
fn of_board(file: &VerdictFile, id: &str) -> Option<[String; 2]> {
    let board = file.leaderboards.iter().find(|board| board.id == id)?;
    let mut entries = board.entries.iter();
    let trial = entries.find(|entry| entry.model == board.explanation)?;
    let share = trial.share.as_ref().map_or("–".to_owned(), |share| {
        let percent = |share: f64| format!("{:.0}", 100.0 * share).replace('-', "−");
        let mean = percent(share.mean);
        match (share.low, share.high) {
            (Some(low), Some(high)) => format!("{mean} % [{}, {}]", percent(low), percent(high)),
            _ => format!("{mean} %"),
        }
    });
    Some([board.standing.to_string(), share])
}
