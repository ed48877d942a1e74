//! Burn modules as models: their parameters, training, resuming, features, and what is refused.

use std::borrow::Cow;

use burn::{
    module::{Module, Param},
    nn::{Dropout, DropoutConfig, Linear, LinearConfig},
    tensor::{Device, Distribution, Tensor, activation::relu},
};
use layerwise_nets::{
    Attention, ConvNet, Engines, Forward, FromModule, Learners, Member, ModuleKind, Precision,
    ResidualMlp, Rows, Target, TrainingSetup,
};
use models::{Adam, HostArray, LearnerState, Loss, Model, Optimizer, Sgd};
use serde::{Deserialize, Serialize};
use tasks::{
    Batch, TaskShape,
    schemars::{self, JsonSchema},
};

use crate::support::{Targets, batch, flat, flex, initial, model, relative_gap};

const SHAPE: TaskShape = TaskShape {
    inputs: 16,
    basis: 0,
    outputs: 3,
};

/// A perceptron with one hidden layer, as a user would write it, with a parameter of its own.
#[derive(Module, Debug)]
struct TwoLayers {
    layers: (Linear, Linear),
    gain: Option<Param<Tensor<1>>>,
    dropout: Dropout,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Own {
    width: usize,
    /// Without the gain.
    #[serde(default)]
    plain: bool,
    #[serde(default)]
    dropout: f64,
    /// Outputs that are missing.
    #[serde(default)]
    missing: usize,
    #[serde(default)]
    other_readout: bool,
}

impl ModuleKind for Own {
    type Module = TwoLayers;
    const NAME: &'static str = "own";
    const EXAMPLE: &'static str = "width = 7";

