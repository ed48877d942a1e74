//! Expands one spec table with a sweep into one table for each variant.

use std::collections::HashSet;

use serde::Deserialize;

use crate::{
    names::plain_name,
    spec::{SpecError, Sweep, Training, sweep::Range},
    tables::{get_key, remove_key, set_key},
};

/// Parts of a spec that variants cannot change, because they apply to the whole spec.
const SHARED: [&str; 9] = [
    "name",
    "title",
    "summary",
    "source",
    "claims",
    "numbers",
    "leaderboards",
    "pictures",
    "quick",
];

/// Largest number of cells (variants times seeds). A longer list alone would take minutes and fill
/// the memory.
pub(crate) const MOST_CELLS: u64 = 100_000;

/// A group, its knobs, and the changed table.
pub(crate) type Expanded = (String, toml::Table, toml::Table);

/// Expands `base` (a raw spec table) into the tables of all variants.
pub(crate) fn expand(base: &toml::Table, sweep: &Sweep) -> Result<Vec<Expanded>, SpecError> {
    let mut variants = Vec::new();
    let shared = Knobs {
        place: "sweep".to_owned(),
        grid: &sweep.grid,
        links: &sweep.links,
    };
    shared.expand("base", &without_sweep(base), &mut variants)?;
    let mut taken = HashSet::from(["base"]);
    for (position, change) in sweep.variants.iter().enumerate() {
        let place = format!("sweep.variants[{position}]");
        plain_name(&format!("{place}.name"), &change.name)?;
        if !taken.insert(&change.name) {
            return Err(SpecError::key(
                format!("{place}.name"),
                format!("{:?}", change.name),
                "is used twice (`base` is reserved)",
                "Give each variant its own name.",
            ));
        }
        let mut table = without_sweep(base);
        for key in &change.unset {
            if !remove_key(&mut table, key) {
                return Err(SpecError::key(
                    format!("{place}.unset"),
                    format!("{key:?}"),
                    "is not a key of this spec",
                    "Name a key that the spec sets.",
                ));
            }
        }
        for (key, value) in &change.set {
            check_sweepable(&format!("{place}.set"), key)?;
            set_key(&mut table, key, value.clone())?;
        }
        let knobs = Knobs {
            place,
            grid: change.grid.as_ref().unwrap_or(&sweep.grid),
            links: change.links.as_ref().unwrap_or(&sweep.links),
        };
        knobs.expand(&change.name, &table, &mut variants)?;
    }
    Ok(variants)
}

/// The grid and the links of one group.
struct Knobs<'a> {
    place: String,
    grid: &'a toml::Table,
    links: &'a toml::Table,
}

/// A key whose value follows from another key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    key: String,
    times: Option<f64>,
    power: Option<f64>,
    /// Take the larger of the value and its inverse, for knobs that are balanced at 1.
    #[serde(default)]
    symmetric: bool,
}

/// Several links, multiplied.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    product: Vec<toml::Value>,
    /// Upper limit of the result.
    at_most: Option<f64>,
}

