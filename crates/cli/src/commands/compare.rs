use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use judge::{Comparison, CurveDifference, PointDifference, Run};
use plan::spec::{Layer, LineStyle, Outcome, Panel, Picture};
use serde_json::json;

use super::print_json;
use crate::{args, failure::Failure};

/// Compares two runs.
pub(super) fn compare(arguments: &args::Compare, json: bool) -> Result<ExitCode, Failure> {
    let (first, second) = (Run::read(&arguments.first)?, Run::read(&arguments.second)?);
    let comparison = judge::compare(&first, &second);
    let pictures = match &arguments.out {
        Some(out) => draw(&comparison, &first, &second, out)?,
        None => Vec::new(),
    };
    if json {
        print_json(&json!({
            "first": arguments.first,
            "second": arguments.second,
            "comparison": comparison,
            "pictures": pictures,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    say!("A: {}", about(&first));
    say!("B: {}", about(&second));
    print_spec(&comparison);
    print_curves(&comparison);
    print_verdicts(&comparison);
    for path in pictures {
        say!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn about(run: &Run) -> String {
    let manifest = &run.manifest;
    format!(
        "{}, {} cells of {} seeds on {} ({}), {}",
        manifest.name,
        manifest.cells.len(),
        manifest.seeds.len(),
        manifest.device,
        manifest.precision,
        run.path.display()
    )
}

fn print_spec(comparison: &Comparison) {
    if comparison.spec.is_empty() {
        say!("\nspec: the same");
        return;
    }
    say!("\nspec: keys that differ ({}):", comparison.spec.len());
    /// Longest value that is printed in full; the text of a claim would not fit on a line.
    const LONGEST: usize = 60;
    let short = |value: &Option<String>| match value {
        None => "(absent)".to_owned(),
        Some(value) if value.chars().count() > LONGEST => {
            format!("{}…", value.chars().take(LONGEST).collect::<String>())
        }
        Some(value) => value.clone(),
    };
    for key in &comparison.spec {
        say!(
            "  {}: {} → {}",
            key.key,
            short(&key.first),
            short(&key.second)
        );
    }
}

/// Curves that differ, sorted by the share of points that differ, and then by their number of
/// steps.
fn most_apart(comparison: &Comparison) -> Vec<&CurveDifference> {
    let share = |curve: &CurveDifference| curve.apart as f64 / curve.judged.max(1) as f64;
    let mut curves: Vec<_> = comparison
        .curves
        .iter()
        .filter(|curve| !curve.same)
        .collect();
    curves.sort_by(|a, b| share(b).total_cmp(&share(a)).then(b.steps.cmp(&a.steps)));
    curves
}

fn print_curves(comparison: &Comparison) {
    /// Longest list that is still readable.
    const SHOWN: usize = 30;
    let curves = most_apart(comparison);
    let same = comparison.curves.len() - curves.len();
    say!(
        "\ncurves: {} compared, {same} identical{}",
        comparison.curves.len(),
        if curves.is_empty() {
            ""
        } else {
            "; B − A with 95 % t intervals over seeds:"
        }
    );
    if !curves.is_empty() {
        say!(
            "{:<24} {:<14} {:<22} {:>13}  {:<46} largest difference",
            "variant",
            "model",
            "metric",
            "points differ",
            "difference at the last step"
        );
    }
    for curve in curves.iter().take(SHOWN) {
        let apart = match curve.judged {
            0 => "—".to_owned(),
            judged => format!("{} of {judged}", curve.apart),
        };
        let unpaired = if curve.paired { "" } else { " (other seeds)" };
        say!(
            "{:<24} {:<14} {:<22} {apart:>13}  {:<46} {}{unpaired}",
            curve.variant,
            curve.model,
            curve.metric,
            point(curve.last),
            point(curve.largest),
        );
    }
    if let more @ 1.. = curves.len().saturating_sub(SHOWN) {
        say!("and {more} more; --json has all");
    }
    if curves.iter().any(|curve| curve.judged > 0) {
        say!("(without any true difference, about 1 point in 20 would differ by chance)");
    }
    for (whose, only) in [
        ("A", &comparison.only_first),
        ("B", &comparison.only_second),
    ] {
        if let [[variant, model, metric], more @ ..] = &only[..] {
            let more = match more.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            say!("only {whose} has {metric} of {model} in {variant}{more}");
        }
    }
}

fn point(point: Option<PointDifference>) -> String {
    let Some(point) = point else {
        return "never reached".to_owned();
    };
    let difference = point.second - point.first;
    let interval = match (point.low, point.high) {
        (Some(low), Some(high)) => format!(" [{low:.2e}, {high:.2e}]"),
        _ => String::new(),
    };
    let index = match point.index {
        0 => String::new(),
        index => format!(", index {index}"),
    };
    format!("{difference:+.2e}{interval} at {}{index}", point.step)
}

fn print_verdicts(comparison: &Comparison) {
    let same = comparison.same_verdicts;
    if comparison.verdicts.is_empty() {
        say!("\nverdicts: the same for all claims ({same})");
        return;
    }
    let changed = comparison.verdicts.len();
    say!("\nverdicts: {changed} of {} claims differ", same + changed);
    let word = |outcome: Option<Outcome>| {
        outcome.map_or("no such claim".to_owned(), |outcome| outcome.to_string())
    };
    for pair in &comparison.verdicts {
        say!(
            "  {}: {} → {}",
            pair.claim,
            word(pair.first),
            word(pair.second)
        );
    }
}

/// Number of pictures, for the curves that differ most.
const PICTURES: usize = 6;

fn draw(
    comparison: &Comparison,
    first: &Run,
    second: &Run,
    out: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let mut both = first.clone();
    both.observations = [("A", first), ("B", second)]
        .into_iter()
        .flat_map(|(whose, run)| {
            let rows = run.observations.rows().iter().cloned();
            rows.map(move |mut row| {
                row.model = format!("{whose}: {}", row.model).into();
                row
            })
        })
        .collect();
    let mut written = Vec::new();
    std::fs::create_dir_all(out).map_err(|error| {
        Failure::usage(format!(
            "{}: cannot be created: {error}. Choose a \
             writable folder with --out",
            out.display()
        ))
    })?;
    // A curve needs more than two points.
    let curves = most_apart(comparison)
        .into_iter()
        .filter(|curve| curve.steps > 2);
    for (place, curve) in curves.take(PICTURES).enumerate() {
        let picture = picture(place, curve, &both);
        let Some(picture) = picture else { continue };
        let drawn = report::svg(&both, &picture).and_then(|svg| Ok((report::png(&svg)?, svg)));
        match drawn {
            Ok((png, svg)) => {
                for (ending, bytes) in [("svg", svg.as_bytes()), ("png", &png)] {
                    let path = out.join(format!("{}.{ending}", picture.name));
                    record::write_atomically(&path, bytes).map_err(|error| {
                        Failure::usage(format!(
                            "{}: cannot be written: {error}. Choose a writable \
                             folder with --out",
                            path.display()
                        ))
                    })?;
                    written.push(path);
                }
            }
            Err(error) => tell!("warning: {error}"),
        }
    }
    Ok(written)
}

/// Both runs in one panel.
fn picture(place: usize, curve: &CurveDifference, run: &Run) -> Option<Picture> {
    let variants = run.manifest.variants.iter();
    let variant = variants
        .into_iter()
        .find(|variant| variant.name == curve.variant)?;
    let layer = |whose: &str, style| Layer {
        model: format!("{whose}: {}", curve.model),
        style: Some(style),
        label: format!("{whose}: {}", curve.model),
        metric: None,
    };
    // All other keys have defaults, which only the parser of specs applies.
    let mut panel: Panel =
        toml::from_str("kind = 'curves'\nlayers = []\nx_label = ''\ny_label = ''").ok()?;
    panel.metric = Some(curve.metric.clone());
    panel.variants = vec![variant.group.clone()];
    panel.at = variant.knobs.clone();
    panel.layers = vec![
        layer("A", LineStyle::Dashed),
        layer("B", LineStyle::DashDotted),
    ];
    panel.x_label = "training step".to_owned();
    panel.y_label = curve.metric.replace('_', " ");
    Some(Picture {
        name: format!("{}-{}-{}", place + 1, curve.model, curve.metric),
        title: format!(
            "{} of {} in {}: {} of {} points differ",
            curve.metric.replace('_', " "),
            curve.model,
            curve.variant,
            curve.apart,
            curve.judged
        ),
        titles: None,
        caption: "A and B are two runs; bands over {seeds} seeds.".to_owned(),
        panels: vec![panel],
    })
}
