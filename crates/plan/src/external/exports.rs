//! Reads curves that TensorBoard or wandb exported. Their names determine metric, index and seed.
//!
//! TensorBoard writes one file per run and tag, `run-<run>-tag-<tag>.csv` with the columns `Wall
//! time,Step,Value`. wandb writes one file with a column per run, `"Step","<run> - <metric>"`, and
//! also `__MIN` and `__MAX` of each.

use std::{fmt, path::Path, str::FromStr, sync::Arc};

use crate::spec::SpecError;

/// Layout of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One curve: `Step` and `Value`.
    Single {
        /// Column of the steps.
        step: usize,
        /// Column of the values.
        value: usize,
    },
    /// One curve per column.
    Wide {
        /// Column of the steps.
        step: usize,
    },
}

/// What the user appends to the file if the names do not determine it:
/// `METRIC[/INDEX][@SEED][=COLUMN]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Metric.
    pub metric: String,
    /// Index.
    pub index: Option<u64>,
    /// Seed.
    pub seed: Option<u64>,
    /// The only column to read, by its heading or by its metric name in the export.
    pub column: Option<String>,
}

impl FromStr for Said {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (rest, column) = match text.split_once('=') {
            Some((rest, column)) => (rest, Some(column.to_owned())),
            None => (text, None),
        };
        let number = |what: &str, text: &str| {
            let parsed = text.parse::<u64>();
            parsed.map_err(|_| format!("{text:?} is not a valid {what}: write 0, 1, 2, …"))
        };
        let (rest, seed) = match rest.rsplit_once('@') {
            Some((rest, seed)) => (rest, Some(number("seed", seed)?)),
            None => (rest, None),
        };
        let (metric, index) = match rest.split_once('/') {
            Some((metric, index)) => (metric, Some(number("index", index)?)),
            None => (rest, None),
        };
        if metric.is_empty() {
            return Err("it names no metric".to_owned());
        }
        Ok(Self {
            metric: metric.to_owned(),
            index,
            seed,
            column,
        })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        if let Some(index) = self.index {
            write!(f, "/{index}")?;
        }
        if let Some(seed) = self.seed {
            write!(f, "@{seed}")?;
        }
        match &self.column {
            Some(column) => write!(f, "={column}"),
            None => Ok(()),
        }
    }
}

/// One file of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The file.
    pub file: Arc<str>,
    /// Its curves.
    pub columns: Vec<Column>,
}

/// One curve of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name of the run in the export; empty if it has none.
    pub run: String,
    /// Name of the metric in the export.
    pub tag: String,
    /// Metric and index, if the user gives them.
    pub said: Option<(String, Option<u64>)>,
    /// Seed from the user, or from the name of the run.
    pub seed: u64,
    /// Whether the user gives the seed.
    seed_is_said: bool,
    /// Line, step and value.
    pub points: Vec<(u64, u64, f64)>,
}

/// The last part of a name with `/`, without the underscore of wandb's own columns.
fn last_part(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.trim().trim_start_matches('_').to_lowercase()
}

/// How well a column suits as the column of training steps; the best rank is taken. For example,
/// wandb's own `Step` counts calls of `log`, whereas `global_step` counts training steps.
fn rank_as_step(name: &str) -> Option<u8> {
    match last_part(name).as_str() {
        "global_step" => Some(2),
        "step" | "iteration" | "iter" => Some(1),
        _ => None,
    }
}

/// Whether a column is about time or the export itself.
fn is_bookkeeping(name: &str) -> bool {
    let name = last_part(name);
    is_unnamed(&name)
        || name == "epoch"
        || name.ends_with("__min")
        || name.ends_with("__max")
        || name.starts_with("relative time")
        || ["wall time", "wall_time", "timestamp", "runtime"].contains(&name.as_str())
}

/// Whether a heading belongs to a column of row numbers, as written by pandas.
pub(super) fn is_unnamed(name: &str) -> bool {
    name.is_empty() || name.to_lowercase().starts_with("unnamed: ")
}

/// Whether a column may be the horizontal axis of an export in place of the training step.
pub(super) fn is_other_axis(name: &str) -> bool {
    !is_unnamed(name) && !name.contains(" - ") && !name.ends_with("__") && is_bookkeeping(name)
}

/// Run and metric in the heading of a column.
fn split(heading: &str) -> (&str, &str) {
    heading.rsplit_once(" - ").unwrap_or(("", heading))
}

