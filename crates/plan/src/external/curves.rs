use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use csv::StringRecord;
use tasks::dataset::TextTable;

use crate::spec::SpecError;

use super::exports::{self, Export, Said};

/// One row of a file of curves.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveRow {
    /// The file.
    pub file: Arc<str>,
    /// Line in the file, from 1.
    pub line: u64,
    /// Variant.
    pub variant: String,
    /// Seed.
    pub seed: u64,
    /// Metric.
    pub metric: String,
    /// Skill, mode, layer or class; `None` if the file does not give it.
    pub index: Option<u64>,
    /// Training step.
    pub step: u64,
    /// Flow time, if it is known.
    pub flow_time: Option<f64>,
    /// The value.
    pub value: f64,
}

/// The curves of one model, from CSV files in the long format of `observations.csv`, or from
/// exports of TensorBoard and wandb.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Rows of files in the long format.
    pub rows: Vec<CurveRow>,
    /// Exports, whose names must be matched with the plan.
    pub exports: Vec<Export>,
}

/// Required columns.
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

/// A column of `observations.csv` that is ignored.
const RUN: &str = "run";

/// The header and the rows of a table, with the line number of each row.
fn records(
    table: &TextTable,
    file: &dyn Fn(String, &str) -> SpecError,
) -> Result<(StringRecord, Vec<(u64, StringRecord)>), SpecError> {
    let broken = |error: csv::Error| {
        let problem = error.to_string().replace(char::is_control, " ");
        file(problem, "Write one row per number")
    };
    let mut records = table.reader().into_records();
    let mut headers = records.next().transpose().map_err(broken)?;
    let headers = headers.get_or_insert_default();
    headers.trim();
    let mut rows = Vec::new();
    for record in records {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, |place| table.line(place));
        if record.len() != headers.len() {
            return Err(file(
                format!(
                    "has {} fields in line {line}, but {} columns",
                    record.len(),
                    headers.len()
                ),
                "Write as many fields as there are columns",
            ));
        }
        let fields = record.iter().map(|field| table.number(field.trim()));
        rows.push((line, fields.collect()));
    }
    Ok((headers.clone(), rows))
}

/// Column names in the spelling of the long format, if the table is in the long format.
fn in_long_format(headers: StringRecord) -> StringRecord {
    let plain = |header: &str| header.to_lowercase().replace([' ', '-'], "_");
    if !headers.iter().any(|header| plain(header) == "metric") {
        return headers;
    }
    let known = |header: &str| Some(plain(header)).filter(|name| READ.contains(&&**name));
    (headers.iter())
        .map(|header| known(header).unwrap_or_else(|| header.to_owned()))
        .collect()
}

impl CurveRow {
    pub(super) fn text(&self, column: &str) -> String {
        match column {
            "variant" => format!("{:?}", self.variant),
            "seed" => self.seed.to_string(),
            "step" => self.step.to_string(),
            "index" => (self.index).map_or("none".to_owned(), |index| index.to_string()),
            "value" => self.value.to_string(),
            _ => format!("{:?}", self.metric),
        }
    }

