use std::{collections::BTreeMap, fs, path::Path};

use record::Observation;

use crate::spec::SpecError;

/// One row of a file of curves.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Variant.
    pub variant: String,
    /// Seed.
    pub seed: u64,
    /// Metric.
    pub metric: String,
    /// Skill, mode, layer or class; 0 where the metric has none.
    pub index: u64,
    /// Training step.
    pub step: u64,
    /// Flow time, where it is known.
    pub flow_time: Option<f64>,
    /// The value.
    pub value: f64,
}

/// The rows of one model in a CSV file in the long format of `observations.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// The file.
    pub path: String,
    /// Its rows, by variant, seed, metric, index and step.
    pub rows: Vec<CurveRow>,
}

/// Columns without which there is no curve.
const NEEDED: [&str; 3] = ["metric", "step", "value"];
/// All columns that are read.
const READ: [&str; 8] = [
    "variant",
    "seed",
    "model",
    "metric",
    "index",
    "step",
    "flow_time",
    "value",
];

/// The column of our own tables that says nothing about a model.
const RUN: &str = "run";

impl CurveRow {
    pub(super) fn text(&self, column: &str) -> String {
        match column {
            "variant" => format!("{:?}", self.variant),
            "seed" => self.seed.to_string(),
            "step" => self.step.to_string(),
            "value" => self.value.to_string(),
            _ => format!("{:?}", self.metric),
        }
    }

    pub(super) fn observation(&self, model: &str) -> Observation {
        Observation {
            variant: (&self.variant).into(),
            seed: self.seed,
            model: model.into(),
            metric: (&self.metric).into(),
            index: self.index,
            step: self.step,
            flow_time: self.flow_time,
            value: self.value,
        }
    }
}

impl Curves {
    /// Reads the rows of `model`. Where a column is missing, the variant is `base`, the seed 0, the
    /// index 0, and every row is the model's.
    ///
    /// # Errors
    /// The file, line, column and value that cannot be used.
    pub fn read(path: &Path, model: &str) -> Result<Self, SpecError> {
        let name = path.display().to_string();
        let file = |problem: String, hint: &str| SpecError::File {
            path: path.to_owned(),
            problem,
            hint: hint.to_owned(),
        };
        let text = fs::read(path)
            .map_err(|error| file(format!("cannot be read: {error}"), "Give a CSV file"))?;
        if let Some((problem, cure)) = tasks::file_kind::no_table(path) {
            return Err(file(problem, &cure));
        }
        if let Some(line) = tasks::unclosed_quote(&text) {
            return Err(SpecError::key(
                format!("{name}:{line}"),
                "\"",
                "is a quote that is never closed",
                "Close it, or leave quotes out: numbers need none.",
            ));
        }
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(&text[..]);
        let broken = |error: csv::Error| {
            let problem = error.to_string().replace(char::is_control, " ");
            file(problem, "Write one comma-separated row per number")
        };
        let headers = reader.headers().map_err(broken)?.clone();
        let place = |column: &str| headers.iter().position(|header| header == column);
        if let Some(missing) = NEEDED.iter().find(|column| place(column).is_none()) {
            return Err(file(
                format!("has no column {missing:?}"),
                "The columns metric, step and value are needed; variant, seed, model, index and \
                 flow_time may be there",
            ));
        }
        let columns = || headers.iter().enumerate();
        let unknown = columns().find(|(_, column)| *column != RUN && !READ.contains(column));
        if let Some((_, column)) = unknown {
            return Err(file(
                format!("has the column {column:?}, which is not read"),
                "Name columns variant, seed, model, metric, index, step, flow_time and value, and \
                 leave others out",
            ));
        }
        if let Some((_, column)) = columns().find(|(at, column)| place(column) != Some(*at)) {
            return Err(file(
                format!("has the column {column:?} twice"),
                "Keep one of them",
            ));
        }
        let places: BTreeMap<&str, usize> = (READ.into_iter())
            .filter_map(|column| Some((column, place(column)?)))
            .collect();
        let mut rows: Vec<CurveRow> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |column: &str| places.get(column).and_then(|&at| record.get(at));
            if cell("model").is_some_and(|found| found != model) {
                continue;
            }
            let refuse = |column: &str, value: &str, problem: &str, hint: &str| {
                SpecError::key(
                    format!("{name}:{line}: {column}"),
                    format!("{value:?}"),
                    problem,
                    hint,
                )
            };
            let whole = |column: &str, default: Option<u64>| match (cell(column), default) {
                (None | Some(""), Some(default)) => Ok(default),
                (found, _) => {
                    let found = found.unwrap_or_default();
                    found.parse::<u64>().map_err(|_| {
                        refuse(
                            column,
                            found,
                            "must be a whole number, 0 or more",
                            "Write 0, 1, 2, …",
                        )
                    })
                }
            };
            // Times that did not come are infinite in our own tables.
            let number = |column: &str, found: &str| match found.parse::<f64>() {
                Ok(value) if !value.is_nan() => Ok(value),
                _ => Err(refuse(
                    column,
                    found,
                    "must be a number",
                    "Leave rows without a value out.",
                )),
            };
            let metric = cell("metric").unwrap_or_default();
            if metric.is_empty() {
                return Err(refuse(
                    "metric",
                    metric,
                    "is empty",
                    "Write the name of a metric.",
                ));
            }
            rows.push(CurveRow {
                line,
                variant: match cell("variant") {
                    None | Some("") => "base".to_owned(),
                    Some(variant) => variant.to_owned(),
                },
                seed: whole("seed", Some(0))?,
                metric: metric.to_owned(),
                index: whole("index", Some(0))?,
                step: whole("step", None)?,
                flow_time: match cell("flow_time") {
                    None | Some("") => None,
                    Some(found) => Some(number("flow_time", found)?),
                },
                value: number("value", cell("value").unwrap_or_default())?,
            });
        }
        if rows.is_empty() {
            let problem = format!("has no row of {model:?}");
            return Err(file(
                problem,
                "Write a row per number, or leave the column model out",
            ));
        }
        let key = |row: &CurveRow| {
            let CurveRow {
                variant, metric, ..
            } = row;
            (
                variant.clone(),
                row.seed,
                metric.clone(),
                row.index,
                row.step,
            )
        };
        rows.sort_by_key(key);
        if let Some(pair) = rows.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
            let (first, second) = (&pair[0], &pair[1]);
            return Err(SpecError::key(
                format!("{name}:{}: {}", second.line, second.metric),
                second.value,
                format!("stands in line {} already, at the same step", first.line),
                "Keep one value for each variant, seed, metric, index and step.",
            ));
        }
        Ok(Self { path: name, rows })
    }

    /// The seeds that occur, increasing.
    #[must_use]
    pub fn seeds(&self) -> Vec<u64> {
        let mut seeds: Vec<u64> = self.rows.iter().map(|row| row.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        seeds
    }
}
