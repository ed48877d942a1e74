use std::{path::Path, process::ExitCode};

use serde_json::{Map, Value, json};
use tasks::{
    dataset::{Dataset, Scaling},
    tensors::TensorFile,
};

use super::print_json;
use crate::{
    args::{self, MetricGroup},
    failure::Failure,
    measure::{
        Chosen, Collapse, FeatureDump, Fourier, MatrixSpectrum, Network, Norms, Numbers, Rows,
        SHOWN, Source, meaning, spectra,
    },
};

/// Results by group of metrics; a group that was not requested is empty.
struct Measured {
    /// One entry per hidden layer, from input to output.
    collapse: Vec<Collapse>,
    spectra: Option<Vec<MatrixSpectrum>>,
    norms: Option<Norms>,
    fourier: Option<Fourier>,
    /// Rows on which weights were measured.
    rows: Option<Rows>,
}

/// Measures a net from a file.
pub(super) fn measure(arguments: &args::Measure, json: bool) -> Result<ExitCode, Failure> {
    let fail = |problem: String| {
        let path = arguments.file.display().to_string();
        // An error is one line, but a file name may contain a line break.
        Failure::usage(format!(
            "{}: {problem}",
            path.replace(char::is_control, " ")
        ))
    };
    let open = |path: &Path| TensorFile::read(path).map_err(|problem| problem.to_string());
    let file = open(&arguments.file).map_err(fail)?;
    // With --data, --label-file belongs to the data, not to the measured file.
    let labels = match (&arguments.own.label_file, &arguments.data) {
        (Some(path), None) => {
            let problem = |problem| fail(format!("--label-file {}: {problem}", path.display()));
            Some(open(path).map_err(problem)?)
        }
        _ => None,
    };
    let source = Source::read(&file, labels.as_ref(), arguments.layers.as_deref()).map_err(fail)?;
    drop((file, labels));
    if let Source::Dump(dump) = &source
        && let Some(note) = dump.note()
    {
        tell!("note: {note}");
    }
    let groups = groups(arguments);
    let measured = match &source {
        Source::Dump(dump) => of_dump(dump, arguments, &groups).map_err(fail)?,
        Source::Network(network) => {
            let outputs = network.widths().last().copied();
            let rows = rows(arguments, &groups, outputs.unwrap_or(0), &fail)?;
            of_network(network, rows, arguments, &groups).map_err(fail)?
        }
    };
    let measured = with_parameters(measured, &source, &groups).map_err(fail)?;
    if json {
        print_json(&document(arguments, &source, &measured));
    } else {
        table(arguments, &source, &measured);
    }
    Ok(ExitCode::SUCCESS)
}

/// Groups to measure; by default all groups that the options allow.
fn groups(arguments: &args::Measure) -> Vec<MetricGroup> {
    if !arguments.metrics.is_empty() {
        return arguments.metrics.clone();
    }
    let mut groups = vec![MetricGroup::Nc, MetricGroup::Spectrum, MetricGroup::Norms];
    groups.extend(arguments.modulus.map(|_| MetricGroup::Fourier));
    groups
}

fn of_dump(
    dump: &FeatureDump,
    arguments: &args::Measure,
    groups: &[MetricGroup],
) -> Result<Measured, String> {
    let for_weights = [
        ("--activation", arguments.activation.is_some()),
        ("--data", arguments.data.is_some()),
        ("--label", arguments.own.label.is_some()),
        ("--modulus", arguments.modulus.is_some()),
        ("--operation", arguments.operation.is_some()),
        ("--metrics fourier", groups.contains(&MetricGroup::Fourier)),
    ];
    if let Some((option, _)) = for_weights.iter().find(|(_, given)| *given) {
        return Err(format!(
            "holds features and labels, but {option} is for weights of a net. Leave the option out"
        ));
    }
    let mut collapse = Vec::new();
    if groups.contains(&MetricGroup::Nc) {
        collapse.push(Collapse::of(&dump.features(), &dump.classifier()));
    }
    Ok(Measured {
        collapse,
        spectra: None,
        norms: None,
        fourier: None,
        rows: None,
    })
}

