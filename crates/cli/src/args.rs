use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use tasks::dataset::{self, Decimal, Reading, RowNumbers, Separator};

/// Train nets and their layerwise-linear twins, overlay the theory, judge claims.
#[derive(Debug, Parser)]
#[command(name = "layerwise", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Print the result as one JSON document on standard output; messages go to standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the shipped experiments.
    List {
        /// Print the claims and thresholds of all experiments as registered on a date such as
        /// 2026-01-31, in the format of experiments/prereg.lock.
        #[arg(long, value_name = "DATE")]
        preregister: Option<String>,
    },
    /// Write a commented spec for your data or a synthetic task, ready to run.
    Init(Init),
    /// Run an experiment: train, measure, judge, draw.
    Run(Run),
    /// Play with the phenomena in the browser: turn a dial, watch nets and theory answer.
    Play(Play),
    /// Run several experiments and write one page over all of them.
    Reproduce(Reproduce),
    /// Train one experiment on several devices and report where their results diverge.
    Parity(Parity),
    /// Judge the claims of recorded runs again, without training.
    Verdict(Verdict),
    /// Test whether the claims of recorded runs could have failed: null data, wrong laws, power.
    Calibrate(Calibrate),
    /// Draw recorded runs again and write one page over them, without training.
    Report(Report),
    /// Compare the specs, curves and verdicts of two runs.
    Compare(Compare),
    /// Measure neural collapse, spectra, Fourier power and norms of a trained net from a file.
    Measure(Measure),
    /// Explain what a spec is written with: tasks, models, metrics and all other kinds, with their keys.
    Show(Show),
    /// Evaluate a closed form, list all of them, or explain one.
    Theory(Theory),
    /// List the shipped data sets, show one of them or your own, or verify their files.
    #[command(subcommand)]
    Data(Data),
    /// Export the weights or observations of a run to other programs.
    #[command(subcommand)]
    Export(Export),
    /// Run an experiment in several processes, on several machines or on a cluster.
    #[command(subcommand)]
    Sweep(Sweep),
    /// List the devices and engines of this build and this machine.
    Devices,
    /// Check every device of this machine against reference results.
    Doctor(Doctor),
    /// Time training steps or whole experiments, optionally in comparison with JAX and PyTorch.
    Bench(Bench),
    /// Print a completion script for a shell.
    Completions {
        /// Shell that the script is for.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Train on this data: the name of a shipped data set, or your own table (.csv, .tsv, …) or IDX
    /// file.
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "task")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) own: OwnRows,
    /// Train on a synthetic task instead of data.
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Option<InitTask>,
    /// Modulus of --task modular-addition.
    #[arg(long, value_name = "P", default_value_t = 23)]
    pub(crate) modulus: u32,
    /// Spec file to write [default: NAME.toml in this folder, named after the data or task].
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) out: Option<PathBuf>,
}

/// Synthetic tasks of `init`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InitTask {
    /// Sparse parities of different frequency, for emergence.
    Parity,
    /// Addition of two residues, for grokking.
    ModularAddition,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Topic: task, model, metric, prediction, statistic, panel, init, activation, optimizer, loss,
    /// schedule or spec; lists everything if left out. `show spec --json` is the JSON schema of specs.
    pub(crate) topic: Option<String>,
    /// Name of a kind or table, or of a recorded metric such as nc1; lists all of the topic if left out.
    pub(crate) name: Option<String>,
    /// Print a Markdown table.
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Name of a shipped experiment, or a spec file ending in .toml.
    pub(crate) experiment: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(flatten)]
    pub(crate) external: External,
    /// Run folder to create or continue [default: runs/NAME, or runs/NAME-quick with --quick].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Keep the initial and final weights of every model, so that `export weights` can write them.
    #[arg(long)]
    pub(crate) keep_weights: bool,
    #[command(flatten)]
    pub(crate) storing: Storing,
    /// Print the resolved spec, the number of cells and a time estimate, without training.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Exit with code 3 unless every claim has this verdict.
    #[arg(long, value_name = "VERDICT")]
    pub(crate) require: Option<Require>,
    /// Show the run in the browser while it is in progress, also cells that other processes train.
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Play {
    /// Scene to show first (emergence, collapse, lazy-rich or grokking), the name of a shipped
    /// experiment, or a spec file ending in .toml [default: emergence].
    #[arg(value_name = "SCENE|NAME|SPEC")]
    pub(crate) scene: Option<String>,
    /// Play with the small version of an experiment or spec, with the settings in its [quick] table.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Port to listen on, of this machine only [default: any free port].
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// Print the address without opening the browser.
    #[arg(long)]
    pub(crate) no_open: bool,
    /// Folder in which `Save as run` creates run folders.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// Number of worker threads of a run [default: number of cores].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) threads: Option<usize>,
    /// Longest time that a run may take, in seconds.
    #[arg(long, value_name = "S", default_value_t = 120.0, value_parser = seconds)]
    pub(crate) seconds: f64,
}

