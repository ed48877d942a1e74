//! One file per verb.

mod bench;
mod compare;
mod data;
mod devices;
mod doctor;
mod export;
mod list;
mod measure;
mod parity;
mod report;
mod reproduce;
mod run;
mod sweep;
mod theory;
mod verdict;

use std::process::ExitCode;

use clap::CommandFactory;

use crate::{
    args::{Arguments, Command},
    failure::Failure,
};

pub(crate) fn dispatch(arguments: Arguments) -> Result<ExitCode, Failure> {
    let json = arguments.json;
    match arguments.command {
        Command::List => list::list(json),
        Command::Run(run) => run::run(&run, json),
        Command::Reproduce(reproduce) => reproduce::reproduce(&reproduce, json),
        Command::Parity(parity) => parity::parity(&parity, json),
        Command::Verdict(verdict) => verdict::verdict(&verdict, json),
        Command::Report(report) => report::report(&report, json),
        Command::Compare(arguments) => compare::compare(&arguments, json),
        Command::Measure(arguments) => measure::measure(&arguments, json),
        Command::Theory(arguments) => theory::theory(&arguments, json),
        Command::Data(arguments) => data::data(&arguments, json),
        Command::Export(arguments) => export::export(&arguments, json),
        Command::Sweep(arguments) => sweep::sweep(&arguments, json),
        Command::Devices => Ok(devices::devices(json)),
        Command::Doctor(arguments) => doctor::doctor(&arguments, json),
        Command::Bench(arguments) => bench::bench(&arguments, json),
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            clap_complete::generate(shell, &mut command, "layerwise", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints one JSON document.
fn print_json(value: &serde_json::Value) {
    say!("{value:#}");
}