/// The rows on which neural collapse of weights is measured, for a net with this number of
/// `outputs`.
fn rows(
    arguments: &args::Measure,
    groups: &[MetricGroup],
    outputs: usize,
    fail: &impl Fn(String) -> Failure,
) -> Result<Option<Rows>, Failure> {
    let own = &arguments.own;
    if arguments.data.is_none() && (own.label.is_some() || own.label_file.is_some()) {
        let problem = "--label and --label-file say where the classes of --data FILE are. Give \
                       --data as well";
        return Err(fail(problem.to_owned()));
    }
    if !groups.contains(&MetricGroup::Nc) {
        return match &arguments.data {
            Some(_) => Err(fail(
                "--data is used by --metrics nc only. Leave --data out, or add nc \
                 to --metrics"
                    .to_owned(),
            )),
            None => Ok(None),
        };
    }
    let Some(name) = &arguments.data else {
        return Err(fail(
            "holds weights. For neural collapse, give the rows with --data NAME and the \
             activation of the net with --activation; otherwise choose --metrics spectrum,norms"
                .to_owned(),
        ));
    };
    let dataset = Dataset::open(name, &own.reading()).map_err(Failure::usage)?;
    let scaling = match arguments.inputs {
        None | Some(args::Inputs::Unit) => Scaling::Unit,
        Some(args::Inputs::Raw) => Scaling::Raw,
        Some(args::Inputs::Centred) => Scaling::Centred,
        Some(args::Inputs::Standardised) => Scaling::Standardised,
    };
    let chosen = Chosen {
        scaling,
        split: arguments.split_seed.zip(arguments.train),
    };
    let rows = Rows::of(&dataset.with_outputs(outputs), name, chosen);
    let rows = rows.map_err(|problem| Failure::usage(format!("--data {name}: {problem}")))?;
    for note in &rows.notes {
        tell!("note: {note}");
    }
    Ok(Some(rows))
}

fn of_network(
    network: &Network,
    rows: Option<Rows>,
    arguments: &args::Measure,
    groups: &[MetricGroup],
) -> Result<Measured, String> {
    let collapse = match (&rows, arguments.activation) {
        (Some(rows), Some(activation)) => network.collapse(activation, rows)?,
        (Some(_), None) => {
            return Err(
                "holds weights, but not the activation. Give --activation, for example relu; \
                 `layerwise show activation` lists all"
                    .to_owned(),
            );
        }
        (None, _) => Vec::new(),
    };
    let fourier = match (groups.contains(&MetricGroup::Fourier), arguments.modulus) {
        (true, Some(modulus)) => Some(Fourier::of(
            network,
            modulus,
            arguments.operation.as_deref(),
        )?),
        (true, None) => {
            return Err(
                "--metrics fourier needs --modulus P, the modulus of a net whose inputs are two \
                 one-hot residues"
                    .to_owned(),
            );
        }
        (false, _) => None,
    };
    Ok(Measured {
        collapse,
        spectra: None,
        norms: None,
        fourier,
        rows,
    })
}

/// Adds the metrics that need weights and biases only.
fn with_parameters(
    measured: Measured,
    source: &Source,
    groups: &[MetricGroup],
) -> Result<Measured, String> {
    let arrays = source.parameters();
    let spectra = if groups.contains(&MetricGroup::Spectrum) {
        Some(spectra(&arrays, SHOWN).map_err(|error| error.to_string())?)
    } else {
        None
    };
    let norms = groups
        .contains(&MetricGroup::Norms)
        .then(|| Norms::of(&arrays));
    Ok(Measured {
        spectra,
        norms,
        ..measured
    })
}

/// Metrics of the last hidden layer are at the top level; those of every hidden layer are under
/// `layers`.
fn document(arguments: &args::Measure, source: &Source, measured: &Measured) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("file", json!(arguments.file.display().to_string()));
    match source {
        Source::Dump(dump) => {
            put("kind", json!("features"));
            put("ignored", json!(dump.ignored));
        }
        Source::Network(network) => {
            put("kind", json!("weights"));
            put("widths", json!(network.widths()));
            if let (order, by @ ("shapes" | "words" | "list")) = network.order() {
                put("layer_order", json!({ "layers": order, "by": by }));
            }
        }
    }
    if let Some(rows) = &measured.rows {
        let activation = arguments.activation;
        let name = activation.map(|activation| format!("{activation:?}").to_lowercase());
        put("activation", json!(name));
        put("data", rows.origin.clone());
        put("notes", json!(rows.notes));
    }
    if let Some(last) = measured.collapse.last() {
        last.write_rows(&mut document);
        last.numbers().write(&mut document);
    }
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    if let Source::Network(_) = source
        && !measured.collapse.is_empty()
    {
        let layers = (1..).zip(&measured.collapse).map(|(layer, collapse)| {
            let mut document = Map::new();
            document.insert("layer".to_owned(), json!(layer));
            document.insert("width".to_owned(), json!(collapse.width));
            collapse.features.write(&mut document);
            Value::from(document)
        });
        put("layers", layers.collect());
    }
    if let Some(spectra) = &measured.spectra {
        put(
            "spectrum",
            spectra.iter().map(MatrixSpectrum::document).collect(),
        );
    }
    if let Some(fourier) = &measured.fourier {
        put("fourier", fourier.document());
    }
    if let Some(norms) = &measured.norms {
        put("norms", norms.document());
    }
    document.into()
}