/// What happens to cells that were trained before.
#[derive(Debug, Clone, Args)]
pub(crate) struct Storing {
    /// Train every cell again, including finished ones.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Time between two checkpoints of a cell, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = seconds)]
    pub(crate) checkpoint_seconds: f64,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        // 1e9 s is longer than any run and still fits every clock.
        Ok(seconds) if (0.0..=1e9).contains(&seconds) => Ok(seconds),
        _ => Err("must be a number of seconds, 0 to 1e9".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sweep {
    /// Create the folder of a sweep and count its cells, without training.
    Plan(SweepPlan),
    /// Train the cells that are not done yet. Several processes can share one folder; the last one
    /// to finish gathers the results and judges the claims.
    Run(SweepRun),
    /// Report how many cells of a sweep are done, and the state of its Slurm jobs.
    Status(SweepFolder),
    /// Train failed and damaged cells again, here or (with --scheduler) on a cluster.
    Retry(SweepRetry),
    /// Submit a sweep to a cluster as an array of tasks, each of which trains many cells.
    Submit(SweepSubmit),
}

#[derive(Debug, Args)]
pub(crate) struct SweepPlan {
    #[command(flatten)]
    pub(crate) what: SweepWhat,
}

/// The sweep to work on.
#[derive(Debug, Args)]
pub(crate) struct SweepWhat {
    /// Name of a shipped experiment, a spec file ending in .toml, or the folder of an existing
    /// sweep.
    #[arg(value_name = "SPEC|DIR")]
    pub(crate) sweep: String,
    /// Set a key of the spec to a TOML value, as in -s training.lr=0.1 (repeatable).
    #[arg(short = 's', value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Vary a key over these values; several --vary form a grid of all combinations. They replace
    /// the grid of the spec (repeatable).
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub(crate) vary: Vec<String>,
    /// Number of seeds, in place of the spec's.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// Floating-point precision of training, in place of the spec's.
    #[arg(long)]
    pub(crate) precision: Option<Precision>,
    /// Run a small, fast version, with the settings in the spec's [quick] table.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Device to train on: BACKEND or BACKEND:INDEX, as listed by `layerwise devices` [default:
    /// flex].
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Engine that computes the gradients; `auto` takes the fastest one that covers each model
    /// [default: auto].
    #[arg(long)]
    pub(crate) engine: Option<String>,
    /// Folder of the sweep [default: runs/NAME, or runs/NAME-quick with --quick].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// How cells are trained.
#[derive(Debug, Clone, Args)]
pub(crate) struct SweepWork {
    /// Number of worker threads; each trains one cell at a time [default: number of cores].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Time between two checkpoints of a cell, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = seconds)]
    pub(crate) checkpoint_seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct SweepRun {
    #[command(flatten)]
    pub(crate) what: SweepWhat,
    #[command(flatten)]
    pub(crate) work: SweepWork,
    /// Train only part I of N parts of the cells, as in 2/8.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<(usize, usize)>,
    /// Wait until other processes have finished their cells, then gather the results.
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SweepFolder {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SweepRetry {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) work: SweepWork,
    /// Scheduler to submit to; without it, the cells are trained here.
    #[arg(long, value_name = "NAME")]
    pub(crate) scheduler: Option<Scheduler>,
    #[command(flatten)]
    pub(crate) job: Job,
}

#[derive(Debug, Args)]
pub(crate) struct SweepSubmit {
    #[command(flatten)]
    pub(crate) what: SweepWhat,
    /// Scheduler to submit to.
    #[arg(long, value_name = "NAME")]
    pub(crate) scheduler: Scheduler,
    #[command(flatten)]
    pub(crate) job: Job,
}

/// Schedulers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheduler {
    /// Slurm job array.
    Slurm,
    /// `HyperQueue` task array; needs --print.
    Hyperqueue,
    /// Shell script that runs one task after another; needs --print.
    Script,
}

/// Resources of each task.
#[derive(Debug, Clone, Args)]
pub(crate) struct Job {
    /// Number of tasks in the array [default: 16, or the number of cells if that is smaller].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) tasks: Option<usize>,
    /// Cores per task; each core trains one cell at a time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub(crate) cpus: usize,
    /// Time limit per task, in the format of the scheduler.
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// Partition to submit to.
    #[arg(long, value_name = "NAME")]
    pub(crate) partition: Option<String>,
    /// Print the script without submitting it.
    #[arg(long)]
    pub(crate) print: bool,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/');
    let numbers = numbers.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match numbers {
        Some((part, parts)) if (1..=parts).contains(&part) => Ok((part, parts)),
        _ => Err("must be I/N, with I from 1 to N. Write for example 2/8".to_owned()),
    }
}

/// Models that are read from files instead of being trained.
#[derive(Debug, Args)]
pub(crate) struct External {
    /// Show your own curves in place of training MODEL: a CSV file, or a file or folder exported
    /// from TensorBoard or wandb (repeatable, also for one model).
    ///
    /// A CSV file has the columns metric, step and value, and optionally variant, seed, model,
    /// index and flow_time. In an export, the name of a curve gives the metric and index
    /// (skill_strength, eval/skill_strength_3), and the name of a run gives the seed (seed-3,
    /// seed=3, or a final number). If the names do not, append them to the file:
    /// FILE.csv:METRIC/INDEX@SEED=COLUMN, where only METRIC is required.
    #[arg(long, value_name = "MODEL=FILE.csv[:METRIC[/INDEX]]")]
    pub(crate) curves: Vec<String>,
    /// Measure your own checkpoints in place of training MODEL: a folder of PyTorch state_dicts, or
    /// of folders seed-0, seed-1, … with one seed each (repeatable).
    ///
    /// The name of each file or folder gives the training step: step-00000.safetensors,
    /// epoch=1-step=100.safetensors, checkpoint-200/model.safetensors, ….
    #[arg(long, value_name = "MODEL=DIR")]
    pub(crate) checkpoints: Vec<String>,
    /// Order of the layers in the checkpoints, from input to output, as in --layers
    /// net.0,net.2,classifier; needed only if names and shapes do not determine it.
    #[arg(long, value_name = "LAYER,…", value_delimiter = ',', num_args = 1)]
    pub(crate) layers: Option<Vec<String>>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) training: Training,
    /// Device to train on: BACKEND or BACKEND:INDEX, as listed by `layerwise devices`.
    #[arg(long, default_value = "flex")]
    pub(crate) device: String,
}

/// Options of training.
#[derive(Debug, Clone, Args)]
pub(crate) struct Training {
    /// Set a key of the spec to a TOML value, as in -s training.lr=0.1 (repeatable).
    #[arg(short = 's', value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Number of seeds, in place of the spec's.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// Number of worker threads; each trains one cell at a time [default: number of cores].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Maximum number of cells stacked into one tensor [default: 1 on CPUs, 64 on GPUs].
    #[arg(long, value_name = "N")]
    pub(crate) together: Option<usize>,
    /// Floating-point precision of training, in place of the spec's.
    #[arg(long)]
    pub(crate) precision: Option<Precision>,
    /// Engine that computes the gradients; `auto` takes the fastest one that covers each model, and
    /// `layerwise devices` lists all engines.
    #[arg(long, default_value = "auto")]
    pub(crate) engine: String,
    /// Run a small, fast version, with the settings in the spec's [quick] table.
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    F32,
    F64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Require {
    Supported,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Reproduce {
    /// Names of shipped experiments to run [default: all except those whose spec has `long =
    /// true`].
    pub(crate) experiments: Vec<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Folder for the run folders, report.html, report.md and report.json.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// Write the table of verdicts into this document, between its lines
    /// `<!-- experiments:begin -->` and `<!-- experiments:end -->`. Needs a run of all experiments
    /// (except those with `long = true`), with the settings of their specs.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["quick", "seeds", "set", "precision"]
    )]
    pub(crate) update_docs: Option<PathBuf>,
    /// Afterwards, run the experiments again on fresh seeds (100 and up, which no pilot used), and
    /// print both verdicts of every claim side by side.
    #[arg(long)]
    pub(crate) confirm: bool,
    /// Train every cell again, including cells that this version has already finished.
    #[arg(long)]
    pub(crate) fresh: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Devices to check [default: all devices that this build and machine have].
    #[arg(long, value_name = "DEVICE,…", value_delimiter = ',')]
    pub(crate) devices: Vec<String>,
    /// Time limit in seconds for the comparison of all devices.
    #[arg(long, value_name = "S", default_value_t = 120.0)]
    pub(crate) seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Devices on which the engine `autodiff` is timed; the engine `mlp` is always timed on the
    /// CPU.
    #[arg(
        long,
        value_name = "DEVICE,…",
        value_delimiter = ',',
        default_value = "flex"
    )]
    pub(crate) devices: Vec<String>,
    /// Time whole experiments, each as a process, instead of training steps.
    #[arg(long)]
    pub(crate) whole: bool,
    /// Also time JAX and PyTorch, if they are installed.
    #[arg(long)]
    pub(crate) peers: bool,
    /// Python interpreter that has JAX and PyTorch.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "python3",
        requires = "peers"
    )]
    pub(crate) python: PathBuf,
    /// Time only cases whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// Number of repeats; the median is reported [default: 5, or 3 with --whole].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) repeats: Option<usize>,
    /// Run a smoke test with small nets, short repeats and few steps.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Also write the table as Markdown to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("must be a whole number, 1 or more".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Parity {
    /// Name of a shipped experiment, or a spec file ending in .toml.
    pub(crate) experiment: String,
    /// Devices to compare, at least two; the first is the reference.
    #[arg(long, value_name = "DEVICE,…", value_delimiter = ',', required = true)]
    pub(crate) devices: Vec<String>,
    /// Maximum number of training steps.
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u64>,
    /// Relative difference above which two devices count as diverged.
    #[arg(long, value_name = "X", default_value_t = 1e-3)]
    pub(crate) tolerance: f64,
    /// Exit with code 1 if a verdict changes or a metric diverges before this step.
    #[arg(long, value_name = "STEP")]
    pub(crate) until: Option<u64>,
    #[command(flatten)]
    pub(crate) training: Training,
    /// Folder for parity.json and one run folder per device [default: runs/NAME-parity].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verdict {
    /// Run folders to judge.
    #[arg(required = true, value_name = "RUN_DIR")]
    pub(crate) runs: Vec<PathBuf>,
    /// Judge by the predictions and claims of this spec, which must train and measure the same as
    /// the run. The run folder does not change; `layerwise run FILE --out RUN_DIR` makes the run
    /// adopt the spec.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// Exit with code 3 unless every claim has this verdict.
    #[arg(long, value_name = "VERDICT")]
    pub(crate) require: Option<Require>,
}

