use std::process::ExitCode;

use serde_json::{Map, json};
use theory::forms::{Form, FormError, Inputs, Outputs, PointKind, Points, Value, form, forms};

use super::print_json;
use crate::{args, failure::Failure, weights};

/// Evaluates, lists or shows closed forms.
pub(super) fn theory(arguments: &args::Theory, json: bool) -> Result<ExitCode, Failure> {
    let evaluates = !(arguments.set.is_empty() && points(arguments) == Points::None);
    match (arguments.name.as_str(), &arguments.of) {
        ("list", None) if !evaluates => list(json),
        ("show", Some(name)) if !evaluates => show(&form(name).map_err(Failure::usage)?, json),
        ("show", None) => {
            return Err(Failure::usage(
                "theory show needs the name of a closed form. See `layerwise theory list`",
            ));
        }
        ("list" | "show", _) => {
            let message = "-s, --times, --fractions and --steps evaluate a closed form: \
                           layerwise theory NAME -s param=value…";
            return Err(Failure::usage(message));
        }
        (name, word) => {
            let form = form(name).map_err(Failure::usage)?;
            if let Some(word) = word
                && !takes_file(&form)
            {
                let message = format!(
                    "{word:?} after the name of a closed form has no meaning. Give parameters \
                     with -s param=value"
                );
                return Err(Failure::usage(message));
            }
            evaluate(arguments, &form, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(json: bool) {
    if json {
        let forms = forms();
        let rows = forms
            .iter()
            .map(|f| json!({ "name": f.name, "summary": f.summary }));
        print_json(&json!({ "forms": rows.collect::<Vec<_>>() }));
        return;
    }
    for form in forms() {
        say!("{:<22} {}", form.name, form.summary);
    }
}

fn show(form: &Form, json: bool) {
    let points: Vec<&str> = form.points.iter().map(|kind| kind.option()).collect();
    if json {
        let parameters = form.parameters.iter().map(|p| {
            json!({
                "name": p.name, "meaning": p.meaning, "unit": p.unit, "domain": p.domain,
                "default": p.default,
            })
        });
        let outputs = (form.outputs.iter())
            .map(|o| json!({ "name": o.name, "meaning": o.meaning, "unit": o.unit }));
        print_json(&json!({
            "name": form.name,
            "summary": form.summary,
            "equation": form.equation,
            "assumes": form.assumes,
            "source": form.source,
            "parameters": parameters.collect::<Vec<_>>(),
            "points": points,
            "outputs": outputs.collect::<Vec<_>>(),
        }));
        return;
    }
    say!("{}: {}\n", form.name, form.summary);
    say!("  {}\n", form.equation);
    say!("Assumes: {}", form.assumes);
    say!("Source:  {}\n", form.source);
    say!("Parameters (-s name=value):");
    for p in form.parameters {
        let default = p
            .default
            .map_or(String::new(), |d| format!(" [default: {d}]"));
        say!(
            "  {:<16} {} ({}): {}{default}",
            p.name,
            p.meaning,
            p.unit,
            p.domain
        );
    }
    if !points.is_empty() {
        say!("Where: {}", points.join(" or "));
    }
    say!("Gives:");
    for o in form.outputs {
        say!("  {:<22} {} ({})", o.name, o.meaning, o.unit);
    }
}

/// Whether the matrices of the form can be read from a file.
fn takes_file(form: &Form) -> bool {
    form.parameters.iter().any(|p| p.name == "W1")
}

fn evaluate(arguments: &args::Theory, form: &Form, json: bool) -> Result<(), Failure> {
    let mut inputs = Inputs::new(points(arguments));
    if let Some(path) = &arguments.of {
        for (name, matrix) in weights::read(path.as_ref())? {
            inputs.set(&name, matrix);
        }
    }
    for text in &arguments.set {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::usage(format!(
                "-s {text}: must be param=value. Write for example -s target=1"
            )));
        };
        if name.trim() == "file" && takes_file(form) {
            for (name, matrix) in weights::read(value.trim().as_ref())? {
                inputs.set(&name, matrix);
            }
        } else {
            inputs.set(name.trim(), number_or_list(name.trim(), value.trim())?);
        }
    }
    let inputs = form.resolve(&inputs).map_err(|error| match error {
        FormError::MissingParameter { .. } if takes_file(form) => Failure::usage(format!(
            "{error}, or give all matrices in a .json or .safetensors file after the name"
        )),
        other => Failure::usage(other),
    })?;
    let outputs = form.evaluate(&inputs).map_err(Failure::usage)?;
    if json {
        print_json(&document(form, &inputs, &outputs));
    } else {
        say_on!("{}", csv(&inputs, &outputs));
    }
    Ok(())
}

fn points(arguments: &args::Theory) -> Points {
    let given = [
        (&arguments.times, PointKind::Times),
        (&arguments.fractions, PointKind::Fractions),
        (&arguments.steps, PointKind::Steps),
    ];
    let given = given.into_iter().find(|(values, _)| !values.is_empty());
    given.map_or(Points::None, |(values, kind)| match kind {
        PointKind::Times => Points::Times(values.clone()),
        PointKind::Fractions => Points::Fractions(values.clone()),
        PointKind::Steps => Points::Steps(values.clone()),
        PointKind::None => Points::None,
    })
}

fn number_or_list(name: &str, value: &str) -> Result<Value, Failure> {
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}"));
    let parsed = parsed.ok().and_then(|mut table| table.remove("v"));
    parsed.as_ref().and_then(number).ok_or_else(|| {
        Failure::usage(format!(
            "-s {name}={value}: must be a number or a list. Write for example 0.5, [1, 2] or \
             [[1, 0], [0, 1]]"
        ))
    })
}

fn number(value: &toml::Value) -> Option<Value> {
    match value {
        toml::Value::Integer(integer) => Some(Value::Number(*integer as f64)),
        toml::Value::Float(float) => Some(Value::Number(*float)),
        toml::Value::Array(items) => {
            let items: Option<Vec<Value>> = items.iter().map(number).collect();
            Some(Value::List(items?))
        }
        _ => None,
    }
}

/// The parameters and the results, by name.
fn document(form: &Form, inputs: &Inputs, outputs: &Outputs) -> serde_json::Value {
    let mut document = Map::new();
    document.insert("name".to_owned(), json!(form.name));
    let parameters = inputs.values().iter();
    let parameters: Map<_, _> = parameters
        .map(|(name, value)| (name.clone(), tree(value)))
        .collect();
    document.insert("parameters".to_owned(), parameters.into());
    if let Some(name) = inputs.points().option().strip_prefix("--") {
        document.insert(name.to_owned(), json!(inputs.points().values()));
    }
    for (name, value) in outputs {
        document.insert((*name).to_owned(), tree(value));
    }
    document.into()
}

fn tree(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(number) => json!(number),
        Value::List(items) => items.iter().map(tree).collect(),
    }
}

