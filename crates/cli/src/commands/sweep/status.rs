use std::path::PathBuf;

use record::{CellState, CellStore, RunFolder};
use serde_json::{Value, json};

use super::{opened::Opened, slurm};

/// Progress of a sweep.
pub(super) struct Status {
    name: String,
    out: PathBuf,
    variants: usize,
    seeds: u64,
    pub(super) cells: Vec<Cell>,
    /// Cells in the folder that are not in the plan.
    others: usize,
    gathered: bool,
    jobs: Vec<slurm::Job>,
}

/// One cell of the plan.
pub(super) struct Cell {
    variant: String,
    seed: u64,
    pub(super) id: String,
    pub(super) state: CellState,
}

impl Cell {
    fn diverged(&self) -> bool {
        matches!(&self.state, CellState::Done(result) if result.summary.stopped.is_failure())
    }

    /// The state in one word.
    fn word(&self) -> &'static str {
        match &self.state {
            CellState::Open => "open",
            CellState::Interrupted { .. } => "interrupted",
            CellState::Running { .. } => "running",
            CellState::Done(_) if self.diverged() => "diverged",
            CellState::Done(_) => "done",
            CellState::Failed(_) => "failed",
            CellState::Damaged { .. } => "damaged",
        }
    }

    fn detail(&self) -> Option<String> {
        match &self.state {
            CellState::Open => None,
            CellState::Interrupted { step } => Some(format!("will continue at step {step}")),
            CellState::Running { owner } => owner.as_ref().map(ToString::to_string),
            CellState::Done(result) if self.diverged() => Some(format!(
                "after step {}; lower training.lr",
                result.summary.steps
            )),
            CellState::Done(_) => None,
            CellState::Failed(failure) => Some(failure.error.clone()),
            CellState::Damaged { problem } => Some(problem.clone()),
        }
    }
}

/// Names of states, in the order of the report.
const WORDS: [&str; 7] = [
    "done",
    "diverged",
    "running",
    "interrupted",
    "failed",
    "damaged",
    "open",
];

impl Status {
    pub(super) fn of(opened: &Opened) -> Self {
        let (plan, settings) = (&opened.plan, &opened.settings);
        let store = CellStore::of(&opened.out);
        let cells: Vec<Cell> = plan
            .cells(&settings.device, &settings.engine)
            .into_iter()
            .map(|cell| Cell {
                variant: cell.variant.name.clone(),
                seed: cell.seed,
                state: store.state(&cell.id),
                id: cell.id,
            })
            .collect();
        let planned: std::collections::HashSet<&str> =
            cells.iter().map(|cell| cell.id.as_str()).collect();
        let ids = store.ids();
        let others = ids.iter().filter(|id| !planned.contains(id.as_str()));
        Self {
            name: plan.spec.name.clone(),
            out: opened.out.clone(),
            variants: plan.variants.len(),
            seeds: plan.spec.training.seeds,
            others: others.count(),
            cells,
            gathered: RunFolder::is_done(&opened.out),
            jobs: slurm::jobs(&opened.out),
        }
    }

    fn count(&self, word: &str) -> usize {
        self.cells.iter().filter(|cell| cell.word() == word).count()
    }

    /// Cells that are not done.
    pub(super) fn left(&self) -> usize {
        self.cells.len() - self.count("done") - self.count("diverged")
    }

    /// Whether all cells have ended and their tables are written.
    pub(super) fn is_complete(&self) -> bool {
        self.gathered && self.left() == 0
    }

    /// The counts in one line.
    pub(super) fn summary(&self) -> String {
        let counts = WORDS.iter().map(|word| (self.count(word), word));
        let counts = counts.filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        counts.join(", ")
    }

    /// Text about a sweep that was just planned.
    pub(super) fn plan(&self) -> String {
        let out = self.out.display();
        let mut lines = vec![format!(
            "{}: {} cells ({} variants × {} seeds) in {out}: {}",
            self.name,
            self.cells.len(),
            self.variants,
            self.seeds,
            self.summary()
        )];
        lines.extend(self.about_others());
        lines.push(if self.left() > 0 {
            format!("train them with: layerwise sweep run {out}")
        } else {
            self.next()
        });
        lines.join("\n")
    }

    fn about_others(&self) -> Option<String> {
        (self.others > 0).then(|| {
            format!(
                "  {} other cells in the folder belong to other plans and are ignored",
                self.others
            )
        })
    }

    /// The report.
    pub(super) fn text(&self) -> String {
        /// Number of cells per state that are listed one by one.
        const SHOWN: usize = 10;
        let out = self.out.display();
        let mut lines = vec![format!(
            "{}: {} cells in {out}",
            self.name,
            self.cells.len()
        )];
        for word in WORDS {
            let cells: Vec<&Cell> = self
                .cells
                .iter()
                .filter(|cell| cell.word() == word)
                .collect();
            if cells.is_empty() {
                continue;
            }
            lines.push(format!("  {:>5} {word}", cells.len()));
            let told = cells.iter().filter_map(|cell| Some((cell, cell.detail()?)));
            let told: Vec<String> = told
                .map(|(cell, detail)| {
                    format!("        {}, seed {}: {detail}", cell.variant, cell.seed)
                })
                .collect();
            lines.extend(told.iter().take(SHOWN).cloned());
            if let more @ 1.. = told.len().saturating_sub(SHOWN) {
                lines.push(format!("        and {more} more; --json has all"));
            }
        }
        lines.extend(self.about_others());
        lines.extend(self.jobs.iter().map(|job| format!("  {job}")));
        lines.push(self.next());
        lines.join("\n")
    }

    /// What the user may do now.
    fn next(&self) -> String {
        let out = self.out.display();
        let waits = self.jobs.iter().any(slurm::Job::is_alive);
        if self.left() == 0 {
            return if self.gathered {
                format!("complete: {}", self.out.join("report.html").display())
            } else {
                format!("all cells are done; gather them with: layerwise sweep run {out}")
            };
        }
        if self.count("failed") + self.count("damaged") > 0 {
            format!("train failed cells again with: layerwise sweep retry {out}")
        } else if waits || self.count("running") == self.left() {
            "other processes are working on it".to_owned()
        } else {
            format!("continue with: layerwise sweep run {out}")
        }
    }

    pub(super) fn json(&self, with_cells: bool) -> Value {
        let counts: serde_json::Map<String, Value> = (WORDS.iter())
            .map(|word| ((*word).to_owned(), json!(self.count(word))))
            .collect();
        let mut document = json!({
            "run": self.out,
            "name": self.name,
            "planned": self.cells.len(),
            "left": self.left(),
            "counts": counts,
            "of_other_plans": self.others,
            "complete": self.gathered,
            "jobs": self.jobs.iter().map(slurm::Job::json).collect::<Vec<_>>(),
        });
        if with_cells {
            let cells = self.cells.iter().map(|cell| {
                json!({
                    "variant": cell.variant,
                    "seed": cell.seed,
                    "cell": cell.id,
                    "state": cell.word(),
                    "detail": cell.detail(),
                })
            });
            document["cells"] = cells.collect();
        }
        document
    }
}
