use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use tasks::dataset::{self, Decimal, Reading, RowNumbers, Separator};

/// Train nets next to their layerwise-linear twins, overlay the theory, judge the claims.
#[derive(Debug, Parser)]
#[command(name = "layerwise", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Print one JSON document on standard output; everything else goes to standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the shipped experiments.
    List,
    /// Write a commented spec of your own: a net, its layered twin, a linear model, the closed form.
    Init(Init),
    /// Run an experiment: train, measure, judge, draw.
    Run(Run),
    /// Run experiments one after another and write one page over all of them.
    Reproduce(Reproduce),
    /// Train one experiment on several devices and report where their results diverge.
    Parity(Parity),
    /// Judge recorded runs again, without training.
    Verdict(Verdict),
    /// Ask of recorded runs whether their claims could have failed: null data, wrong laws, power.
    Calibrate(Calibrate),
    /// Draw the pictures of recorded runs and write one page over them.
    Report(Report),
    /// Compare two runs or sweeps: their specs, their curves with bands, their verdicts.
    Compare(Compare),
    /// Measure a trained net, yours or ours: neural collapse, spectra, Fourier power, norms.
    Measure(Measure),
    /// Evaluate a closed form; `theory list` names them, `theory show NAME` explains one.
    Theory(Theory),
    /// List data sets, show one (shipped or yours), or verify the shipped files.
    #[command(subcommand)]
    Data(Data),
    /// Export the weights or observations of a run to other programs.
    #[command(subcommand)]
    Export(Export),
    /// Run many cells in several processes, on several machines or on a cluster.
    #[command(subcommand)]
    Sweep(Sweep),
    /// List devices and engines: what this build and this machine have.
    Devices,
    /// Check this build on this machine against reference curves, on every device.
    Doctor(Doctor),
    /// Time training steps or whole experiments, beside JAX and PyTorch if asked.
    Bench(Bench),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Train on these rows: a shipped data set, or a table (.csv, .tsv, …) or IDX file of your own.
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "task")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) own: OwnRows,
    /// Use a synthetic task in place of data.
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Option<InitTask>,
    /// Modulus of modular addition.
    #[arg(long, value_name = "P", default_value_t = 23)]
    pub(crate) modulus: u32,
    /// File to write [default: NAME.toml, after the data or the task, in this folder].
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) out: Option<PathBuf>,
}

/// Synthetic tasks of `init`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InitTask {
    /// Sparse parities of different frequency: emergence.
    Parity,
    /// Addition of two residues: grokking.
    ModularAddition,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Name of a shipped experiment, or a spec file ending in .toml.
    pub(crate) experiment: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(flatten)]
    pub(crate) external: External,
    /// Run folder [default: runs/ and the `name` of the spec, with -quick behind it for --quick].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Keep the initial and final weights of every model in the run folder, for `export weights`.
    #[arg(long)]
    pub(crate) keep_weights: bool,
    #[command(flatten)]
    pub(crate) storing: Storing,
    /// Print the resolved spec, the cells and a time estimate, and train nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Exit with code 3 unless every claim has this verdict.
    #[arg(long, value_name = "VERDICT")]
    pub(crate) require: Option<Require>,
}

