use judge::{ComponentJudgement, ReportedNumber, Standing, VerdictFile};
use plan::spec::Outcome;
use record::{Manifest, StopReason};
use report::number_name;

/// Verdicts of one run as text.
pub(crate) fn verdicts(verdict: &VerdictFile) -> String {
    let mut lines = Vec::new();
    for claim in &verdict.claims {
        let symbol = match claim.outcome {
            Outcome::Supported => "✓",
            Outcome::Contradicted => "✗",
            Outcome::Undecided => "?",
        };
        let word = claim.word();
        let verification = if claim.verification {
            " (a verification of a solvable model)"
        } else {
            ""
        };
        lines.push(format!(
            "  {:<4} {symbol} {word:<12}  {}{verification}",
            claim.id, claim.statement
        ));
        lines.push(format!("       {}", claim.reason));
        for note in &claim.measured.notes {
            lines.push(format!("       note: {note}"));
        }
        if let Some(old) = claim.threshold_at_run {
            lines.push(format!(
                "       note: the threshold was {old} when the run was trained, and is {} now",
                claim.threshold
            ));
        }
    }
    for board in &verdict.leaderboards {
        let mark = match board.standing {
            Standing::Preferred => "✓ preferred   ",
            Standing::Tied => "≈ tied        ",
            Standing::Beaten => "✗ beaten      ",
            Standing::Undecided => "? undecided   ",
        };
        lines.push(format!("  {:<4} {mark}  {}", board.id, board.statement));
        lines.push(format!("       {}", board.reason));
    }
    lines.extend(numbers(&verdict.numbers));
    lines.join("\n")
}

/// The reported numbers: one line per model and number, with its parts where it has several.
fn numbers(numbers: &[ReportedNumber]) -> Vec<String> {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for number in numbers {
        for part in &number.components {
            let name = match part.label.as_str() {
                "" => number_name(number).to_owned(),
                label => format!("{}: {label}", number_name(number)),
            };
            rows.push([number.model.clone(), name, component(part)]);
        }
    }
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (model, name) = (width(0), width(1));
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| format!("  {:<model$}  {:<name$}  {}", row[0], row[1], row[2]))
        .collect();
    if !lines.is_empty() {
        let head = "reported numbers, centre over seeds [95 % interval]:";
        lines.insert(0, format!("  {head}"));
    }
    lines
}

/// Centre and interval, and how many seeds it lacks.
fn component(part: &ComponentJudgement) -> String {
    let number = |value: Option<f64>| match value {
        None => "—".to_owned(),
        // Four decimals would print zero.
        Some(value) if value != 0.0 && value.abs() < 1e-3 => format!("{value:.2e}"),
        Some(value) => format!("{value:.4}"),
    };
    let interval = match part.coverage {
        Some(_) => format!(" [{}, {}]", number(part.low), number(part.high)),
        None => String::new(),
    };
    let seeds = match part.values.len() {
        all if all > part.seeds => format!(" ({} of {all} seeds)", part.seeds),
        _ => String::new(),
    };
    format!("{}{interval}{seeds}", number(part.centre))
}

/// One line for each cell that did not reach its planned end.
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
                // Curves that end early are reported in the notes.
                StopReason::Finished
                | StopReason::Condition { .. }
                | StopReason::EndsEarly { .. } => return None,
            };
            Some(format!("{}, seed {}: {what}", cell.variant, cell.seed))
        })
        .collect()
}

/// Prints warnings.
pub(crate) fn warn(warnings: &[impl std::fmt::Display]) {
    for warning in warnings {
        tell!("warning: {warning}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reported_numbers_stand_in_columns_with_one_line_each() {
        let number = |model: &str, name: &str, seeds: usize| ReportedNumber {
            id: "number".to_owned(),
            statement: format!("{name}, {model}"),
            model: model.to_owned(),
            components: vec![ComponentJudgement {
                label: String::new(),
                seeds,
                censored: 0,
                at_most: 0,
                centre: Some(0.5),
                low: Some(0.25),
                high: Some(0.0001),
                coverage: Some(0.99),
                effect: None,
                order_p: None,
                outcome: Outcome::Undecided,
                values: vec![None; 8],
            }],
        };
        let lines = numbers(&[
            number("net", "Loss at the end", 8),
            number("twin", "NC1", 7),
        ]);
        let expected = [
            "  reported numbers, centre over seeds [95 % interval]:",
            "  net   Loss at the end  0.5000 [0.2500, 1.00e-4]",
            "  twin  NC1              0.5000 [0.2500, 1.00e-4] (7 of 8 seeds)",
        ];
        assert_eq!(lines, expected);
        assert!(numbers(&[]).is_empty());
    }
}