#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Run folders. Each gets a calibration.json; `layerwise report` adds its table to the page.
    #[arg(required = true, value_name = "RUN_DIR")]
    pub(crate) runs: Vec<PathBuf>,
    /// Calibrate the claims of this spec, which must train and measure the same models.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// Number of random draws for a share whose cases are too many to enumerate.
    #[arg(long, value_name = "N", default_value_t = 999, value_parser = clap::value_parser!(u64).range(20..=1_000_000))]
    pub(crate) draws: u64,
    /// Number of worker threads [default: number of cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Write one JSON document over all runs to this file and leave the run folders alone.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print the table as Markdown.
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// File with the weights of an MLP, or with features and labels: .safetensors,
    /// .safetensors.index.json, .npz or .npy.
    ///
    /// Weights are a PyTorch state_dict: 0.weight [out, in], 0.bias, 2.weight, …, or other names of
    /// layers. Features are a dump of the tensors features [N, d] and labels [N], and optionally
    /// classifier.weight [C, d] and classifier.bias [C]. If the features are in a .npy file, give
    /// the labels with --label-file.
    pub(crate) file: PathBuf,
    /// Order of the layers in the file, from input to output, as in --layers
    /// net.0,net.2,classifier; needed only if names and shapes do not determine it.
    #[arg(long, value_name = "LAYER,…", value_delimiter = ',', num_args = 1)]
    pub(crate) layers: Option<Vec<String>>,
    /// Groups of metrics to measure [default: nc,spectrum,norms, and fourier with --modulus].
    #[arg(long, value_name = "GROUP,…", value_delimiter = ',')]
    pub(crate) metrics: Vec<MetricGroup>,
    /// Activation after every layer except the last; needed to measure neural collapse from
    /// weights.
    #[arg(long, value_parser = activation())]
    pub(crate) activation: Option<mlp::Activation>,
    /// Data on which the weights are measured: a shipped data set (see `layerwise data list`), or
    /// your own table (.csv, .tsv, .data, …) or IDX file, which may be compressed (.gz).
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) own: OwnRows,
    /// Scaling of the inputs that the net was trained with [default: unit].
    #[arg(long, requires = "data")]
    pub(crate) inputs: Option<Inputs>,
    /// Measure only on the training rows of a layerwise run that had `task.train = N`; needs
    /// --split-seed.
    #[arg(long, value_name = "N", requires_all = ["data", "split_seed"])]
    pub(crate) train: Option<u32>,
    /// Seed of the run whose training rows are measured; needs --train.
    #[arg(long, value_name = "SEED", requires = "train")]
    pub(crate) split_seed: Option<u64>,
    /// Modulus of a net whose inputs are two one-hot residues.
    #[arg(long, value_name = "P")]
    pub(crate) modulus: Option<usize>,
    /// Function of the residues a and b that the net computes: add, subtract, multiply, divide, or
    /// a polynomial such as "a + 2b" or "a*b^3" [default: add].
    ///
    /// It decides in which characters the Fourier power is computed (for products, waves in the
    /// discrete logarithm) and which frequencies of a and b belong together.
    #[arg(long, value_name = "OPERATION", requires = "modulus")]
    pub(crate) operation: Option<String>,
}