impl Knobs<'_> {
    fn expand(
        &self,
        group: &str,
        table: &toml::Table,
        variants: &mut Vec<Expanded>,
    ) -> Result<(), SpecError> {
        let mut cells = vec![(toml::Table::new(), table.clone())];
        for (key, values) in self.grid {
            check_sweepable(&format!("{}.grid", self.place), key)?;
            let values = grid_values(values).ok_or_else(|| {
                SpecError::key(
                    format!("{}.grid.\"{key}\"", self.place),
                    values,
                    format!(
                        "must be a list of values, or a range of 2 to {MOST_CELLS} points between \
                         finite numbers (above 0 with log)"
                    ),
                    "Write for example [500, 1000] or { from = 0.1, to = 10, points = 5, log = true }.",
                )
            })?;
            let count = cells.len().saturating_mul(values.len());
            if count as u64 > MOST_CELLS {
                return Err(SpecError::key(
                    format!("{}.grid", self.place),
                    key,
                    format!("makes {count} variants of {group}, more than {MOST_CELLS}"),
                    "Give fewer values, or split the sweep into several specs.",
                ));
            }
            let mut next = Vec::with_capacity(count);
            for (knobs, table) in &cells {
                for value in &values {
                    let (mut knobs, mut table) = (knobs.clone(), table.clone());
                    set_key(&mut table, key, value.clone())?;
                    knobs.insert(key.clone(), value.clone());
                    next.push((knobs, table));
                }
            }
            cells = next;
        }
        for (knobs, mut table) in cells {
            for (key, link) in self.links {
                check_sweepable(&format!("{}.links", self.place), key)?;
                let value = self.linked(&table, key, link)?;
                set_key(&mut table, key, value)?;
            }
            variants.push((group.to_owned(), knobs, table));
        }
        Ok(())
    }

    fn linked(
        &self,
        table: &toml::Table,
        key: &str,
        link: &toml::Value,
    ) -> Result<toml::Value, SpecError> {
        let refuse = |problem: &str| {
            SpecError::key(
                format!("{}.links.\"{key}\"", self.place),
                link,
                problem.to_owned(),
                "Write for example { key = \"models.net.init.lambda\", times = -1.0 }.",
            )
        };
        if let Ok(product) = link.clone().try_into::<Product>() {
            let mut value = 1.0;
            for factor in &product.product {
                let factor = self.linked(table, key, factor)?;
                value *= number(&factor).ok_or_else(|| {
                    refuse(
                        "multiplies a value that is not a \
                         number",
                    )
                })?;
            }
            let value = value.min(product.at_most.unwrap_or(f64::INFINITY));
            if value.is_finite() {
                return Ok(value.into());
            }
            return Err(refuse("does not give a finite number"));
        }
        let Ok(link) = link.clone().try_into::<Link>() else {
            let problem = "must name a key, and may have numbers `times` and `power`, and \
                           `symmetric`, or be a `product` of such links, with `at_most`";
            return Err(refuse(problem));
        };
        let value =
            get_key(table, &link.key).ok_or_else(|| refuse("names a key that is not set"))?;
        if link.times.is_none() && link.power.is_none() && !link.symmetric {
            return Ok(value.clone());
        }
        let number = number(value).ok_or_else(|| refuse("scales a value that is not a number"))?;
        let number = if link.symmetric {
            number.max(number.recip())
        } else {
            number
        };
        let scaled = link.times.unwrap_or(1.0) * number.powf(link.power.unwrap_or(1.0));
        if scaled.is_finite() {
            return Ok(scaled.into());
        }
        Err(refuse("does not give a finite number"))
    }
}

/// The value as a number. A list with one number, such as the widths of one hidden layer, counts as
/// that number.
fn number(value: &toml::Value) -> Option<f64> {
    match value {
        toml::Value::Integer(value) => Some(*value as f64),
        toml::Value::Float(value) => Some(*value),
        toml::Value::Array(values) => match &values[..] {
            [single] => number(single),
            _ => None,
        },
        _ => None,
    }
}

fn grid_values(values: &toml::Value) -> Option<Vec<toml::Value>> {
    if let Some(list) = values.as_array() {
        return (!list.is_empty()).then(|| list.clone());
    }
    let range: Range = values.clone().try_into().ok()?;
    let countable = range.points >= 2 && u64::from(range.points) <= MOST_CELLS;
    let usable = countable && range.from.is_finite() && range.to.is_finite();
    if !usable || (range.log && (range.from <= 0.0 || range.to <= 0.0)) {
        return None;
    }
    let last = f64::from(range.points - 1);
    let value = |i: u32| {
        let share = f64::from(i) / last;
        let value = if range.log {
            (range.from.ln() * (1.0 - share) + range.to.ln() * share).exp()
        } else {
            range.from * (1.0 - share) + range.to * share
        };
        // The values are rounded, because they are part of the names of variants.
        toml::Value::Float(format!("{value:.9e}").parse().unwrap_or(value))
    };
    Some((0..range.points).map(value).collect())
}

/// Name of a variant from its group and knobs.
pub(crate) fn name_of(group: &str, knobs: &toml::Table) -> String {
    knobs.iter().fold(group.to_owned(), |name, (key, value)| {
        format!("{name},{key}={value}")
    })
}

fn without_sweep(base: &toml::Table) -> toml::Table {
    let mut table = base.clone();
    table.remove("sweep");
    table
}

fn check_sweepable(place: &str, key: &str) -> Result<(), SpecError> {
    let root = key.split('.').next().unwrap_or(key);
    if SHARED.contains(&root) || root == "sweep" {
        return Err(SpecError::key(
            place,
            format!("{key:?}"),
            "cannot differ between variants",
            "Vary keys of task, models, predictions, training or measure.",
        ));
    }
    Ok(())
}

/// Checks the number of seeds of a run with this number of variants.
pub(crate) fn check_seeds(training: &Training, variants: usize) -> Result<(), SpecError> {
    let cells = training.seeds.saturating_mul(variants as u64);
    if cells <= MOST_CELLS {
        return Ok(());
    }
    Err(SpecError::key(
        "training.seeds",
        training.seeds,
        format!("makes {cells} cells (seeds times variants), more than {MOST_CELLS}"),
        "Write fewer seeds, or vary less in [sweep].",
    ))
}
