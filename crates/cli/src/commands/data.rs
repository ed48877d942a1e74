use std::{path::Path, process::ExitCode};

use serde_json::json;
use tasks::dataset::{Card, DataError, Dataset, card, names};

use super::print_json;
use crate::{
    args::{Data, OwnRows},
    failure::{Failure, USAGE},
};

/// Carries out `layerwise data …`.
pub(super) fn data(arguments: &Data, json: bool) -> Result<ExitCode, Failure> {
    match arguments {
        Data::List => list(json),
        Data::Show { name, own } => show(name, own, json),
        Data::Verify { folder } => Ok(verify(folder.as_deref(), json)),
    }
}

fn list(as_json: bool) -> Result<ExitCode, Failure> {
    let cards = names().map(|name| Ok((name, card(name)?)));
    let cards: Vec<(&str, Card)> = cards.collect::<Result<_, DataError>>()?;
    if as_json {
        let rows = cards.iter().map(|(name, card)| {
            json!({
                "name": name,
                "title": card.title,
                "rows": card.rows,
                "features": card.features,
                "classes": card.classes.len(),
                "licence": card.licence,
            })
        });
        print_json(&json!({ "datasets": rows.collect::<Vec<_>>() }));
    } else {
        say!(
            "{:<13} {:>5} {:>9} {:>8}  title",
            "name",
            "rows",
            "features",
            "classes"
        );
        for (name, card) in &cards {
            let (rows, classes) = (card.rows, card.classes.len());
            say!(
                "{name:<13} {rows:>5} {:>9} {classes:>8}  {}",
                card.features,
                card.title
            );
        }
        say!("\n`layerwise data show NAME` prints source, licence and class counts");
    }
    Ok(ExitCode::SUCCESS)
}

fn show(name: &str, own: &OwnRows, as_json: bool) -> Result<ExitCode, Failure> {
    let dataset = Dataset::open(name, &own.reading())?;
    for note in &dataset.notes {
        tell!("note: {note}");
    }
    let (card, counts) = (&dataset.card, dataset.class_counts());
    let smallest = dataset.inputs.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = dataset
        .inputs
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    if as_json {
        print_json(&json!({
            "name": name,
            "card": card,
            "class_counts": counts,
            "smallest": smallest,
            "largest": largest,
            "notes": dataset.notes,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    say!("{name}: {}\n\n{}\n", card.title, card.summary);
    let shape = match card.image {
        Some([height, width]) => format!(" (images of {height} × {width})"),
        None => String::new(),
    };
    say!("rows         {}", card.rows);
    say!(
        "features     {}{shape}, values from {smallest} to {largest}",
        card.features
    );
    if !card.feature_names.is_empty() {
        say!("             {}", card.feature_names.join(", "));
    }
    let counts = card.classes.iter().zip(&counts);
    let counts: Vec<String> = counts
        .map(|(class, count)| format!("{class}: {count}"))
        .collect();
    say!("classes      {}", counts.join(", "));
    for (label, text) in [
        ("source", &card.source),
        ("transform", &card.transform),
        ("licence", &card.licence),
        ("attribution", &card.attribution),
        ("citation", &card.citation),
    ] {
        say!("{label:<12} {text}");
    }
    for file in &card.files {
        say!(
            "file         {} ({} bytes, SHA-256 {})",
            file.path,
            file.bytes,
            file.sha256
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks every data set; the exit code is 2 if one is damaged.
fn verify(folder: Option<&Path>, as_json: bool) -> ExitCode {
    let checked = names().map(|name| {
        let problem = match folder {
            Some(folder) => Dataset::in_folder(folder, name).err(),
            None => Dataset::shipped(name).err(),
        };
        (name, problem.map(|error| error.to_string()))
    });
    let checked: Vec<(&str, Option<String>)> = checked.collect();
    let sound = checked.iter().all(|(_, problem)| problem.is_none());
    if as_json {
        let rows = checked.iter().map(|(name, problem)| {
            json!({ "name": name, "sound": problem.is_none(), "problem": problem })
        });
        print_json(&json!({ "sound": sound, "datasets": rows.collect::<Vec<_>>() }));
    } else {
        for (name, problem) in &checked {
            match problem {
                None => say!("{name:<13} sound"),
                Some(problem) => say!("{name:<13} DAMAGED  {problem}"),
            }
        }
    }
    if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(USAGE)
    }
}