/// How cells that were trained before are treated.
#[derive(Debug, Clone, Args)]
pub(crate) struct Storing {
    /// Train every cell again, including finished ones.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Seconds between two checkpoints of a cell.
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = seconds)]
    pub(crate) checkpoint_seconds: f64,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        // Longer than anybody waits, and short enough for every clock.
        Ok(seconds) if (0.0..=1e9).contains(&seconds) => Ok(seconds),
        _ => Err("must be a number of seconds, 0 to 1e9".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sweep {
    /// Create the folder of a sweep and list its cells.
    Plan(SweepPlan),
    /// Train the cells that are open. Several processes can work on one folder; the last to end
    /// gathers the tables and judges the claims.
    Run(SweepRun),
    /// Report the progress of a sweep, including its Slurm jobs.
    Status(SweepFolder),
    /// Train failed cells again, here or, with --scheduler, on the cluster.
    Retry(SweepRetry),
    /// Submit a sweep to a cluster as a job array; each task trains many cells.
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
    /// Name of a shipped experiment, a spec file ending in .toml, or the folder of a sweep.
    #[arg(value_name = "SPEC|DIR")]
    pub(crate) sweep: String,
    /// Set a key of the spec, the value in TOML (repeatable).
    #[arg(short = 's', value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Vary a key over these values, in place of the grid of the spec; several --vary make a grid of
    /// all combinations (repeatable).
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub(crate) vary: Vec<String>,
    /// Number of seeds.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// Precision of training.
    #[arg(long)]
    pub(crate) precision: Option<Precision>,
    /// Use the small settings of the spec's [quick] table.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Device, BACKEND or BACKEND:INDEX; see `layerwise devices` [default: flex].
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Engine that computes the gradients, as for `run` [default: auto].
    #[arg(long)]
    pub(crate) engine: Option<String>,
    /// Folder of the sweep [default: runs/NAME, or runs/NAME-quick].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// How cells are trained.
#[derive(Debug, Clone, Args)]
pub(crate) struct SweepWork {
    /// Worker threads; one cell runs on one thread [default: all cores].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Seconds between two checkpoints of a cell.
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = seconds)]
    pub(crate) checkpoint_seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct SweepRun {
    #[command(flatten)]
    pub(crate) what: SweepWhat,
    #[command(flatten)]
    pub(crate) work: SweepWork,
    /// Train only part I of N parts of the cells; parts count from 1.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<(usize, usize)>,
    /// Wait for the cells of other processes, then gather the results.
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
    /// Scheduler to submit to; without it, cells are trained here.
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
    /// A job array of Slurm.
    Slurm,
    /// A task array of `HyperQueue`; only with --print.
    Hyperqueue,
    /// A plain shell script, one task after another; only with --print.
    Script,
}

/// Resources of each task.
#[derive(Debug, Clone, Args)]
pub(crate) struct Job {
    /// Number of tasks in the array [default: 16, or the number of cells if smaller].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) tasks: Option<usize>,
    /// Cores per task; each core trains one cell at a time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub(crate) cpus: usize,
    /// Time limit per task, in the words of the scheduler.
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// Partition to submit to.
    #[arg(long, value_name = "NAME")]
    pub(crate) partition: Option<String>,
    /// Print the script and submit nothing.
    #[arg(long)]
    pub(crate) print: bool,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/');
    let numbers = numbers.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match numbers {
        Some((part, parts)) if (1..=parts).contains(&part) => Ok((part, parts)),
        _ => Err("must be I/N, with I from 1 to N, as 2/8".to_owned()),
    }
}

/// Models that are read from files and not trained.
#[derive(Debug, Args)]
pub(crate) struct External {
    /// Show your own curves in place of a model: rows of a CSV file with the columns metric, step
    /// and value, and variant, seed, model, index and flow_time where they matter; or what
    /// TensorBoard or wandb exports, a file or a folder of files (repeatable, also for one model).
    ///
    /// Names of exports tell the metric and its index (skill_strength, eval/skill_strength_3), those
    /// of runs the seed (seed-3, seed=3, or a number at the end). Where they do not, say it behind
    /// the file: FILE.csv:METRIC/INDEX@SEED=COLUMN, of which only METRIC is needed.
    #[arg(long, value_name = "MODEL=FILE.csv[:METRIC[/INDEX]]")]
    pub(crate) curves: Vec<String>,
    /// Measure your own checkpoints in place of training a model: a folder of PyTorch state_dicts
    /// step-00000.safetensors, epoch=1-step=100.safetensors, checkpoint-200/model.safetensors, …, or
    /// of folders seed-0, seed-1, … (repeatable).
    #[arg(long, value_name = "MODEL=DIR")]
    pub(crate) checkpoints: Vec<String>,
    /// Layers of the checkpoints from input to output, where names and shapes do not tell, as in
    /// --layers net.0,net.2,classifier.
    #[arg(long, value_name = "LAYER,…", value_delimiter = ',', num_args = 1)]
    pub(crate) layers: Option<Vec<String>>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) training: Training,
    /// Device, BACKEND or BACKEND:INDEX; see `layerwise devices`.
    #[arg(long, default_value = "flex")]
    pub(crate) device: String,
}