    fn build(&self, inputs: usize, outputs: usize, device: &Device) -> TwoLayers {
        let outputs = outputs - self.missing;
        let gain = Tensor::random([outputs], Distribution::Uniform(0.9, 1.1), device);
        TwoLayers {
            layers: (
                LinearConfig::new(inputs, self.width).init(device),
                LinearConfig::new(self.width, outputs).init(device),
            ),
            gain: (!self.plain).then(|| Param::from_tensor(gain)),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }

    fn forward(&self, net: &TwoLayers, inputs: Tensor<2>) -> Tensor<2> {
        let hidden = relu(net.layers.0.forward(inputs));
        let outputs = net.layers.1.forward(net.dropout.forward(hidden));
        match &net.gain {
            Some(gain) => outputs * gain.val().unsqueeze(),
            None => outputs,
        }
    }

    fn readout(&self, net: &TwoLayers, inputs: Tensor<2>) -> Option<layerwise_nets::Readout> {
        let hidden = relu(net.layers.0.forward(inputs));
        self.other_readout
            .then(|| layerwise_nets::Readout::new(hidden, &net.layers.1))
    }
}

fn from<K: ModuleKind>(table: &str) -> FromModule<K> {
    FromModule::from_table(table.parse().unwrap()).unwrap()
}

/// What the checks say of a kind with these keys.
fn refusal<K: ModuleKind>(table: &str, shape: TaskShape) -> String {
    from::<K>(table).check(shape).unwrap_err().to_string()
}

fn start<K: ModuleKind>(
    table: &str,
    members: &[u64],
    shape: TaskShape,
    optimizer: Optimizer,
    target: &Target,
) -> Box<dyn Learners> {
    let mut engines = Engines::default();
    engines.forwards_mut().register::<FromModule<K>>();
    let members = members.iter().map(|&seed| {
        let model = from::<K>(table);
        let initial = initial(&model, shape, seed);
        Member::untouched(std::sync::Arc::new(model), initial)
    });
    let setup = TrainingSetup {
        members: members.collect(),
        loss: Loss::CrossEntropy,
        optimizer,
        target,
        constant: None,
        forwards: engines.forwards(),
    };
    engines.start("auto", setup).unwrap()
}

fn rows(shape: TaskShape, member: u64, step: u64) -> Batch {
    batch(shape, 9, Targets::Classes, false, 1000 * member + step)
}

fn train(
    learners: &mut dyn Learners,
    members: &[u64],
    shape: TaskShape,
    target: &Target,
    steps: std::ops::Range<u64>,
) {
    let needs = learners.model(0).needs();
    for step in steps {
        let batches = members
            .iter()
            .map(|&member| Cow::Owned(rows(shape, member, step)));
        let rows = Rows::of_members(batches.collect(), needs, target);
        let rates: Vec<f64> = members.iter().map(|&m| 0.02 * (1.0 + m as f64)).collect();
        learners.step(&rows, &rates);
    }
}

fn momentum() -> Optimizer {
    Optimizer::Sgd(Sgd {
        momentum: 0.9,
        ..Sgd::PLAIN
    })
}

fn bits(states: &[LearnerState]) -> Vec<u64> {
    let arrays = states.iter().flat_map(|state| {
        let moments = state.first.iter().chain(&state.second).flatten();
        state.parameters.iter().chain(moments)
    });
    arrays
        .flat_map(|array: &HostArray| array.values.iter().map(|value| value.to_bits()))
        .collect()
}

#[test]
fn parameters_of_any_rank_are_named_matrices() {
    let named = |arrays: &[HostArray]| -> Vec<(String, usize, usize)> {
        let named = arrays.iter();
        named
            .map(|array| (array.name.clone(), array.rows, array.columns))
            .collect()
    };
    let own = initial(&from::<Own>("width = 7"), SHAPE, 0);
    let expected = [
        ("layers.0.weight", 16, 7),
        ("layers.0.bias", 1, 7),
        ("layers.1.weight", 7, 3),
        ("layers.1.bias", 1, 3),
        ("gain", 1, 3),
    ];
    assert_eq!(named(&own), expected.map(|(n, r, c)| (n.to_owned(), r, c)));
    let net = initial(&from::<ConvNet>("channels = [4, 5]\nwidth = 6"), SHAPE, 0);
    assert_eq!(
        named(&net)[2],
        ("convolutions.1.weight".to_owned(), 5, 4 * 9)
    );
    let norm = "width = 5\nblocks = 1\nnorm = 'batch'";
    let names = named(&initial(&from::<ResidualMlp>(norm), SHAPE, 0));
    let names: Vec<&str> = names.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names[2..6],
        [
            "blocks.0.batch_norm.gamma",
            "blocks.0.batch_norm.beta",
            "blocks.0.batch_norm.running_mean",
            "blocks.0.batch_norm.running_var"
        ]
    );
}

#[test]
fn a_seed_draws_the_same_start_in_every_thread() {
    let draw = |seed| flat(&initial(&from::<Own>("width = 7"), SHAPE, seed));
    let expected = draw(3);
    assert_ne!(draw(4), expected);
    // Twice the variance of uniform numbers on ±1/√16.
    let first = &expected[..16 * 7];
    let square = first.iter().map(|w| w * w).sum::<f64>() / first.len() as f64;
    assert!((square * 48.0 - 1.0).abs() < 0.3, "{square}");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..20).all(|_| draw(3) == expected)))
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
}

#[test]
fn a_perceptron_as_a_module_trains_like_the_lab_s_own() {
    let target = flex(Precision::F64);
    let mut engines = Engines::default();
    engines.forwards_mut().register::<FromModule<Own>>();
    let learn = |model: std::sync::Arc<dyn Model>, initial: Vec<HostArray>| {
        let setup = TrainingSetup {
            members: vec![Member::untouched(model, initial)],
            loss: Loss::CrossEntropy,
            optimizer: momentum(),
            target: &target,
            constant: None,
            forwards: engines.forwards(),
        };
        let mut net = engines.start("auto", setup).unwrap();
        train(&mut *net, &[0], SHAPE, &target, 0..50);
        flat(&net.parameters().unwrap()[0])
    };
    let own = from::<Own>("width = 7\nplain = true");
    let arrays = initial(&own, SHAPE, 0);
    let lab = learn(model("kind = 'mlp'\nwidths = [7]").into(), arrays.clone());
    let found = learn(std::sync::Arc::new(own), arrays.clone());
    let gap = relative_gap(&found, &lab);
    assert!(gap < 1e-13, "{gap:e}");
    assert!(relative_gap(&found, &flat(&arrays)) > 0.1);
}