impl Layout {
    /// The layout of an export; `None` for a table in the long format and for any other table.
    pub(super) fn of(headers: &csv::StringRecord) -> Option<Self> {
        let long = ["metric", "variant", "seed", "model", "index", "flow_time"];
        if headers.iter().any(|header| long.contains(&header)) {
            return None;
        }
        let columns = || headers.iter().enumerate();
        let steps = columns().filter(|(_, name)| !name.contains(" - "));
        let steps = steps.filter_map(|(place, name)| Some((rank_as_step(name)?, place)));
        let (_, step) = steps.max_by_key(|(rank, place)| (*rank, std::cmp::Reverse(*place)))?;
        let mut values = columns().filter(|(place, name)| {
            *place != step && rank_as_step(split(name).1).is_none() && !is_bookkeeping(name)
        });
        match (values.next()?, values.next()) {
            ((value, name), None) if name.eq_ignore_ascii_case("value") => {
                Some(Self::Single { step, value })
            }
            _ => Some(Self::Wide { step }),
        }
    }
}

/// Run and tag in a file name of TensorBoard, `run-<run>-tag-<tag>.csv`.
fn tensorboard_name(stem: &str) -> Option<(&str, &str)> {
    let (run, tag) = stem.strip_prefix("run-")?.rsplit_once("-tag-")?;
    // A browser adds a number to the name if it saves a file twice.
    let tag = match tag.rsplit_once(" (") {
        Some((tag, copy)) if copy.ends_with(')') => tag,
        _ => tag,
    };
    Some((run, tag))
}

impl Export {
    pub(super) fn read(
        path: &Path,
        headers: &csv::StringRecord,
        layout: Layout,
        records: &[(u64, csv::StringRecord)],
        said: Option<&Said>,
    ) -> Result<Self, SpecError> {
        let file: Arc<str> = path.display().to_string().into();
        let stem = stem(&file);
        let column = |run: &str, tag: &str| Column {
            run: run.to_owned(),
            tag: tag.to_owned(),
            said: said.map(|said| (said.metric.clone(), said.index)),
            seed: said.and_then(|said| said.seed).unwrap_or(0),
            seed_is_said: said.is_some_and(|said| said.seed.is_some()),
            points: Vec::new(),
        };
        // Positions of value and step, for each curve.
        let mut columns: Vec<(usize, usize, Column)> = Vec::new();
        match layout {
            Layout::Single { step, value } => {
                let (run, tag) = tensorboard_name(&stem).unwrap_or(("", &stem));
                columns.push((value, step, column(run, tag)));
            }
            Layout::Wide { step } => {
                let step_of = |run: &str| {
                    let own = headers.iter().position(|heading| {
                        let (other, name) = split(heading);
                        !run.is_empty() && other == run && rank_as_step(name) == Some(2)
                    });
                    own.unwrap_or(step)
                };
                for (place, heading) in headers.iter().enumerate() {
                    let (run, tag) = split(heading);
                    let is_step = place == step || rank_as_step(tag).is_some();
                    if !is_step && !is_bookkeeping(tag) {
                        columns.push((place, step_of(run), column(run, tag)));
                    }
                }
            }
        }
        if let Some(said) = said {
            pick(&file, headers, said, &mut columns)?;
        }
        for (line, record) in records {
            let line = *line;
            for (value, step, column) in &mut columns {
                let cell = |place: usize| record.get(place).unwrap_or_default();
                let refuse = |place: usize, problem: &str, hint: &str| {
                    let key = format!("{file}:{line}: {}", &headers[place]);
                    SpecError::key(key, format!("{:?}", cell(place)), problem, hint)
                };
                if cell(*value).is_empty() {
                    continue;
                }
                let step = whole(cell(*step)).ok_or_else(|| {
                    let problem = "must be a whole number, 0 or more";
                    refuse(*step, problem, "Export against the training step.")
                })?;
                let value = cell(*value)
                    .parse::<f64>()
                    .ok()
                    .filter(|value| value.is_finite())
                    .ok_or_else(|| {
                        let hint = "Leave cells without a value empty.";
                        refuse(*value, "must be a finite number", hint)
                    })?;
                column.points.push((line, step, value));
            }
        }
        let columns = columns.into_iter().map(|(.., column)| column);
        let columns: Vec<Column> = columns.filter(|c| !c.points.is_empty()).collect();
        if columns.is_empty() {
            return Err(SpecError::File {
                path: path.to_owned(),
                problem: "has no value".to_owned(),
                hint: "Export a curve".to_owned(),
            });
        }
        Ok(Self { file, columns })
    }
}

