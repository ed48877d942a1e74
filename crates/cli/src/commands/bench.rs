use std::{cell::Cell, process::ExitCode};

use indicatif::{ProgressBar, ProgressStyle};
use models::Precision;
use nets::Target;
use serde_json::{Value, json};
use train::Kinds;

use super::{print_json, run::provenance};
use crate::{
    args,
    bench::{
        self, Case, DataPath, Effort, Engine, Limit, Machine, Peer, Python, Steps, steps_page,
        whole_page,
    },
    destination,
    failure::Failure,
};

/// Default numbers of repeats, of steps and of whole experiments, which take minutes.
const REPEATS: usize = 5;
const WHOLE_REPEATS: usize = 3;
/// Duration of a repeat in seconds: hundreds of steps for all but the largest nets.
const SECONDS: f64 = 0.1;
const QUICK_SECONDS: f64 = 0.02;

/// Times training steps or whole experiments.
pub(super) fn bench(
    arguments: &args::Bench,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let engines = engines(arguments)?;
    if let Some(path) = &arguments.markdown {
        destination::check("--markdown", path, &[])?;
    }
    let python = Python(arguments.python.clone());
    let (mut peers, lacking) = if arguments.peers {
        bench::find(&python)
    } else {
        (Vec::new(), Vec::new())
    };
    for line in &lacking {
        tell!("{line}");
    }
    let machine = Machine::here(provenance());
    let page = if arguments.whole {
        whole(arguments, &python, &peers, &machine)?
    } else {
        steps(arguments, &engines, kinds, &python, &mut peers, &machine)?
    };
    if let Some(path) = &arguments.markdown {
        let text = format!("{}\n", page.markdown);
        destination::write("--markdown", path, text.as_bytes())?;
    }
    if json {
        let mut document = page.json;
        document["machine"] = machine.json();
        document["skipped"] = json!(lacking);
        document["peers"] = (peers.iter())
            .map(|peer| (peer.name.to_owned(), peer.version.clone().into()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        print_json(&document);
    } else {
        say!("{}", page.markdown);
    }
    Ok(ExitCode::SUCCESS)
}

/// What was measured, in both forms.
struct Page {
    markdown: String,
    json: Value,
}

fn steps(
    arguments: &args::Bench,
    engines: &[Engine],
    kinds: &Kinds,
    python: &Python,
    peers: &mut [Peer],
    machine: &Machine,
) -> Result<Page, Failure> {
    let mut cases = if arguments.quick {
        bench::quick()
    } else {
        bench::all()
    };
    if let Some(only) = &arguments.only {
        cases.retain(|case| case.name().contains(only.as_str()));
    }
    if cases.is_empty() {
        let names: Vec<_> = bench::all().iter().map(Case::name).collect();
        let only = arguments.only.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!(
            "--only {only}: no net has this text in its name. The nets are: {}",
            names.join(", ")
        )));
    }
    let effort = Effort {
        repeats: arguments.repeats.unwrap_or(REPEATS),
        seconds: if arguments.quick {
            QUICK_SECONDS
        } else {
            SECONDS
        },
    };
    let with_peers = cases.iter().filter(|case| case.has_peers()).count();
    let parts = 2 + cases.len() * engines.len() + with_peers * peers.len();
    let progress = Progress::new(parts, arguments.quick);
    progress.begins("the limit of arithmetic");
    let before = Limit::measure(effort.repeats, effort.seconds);
    let mut rows = Vec::new();
    for case in cases {
        let mut times = Vec::new();
        // Peers are timed right before the engines, so that both see the machine in the same state.
        for peer in peers.iter_mut().filter(|_| case.has_peers()) {
            progress.begins(&format!("{}, {}", case.label(), peer.name));
            match peer.steps(python, &case, effort.seconds) {
                Ok(found) => times.push(found),
                Err(failure) => progress.warn(&failure.message),
            }
        }
        for engine in engines {
            progress.begins(&format!("{}, {}", case.label(), engine.label()));
            let mut row = Steps::measure(case, engine, &kinds.engines, effort)?;
            row.peers.clone_from(&times);
            rows.push(row);
        }
    }
    progress.begins("sampling, and the limit again");
    let data = DataPath::measure(kinds, effort)?;
    let limit = before.or(Limit::measure(effort.repeats, effort.seconds));
    progress.finish();
    Ok(Page {
        markdown: steps_page(machine, &limit, &rows, &data, peers),
        json: json!({
            "repeats": effort.repeats,
            "limit": limit.json(),
            "steps": rows.iter().map(|row| row.json(&limit)).collect::<Vec<_>>(),
            "data_path": data.json(),
        }),
    })
}

