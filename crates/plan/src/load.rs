//! Loads the text of a spec and makes its plan.

use std::{collections::HashSet, fs, path::Path};

use crate::{
    Kinds,
    check::{
        Checker, check_references, check_run_wide,
        defaults::{fill, fill_name},
    },
    expand::{check_seeds, expand, name_of},
    identity::trained_part,
    plan::{Claims, Plan, Variant},
    spec::{Spec, SpecError, place::line_at},
    tables::set_key,
};

/// Changes to a spec before it is resolved.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Apply the spec's `[quick]` table.
    pub quick: bool,
    /// `key=value` overrides, applied in order after `[quick]`.
    pub overrides: Vec<String>,
    /// Upper limit of the number of steps, also for variants that set their own steps.
    pub steps_at_most: Option<u64>,
}

/// The key of the number of steps.
const STEPS: &str = "training.steps";

/// Reads a spec file and makes its plan.
///
/// # Errors
/// See [`SpecError`].
pub fn load(path: &Path, options: &Options, kinds: &Kinds) -> Result<Plan, SpecError> {
    let source = fs::read_to_string(path).map_err(|error| SpecError::File {
        path: path.to_owned(),
        problem: format!("cannot be read: {error}"),
        hint: "Give the path of a spec, or the name of one of `layerwise list`".to_owned(),
    })?;
    load_source(&source, &path.display().to_string(), options, kinds)
}

/// Makes the plan of a spec from its text; `origin` is its name in messages.
///
/// # Errors
/// See [`SpecError`].
pub fn load_source(
    source: &str,
    origin: &str,
    options: &Options,
    kinds: &Kinds,
) -> Result<Plan, SpecError> {
    let mut table: toml::Table = toml::from_str(source).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(source, span.start));
        SpecError::Syntax {
            place: format!("{origin}:{line}"),
            problem: error.message().trim().to_owned(),
        }
    })?;
    fill_name(&mut table, origin);
    resolve(table, options, kinds).map_err(|error| error.in_source(origin, source))
}

fn resolve(mut table: toml::Table, options: &Options, kinds: &Kinds) -> Result<Plan, SpecError> {
    if options.quick {
        match table.get("quick").cloned() {
            Some(toml::Value::Table(quick)) => {
                for (key, value) in quick {
                    set_key(&mut table, &key, value)?;
                }
            }
            Some(other) => {
                return Err(SpecError::key(
                    "quick",
                    other,
                    "must be a table",
                    "Write [quick].",
                ));
            }
            None => {}
        }
    }
    for text in &options.overrides {
        let (key, value) = parse_override(text)?;
        set_key(&mut table, &key, value)?;
    }
    if let Some(most) = options.steps_at_most {
        limit_steps(&mut table, most)?;
    }
    let mut checker = Checker::new(kinds);
    fill(&mut table, &mut checker)?;
    let mut spec: Spec = tasks::parse_table(table.clone())?;
    let expanded = expand(&table, &spec.sweep)?;
    // The number of cells is checked first, because the next steps loop over every seed of every
    // variant.
    check_seeds(&spec.training, expanded.len())?;
    let mut variants: Vec<Variant> = Vec::new();
    let mut names = HashSet::new();
    for (group, knobs, changed) in expanded {
        let mut changed: Spec = tasks::parse_table(changed)?;
        check_run_wide(&spec.training, &changed.training)?;
        let name = name_of(&group, &knobs);
        if !names.insert(name.clone()) {
            return Err(SpecError::key(
                "sweep",
                format!("{name:?}"),
                "occurs twice in the grid",
                "Write each value of the grid once.",
            ));
        }
        variants.push(checker.variant(&mut changed, name, group, knobs)?);
    }
    let (name, group) = ("base".to_owned(), "base".to_owned());
    let base = checker.variant(&mut spec, name, group, toml::Table::new())?;
    let claims = Claims::of(&spec, kinds)?;
    check_references(&mut spec, &claims, &variants)?;
    Ok(Plan {
        base: trained_part(&base),
        spec,
        variants,
        claims,
    })
}

/// Limits the steps of the spec and of its variants. Values that are not numbers are reported by
/// later checks.
fn limit_steps(table: &mut toml::Table, most: u64) -> Result<(), SpecError> {
    let limit = |steps: &mut toml::Value| {
        if let toml::Value::Integer(steps) = steps {
            *steps = (*steps).min(most.try_into().unwrap_or(i64::MAX));
        }
    };
    let training = table.get_mut("training").and_then(|t| t.as_table_mut());
    if let Some(steps) = training.and_then(|training| training.get_mut("steps")) {
        limit(steps);
    }
    let Some(sweep) = table.get_mut("sweep").and_then(|t| t.as_table_mut()) else {
        return Ok(());
    };
    let changes = sweep.get_mut("variants").and_then(|v| v.as_array_mut());
    let changes = changes.into_iter().flatten();
    for change in changes.filter_map(|change| change.as_table_mut()) {
        let set = change.get_mut("set").and_then(|set| set.as_table_mut());
        if let Some(steps) = set.and_then(|set| set.get_mut(STEPS)) {
            limit(steps);
        }
        refuse_varied_steps(change)?;
    }
    refuse_varied_steps(sweep)
}

/// Rejects a grid over steps, because limited values would be equal.
fn refuse_varied_steps(knobs: &toml::Table) -> Result<(), SpecError> {
    let has = |part: &&str| {
        let table = knobs.get(*part).and_then(|part| part.as_table());
        table.is_some_and(|table| table.contains_key(STEPS))
    };
    match ["grid", "links"].into_iter().find(has) {
        None => Ok(()),
        Some(part) => Err(SpecError::key(
            format!("sweep.{part}.\"{STEPS}\""),
            &knobs[part][STEPS],
            "varies the steps, which --steps limits",
            "Leave --steps out.",
        )),
    }
}

/// Parses `key=value` with a TOML value; a bare word is a string.
fn parse_override(text: &str) -> Result<(String, toml::Value), SpecError> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(SpecError::key(
            "-s",
            format!("{text:?}"),
            "must be key=value",
            "Write for example -s training.lr=0.02.",
        ));
    };
    let (key, value) = (key.trim(), value.trim());
    match value_of(value) {
        Some(value) => Ok((key.to_owned(), value)),
        None => Err(SpecError::key(
            key,
            value,
            "is not a TOML value",
            "Write a number, true, false, \"text\", [a list] or {a = \"table\"}.",
        )),
    }
}

/// Parses a TOML value from the command line, where a bare word is a string.
pub fn value_of(text: &str) -> Option<toml::Value> {
    let text = text.trim();
    let parsed = toml::from_str::<toml::Table>(&format!("v = {text}"));
    let word = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    match parsed.ok().and_then(|mut table| table.remove("v")) {
        None if !text.is_empty() && text.chars().all(word) => {
            Some(toml::Value::String(text.to_owned()))
        }
        parsed => parsed,
    }
}