/// Keys of every shipped kind, and whether it keeps running statistics.
const RESIDUAL: [(&str, bool); 3] = [
    ("width = 6\nblocks = 2", false),
    ("width = 6\nblocks = 2\nnorm = 'layer'", false),
    ("width = 6\nblocks = 2\nnorm = 'batch'", true),
];
const CONVOLUTIONS: &str = "channels = [3, 4]\nwidth = 5";
const ATTENTION: &str = "width = 6\nheads = 2";

fn resumes<K: ModuleKind>(table: &str, members: &[u64], optimizer: Optimizer, target: &Target) {
    let fresh = || start::<K>(table, members, SHAPE, optimizer, target);
    let mut whole = fresh();
    train(&mut *whole, members, SHAPE, target, 0..20);
    let mut first = fresh();
    train(&mut *first, members, SHAPE, target, 0..10);
    let kept = first.states().unwrap();
    let mut second = fresh();
    second.set_states(&kept).unwrap();
    assert_eq!(second.states().unwrap(), kept);
    train(&mut *second, members, SHAPE, target, 10..20);
    let (whole, second) = (whole.states().unwrap(), second.states().unwrap());
    assert_eq!(bits(&second), bits(&whole), "{table}");
    assert_ne!(bits(&kept), bits(&whole), "{table}");
}

#[test]
fn a_module_resumes_bit_by_bit() {
    for precision in [Precision::F32, Precision::F64] {
        let target = flex(precision);
        for optimizer in [momentum(), Optimizer::Adam(Adam::PYTORCH)] {
            for members in [&[0][..], &[0, 1]] {
                for (table, _) in RESIDUAL {
                    resumes::<ResidualMlp>(table, members, optimizer, &target);
                }
                resumes::<ConvNet>(CONVOLUTIONS, members, optimizer, &target);
                resumes::<Attention>(ATTENTION, members, optimizer, &target);
                resumes::<Own>("width = 7", members, optimizer, &target);
            }
        }
    }
}

fn stays_itself<K: ModuleKind>(table: &str, target: &Target) {
    let members = [0, 1, 2];
    let optimizer = Optimizer::Adam(Adam::PYTORCH);
    let mut together = start::<K>(table, &members, SHAPE, optimizer, target);
    train(&mut *together, &members, SHAPE, target, 0..10);
    let together = together.parameters().unwrap();
    for (place, member) in members.into_iter().enumerate() {
        let mut alone = start::<K>(table, &[member], SHAPE, optimizer, target);
        train(&mut *alone, &[member], SHAPE, target, 0..10);
        let alone = alone.parameters().unwrap().swap_remove(0);
        assert_eq!(together[place], alone, "{table}");
    }
}

#[test]
fn members_do_not_interact() {
    let target = flex(Precision::F64);
    for (table, _) in RESIDUAL {
        stays_itself::<ResidualMlp>(table, &target);
    }
    stays_itself::<ConvNet>(CONVOLUTIONS, &target);
    stays_itself::<Attention>(ATTENTION, &target);
}