fn whole(
    arguments: &args::Bench,
    python: &Python,
    peers: &[Peer],
    machine: &Machine,
) -> Result<Page, Failure> {
    let mut experiments = bench::experiments(arguments.quick);
    if let Some(only) = &arguments.only {
        experiments.retain(|experiment| experiment.name.contains(only.as_str()));
    }
    if experiments.is_empty() {
        let names: Vec<_> = bench::experiments(false).iter().map(|e| e.name).collect();
        let only = arguments.only.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!(
            "--only {only}: no experiment has this text in its name. The experiments are: {}",
            names.join(", ")
        )));
    }
    let repeats = arguments.repeats.unwrap_or(WHOLE_REPEATS);
    let jax = peers.iter().find(|peer| peer.name == "jax");
    let python = jax.map(|_| python);
    let folder = tempfile::tempdir().map_err(Failure::run)?;
    let programs = 1 + usize::from(jax.is_some());
    let progress = Progress::new(experiments.len() * repeats * programs, arguments.quick);
    let mut outcomes = Vec::new();
    for experiment in experiments {
        let begins = |program: &str| progress.begins(&format!("{}, {program}", experiment.name));
        let path = folder.path();
        outcomes.push(experiment.measure(repeats, arguments.quick, python, path, begins)?);
    }
    progress.finish();
    Ok(Page {
        markdown: whole_page(machine, &outcomes, jax.into_iter()),
        json: json!({
            "repeats": repeats,
            "whole": outcomes.iter().map(bench::Outcome::json).collect::<Vec<_>>(),
        }),
    })
}

/// The engine mlp, and autodiff on each device.
fn engines(arguments: &args::Bench) -> Result<Vec<Engine>, Failure> {
    let open = |device: &str| {
        Target::open(device, Precision::F32).map_err(|error| Failure::device("--devices", &error))
    };
    let mut engines = vec![Engine {
        name: "mlp",
        device: "flex".to_owned(),
        target: open("flex")?,
    }];
    for device in &arguments.devices {
        engines.push(Engine {
            name: "autodiff",
            device: device.clone(),
            target: open(device)?,
        });
    }
    Ok(engines)
}

/// Progress of the benchmark: a bar on a terminal, lines elsewhere, so that a log shows progress.
struct Progress {
    bar: ProgressBar,
    begun: Cell<usize>,
    /// Whether lines are written.
    lines: bool,
}

impl Progress {
    /// Progress over this number of parts; a `quick` benchmark writes no lines.
    fn new(parts: usize, quick: bool) -> Self {
        let bar = ProgressBar::new(parts as u64);
        let style = "bench {wide_bar} {pos}/{len}  {elapsed} gone  {msg}";
        bar.set_style(
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self {
            lines: bar.is_hidden() && !quick,
            begun: Cell::new(0),
            bar,
        }
    }

    /// The next part.
    fn begins(&self, part: &str) {
        let done = self.begun.replace(self.begun.get() + 1);
        self.bar.set_position(done as u64);
        self.bar.set_message(part.to_owned());
        if self.lines {
            let (now, parts) = (done + 1, self.bar.length().unwrap_or_default());
            let gone = self.bar.elapsed().as_secs();
            tell!("bench {now}/{parts}, {gone} s gone: {part}");
        }
    }

    fn warn(&self, message: &str) {
        self.bar.suspend(|| tell!("warning: {message}"));
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