    /// The error of a column of this row.
    pub(super) fn refuse(
        &self,
        column: &str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> SpecError {
        let place = format!("{}:{}: {column}", self.file, self.line);
        SpecError::key(place, self.text(column), problem, hint)
    }
}

impl Curves {
    /// Reads the curves of `model` in a file. Without the columns of the long format, the variant
    /// is `base`, the seed is 0, and every row belongs to the model. `said` is what the user
    /// appended to the name of an export.
    ///
    /// # Errors
    /// Names the file, line, column and value that cannot be used.
    pub fn read(path: &Path, model: &str, said: Option<&Said>) -> Result<Self, SpecError> {
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
        let table = TextTable::open(&name, text).map_err(|(line, problem, cure)| match line {
            Some(line) => SpecError::key(format!("{name}:{line}"), "\"", problem, cure),
            None => file(problem, &cure),
        })?;
        let (headers, records) = records(&table, &file)?;
        let headers = in_long_format(headers);
        if let Some(layout) = exports::Layout::of(&headers) {
            let export = Export::read(path, &headers, layout, &records, said)?;
            return Ok(Self {
                rows: Vec::new(),
                exports: vec![export],
            });
        }
        if let Some(axis) = headers.iter().find(|header| exports::is_other_axis(header))
            && !headers.iter().any(|header| header == "metric")
        {
            return Err(file(
                format!("is exported against {axis:?}, and has no column of training steps"),
                "Export it against Step, or add a column step. For epochs, the step is the epoch \
                 times the number of steps per epoch",
            ));
        }
        if let Some(said) = said {
            let problem = "follows a file that names its metrics in a column";
            let hint = format!("Write {name} alone.");
            return Err(SpecError::key(
                "--curves",
                format!(":{said}"),
                problem,
                hint,
            ));
        }
        let place = |column: &str| headers.iter().position(|header| header == column);
        if let Some(missing) = NEEDED.iter().find(|column| place(column).is_none()) {
            return Err(file(
                format!("has no column {missing:?}"),
                "The columns metric, step and value are needed; variant, seed, model, index and \
                 flow_time may be there. Exports of TensorBoard (Wall time, Step, Value) and wandb \
                 (Step, \"run - metric\", …) are read, too",
            ));
        }
        let columns = || headers.iter().enumerate();
        let unknown = columns().find(|(at, column)| {
            let numbers_rows = *at == 0 && exports::is_unnamed(column);
            *column != RUN && !READ.contains(column) && !numbers_rows
        });
        if let Some((_, column)) = unknown {
            return Err(file(
                format!("has the column {column:?}, which has no meaning here"),
                "Use the columns variant, seed, model, metric, index, step, flow_time and value, \
                 and remove others",
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
        let shared: Arc<str> = name.as_str().into();
        for (line, record) in &records {
            let line = *line;
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
                    exports::whole(found).ok_or_else(|| {
                        refuse(
                            column,
                            found,
                            "must be a whole number, 0 or more",
                            "Write 0, 1, 2, …",
                        )
                    })
                }
            };
            // In `observations.csv`, times that were not reached are infinite.
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
                file: Arc::clone(&shared),
                line,
                variant: match cell("variant") {
                    None | Some("") => "base".to_owned(),
                    Some(variant) => variant.to_owned(),
                },
                seed: whole("seed", Some(0))?,
                metric: metric.to_owned(),
                index: match cell("index") {
                    None | Some("") => None,
                    Some(_) => Some(whole("index", None)?),
                },
                step: whole("step", None)?,
                flow_time: match cell("flow_time") {
                    None | Some("") => None,
                    Some(found) => Some(number("flow_time", found)?),
                },
                value: number("value", cell("value").unwrap_or_default())?,
            });
        }
        if rows.is_empty() {
            let problem = format!("has no rows for {model:?}");
            return Err(file(
                problem,
                "Write one row per number, or leave the column model out",
            ));
        }
        Ok(Self {
            rows,
            exports: Vec::new(),
        })
    }

    /// Joins the curves of several files, and gives each run of the exports a seed.
    ///
    /// # Errors
    /// The names of the runs do not show that they differ by their seed alone.
    pub fn join(files: Vec<Self>) -> Result<Self, SpecError> {
        let mut all = Self::default();
        for mut file in files {
            all.rows.append(&mut file.rows);
            all.exports.append(&mut file.exports);
        }
        exports::number(&mut all.exports)?;
        Ok(all)
    }

    /// The seeds that occur, increasing.
    #[must_use]
    pub fn seeds(&self) -> Vec<u64> {
        let rows = self.rows.iter().map(|row| row.seed);
        let columns = self.exports.iter().flat_map(|export| &export.columns);
        let mut seeds: Vec<u64> = rows.chain(columns.map(|column| column.seed)).collect();
        seeds.sort_unstable();
        seeds.dedup();
        seeds
    }
}
