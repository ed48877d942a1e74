//! One file per verb, and the dispatch of the parsed arguments to it.

mod bench;
mod calibrate;
mod compare;
mod data;
mod devices;
mod doctor;
mod export;
mod init;
mod list;
mod measure;
mod other_spec;
mod parity;
mod play;
mod report;
mod reproduce;
pub(crate) mod run;
mod show;
mod sweep;
mod theory;
mod verdict;

use std::process::ExitCode;

use clap::CommandFactory;
use train::Kinds;

use crate::{
    args::{Arguments, Command},
    failure::Failure,
};

pub(crate) fn dispatch(arguments: Arguments, kinds: &Kinds) -> Result<ExitCode, Failure> {
    let json = arguments.json;
    match arguments.command {
        Command::List { preregister } => list::list(preregister.as_deref(), kinds, json),
        Command::Init(arguments) => init::init(&arguments, kinds, json),
        Command::Run(run) => run::run(&run, kinds, json),
        Command::Play(arguments) => play::play(&arguments, kinds, json),
        Command::Reproduce(reproduce) => reproduce::reproduce(&reproduce, kinds, json),
        Command::Parity(parity) => parity::parity(&parity, kinds, json),
        Command::Verdict(verdict) => verdict::verdict(&verdict, kinds, json),
        Command::Calibrate(arguments) => calibrate::calibrate(&arguments, kinds, json),
        Command::Report(report) => report::report(&report, kinds, json),
        Command::Compare(arguments) => compare::compare(&arguments, json),
        Command::Measure(arguments) => measure::measure(&arguments, json),
        Command::Show(arguments) => show::show(&arguments, kinds, json),
        Command::Theory(arguments) => theory::theory(&arguments, json),
        Command::Data(arguments) => data::data(&arguments, json),
        Command::Export(arguments) => export::export(&arguments, kinds, json),
        Command::Sweep(arguments) => sweep::sweep(&arguments, kinds, json),
        Command::Devices => Ok(devices::devices(kinds, json)),
        Command::Doctor(arguments) => doctor::doctor(&arguments, kinds, json),
        Command::Bench(arguments) => bench::bench(&arguments, kinds, json),
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
