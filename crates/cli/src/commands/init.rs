//! `init`: writes a commented spec for the user's data or a synthetic task.

use std::{path::Path, process::ExitCode};

use plan::{Options, Plan, SpecError, load_source};
use serde_json::json;
use tasks::dataset::Dataset;
use train::Kinds;

use super::print_json;
use crate::{args, destination, failure::Failure};

/// Writes a commented spec, after checking it like any other spec.
pub(super) fn init(arguments: &args::Init, kinds: &Kinds, json: bool) -> Result<ExitCode, Failure> {
    let (name, text) = match (&arguments.data, arguments.task) {
        (Some(_), _) => of_data(arguments, kinds)?,
        (None, Some(args::InitTask::Parity)) => (
            "parity".to_owned(),
            include_str!("init/parity.toml").to_owned(),
        ),
        (None, Some(args::InitTask::ModularAddition)) => of_residues(arguments.modulus),
        (None, None) => {
            return Err(Failure::usage(
                "init: needs --data FILE|NAME with --label COLUMN, or --task parity or \
                 modular-addition",
            ));
        }
    };
    let out = (arguments.out.clone()).unwrap_or_else(|| format!("{name}.toml").into());
    let text = text.replace("{out}", &out.display().to_string());
    destination::check("--out", &out, &[])?;
    if out.exists() {
        return Err(Failure::usage(format!(
            "{}: exists already. Give another name with --out",
            out.display()
        )));
    }
    let origin = out.display().to_string();
    checked(&text, &origin, kinds)?;
    destination::write("--out", &out, text.as_bytes())?;
    if json {
        print_json(&json!({ "spec": out }));
    } else {
        say!("{origin}\nrun it: layerwise run {origin}");
    }
    Ok(ExitCode::SUCCESS)
}

fn checked(text: &str, origin: &str, kinds: &Kinds) -> Result<Plan, SpecError> {
    load_source(text, origin, &Options::default(), kinds)
}

/// Largest number of principal components; in small data sets, later components hardly vary.
const COMPONENTS: usize = 20;

/// The spec for a data set, with as many whitened components as its training rows allow.
fn of_data(arguments: &args::Init, kinds: &Kinds) -> Result<(String, String), Failure> {
    let data = arguments.data.as_deref().unwrap_or_default();
    let reading = arguments.own.reading();
    let dataset = Dataset::open(data, &reading)?;
    let mut rows = toml::Table::new();
    if dataset.own {
        rows.insert("file".to_owned(), data.into());
        if let Some(label) = reading.label {
            rows.insert("label".to_owned(), label.into());
        }
        if let Some(file) = reading.label_file {
            rows.insert("label_file".to_owned(), file.display().to_string().into());
        }
        let format = toml::Table::try_from(&reading.format);
        rows.extend(format.map_err(Failure::run)?);
    } else {
        rows.insert("name".to_owned(), data.into());
    }
    let (count, classes) = (dataset.labels.len(), dataset.card.classes.len());
    let train = (2 * count / 3).max(classes).min(count - 1);
    let stem = Path::new(data).file_name().unwrap_or_default();
    let stem = stem.to_string_lossy();
    let name = stem.split('.').next().unwrap_or_default().to_owned();
    let text = |components: usize| {
        include_str!("init/data.toml")
            .replace(
                "{what}",
                &format!("{stem}: {count} rows of {classes} classes"),
            )
            .replace("{rows}", rows.to_string().trim_end())
            .replace("{train}", &train.to_string())
            .replace("{components}", &components.to_string())
    };
    let mut components = dataset.card.features.min(train - 1).min(COMPONENTS);
    // Columns may be linearly dependent, which shows only when the rows are loaded.
    while components > 1 && checked(&text(components), &name, kinds).is_err() {
        components -= 1;
    }
    Ok((name, text(components)))
}

/// Largest modulus p for which training on p² characters is fast.
const CHARACTERS: u32 = 40;

/// The spec for modular addition. If the modulus is too large for characters, it has no twins that
/// need them.
fn of_residues(modulus: u32) -> (String, String) {
    let text = match modulus {
        ..=CHARACTERS => include_str!("init/modular.toml"),
        _ => include_str!("init/modular-large.toml"),
    };
    let text = text.replace("{modulus}", &modulus.to_string());
    (format!("addition-{modulus}"), text)
}
