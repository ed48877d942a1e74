//! Any spec as a scene: its own pictures, and dials for the numbers that it has.

use plan::Plan;

use crate::{dial::Dial, tell::Shown, values::Values};

use super::Scene;

/// Most dials of a spec: as many as a reader looks through.
const DIALS: usize = 16;
/// How far from its value a dial goes, as a factor.
const SPAN: f64 = 10.0;
/// Seeds at the start: few, so that curves come soon.
const SEEDS: f64 = 2.0;
/// Most seeds.
const MOST_SEEDS: u32 = 16;

/// A scene of a spec, whose text is `spec` and whose plan, with its `[quick]` table if asked for, is `plan`.
///
/// Its dials are seeds, steps and learning rate, then the numbers of its models and its task. Whole numbers
/// that say what a task or a net is, and not how much of it, may fit together in a few ways only; a dial
/// that does not fit says what would.
pub fn own_scene(spec: &str, origin: &str, quick: bool, plan: &Plan) -> Scene {
    let resolved = toml::Table::try_from(&plan.spec).unwrap_or_default();
    let training = &plan.spec.training;
    let steps = u32::try_from(training.steps).unwrap_or(u32::MAX / 20);
    let mut dials = vec![
        Dial::log(
            "lr",
            "training: lr",
            (training.lr / SPAN, training.lr * SPAN),
            training.lr,
        )
        .help("Learning rate.")
        .sets("training.lr"),
        Dial::whole(
            "steps",
            "training: steps",
            (steps.div_ceil(10), steps * 10),
            steps,
        )
        .sets("training.steps"),
    ];
    let seeds = Dial::whole("seeds", "training: seeds", (1, MOST_SEEDS), SEEDS as u32)
        .help("A verdict needs several.")
        .sets("training.seeds");
    let knobs: Vec<&String> = plan.variants.iter().flat_map(|v| v.knobs.keys()).collect();
    for part in ["models", "predictions", "task"] {
        let Some(table) = resolved.get(part).and_then(toml::Value::as_table) else {
            continue;
        };
        let mut found = Vec::new();
        numbers(table, part, &mut found);
        for (key, value) in found {
            // A knob of the sweep has its values already.
            let varied = knobs.iter().any(|knob| **knob == key);
            if !varied && dials.len() < DIALS - 1 {
                dials.extend(dial(&key, &value));
            }
        }
    }
    dials.push(seeds);
    Scene {
        name: "spec".to_owned(),
        title: plan.spec.name.clone(),
        invitation: plan.spec.title.clone(),
        spec: spec.to_owned(),
        origin: origin.to_owned(),
        quick,
        dials,
        links: |_: &Values| Vec::new(),
        tells,
    }
}

/// The numbers in a table and the tables in it, by key.
fn numbers(table: &toml::Table, path: &str, found: &mut Vec<(String, toml::Value)>) {
    for (key, value) in table {
        let key = format!("{path}.{key}");
        match value {
            toml::Value::Table(inner) => numbers(inner, &key, found),
            toml::Value::Integer(_) | toml::Value::Float(_) => found.push((key, value.clone())),
            _ => {}
        }
    }
}

/// A dial around a number; none for a number that has no range of its own.
fn dial(key: &str, value: &toml::Value) -> Option<Dial> {
    let name: String = key
        .chars()
        .map(|c| if c == '.' || c == '_' { '-' } else { c })
        .collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !name.chars().all(plain) {
        return None;
    }
    let (part, rest) = key.split_once('.')?;
    let label = match part {
        "task" => format!("task: {rest}"),
        _ => rest.replacen('.', ": ", 1),
    };
    let dial = match *value {
        toml::Value::Integer(whole) if whole > 0 => {
            let whole = u32::try_from(whole)
                .ok()
                .filter(|&whole| whole < u32::MAX / 20)?;
            Dial::whole(&name, &label, (whole.div_ceil(10), whole * 10), whole)
        }
        toml::Value::Float(number) if number > 0.0 && number.is_finite() => {
            Dial::log(&name, &label, (number / SPAN, number * SPAN), number)
        }
        toml::Value::Float(0.0) => Dial::linear(&name, &label, (0.0, 1.0), 0.0),
        _ => return None,
    };
    Some(dial.sets(key))
}

fn tells(shown: &Shown<'_>) -> Vec<String> {
    vec![shown.run.spec.summary.trim().to_owned()]
}