/// How an experiment is trained.
#[derive(Debug, Clone, Args)]
pub(crate) struct Training {
    /// Set a key of the spec, the value in TOML (repeatable).
    #[arg(short = 's', value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Number of seeds.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// Worker threads; one cell runs on one thread [default: all cores].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Maximum number of cells stacked into one tensor [default: 1 on CPUs, where each cell has a
    /// thread, and 64 on GPUs].
    #[arg(long, value_name = "N")]
    pub(crate) together: Option<usize>,
    /// Precision of training.
    #[arg(long)]
    pub(crate) precision: Option<Precision>,
    /// Engine that computes the gradients: auto takes the fastest that covers each model;
    /// `layerwise devices` lists all of them [default: auto].
    #[arg(long, default_value = "auto")]
    pub(crate) engine: String,
    /// Use the small settings of the spec's [quick] table.
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

#[derive(Debug, Args)]
pub(crate) struct Reproduce {
    /// Experiments to run [default: all except those marked as long].
    pub(crate) experiments: Vec<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Folder that holds the run folders, report.html, report.md and report.json.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// Train every cell again, including those that the same version has finished.
    #[arg(long)]
    pub(crate) fresh: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Devices to check [default: all that this build and machine have].
    #[arg(long, value_name = "DEVICE,…", value_delimiter = ',')]
    pub(crate) devices: Vec<String>,
    /// Time limit in seconds for comparing all devices.
    #[arg(long, value_name = "S", default_value_t = 120.0)]
    pub(crate) seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Devices on which the engine autodiff is timed; mlp is always timed.
    #[arg(
        long,
        value_name = "DEVICE,…",
        value_delimiter = ',',
        default_value = "flex"
    )]
    pub(crate) devices: Vec<String>,
    /// Time whole experiments as processes rather than single steps.
    #[arg(long)]
    pub(crate) whole: bool,
    /// Time JAX and PyTorch as well, if Python has them.
    #[arg(long)]
    pub(crate) peers: bool,
    /// Python interpreter for JAX and PyTorch.
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
    /// Number of repeats; the median is reported [default: 5, with --whole 3].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) repeats: Option<usize>,
    /// Smoke test: small nets, short repeats, few steps.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Also write the table as Markdown to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("must be a number, 1 or more".to_owned()),
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
    /// Folder that holds a run folder for each device and parity.json [default:
    /// runs/NAME-parity].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verdict {
    /// Run folders.
    #[arg(required = true, value_name = "RUN_DIR")]
    pub(crate) runs: Vec<PathBuf>,
    /// Use the predictions and claims of this spec, which must train and measure the same models. The
    /// run folder does not change; `run SPEC --out RUN_DIR` adopts the spec without training.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// Exit with code 3 unless every claim has this verdict.
    #[arg(long, value_name = "VERDICT")]
    pub(crate) require: Option<Require>,
}

#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Run folders. Each gets a calibration.json, which its page shows from then on.
    #[arg(required = true, value_name = "RUN_DIR")]
    pub(crate) runs: Vec<PathBuf>,
    /// Calibrate the claims of this spec, which must train and measure the same models.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// Draws of each share that cannot be enumerated.
    #[arg(long, value_name = "N", default_value_t = 999, value_parser = clap::value_parser!(u64).range(20..=1_000_000))]
    pub(crate) draws: u64,
    /// Worker threads [default: all cores].
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
    /// A safetensors file, the index of a sharded one, or a .npz file: a feature dump (features
    /// [N, d], labels [N], classifier.weight [C, d], classifier.bias [C]), or the weights of an MLP
    /// from PyTorch (0.weight [out, in], 0.bias, 2.weight, …, or any other names of layers). Features
    /// in a .npy file have their labels in --label-file.
    pub(crate) file: PathBuf,
    /// Layers of the weights from input to output, where names and shapes do not tell, as in
    /// --layers net.0,net.2,classifier.
    #[arg(long, value_name = "LAYER,…", value_delimiter = ',', num_args = 1)]
    pub(crate) layers: Option<Vec<String>>,
    /// What to measure [default: nc,spectrum,norms, and fourier with --modulus].
    #[arg(long, value_name = "GROUP,…", value_delimiter = ',')]
    pub(crate) metrics: Vec<MetricGroup>,
    /// Activation behind every layer except the last, for the neural collapse of weights.
    #[arg(long, value_parser = activation())]
    pub(crate) activation: Option<mlp::Activation>,
    /// Data set that the weights are measured on: a shipped one, see `layerwise data list`, or a
    /// table (.csv, .tsv, .data, …) or IDX file of your own, perhaps with .gz.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) own: OwnRows,
    /// How the inputs were scaled for the net: raw, over the largest value, minus the means, or minus
    /// the means over the standard deviations [default: unit].
    #[arg(long, requires = "data")]
    pub(crate) inputs: Option<Inputs>,
    /// Measure only on the training rows of a run with `task.train = N`.
    #[arg(long, value_name = "N", requires_all = ["data", "split_seed"])]
    pub(crate) train: Option<u32>,
    /// Seed of that run.
    #[arg(long, value_name = "SEED", requires = "train")]
    pub(crate) split_seed: Option<u64>,
    /// Modulus of a net that sees two one-hot residues.
    #[arg(long, value_name = "P")]
    pub(crate) modulus: Option<usize>,
    /// What the net computes of the residues a and b: add, subtract, multiply, divide, or a
    /// polynomial such as "a + 2b" or "a*b^3". It decides which characters `fourier` is over (those of
    /// products are discrete logarithms) and which frequencies of a and b belong together [default: those
    /// of a sum].
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
    /// Sizes of weights.
    Norms,
}