#[test]
fn running_statistics_follow_the_batches_and_are_used_in_measurements() {
    let target = flex(Precision::F64);
    for (table, statistics) in RESIDUAL {
        let optimizer = Optimizer::default();
        let mut net = start::<ResidualMlp>(table, &[0], SHAPE, optimizer, &target);
        let before = net.parameters().unwrap().swap_remove(0);
        train(&mut *net, &[0], SHAPE, &target, 0..1);
        let after = net.parameters().unwrap().swap_remove(0);
        let running = |array: &&HostArray| array.name.contains("running");
        assert_eq!(before.iter().filter(running).count() > 0, statistics);
        if !statistics {
            continue;
        }
        // h_0 of the rows of the only step.
        let rows = rows(SHAPE, 0, 0);
        let h = |row: usize| -> Vec<f64> {
            let x = &rows.inputs[row * 16..(row + 1) * 16];
            let weight = &before[0].values;
            (0..6)
                .map(|to| (0..16).map(|from| x[from] * weight[from * 6 + to]).sum())
                .collect()
        };
        let all: Vec<Vec<f64>> = (0..9).map(h).collect();
        let mean = |neuron: usize| all.iter().map(|h| h[neuron]).sum::<f64>() / 9.0;
        let mean: Vec<f64> = (0..6).map(mean).collect();
        let variance = |neuron: usize| {
            let squares = all.iter().map(|h| (h[neuron] - mean[neuron]).powi(2));
            squares.sum::<f64>() / 9.0
        };
        let of = |name: &str| {
            let name = format!("blocks.0.batch_norm.{name}");
            let array = after.iter().find(|array| array.name == name).unwrap();
            array.values.clone()
        };
        let expected: Vec<f64> = mean.iter().map(|mean| 0.1 * mean).collect();
        assert!(relative_gap(&of("running_mean"), &expected) < 1e-12);
        let expected: Vec<f64> = (0..6).map(|n| 0.9 + 0.1 * variance(n)).collect();
        assert!(relative_gap(&of("running_var"), &expected) < 1e-12);
        // A measurement is a function of the row alone, and changes nothing.
        let all = Rows::new(&rows, net.model(0).needs(), &target);
        let outputs = net.outputs(&all).unwrap().swap_remove(0);
        let one = rows.rows_from(4, 1);
        let alone = Rows::new(&one, net.model(0).needs(), &target);
        let alone = net.outputs(&alone).unwrap().swap_remove(0);
        assert!(relative_gap(&alone, &outputs[12..15]) < 1e-12);
        assert_eq!(net.parameters().unwrap().swap_remove(0), after);
    }
}

fn readout_gives_outputs<K: ModuleKind>(table: &str)
where
    FromModule<K>: Forward,
{
    let target = flex(Precision::F64);
    let mut net = start::<K>(table, &[0], SHAPE, momentum(), &target);
    train(&mut *net, &[0], SHAPE, &target, 0..5);
    let batch = rows(SHAPE, 0, 7);
    let rows = Rows::new(&batch, net.model(0).needs(), &target);
    let outputs = net.outputs(&rows).unwrap().swap_remove(0);
    let parameters = net.parameters().unwrap().swap_remove(0);
    let features = net.model(0).hidden_features(&parameters, &batch);
    let features = features.unwrap().unwrap();
    let last = features.layers.last().unwrap();
    let bias = features.classifier.bias.clone().unwrap();
    let found = last.values.chunks_exact(last.width).flat_map(|h| {
        let weights = features.classifier.weight.chunks_exact(last.width);
        weights
            .zip(&bias)
            .map(|(w, b)| b + w.iter().zip(h).map(|(w, h)| w * h).sum::<f64>())
            .collect::<Vec<f64>>()
    });
    let found: Vec<f64> = found.collect();
    assert!(relative_gap(&found, &outputs) < 1e-12, "{table}");
    let error = net.model(0).hidden_features(&parameters[1..], &batch);
    assert!(error.is_err(), "{table}");
}

