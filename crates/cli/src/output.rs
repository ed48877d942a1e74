use judge::{ComponentJudgement, VerdictFile};
use plan::spec::Outcome;
use record::{Manifest, StopReason};

/// Text of the verdicts of one run.
pub(crate) fn verdicts(verdict: &VerdictFile) -> String {
    let mut lines = Vec::new();
    for claim in &verdict.claims {
        let mark = match claim.outcome {
            Outcome::Supported => "✓ supported   ",
            Outcome::Contradicted => "✗ contradicted",
            Outcome::Undecided => "? undecided   ",
        };
        let verification = match claim.verification {
            true => " (a verification of a solvable model)",
            false => "",
        };
        lines.push(format!(
            "  {:<4} {mark}  {}{verification}",
            claim.id, claim.statement
        ));
        lines.push(format!("       {}", claim.reason));
        for note in &claim.measured.notes {
            lines.push(format!("       note: {note}"));
        }
        if let Some(old) = claim.threshold_at_run {
            lines.push(format!(
                "       note: the threshold was {old} when this run was made, and is {} now",
                claim.threshold
            ));
        }
    }
    for number in &verdict.numbers {
        lines.push(format!("  {:<4} {}", number.id, number.statement));
        for part in &number.components {
            lines.push(format!("       {}", component(part)));
        }
    }
    lines.join("\n")
}

fn component(part: &ComponentJudgement) -> String {
    let number = |value: Option<f64>| match value {
        None => "—".to_owned(),
        // Four decimals would show nothing of it.
        Some(value) if value != 0.0 && value.abs() < 1e-3 => format!("{value:.2e}"),
        Some(value) => format!("{value:.4}"),
    };
    let label = if part.label.is_empty() {
        String::new()
    } else {
        format!("{}: ", part.label)
    };
    let interval = match part.coverage {
        Some(coverage) => format!(
            " [{}, {}] at {:.0} %",
            number(part.low),
            number(part.high),
            (100.0 * coverage).floor()
        ),
        None => String::new(),
    };
    format!(
        "{label}{}{interval}, {} seeds",
        number(part.centre),
        match part.values.len() {
            all if all > part.seeds => format!("{} of {all}", part.seeds),
            all => all.to_string(),
        }
    )
}

/// Text of the cells that did not run to their planned end.
pub(crate) fn stops(manifest: &Manifest) -> Vec<String> {
    manifest
        .cells
        .iter()
        .filter_map(|cell| {
            let what = match &cell.stopped {
                StopReason::NotFinite { step, model } => {
                    format!("{model} was no longer finite at step {step}; lower training.lr")
                }
                StopReason::Diverged { step, model, loss } => {
                    format!("{model} diverged by step {step} (loss {loss:.3e}); lower training.lr")
                }
                StopReason::Interrupted { step } => format!("interrupted after step {step}"),
                // What ends early is in the notes.
                StopReason::Finished
                | StopReason::Condition { .. }
                | StopReason::EndsEarly { .. } => return None,
            };
            Some(format!("{}, seed {}: {what}", cell.variant, cell.seed))
        })
        .collect()
}

/// Prints what went on although something was wrong.
pub(crate) fn warn(warnings: &[impl std::fmt::Display]) {
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
}
