//! Selects the cells of the sweep that a panel shows, and checks that their knobs suit the panel.

use record::{knob_value, lies_at};

use crate::{
    plan::Variant,
    spec::{Panel, Scale, SpecError},
};

use super::super::named::Names;

/// The cells that a panel shows. Every named variant must have at least one.
pub(super) fn shown<'a>(
    place: &str,
    panel: &Panel,
    names: &Names<'_>,
    variants: &'a [Variant],
) -> Result<Vec<&'a Variant>, SpecError> {
    let mut shown: Vec<&Variant> = Vec::new();
    for group in &panel.variants {
        // A single cell of a grid can be named by its full name.
        let named = |v: &&Variant| v.group == *group || v.name == *group;
        let cells: Vec<&Variant> = variants.iter().filter(named).collect();
        if cells.is_empty() {
            names.group(&format!("{place}.variants"), group)?;
        }
        let grid = grid_of(&cells);
        if let Some(knob) = panel.at.keys().find(|knob| !grid.contains_key(*knob)) {
            return Err(SpecError::key(
                format!("{place}.at"),
                format!("{knob:?}"),
                format!("is not a knob of the grid of {group}"),
                one_of(&grid),
            ));
        }
        let before = shown.len();
        shown.extend(cells.into_iter().filter(|v| lies_at(&v.knobs, &panel.at)));
        if shown.len() == before {
            return Err(SpecError::key(
                format!("{place}.at"),
                toml::Value::Table(panel.at.clone()),
                format!("matches no cell of the grid of {group}"),
                "Give values that knobs of the grid take.",
            ));
        }
    }
    Ok(shown)
}

/// The values that each knob takes in these cells.
pub(super) fn grid_of(cells: &[&Variant]) -> toml::Table {
    let mut grid = toml::Table::new();
    for variant in cells {
        for (key, value) in &variant.knobs {
            let values = grid
                .entry(key)
                .or_insert_with(|| toml::Value::Array(Vec::new()));
            if let Some(values) = values.as_array_mut()
                && !values.contains(value)
            {
                values.push(value.clone());
            }
        }
    }
    grid
}

/// The knobs that take several values in these cells.
fn varied(grid: &toml::Table) -> impl Iterator<Item = &str> {
    let several = |values: &toml::Value| values.as_array().is_some_and(|v| v.len() > 1);
    let varied = grid.iter().filter(move |(_, values)| several(values));
    varied.map(|(knob, _)| knob.as_str())
}

fn one_of(grid: &toml::Table) -> String {
    if grid.is_empty() {
        "Vary a knob in [sweep.grid].".to_owned()
    } else {
        let knobs: Vec<&str> = grid.keys().map(String::as_str).collect();
        format!("Choose one of: {}.", knobs.join(", "))
    }
}

/// The values of a knob of the grid.
fn values<'a>(
    key: &str,
    knob: &str,
    grid: &'a toml::Table,
) -> Result<&'a [toml::Value], SpecError> {
    let values = grid.get(knob).and_then(toml::Value::as_array);
    values.map(Vec::as_slice).ok_or_else(|| {
        SpecError::key(
            key,
            format!("{knob:?}"),
            "is not a key of [sweep.grid]",
            one_of(grid),
        )
    })
}

/// Checks that a knob on an axis is in the grid, with numbers that the axis can show.
pub(super) fn check_number(
    key: &str,
    knob: &str,
    scale: Scale,
    grid: &toml::Table,
) -> Result<(), SpecError> {
    for value in values(key, knob, grid)? {
        let single = toml::Table::from_iter([(knob.to_owned(), value.clone())]);
        let fits = match knob_value(&single, knob) {
            None => Some("a number"),
            Some(number) if !number.is_finite() => Some("a finite number"),
            Some(number) if scale == Scale::Log && number <= 0.0 => {
                Some("above 0, which a log scale needs")
            }
            Some(_) => None,
        };
        if let Some(domain) = fits {
            return Err(SpecError::key(
                key,
                format!("{knob:?}"),
                format!("has the value {value}, which is not {domain}"),
                format!("Correct sweep.grid.\"{knob}\"."),
            ));
        }
    }
    Ok(())
}

/// Largest number of colours that a reader can distinguish.
pub(super) const COLOURS: usize = 8;

/// Checks that a knob shown as colour is in the grid, and that each shown cell has its own value.
pub(super) fn check_colours(key: &str, knob: &str, cells: &[&Variant]) -> Result<(), SpecError> {
    let error = |problem: String, hint: String| {
        Err(SpecError::key(key, format!("{knob:?}"), problem, hint))
    };
    let grid = grid_of(cells);
    let count = values(key, knob, &grid)?.len();
    if count > COLOURS {
        return error(
            format!("takes {count} values, but only {COLOURS} colours can be distinguished"),
            "Name some of the cells in `variants`, by their full names.".to_owned(),
        );
    }
    if count == cells.len() {
        return Ok(());
    }
    match varied(&grid).find(|other| *other != knob) {
        Some(other) => error(
            format!("is the only colour, but [sweep.grid] also varies {other:?}"),
            format!("Fix it with at = {{ {other:?} = VALUE }}."),
        ),
        None => error(
            "takes the same value in several of the variants".to_owned(),
            "Show one variant.".to_owned(),
        ),
    }
}

/// Checks that only one cell is shown, where colours do not distinguish cells; `what` names what
/// the colours show.
pub(super) fn check_single(
    place: &str,
    what: &str,
    panel: &Panel,
    cells: &[&Variant],
) -> Result<(), SpecError> {
    if cells.len() < 2 {
        return Ok(());
    }
    let grid = grid_of(cells);
    let open: Vec<&str> = varied(&grid).collect();
    let hint = match open.as_slice() {
        [] => "Name one variant.".to_owned(),
        [first, ..] => format!("Fix its knobs with at = {{ {first:?} = VALUE }}."),
    };
    let (key, value) = if panel.variants.len() > 1 {
        ("variants", format!("{:?}", panel.variants))
    } else if panel.at.is_empty() {
        ("at", "(missing)".to_owned())
    } else {
        ("at", toml::Value::Table(panel.at.clone()).to_string())
    };
    Err(SpecError::key(
        format!("{place}.{key}"),
        value,
        format!(
            "matches {} cells of the sweep, but {what} can show only one",
            cells.len()
        ),
        hint,
    ))
}