/// An activation by name.
fn activation() -> impl TypedValueParser<Value = mlp::Activation> {
    let all = mlp::Activation::ALL;
    let named = move |name: String| all.into_iter().find(|activation| activation.name() == name);
    PossibleValuesParser::new(all.map(mlp::Activation::name))
        .map(move |name| named(name).unwrap_or_default())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Inputs {
    Raw,
    Unit,
    Centred,
    Standardised,
}

#[derive(Debug, Args)]
pub(crate) struct Theory {
    /// Name of a closed form, or `list`, or `show`.
    pub(crate) name: String,
    /// With `show`: the name of a closed form. With balanced-network and random-start: a .json or
    /// .safetensors file with the matrices W1, W2 and correlation.
    pub(crate) of: Option<String>,
    /// Set a parameter: a number, a [list] or a [[matrix]]; file=PATH names the file, too
    /// (repeatable).
    #[arg(short = 's', value_name = "PARAM=VALUE", allow_hyphen_values = true)]
    pub(crate) set: Vec<String>,
    /// Flow times.
    #[arg(long, value_name = "T,…", value_delimiter = ',', allow_hyphen_values = true, conflicts_with_all = ["fractions", "steps"])]
    pub(crate) times: Vec<f64>,
    /// Fractions of the target; gives the times at which they are reached.
    #[arg(
        long,
        value_name = "Q,…",
        value_delimiter = ',',
        allow_hyphen_values = true,
        conflicts_with = "steps"
    )]
    pub(crate) fractions: Vec<f64>,
    /// Training steps.
    #[arg(
        long,
        value_name = "STEP,…",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub(crate) steps: Vec<f64>,
}

/// How your own rows are read.
#[derive(Debug, Args)]
pub(crate) struct OwnRows {
    /// Column of a table that holds the class.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// IDX file with the classes of an IDX file of features.
    #[arg(long, value_name = "FILE")]
    pub(crate) label_file: Option<PathBuf>,
    /// Separator of the fields of a table: a character, tab or blanks [default: detected].
    #[arg(long, value_name = "C", requires = "label")]
    pub(crate) separator: Option<Separator>,
    /// Decimal mark of a table, . or , [default: detected].
    #[arg(long, value_name = "C", requires = "label")]
    pub(crate) decimal: Option<Decimal>,
    /// Whether the first line of a table holds the column names; if false, --label is the number of a
    /// column, from 1 [default: detected].
    #[arg(long, value_name = "BOOL", requires = "label")]
    pub(crate) header: Option<bool>,
    /// Keep a column of row numbers, such as the index of a data frame, as a feature.
    #[arg(long, requires = "label")]
    pub(crate) keep_index: bool,
}

impl OwnRows {
    /// As the library takes it.
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
    /// Show a data set: its card and class counts, or what your own files hold.
    Show {
        /// Its name, or a table (.csv, .tsv, .data, …) or IDX file of your own, perhaps with .gz.
        name: String,
        #[command(flatten)]
        own: OwnRows,
    },
    /// Check the SHA-256 of every shipped file; exit with code 2 if one was changed.
    Verify {
        /// Check the files in this folder rather than those in the binary.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Write the weights of every model as safetensors files.
    Weights(ExportWeights),
    /// Write the long table of observations.
    Observations(ExportObservations),
}

#[derive(Debug, Args)]
pub(crate) struct ExportObservations {
    /// Run folder.
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// Format: csv, jsonl (one object per line), or parquet (in builds with the feature parquet).
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
    /// Run folder.
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// Layout: a state_dict of `nn.Sequential` (0.weight [out, in], 0.bias, 2.weight, …), or our
    /// own (layers.0.weight [in, out], layers.0.bias, …).
    #[arg(long, default_value = "pytorch")]
    pub(crate) format: WeightFormat,
    /// Write the initial weights. Final weights, the default, need a run with --keep-weights.
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
    /// Folder of the second.
    #[arg(value_name = "RUN_B")]
    pub(crate) second: PathBuf,
    /// Draw the curves that differ most into this folder, as SVG and PNG.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Run folders.
    #[arg(required = true, value_name = "RUN_DIR")]
    pub(crate) runs: Vec<PathBuf>,
    /// Use the predictions, claims and pictures of this spec, which must train and measure the same
    /// models. Only the page is written.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// Page to write [default: report.html, with --spec report-SPEC.html, in the first run folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Also write the verdicts as a Markdown table to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}
