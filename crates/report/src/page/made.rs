//! How a run was made and how its cells ended, as text.

use judge::Run;
use record::{Manifest, StopReason};
use serde::Serialize;

use crate::{
    number::{plain, significant},
    plural::listed,
};

/// A cell that failed or was cut short.
#[derive(Serialize)]
pub(super) struct Cut {
    variant: String,
    seed: u64,
    steps: String,
    failed: bool,
    reason: String,
}

/// Most cells that are listed; a sweep over a plane can have thousands.
const MOST: usize = 40;

/// Cells that neither finished nor ended by the spec's own condition: the first of them, and how
/// many there are beside.
pub(super) fn cut_short(manifest: &Manifest) -> (Vec<Cut>, usize) {
    let cells = manifest.cells.iter().filter_map(|cell| {
        let step = |step: u64| plain(step as f64, 0);
        let reason = match &cell.stopped {
            StopReason::Finished | StopReason::Condition { .. } => return None,
            StopReason::NotFinite { step: at, model } => {
                format!(
                    "{model} was no longer a finite number at step {}",
                    step(*at)
                )
            }
            StopReason::Diverged {
                step: at,
                model,
                loss,
            } => format!(
                "{model} diverged: its loss was {} at step {}",
                significant(*loss, 3),
                step(*at)
            ),
            StopReason::EndsEarly { curves } => {
                let mut ends: Vec<String> = (curves.iter())
                    .map(|end| {
                        format!(
                            "what was read of {} ends at step {}",
                            end.model,
                            step(end.step)
                        )
                    })
                    .collect();
                ends.dedup();
                ends.join(", ")
            }
            StopReason::Interrupted { step: at } => {
                format!("interrupted after step {}", step(*at))
            }
        };
        Some(Cut {
            variant: cell.variant.clone(),
            seed: cell.seed,
            steps: step(cell.steps),
            failed: cell.stopped.is_failure(),
            reason,
        })
    });
    let mut cells: Vec<Cut> = cells.collect();
    let left = cells.len().saturating_sub(MOST);
    cells.truncate(MOST);
    (cells, left)
}

/// How many cells ended in which way, in one sentence.
pub(super) fn ended(manifest: &Manifest) -> String {
    let count = |test: fn(&StopReason) -> bool| {
        let cells = manifest.cells.iter();
        cells.filter(|cell| test(&cell.stopped)).count()
    };
    let ways = [
        (count(|s| *s == StopReason::Finished), "trained all steps"),
        (
            count(|s| matches!(s, StopReason::Condition { .. })),
            "ended when the condition of the spec held",
        ),
        (
            count(|s| matches!(s, StopReason::EndsEarly { .. })),
            "trained all steps beside curves or checkpoints that end early",
        ),
        (count(StopReason::is_failure), "failed"),
        (
            count(|s| matches!(s, StopReason::Interrupted { .. })),
            "were interrupted",
        ),
    ];
    let ways = ways.iter().filter(|(count, _)| *count > 0);
    let ways: Vec<String> = ways.map(|(count, way)| format!("{count} {way}")).collect();
    let cells = manifest.cells.len();
    format!(
        "Of {cells} cells (a variant with a seed), {}.",
        ways.join(", ")
    )
}

/// Which build trained the runs, and on which machine, as a part of a sentence: `layerwise 0.1.0 (commit
/// 4f1c3a9be2d0) on an AMD EPYC`.
pub(crate) fn made_by(runs: &[Run]) -> String {
    /// As many digits of a commit as tell it from all others.
    const DIGITS: usize = 12;
    let all = |of: &dyn Fn(&Manifest) -> Vec<String>| {
        let mut values: Vec<String> = Vec::new();
        for value in runs.iter().flat_map(|run| of(&run.manifest)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    let builds = all(&|manifest| {
        let build = |version: &str, commit: &str| {
            let commit: String = commit.chars().take(DIGITS).collect();
            format!("layerwise {version} (commit {commit})")
        };
        match &manifest.builds[..] {
            [] => vec![build(&manifest.layerwise_version, &manifest.git_commit)],
            builds => (builds.iter())
                .map(|one| build(&one.version, &one.commit))
                .collect(),
        }
    });
    let machines = all(&machines);
    format!("{} on {}", listed(&builds), listed(&machines))
}

fn machines(manifest: &Manifest) -> Vec<String> {
    match &manifest.machines[..] {
        [] => vec!["a machine that was not recorded".to_owned()],
        machines => machines.to_vec(),
    }
}

/// The manifest in rows of a name and a value.
pub(super) fn manifest(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let seeds: Vec<String> = manifest.seeds.iter().map(u64::to_string).collect();
    let mut rows = vec![
        ("Spec hash", manifest.spec_hash.clone()),
        ("Commit", manifest.git_commit.clone()),
        (
            "Versions",
            format!(
                "layerwise {}, {}",
                manifest.layerwise_version, manifest.rustc_version
            ),
        ),
        ("Run folder format", manifest.format.to_string()),
        ("Seeds", seeds.join(", ")),
        ("Variants", manifest.variants.len().to_string()),
        ("Machine", listed(&machines(manifest))),
        ("Device", manifest.device.clone()),
        ("Engine", engine(manifest)),
        ("Not trained here", own(manifest)),
        ("Precision", manifest.precision.clone()),
        ("Threads", manifest.threads.to_string()),
        ("Wall time", duration(manifest.wall_seconds)),
        ("Sum over cells", duration(manifest.cell_seconds)),
        (
            "Share of time measuring",
            format!("{} %", significant(100.0 * manifest.measuring_share, 2)),
        ),
    ];
    let notes = manifest.notes.iter();
    rows.extend(notes.map(|note| ("Note", note.clone())));
    rows
}

/// Models that were read, and from what.
fn own(manifest: &Manifest) -> String {
    let own = manifest.external.iter().map(|source| {
        format!(
            "{}: {} of {} (SHA-256 {})",
            source.model, source.kind, source.name, source.sha256
        )
    });
    let own: Vec<String> = own.collect();
    if own.is_empty() {
        "nothing".to_owned()
    } else {
        own.join(", ")
    }
}

/// The engine asked for, and what trained each model.
fn engine(manifest: &Manifest) -> String {
    let models = manifest.engines.iter();
    let models: Vec<String> = models
        .map(|(model, by)| format!("{model} by {by}"))
        .collect();
    if models.is_empty() {
        manifest.engine.clone()
    } else {
        format!("{}: {}", manifest.engine, models.join(", "))
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{} s", significant(seconds, 3))
    } else if seconds < 3600.0 {
        format!(
            "{} min {:02} s",
            (seconds / 60.0) as u64,
            seconds as u64 % 60
        )
    } else {
        format!(
            "{} h {:02} min",
            (seconds / 3600.0) as u64,
            seconds as u64 / 60 % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration(2.5), "2.5 s");
        assert_eq!(duration(94.2), "1 min 34 s");
        assert_eq!(duration(7265.0), "2 h 01 min");
    }
}
