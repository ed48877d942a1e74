//! Markdown tables of the benchmark.

use super::{AT_ONCE, DataPath, Limit, Machine, Outcome, Peer, Steps, repeat::median};

/// The page of step times.
pub(crate) fn steps_page(
    machine: &Machine,
    limit: &Limit,
    steps: &[Steps],
    data: &DataPath,
    peers: &[Peer],
) -> String {
    let mut lines = vec![
        heading(machine, peers.iter()),
        format!(
            "Arithmetic limit, fused multiply-adds in f32: {:.0} GFLOP/s on one thread, {:.0} on \
             {AT_ONCE} at once.",
            limit.one / 1e9,
            limit.both / 1e9
        ),
        String::new(),
    ];
    let mut head = "| N×D→H→K | rows | activation | optimizer | engine | one thread, µs | two at \
                    once, µs per step | of the limit |"
        .to_owned();
    let mut rule = "|---|---|---|---|---|---:|---:|---:|".to_owned();
    for Peer { name, .. } in peers {
        head += &format!(" {name}, µs | ratio |");
        rule += "---:|---:|";
    }
    lines.extend([head, rule]);
    for row in steps {
        let case = &row.case;
        let mut line = format!(
            "| {} | {} | {} | {} | {} | {} | {} | {:.0} % |",
            case.name(),
            case.rows_name(),
            case.activation,
            case.optimizer_name(),
            row.engine,
            digits(row.one),
            digits(row.two),
            100.0 * row.share(limit)
        );
        for peer in peers {
            let found = row.peers.iter().find(|found| found.name == peer.name);
            line += &found.map_or_else(
                || " – | – |".to_owned(),
                |found| format!(" {} | {:.2} |", digits(found.best), row.two / found.best),
            );
        }
        lines.push(line);
    }
    lines.extend([
        String::new(),
        "A step is one optimizer step on all N rows, in f32. All times are medians over the \
         repeats. *Two at once*: two members train at the same time, each on its own thread (on a \
         GPU, in one tensor); the time is wall time divided by the steps of both. *Of the limit*: \
         floating-point operations of the matrix products, with two nonzero inputs per pair, as a \
         share of the arithmetic limit."
            .to_owned(),
    ]);
    if !peers.is_empty() {
        lines.push(
            "The time of a peer is per step and member, for its fastest way to train one or two \
             members on all cores. The ratio is our time (two at once) divided by the time of the \
             peer. Peers multiply pairs as dense rows."
                .to_owned(),
        );
    }
    let whole = data.sampling + data.preparing + data.stepping;
    let part = |micros: f64| format!("{} µs ({:.0} %)", digits(micros), 100.0 * micros / whole);
    lines.extend([
        String::new(),
        format!(
            "A step of the net in `emergence`, engine mlp, one thread: sampling {}, preparing rows \
             {}, stepping {}.",
            part(data.sampling),
            part(data.preparing),
            part(data.stepping)
        ),
    ]);
    lines.join("\n")
}

/// The page of whole experiments.
pub(crate) fn whole_page<'a>(
    machine: &Machine,
    outcomes: &[Outcome],
    peers: impl Iterator<Item = &'a Peer>,
) -> String {
    let mut lines = vec![
        heading(machine, peers),
        String::new(),
        "| experiment | cells | seconds | cells·steps/s | measuring | peak memory | JAX, s | ratio | \
         ratio without JAX's compilation |"
            .to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    let optional =
        |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
    for outcome in outcomes {
        let jax = outcome.jax.as_ref();
        lines.push(format!(
            "| {} | {} | {:.2} | {:.0} | {:.1} % | {} | {} | {} | {} |",
            outcome.name,
            outcome.cells,
            outcome.median_seconds(),
            outcome.cell_steps_per_second(),
            100.0 * outcome.measuring_share,
            outcome.peak_memory.map_or("–".to_owned(), |bytes| format!(
                "{:.0} MB",
                bytes as f64 / 1e6
            )),
            optional(jax.map(|jax| median(jax.seconds.clone()))),
            optional(outcome.ratio()),
            optional(outcome.ratio_without_compilation()),
        ));
    }
    lines.extend([
        String::new(),
        "Seconds are wall time of whole processes, including start, compilation and drawing; they \
         are medians over repeats that alternate between our process and JAX's. *Measuring* is \
         the share of the time of the cells that was spent measuring."
            .to_owned(),
    ]);
    lines.join("\n")
}

fn heading<'a>(machine: &Machine, peers: impl Iterator<Item = &'a Peer>) -> String {
    let program = &machine.program;
    let commit: String = program.commit.chars().take(10).collect();
    let mut heading = format!(
        "{}, {} cores; layerwise {} ({commit}), {}",
        machine.processor, machine.cores, program.version, program.rustc
    );
    for Peer { name, version, .. } in peers {
        heading += &format!("; {name} {version}");
    }
    heading + "."
}

/// Three digits, or all digits before the decimal point.
fn digits(micros: f64) -> String {
    let decimals = match micros {
        0.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{micros:.decimals$}")
}