/// One column per result if each result has one number per point. Otherwise one row per number,
/// whose index is its position in the nested lists, from 1.
fn csv(inputs: &Inputs, outputs: &Outputs) -> String {
    let points = inputs.points();
    let flat = |value: &Value| match value {
        Value::List(items) if items.len() == points.values().len() => (items.iter())
            .map(|item| match item {
                Value::Number(number) => Some(*number),
                Value::List(_) => None,
            })
            .collect::<Option<Vec<f64>>>(),
        _ => None,
    };
    let columns: Option<Vec<Vec<f64>>> = outputs.iter().map(|(_, value)| flat(value)).collect();
    let option = points.option().trim_start_matches("--");
    match columns {
        Some(columns) if !points.values().is_empty() => {
            let mut text = option.to_owned();
            for (name, _) in outputs {
                text += &format!(",{name}");
            }
            text.push('\n');
            for (row, point) in points.values().iter().enumerate() {
                text += &point.to_string();
                for column in &columns {
                    text += &format!(",{}", column[row]);
                }
                text.push('\n');
            }
            text
        }
        _ => {
            let mut text = "name,index,value\n".to_owned();
            for (position, point) in points.values().iter().enumerate() {
                text += &format!("{option},{},{point}\n", position + 1);
            }
            for (name, value) in outputs {
                rows(name, "", value, &mut text);
            }
            text
        }
    }
}

fn rows(name: &str, index: &str, value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => *text += &format!("{name},{index},{number}\n"),
        Value::List(items) => {
            for (position, item) in items.iter().enumerate() {
                let dot = if index.is_empty() { "" } else { "." };
                rows(name, &format!("{index}{dot}{}", position + 1), item, text);
            }
        }
    }
}
