//! Times training steps of two trainers on two threads at once, like two cells of a sweep.
//!
//! `cargo run --release -p layerwise-mlp --example step_times [filter]` prints, for every net, the
//! wall time of a step divided by the two members, in microseconds: the minimum and the median over
//! the repeats.

#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use mlp::{
    Activation, Adam, HostRows, Instructions, LayerConfig, Loss, MlpError, Optimizer, Real,
    Reduction, Rows, Sgd, Trainer, TrainerConfig,
};

const MEMBERS: usize = 2;
const REPEATS: usize = 15;
/// Duration of a repeat in seconds, which determines its number of steps.
const REPEAT_SECONDS: f64 = 0.1;

/// Kind of input rows.
#[derive(Clone, Copy)]
enum Inputs {
    Dense,
    /// Two ones among the columns, one in each half.
    Pairs,
}

struct Case {
    name: &'static str,
    rows: usize,
    inputs: Inputs,
    widths: &'static [usize],
    activation: Activation,
    loss: Loss,
    optimizer: Optimizer,
}

const SQUARE: Loss = Loss::Mse {
    half: false,
    outputs: Reduction::Mean,
};
const RELU: Activation = Activation::Relu;

const fn case(name: &'static str, rows: usize, inputs: Inputs, widths: &'static [usize]) -> Case {
    Case {
        name,
        rows,
        inputs,
        widths,
        activation: RELU,
        loss: SQUARE,
        optimizer: Optimizer::PLAIN,
    }
}

const PARITY: Case = case("500 x 21-256-1", 500, Inputs::Dense, &[21, 256, 1]);
const MODULAR: Case = case(
    "2000 x 194-256-97 pairs",
    2000,
    Inputs::Pairs,
    &[194, 256, 97],
);

const CASES: [Case; 16] = [
    case("64 x 40-128-1", 64, Inputs::Dense, &[40, 128, 1]),
    PARITY,
    case("512 x 40-512-1", 512, Inputs::Dense, &[40, 512, 1]),
    MODULAR,
    case(
        "2000 x 194-256-97 dense",
        2000,
        Inputs::Dense,
        &[194, 256, 97],
    ),
    case(
        "4096 x 194-512-97 pairs",
        4096,
        Inputs::Pairs,
        &[194, 512, 97],
    ),
    case(
        "4096 x 194-512-97 dense",
        4096,
        Inputs::Dense,
        &[194, 512, 97],
    ),
    case(
        "128 x 20-64-64-64-1",
        128,
        Inputs::Dense,
        &[20, 64, 64, 64, 1],
    ),
    Case {
        name: "500 x 21-256-1 tanh",
        activation: Activation::Tanh,
        ..PARITY
    },
    Case {
        name: "500 x 21-256-1 gelu",
        activation: Activation::Gelu,
        ..PARITY
    },
    Case {
        name: "500 x 21-256-1 leaky-relu",
        activation: Activation::LeakyRelu,
        ..PARITY
    },
    Case {
        name: "500 x 21-256-1 silu",
        activation: Activation::Silu,
        ..PARITY
    },
    Case {
        name: "500 x 21-256-1 softplus",
        activation: Activation::Softplus,
        ..PARITY
    },
    Case {
        name: "500 x 21-256-1 nesterov",
        optimizer: Optimizer::Sgd(Sgd {
            momentum: 0.9,
            nesterov: true,
            ..Sgd::PLAIN
        }),
        ..PARITY
    },
    Case {
        name: "500 x 21-256-1 adam",
        optimizer: Optimizer::Adam(Adam::PYTORCH),
        ..PARITY
    },
    Case {
        name: "2000 x 194-256-97 pairs, cross-entropy, adam",
        loss: Loss::CrossEntropy,
        optimizer: Optimizer::Adam(Adam::PYTORCH),
        ..MODULAR
    },
];

/// Pseudo-random numbers in (−1, 1).
fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Sets one column of each row, from `first` on, to 1.
fn set_ones(values: &mut [f64], columns: usize, first: usize, among: usize, seed: u64) {
    let rows = values.len() / columns;
    for (row, number) in numbers(seed, rows).into_iter().enumerate() {
        let column = (number.abs() * among as f64) as usize;
        values[row * columns + first + column] = 1.0;
    }
}