/// Keeps the columns that the user selected.
fn pick(
    file: &str,
    headers: &csv::StringRecord,
    said: &Said,
    columns: &mut Vec<(usize, usize, Column)>,
) -> Result<(), SpecError> {
    let refuse =
        |problem: String, hint: &str| Err(SpecError::key(file, format!(":{said}"), problem, hint));
    let names = |columns: &[(usize, usize, Column)]| {
        let mut names: Vec<String> = columns
            .iter()
            .map(|(.., c)| format!("{:?}", c.tag))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    if let Some(wanted) = &said.column {
        let known = names(columns);
        columns.retain(|(place, _, column)| column.tag == *wanted || headers[*place] == **wanted);
        if columns.is_empty() {
            let problem = format!(
                "names no column of this file, which has {}",
                first_of(&known)
            );
            return refuse(problem, "Name one of them after =.");
        }
    }
    let tags = names(columns);
    if tags.len() > 1 {
        let problem = format!("gives one metric, but the file has {}", first_of(&tags));
        return refuse(problem, "Add =COLUMN with one of them.");
    }
    let mut runs: Vec<&str> = columns.iter().map(|(.., column)| &*column.run).collect();
    runs.dedup();
    if said.seed.is_some() && runs.len() > 1 {
        let problem = format!("gives one seed, but the file has {} runs", runs.len());
        return refuse(problem, "Leave @SEED out, or add =COLUMN.");
    }
    Ok(())
}

/// The first entries of a list, and the number of the others.
pub(super) fn first_of(list: &[String]) -> String {
    /// Longest list that is still readable.
    const SHOWN: usize = 8;
    let shown = list[..list.len().min(SHOWN)].join(", ");
    match list.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A whole number, which some programs write as 100.0.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        // Up to this number f64 represents every whole number.
        const MOST: f64 = 9_007_199_254_740_992.0;
        let value: f64 = text.parse().ok()?;
        (value.fract() == 0.0 && (0.0..MOST).contains(&value)).then_some(value as u64)
    })
}

/// The number after the last `seed` in a name: `seed-3`, `seed=3`, `seed_3`, `seed3`.
fn seed_in(run: &str) -> Option<u64> {
    let run = run.to_lowercase();
    let (_, behind) = run.rsplit_once("seed")?;
    let behind = behind.trim_start_matches(['-', '=', '_', ' ', ':']);
    let digits = behind.find(|c: char| !c.is_ascii_digit());
    behind[..digits.unwrap_or(behind.len())].parse().ok()
}

/// The number at the end of a name.
fn trailing(run: &str) -> Option<u64> {
    let head = run.trim_end_matches(|c: char| c.is_ascii_digit());
    run[head.len()..].parse().ok()
}

/// Words before a number that make it a setting. Runs that differ in a setting are not seeds of one
/// condition.
const SETTINGS: [&str; 43] = [
    "width",
    "hidden",
    "units",
    "neurons",
    "dim",
    "size",
    "depth",
    "layers",
    "lr",
    "eta",
    "rate",
    "group",
    "batch",
    "bs",
    "wd",
    "decay",
    "dropout",
    "momentum",
    "alpha",
    "beta",
    "gamma",
    "lambda",
    "kappa",
    "scale",
    "init",
    "gain",
    "sigma",
    "noise",
    "temperature",
    "temp",
    "steps",
    "epochs",
    "data",
    "rows",
    "samples",
    "frac",
    "fraction",
    "adam",
    "adamw",
    "sgd",
    "optimizer",
    "opt",
    "config",
];

/// The trailing letters of a name, in lower case.
fn last_word(name: &str) -> String {
    let name = name.trim_end_matches(|c: char| !c.is_alphabetic());
    let head = name.trim_end_matches(char::is_alphabetic);
    name[head.len()..].to_lowercase()
}

/// A name without its last `seed` and the number after it.
fn without_seed(run: &str) -> Option<String> {
    seed_in(run)?;
    let run = run.to_lowercase();
    let (head, behind) = run.rsplit_once("seed")?;
    let behind = behind.trim_start_matches(['-', '=', '_', ' ', ':']);
    let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    Some(format!("{head} {behind}"))
}

/// Whether a name has a word of [`SETTINGS`].
fn has_setting(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphabetic());
    words.any(|word| SETTINGS.contains(&word))
}