/// Groups of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricGroup {
    /// Neural collapse.
    Nc,
    /// Singular values and ranks of weights.
    Spectrum,
    /// Fourier power of the first layer on residues.
    Fourier,
    /// Frobenius norms of weights.
    Norms,
}

/// Parses the name of an activation.
fn activation() -> impl TypedValueParser<Value = mlp::Activation> {
    let all = mlp::Activation::ALL;
    let named = move |name: String| all.into_iter().find(|activation| activation.name() == name);
    PossibleValuesParser::new(all.map(mlp::Activation::name))
        .map(move |name| named(name).unwrap_or_default())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Inputs {
    /// As stored.
    Raw,
    /// Divided by the largest value that the data set allows.
    Unit,
    /// Like `unit`, minus the mean of each feature.
    Centred,
    /// Minus the mean, over the standard deviation of each feature.
    Standardised,
}

#[derive(Debug, Args)]
pub(crate) struct Theory {
    /// `list`, `show`, or the name of the closed form to evaluate.
    pub(crate) name: String,
    /// After `show`, the closed form to explain. After balanced-network or random-start, a .json or
    /// .safetensors file with the matrices W1, W2 and correlation.
    pub(crate) of: Option<String>,
    /// Set a parameter to a number, a [list] or a [[matrix]]; file=PATH reads the matrices from a
    /// file (repeatable).
    #[arg(short = 's', value_name = "PARAM=VALUE", allow_hyphen_values = true)]
    pub(crate) set: Vec<String>,
    /// Evaluate at these gradient-flow times.
    #[arg(long, value_name = "T,…", value_delimiter = ',', allow_hyphen_values = true, conflicts_with_all = ["fractions", "steps"])]
    pub(crate) times: Vec<f64>,
    /// Give the times at which these fractions of the target are reached.
    #[arg(
        long,
        value_name = "Q,…",
        value_delimiter = ',',
        allow_hyphen_values = true,
        conflicts_with = "steps"
    )]
    pub(crate) fractions: Vec<f64>,
    /// Evaluate at these training steps.
    #[arg(
        long,
        value_name = "STEP,…",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub(crate) steps: Vec<f64>,
}