fn table(arguments: &args::Measure, source: &Source, measured: &Measured) {
    say!(
        "{}: {}",
        arguments.file.display(),
        summary(source, measured)
    );
    if let Some(last) = measured.collapse.last() {
        let of = match source {
            Source::Dump(_) => "",
            Source::Network(_) => " of the last hidden layer",
        };
        say!("\nNeural collapse{of}");
        if let Some(without) = last.says_without_rows() {
            say!("  {without}; the numbers are for the other classes");
        }
        let dropped = last.features.get("dropped_directions");
        if dropped.is_some_and(|count| count.as_u64() > Some(0)) {
            let precision = last.precision();
            say!("  directions within the rounding of {precision} are dropped");
        }
        lines(&last.numbers());
    }
    if measured.collapse.len() > 1 {
        layers(&measured.collapse);
    }
    for spectrum in measured.spectra.iter().flatten() {
        let shape = &spectrum.shape;
        let values = spectrum.singular_values.iter().copied().map(short);
        say!("\nSpectrum of {} {shape:?}", spectrum.name);
        lines(&spectrum.ranks);
        say!(
            "  largest singular values: {}",
            values.collect::<Vec<_>>().join(" ")
        );
    }
    if let Some(fourier) = &measured.fourier {
        let (neurons, modulus) = (fourier.neurons, fourier.modulus);
        let untuned = (fourier.untuned).map(|count| format!("; {count} without a spectrum"));
        say!(
            "\nFourier power of {neurons} neurons modulo {modulus}{}{}",
            fourier.says_characters(),
            untuned.unwrap_or_default()
        );
        lines(&fourier.means);
        let keys = fourier.key_frequencies.iter();
        let keys = keys.map(|(k, power)| format!("{k} ({})", short(*power)));
        say!(
            "  strongest frequencies: {}",
            keys.collect::<Vec<_>>().join(", ")
        );
        if let Some(note) = &fourier.note {
            say!("  note: {note}");
        }
    }
    if let Some(norms) = &measured.norms
        && !norms.arrays.is_empty()
    {
        say!("\nFrobenius norms");
        for (name, size) in &norms.arrays {
            say!("  {name:<30} {:>10}", short(*size));
        }
        say!("  {:<30} {:>10}", "total", short(norms.total));
    }
}

/// Summary of the file in one line.
fn summary(source: &Source, measured: &Measured) -> String {
    match source {
        Source::Dump(dump) => {
            let features = dump.features();
            let (rows, width, classes) = (features.labels.len(), features.width, features.classes);
            let classifier = match dump.classifier().map(|classifier| classifier.bias) {
                Ok(Some(_)) => "classifier with bias",
                Ok(None) => "classifier without bias",
                Err(_) => "no classifier",
            };
            let mut text =
                format!("{rows} rows of {width} features, {classes} classes, {classifier}");
            if !dump.ignored.is_empty() {
                text += &format!("; not used: {:?}", dump.ignored);
            }
            text
        }
        Source::Network(network) => {
            let widths: Vec<String> = network.widths().iter().map(usize::to_string).collect();
            let mut text = format!("weights of a net {}", widths.join("-"));
            if let (order, by @ ("shapes" | "words")) = network.order() {
                let by = match by {
                    "shapes" => "their shapes",
                    _ => "words in their names",
                };
                text += &format!(", layers in the order of {by}: {}", order.join(", "));
            }
            if let Some(rows) = &measured.rows {
                let inputs = rows.origin["inputs"].as_str().unwrap_or_default();
                text += &format!(" on {} rows of {} ({inputs})", rows.labels.len(), rows.name);
            }
            text
        }
    }
}

fn lines(numbers: &Numbers) {
    for (name, value) in numbers.entries() {
        match value {
            Ok(value) => say!("  {name:<30} {:>10}  {}", text(value), meaning(name)),
            Err(reason) => say!("  {name:<30} {:>10}  not defined: {reason}", "—"),
        }
    }
}

/// A row for every hidden layer.
fn layers(layers: &[Collapse]) {
    const SHOWN: [&str; 5] = [
        "nc1",
        "nc1_quotient",
        "nearest_mean_accuracy",
        "effective_rank",
        "stable_rank",
    ];
    say!(
        "\n  layer  width {}",
        SHOWN.map(|name| format!("{name:>22}")).join("")
    );
    for (layer, collapse) in (1..).zip(layers) {
        let cells = SHOWN.map(|name| {
            let value = collapse.features.get(name);
            format!("{:>22}", value.map_or_else(|| "—".to_owned(), text))
        });
        say!("  {layer:>5}  {:>5} {}", collapse.width, cells.join(""));
    }
}

fn text(value: &Value) -> String {
    match value.as_u64() {
        Some(count) => count.to_string(),
        None => short(value.as_f64().unwrap_or(f64::NAN)),
    }
}

/// Four digits.
fn short(value: f64) -> String {
    let plain = value == 0.0 || (1e-3..1e5).contains(&value.abs());
    if plain {
        format!("{value:.4}")
    } else {
        format!("{value:.3e}")
    }
}