#[test]
fn features_and_last_layer_give_the_outputs() {
    for (table, _) in RESIDUAL {
        readout_gives_outputs::<ResidualMlp>(table);
    }
    readout_gives_outputs::<ConvNet>(CONVOLUTIONS);
    readout_gives_outputs::<Attention>(ATTENTION);
}

#[test]
fn modules_that_cannot_be_trained_are_refused() {
    assert_eq!(from::<Own>("width = 7").check(SHAPE), Ok(()));
    let random = refusal::<Own>("width = 7\ndropout = 0.5", SHAPE);
    assert!(random.contains("dropout"), "{random}");
    let outputs = refusal::<Own>("width = 7\nmissing = 1", SHAPE);
    assert!(outputs.contains("[3, 2] in place of [3, 3]"), "{outputs}");
    let readout = refusal::<Own>("width = 7\nother_readout = true", SHAPE);
    assert!(readout.contains("readout"), "{readout}");
    let none = TaskShape { inputs: 0, ..SHAPE };
    assert!(refusal::<Own>("width = 7", none).contains("needs inputs"));
    let fails = refusal::<Own>("width = 7\nmissing = 4", SHAPE);
    assert!(fails.contains("fails on rows of 16 inputs"), "{fails}");
    for (table, key) in [
        ("channels = [3, 0]\nwidth = 5", "channels[1] = 0"),
        ("channels = [3, 3, 3]\nwidth = 5", "channels = [3, 3, 3]"),
        ("channels = [3]\nwidth = 0", "width = 0"),
        (
            "channels = [3]\nwidth = 5\nweight_scale = 0.0",
            "weight_scale",
        ),
    ] {
        let error = refusal::<ConvNet>(table, SHAPE);
        assert!(error.starts_with(key), "{error}");
    }
    let line = TaskShape {
        inputs: 15,
        ..SHAPE
    };
    let error = refusal::<ConvNet>(CONVOLUTIONS, line);
    assert!(error.contains("square images"), "{error}");
    for (table, key) in [
        ("width = 6\nheads = 4", "width = 6"),
        ("width = 6\nheads = 0", "heads = 0"),
        ("width = 6\nheads = 2\ntokens = 3", "tokens = 3"),
    ] {
        let error = refusal::<Attention>(table, SHAPE);
        assert!(error.starts_with(key), "{error}");
    }
    let table = "width = 5\nblocks = 1\nlr_scale = -1.0".parse().unwrap();
    let error = FromModule::<ResidualMlp>::from_table(table).err().unwrap();
    assert!(error.to_string().starts_with("lr_scale"), "{error}");
}

/// Tests over the CPU backends of a build.
mod cpu_backends {
    use layerwise_nets::BACKENDS;

    use super::*;

    fn agrees<K: ModuleKind>(table: &str, target: &Target) {
        let trained = |target: &Target| {
            // Adam would turn the rounding of gradients that are 0, those of biases of keys, into steps.
            let mut net = start::<K>(table, &[0], SHAPE, momentum(), target);
            train(&mut *net, &[0], SHAPE, target, 0..5);
            flat(&net.parameters().unwrap()[0])
        };
        let gap = relative_gap(&trained(target), &trained(&flex(Precision::F64)));
        let same = match target.precision() {
            Precision::F32 => 1e-4,
            Precision::F64 => 1e-12,
        };
        assert!(gap < same, "{} {table}: {gap:e}", target.backend.name);
    }

    #[test]
    fn modules_train_alike_on_every_cpu_backend() {
        let built = BACKENDS.iter().filter(|one| one.host && one.is_built());
        for backend in built {
            for precision in [Precision::F32, Precision::F64] {
                let target = Target::open(backend.name, precision).unwrap();
                for (table, _) in RESIDUAL {
                    agrees::<ResidualMlp>(table, &target);
                }
                agrees::<ConvNet>(CONVOLUTIONS, &target);
                agrees::<Attention>("width = 8\nheads = 2", &target);
                agrees::<Own>("width = 7", &target);
            }
        }
    }
}
