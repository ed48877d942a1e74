use std::process::ExitCode;

use nets::{BACKENDS, Backend, Engine, FoundDevice};
use serde_json::json;
use train::Kinds;

use super::print_json;
use crate::failure::with_own_features;

/// The recommended backend: the fastest on small nets, in both precisions.
const RECOMMENDED: &str = "flex";

/// Lists backends (built in, found on this machine, or how to get them) and engines with what each
/// of them covers.
pub(super) fn devices(kinds: &Kinds, json: bool) -> ExitCode {
    let rows: Vec<(&Backend, Vec<FoundDevice>)> = BACKENDS
        .iter()
        .map(|backend| (backend, backend.found()))
        .collect();
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(backend, found)| row(backend, found))
            .collect();
        print_json(
            &json!({ "devices": rows, "recommended": RECOMMENDED, "engines": engines(kinds) }),
        );
        return ExitCode::SUCCESS;
    }
    for (backend, found) in rows {
        let Backend { name, about, .. } = backend;
        if !backend.is_built() {
            let command = build_command(backend);
            say!(
                "{name:<9} not in this build  {about}\n{:28} `{command}`",
                ""
            );
        } else if found.is_empty() {
            let needs = backend.needs;
            say!(
                "{name:<9} not found          {about}\n{:28} needs {needs}",
                ""
            );
        }
        for (index, device) in found.iter().enumerate() {
            let address = if backend.host {
                (*name).to_owned()
            } else {
                format!("{name}:{index}")
            };
            let adapter = device.adapter.as_deref().unwrap_or(about);
            let recommended = if *name == RECOMMENDED {
                ", recommended"
            } else {
                ""
            };
            say!(
                "{address:<9} {:<18} {adapter}{recommended}",
                precisions(device)
            );
        }
    }
    print_engines(kinds);
    ExitCode::SUCCESS
}

fn engines(kinds: &Kinds) -> Vec<serde_json::Value> {
    let engine = |engine: &dyn Engine| {
        let covers = engine.coverage();
        json!({
            "name": engine.name(),
            "models": covers.models,
            "losses": covers.losses,
            "optimizers": covers.optimizers,
            "precisions": covers.precisions,
            "devices": covers.devices,
            "interventions": covers.interventions,
        })
    };
    kinds.engines.iter().map(engine).collect()
}

fn print_engines(kinds: &Kinds) {
    say!("\nengines, in the order in which --engine auto tries them for each model:");
    for engine in kinds.engines.iter() {
        let covers = engine.coverage();
        say!("{:<9} {}", engine.name(), covers.models);
        say!(
            "{:<9} losses: {}; optimizers: {}; precisions: {}; devices: {}; interventions: {}",
            "",
            covers.losses,
            covers.optimizers,
            covers.precisions,
            covers.devices,
            covers.interventions
        );
    }
}

/// The command that builds this backend in and lists it.
fn build_command(backend: &Backend) -> String {
    match &*with_own_features(&backend.features()) {
        "" => "cargo run --release -- devices".to_owned(),
        features => format!("cargo run --release --features {features} -- devices"),
    }
}

fn precisions(device: &FoundDevice) -> &'static str {
    match (device.f32, device.f64) {
        (true, true) => "f32, f64",
        (true, false) => "f32",
        (false, true) => "f64",
        (false, false) => "cannot be opened",
    }
}

fn row(backend: &Backend, found: &[FoundDevice]) -> serde_json::Value {
    let found: Vec<_> = (found.iter().enumerate())
        .map(|(index, device)| {
            json!({
                "index": index,
                "adapter": device.adapter,
                "f32": device.f32,
                "f64": device.f64,
            })
        })
        .collect();
    json!({
        "name": backend.name,
        "description": backend.about,
        "built": backend.is_built(),
        "build_command": build_command(backend),
        "needs": backend.needs,
        "available": !found.is_empty(),
        "found": found,
    })
}