/// Whether runs may be seeds of one condition: either all names give a seed and have the same
/// settings, or all names are equal except for a final number.
fn are_seeds(runs: &[&str]) -> bool {
    let rests: Option<Vec<String>> = runs.iter().map(|run| without_seed(run)).collect();
    if let Some(rests) = rests {
        let same = rests.windows(2).all(|pair| pair[0] == pair[1]);
        return same || !rests.iter().any(|rest| has_setting(rest));
    }
    let stem = |run: &str| {
        let head = run.trim_end_matches(|c: char| c.is_ascii_digit());
        (head.len() < run.len()).then(|| head.to_owned())
    };
    let Some(stems) = runs.iter().map(|run| stem(run)).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let same = stems.windows(2).all(|pair| pair[0] == pair[1]);
    same && !stems
        .iter()
        .any(|stem| SETTINGS.contains(&&*last_word(stem)))
}

/// Gives each run its seed. It is the number after `seed`, if all names have one; otherwise the
/// final number, if the final numbers are consecutive; otherwise the position in the order of files
/// and columns.
///
/// # Errors
/// The names may belong to different conditions.
pub(super) fn number(exports: &mut [Export]) -> Result<(), SpecError> {
    let columns = exports.iter_mut().flat_map(|export| {
        let file = Arc::clone(&export.file);
        let columns = export.columns.iter_mut();
        columns.map(move |column| (Arc::clone(&file), column))
    });
    let open: Vec<_> = columns.filter(|(_, c)| !c.seed_is_said).collect();
    // A run without a name is identified by its file.
    let name = |file: &Arc<str>, column: &Column| match column.run.as_str() {
        "" => (true, stem(file)),
        run => (false, run.to_owned()),
    };
    let mut runs: Vec<(bool, String)> = Vec::new();
    for (file, column) in &open {
        let run = name(file, column);
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    let by_file = runs.iter().all(|(by_file, _)| *by_file);
    let names: Vec<&str> = runs.iter().map(|(_, run)| &**run).collect();
    let none_says = names.iter().all(|run| seed_in(run).is_none());
    // If the files give neither names of runs nor seeds, they are curves of one run.
    if names.len() > 1 && !(by_file && none_says) && !are_seeds(&names) {
        let quoted: Vec<String> = names.iter().map(|run| format!("{run:?}")).collect();
        let file = open.first().map_or("--curves", |(file, _)| file);
        return Err(SpecError::key(
            file,
            first_of(&quoted),
            "are runs whose names do not show that they differ by their seed alone, as seed-0 and \
             seed-1 or run-1 and run-2 would",
            "Give each run its seed with @SEED: FILE.csv:METRIC/INDEX@0, or \
             FILE.csv:METRIC/INDEX@0=COLUMN for a file with several runs. Runs with other \
             settings are other variants.",
        ));
    }
    let by_seed: Option<Vec<u64>> = runs.iter().map(|(_, run)| seed_in(run)).collect();
    let by_end = || {
        let ends = runs.iter().map(|(by_file, run)| match by_file {
            // The final number of a file name may be an index.
            true => None,
            false => trailing(run),
        });
        let ends = ends.collect::<Option<Vec<u64>>>()?;
        let mut sorted = ends.clone();
        sorted.sort_unstable();
        let one_by_one = sorted.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        one_by_one.then_some(ends)
    };
    // Several files without names of runs are curves of one run.
    let seeds = by_seed.or_else(by_end).unwrap_or_else(|| match by_file {
        true => vec![0; runs.len()],
        false => (0..runs.len() as u64).collect(),
    });
    for (file, column) in open {
        let run = name(&file, column);
        let place = runs.iter().position(|other| *other == run);
        column.seed = place.map_or(0, |place| seeds[place]);
    }
    Ok(())
}

fn stem(file: &str) -> String {
    let name = Path::new(file).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let unpacked = match name
        .len()
        .checked_sub(3)
        .map(|at| name.split_at_checked(at))
    {
        Some(Some((head, end))) if end.eq_ignore_ascii_case(".gz") => head,
        _ => &name,
    };
    let stem = Path::new(unpacked).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Words that may precede a metric, joined by an underscore where a tag had a slash.
const SCOPES: [&str; 10] = [
    "train",
    "eval",
    "val",
    "valid",
    "validation",
    "test",
    "metric",
    "metrics",
    "net",
    "model",
];

/// Words between a metric and its index, in addition to the metric's own name for its index.
const INDEX_WORDS: [&str; 9] = [
    "index",
    "skill",
    "mode",
    "class",
    "layer",
    "output",
    "array",
    "frequency",
    "value",
];

/// The longest known metric at the end of a tag, and the index after it: `skill_strength`,
/// `eval/skill_strength_3`, `skill_strength[3]`, `skill_strength/skill-3`.
pub(super) fn metric_of<'m>(
    tag: &str,
    model: &str,
    known: &[&'m str],
) -> Option<(&'m str, Option<u64>)> {
    let written: Vec<char> = tag.trim().chars().collect();
    let plain: String = written
        .iter()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        })
        .collect();
    // A seed in a file name does not belong to the metric.
    let named: &str = match plain.rsplit_once("_seed") {
        Some((head, seed)) if !head.is_empty() && seed.trim_matches('_').parse::<u64>().is_ok() => {
            head
        }
        _ => &plain,
    };
    let starts_well = |at: usize| {
        let Some(before) = at.checked_sub(1) else {
            return true;
        };
        let word = plain[..before].rsplit('_').next().unwrap_or_default();
        match written[before] {
            '_' => SCOPES.contains(&word) || word == model || seed_in(word).is_some(),
            other => !other.is_ascii_alphanumeric(),
        }
    };
    let index_behind = |end: usize| -> Option<Option<u64>> {
        let rest = &named[end..];
        if rest.trim_matches('_').is_empty() {
            return Some(None);
        }
        let rest = rest.strip_prefix('_')?.trim_matches('_');
        let word = INDEX_WORDS.iter().find_map(|word| rest.strip_prefix(word));
        let digits = word.unwrap_or(rest).trim_start_matches('_');
        Some(Some(digits.parse().ok()?))
    };
    let mut longest_first = known.to_vec();
    longest_first.sort_by_key(|metric| std::cmp::Reverse(metric.len()));
    longest_first.into_iter().find_map(|metric| {
        let mut found = named
            .match_indices(metric)
            .filter(|(at, _)| starts_well(*at));
        found.find_map(|(at, _)| Some((metric, index_behind(at + metric.len())?)))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names_of_exports_tell_metric_and_index() {
        let known = ["skill_strength", "test_loss", "nc1", "layer_nc1"];
        for (tag, expected) in [
            ("skill_strength", Some(("skill_strength", None))),
            ("skill_strength_3", Some(("skill_strength", Some(3)))),
            ("eval/skill_strength/3", Some(("skill_strength", Some(3)))),
            ("eval_skill_strength_3", Some(("skill_strength", Some(3)))),
            ("Skill-Strength[12]", Some(("skill_strength", Some(12)))),
            ("skill_strength/skill_2", Some(("skill_strength", Some(2)))),
            ("test/loss", Some(("test_loss", None))),
            ("net_test_loss", Some(("test_loss", None))),
            ("layer_nc1_2", Some(("layer_nc1", Some(2)))),
            ("seed3_skill_strength_1", Some(("skill_strength", Some(1)))),
            ("skill_strength_1-seed-3", Some(("skill_strength", Some(1)))),
            ("nc1_quotient", None),
            ("my_skill_strength", None),
            ("skill_strength_final", None),
            ("skill_strength3", None),
            ("größe/nc1", Some(("nc1", None))),
            ("", None),
        ] {
            assert_eq!(metric_of(tag, "net", &known), expected, "{tag}");
        }
        // An unknown metric must not be taken for a known one with a similar name.
        assert_eq!(metric_of("layer_nc1_2", "net", &["nc1"]), None);
    }

    #[test]
    fn names_of_runs_tell_the_seed() {
        for (run, seed) in [
            ("seed-3", Some(3)),
            ("adam/seed=12", Some(12)),
            ("Seed_0_lr0.1", Some(0)),
            ("seeds", None),
            ("run-4", None),
        ] {
            assert_eq!(seed_in(run), seed, "{run}");
        }
        assert_eq!((trailing("run-4"), trailing("four")), (Some(4), None));
    }

    #[test]
    fn what_the_user_says_is_read_and_written_back() {
        let text = "skill_strength/3@7=my run - acc=1";
        let said: Said = text.parse().unwrap();
        let parts = (said.index, said.seed, said.column.as_deref());
        assert_eq!(parts, (Some(3), Some(7), Some("my run - acc=1")));
        assert_eq!(said.to_string(), text);
        assert!("skill_strength/one".parse::<Said>().is_err());
        assert!("/1".parse::<Said>().is_err());
    }
}