/// How your own data is read.
#[derive(Debug, Args)]
pub(crate) struct OwnRows {
    /// Column of the table that holds the class.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// IDX file that holds the classes, if the features are in another IDX file.
    #[arg(long, value_name = "FILE")]
    pub(crate) label_file: Option<PathBuf>,
    /// Separator between the fields of the table: a character, `tab` or `blanks` [default:
    /// detected].
    #[arg(long, value_name = "C", requires = "label")]
    pub(crate) separator: Option<Separator>,
    /// Decimal mark of the table: . or , [default: detected].
    #[arg(long, value_name = "C", requires = "label")]
    pub(crate) decimal: Option<Decimal>,
    /// Whether the first line of the table holds the column names; if false, --label is a column
    /// number, from 1 [default: detected].
    #[arg(long, value_name = "BOOL", requires = "label")]
    pub(crate) header: Option<bool>,
    /// Keep a column of row numbers, such as the index of a data frame, as a feature; by default it
    /// is left out.
    #[arg(long, requires = "label")]
    pub(crate) keep_index: bool,
}

impl OwnRows {
    /// The same options in the library's type.
    pub(crate) fn reading(&self) -> Reading {
        Reading {
            label: self.label.clone(),
            label_file: self.label_file.clone(),
            format: dataset::TableFormat {
                separator: self.separator,
                decimal: self.decimal,
                header: self.header,
                index: self.keep_index.then_some(RowNumbers::Keep),
            },
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// List the shipped data sets.
    List,
    /// Show the contents of a data set, shipped or your own: its features, classes and class
    /// counts.
    Show {
        /// Name of a shipped data set, or your own table (.csv, .tsv, .data, …) or IDX file, which
        /// may be compressed (.gz).
        name: String,
        #[command(flatten)]
        own: OwnRows,
    },
    /// Check the SHA-256 of every shipped file; exit with code 2 if a file has changed.
    Verify {
        /// Check the files in this folder instead of those in the binary.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Write the weights of every model as safetensors files.
    Weights(ExportWeights),
    /// Write the observations of a run as one long table.
    Observations(ExportObservations),
}

#[derive(Debug, Args)]
pub(crate) struct ExportObservations {
    /// Run folder to export from.
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// Format of the table: csv, jsonl (one JSON object per line), or parquet (in builds with the
    /// feature parquet).
    #[arg(long, default_value = "csv")]
    pub(crate) format: TableFormat,
    /// Export only this variant.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Export only this model or prediction.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Export only this metric.
    #[arg(long, value_name = "NAME")]
    pub(crate) metric: Option<String>,
    /// File to write [default: export/observations.FORMAT in the run folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Formats of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    Csv,
    Jsonl,
    Parquet,
}

#[derive(Debug, Args)]
pub(crate) struct ExportWeights {
    /// Run folder to export from.
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// Layout of the weights: a PyTorch state_dict of `nn.Sequential` (0.weight [out, in], 0.bias,
    /// 2.weight, …), or layerwise's own (layers.0.weight [in, out], layers.0.bias, …).
    #[arg(long, default_value = "pytorch")]
    pub(crate) format: WeightFormat,
    /// Export the initial weights instead of the final ones. Final weights need a run with
    /// --keep-weights.
    #[arg(long)]
    pub(crate) initial: bool,
    /// Export only this variant.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Export only this seed.
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,
    /// Export only this model.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Folder to write to [default: export/FORMAT in the run folder].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// Layouts of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WeightFormat {
    Pytorch,
    Layerwise,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Folder of the first run.
    #[arg(value_name = "RUN_A")]
    pub(crate) first: PathBuf,
    /// Folder of the second run.
    #[arg(value_name = "RUN_B")]
    pub(crate) second: PathBuf,
    /// Draw the curves that differ most, as SVG and PNG files in this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Run folders to draw.
    #[arg(required = true, value_name = "RUN_DIR")]
    pub(crate) runs: Vec<PathBuf>,
    /// Draw the predictions, claims and pictures of this spec, which must train and measure the
    /// same as the run. Only the page is written.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// Page to write [default: report.html in the first run folder, or report-SPEC.html with
    /// --spec].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Also write the verdicts as a Markdown table to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Also write the pictures that are about training time as SVG files that move, figures/NAME-animated.svg
    /// in each run folder.
    #[arg(long, conflicts_with = "spec")]
    pub(crate) animate: bool,
}
