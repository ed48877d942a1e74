//! Numbers that are reported without being judged, as a table of models.

use judge::{ReportedNumber, Run};
use plan::spec::IntervalKind;
use serde::Serialize;

use super::topic::value;
use crate::plural::counted;

/// One row per number and part, one column per model.
#[derive(Serialize)]
pub(super) struct EndValues {
    /// What the numbers are.
    heading: String,
    models: Vec<String>,
    rows: Vec<EndRow>,
    /// Whether some have no interval.
    too_few_seeds: bool,
}

#[derive(Serialize)]
struct EndRow {
    name: String,
    values: Vec<String>,
}

impl EndValues {
    pub(super) fn new(run: &Run) -> Self {
        let numbers = &run.verdict.numbers;
        let mut models: Vec<String> = Vec::new();
        for number in numbers {
            if !models.contains(&number.model) {
                models.push(number.model.clone());
            }
        }
        let mut rows: Vec<EndRow> = Vec::new();
        for number in numbers {
            let column = models.iter().position(|model| *model == number.model);
            for part in &number.components {
                let name = match part.label.as_str() {
                    "" => name(number).to_owned(),
                    label => format!("{}: {label}", name(number)),
                };
                let place = rows.iter().position(|row| row.name == name);
                let place = place.unwrap_or_else(|| {
                    rows.push(EndRow {
                        name,
                        values: vec![String::new(); models.len()],
                    });
                    rows.len() - 1
                });
                if let Some(column) = column {
                    let all = part.values.len();
                    let of = match part.seeds {
                        seeds if seeds < all => format!(" ({seeds} of {all} seeds)"),
                        _ => String::new(),
                    };
                    rows[place].values[column] = value(part) + &of;
                }
            }
        }
        let mut parts = numbers.iter().flat_map(|number| &number.components);
        Self {
            heading: format!(
                "{} over {} [95 % interval]",
                centre(run),
                counted(run.manifest.seeds.len(), "seed")
            ),
            models,
            rows,
            too_few_seeds: parts.any(|part| part.coverage.is_none()),
        }
    }
}

/// What a number is, without its model: the statement of a default number ends with it.
pub fn name(number: &ReportedNumber) -> &str {
    let statement = number.statement.strip_suffix(number.model.as_str());
    let statement = statement.and_then(|statement| statement.strip_suffix(", "));
    statement.unwrap_or(&number.statement)
}

/// What the centre of the intervals is.
fn centre(run: &Run) -> &'static str {
    let mut numbers = run.spec.numbers.iter();
    let mut kinds = numbers.by_ref().map(|number| number.interval);
    let first = kinds.next().unwrap_or_default();
    match (first, kinds.all(|kind| kind == first)) {
        (IntervalKind::Order, true) => "median",
        (IntervalKind::T, true) => "mean",
        (_, false) => "mean or median",
    }
}