fn member<T: Real>(case: &Case, seed: u64) -> Result<(Trainer<T>, Rows<T>), MlpError> {
    let layers: Vec<_> = (case.widths.windows(2))
        .map(|pair| LayerConfig {
            inputs: pair[0],
            outputs: pair[1],
            bias: true,
            weight_multiplier: 1.0,
            bias_multiplier: 1.0,
        })
        .collect();
    let mut initial = Vec::new();
    for (layer, seed) in layers.iter().zip(seed..) {
        let scale = (layer.inputs as f64).sqrt().recip();
        let weights = numbers(seed, layer.inputs * layer.outputs);
        initial.extend(weights.into_iter().map(|weight| scale * weight));
        initial.extend(std::iter::repeat_n(0.0, layer.outputs));
    }
    let config = TrainerConfig {
        layers,
        activation: case.activation,
        output_factor: 1.0,
        centred: false,
        loss: case.loss,
        optimizer: case.optimizer,
        instructions: Instructions::Detected,
    };
    let (columns, outputs) = (case.widths[0], case.widths[case.widths.len() - 1]);
    let mut inputs = numbers(seed + 100, case.rows * columns);
    if matches!(case.inputs, Inputs::Pairs) {
        inputs.fill(0.0);
        let half = columns / 2;
        set_ones(&mut inputs, columns, 0, half, seed + 200);
        set_ones(&mut inputs, columns, half, half, seed + 300);
    }
    let mut targets = vec![0.0; case.rows * outputs];
    set_ones(&mut targets, outputs, 0, outputs, seed + 400);
    let host = HostRows {
        rows: case.rows,
        inputs: &inputs,
        targets: &targets,
        weights: None,
    };
    Ok((
        Trainer::new(config, &initial)?,
        Rows::new(columns, outputs, &host)?,
    ))
}

/// Seconds per step of each repeat, for all members together.
fn times<T: Real>(case: &Case) -> Result<Vec<f64>, MlpError> {
    const LEARNING_RATE: f64 = 1e-3;
    let mut members = (0..MEMBERS as u64)
        .map(|seed| member::<T>(case, seed + 1))
        .collect::<Result<Vec<_>, _>>()?;
    let start = Instant::now();
    let (trainer, rows) = &mut members[0];
    for _ in 0..3 {
        trainer.step(rows, LEARNING_RATE)?;
    }
    let once = start.elapsed().as_secs_f64() / 3.0;
    let steps = ((REPEAT_SECONDS / once) as usize).max(3);
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let barrier = Barrier::new(MEMBERS);
        let walls: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = members
                .iter_mut()
                .map(|(trainer, rows)| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        let start = Instant::now();
                        for _ in 0..steps {
                            trainer.step(black_box(rows), LEARNING_RATE)?;
                        }
                        Ok::<_, MlpError>(start.elapsed().as_secs_f64())
                    })
                })
                .collect();
            (running.into_iter())
                .map(|thread| thread.join().expect("a step does not panic"))
                .collect::<Result<_, _>>()
        })?;
        times.push(walls.into_iter().fold(0.0, f64::max) / steps as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Microseconds per step and member.
fn micros(seconds: f64) -> f64 {
    1e6 * seconds / MEMBERS as f64
}

fn main() -> Result<(), MlpError> {
    let filter = std::env::args().nth(1).unwrap_or_default();
    println!(
        "us per member-step{:>30}f32 min{:>4}median{:>5}f64 min{:>4}median",
        "", "", "", ""
    );
    for case in CASES.iter().filter(|case| case.name.contains(&filter)) {
        let (single, double) = (times::<f32>(case)?, times::<f64>(case)?);
        println!(
            "{:<46}{:>9.1}{:>10.1}{:>12.1}{:>10.1}",
            case.name,
            micros(single[0]),
            micros(single[REPEATS / 2]),
            micros(double[0]),
            micros(double[REPEATS / 2]),
        );
    }
    Ok(())
}
