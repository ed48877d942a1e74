//! Black-box tests of `layerwise measure`: files that hold a net, and files that do not.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use safetensors::{Dtype, serialize, tensor::TensorView};
use serde_json::{Value, json};
use tasks::dataset::Dataset;
use tempfile::TempDir;

/// Roundings of sums over some hundred products.
const EXACT: f64 = 1e-12;

/// A tensor of a file.
#[derive(Clone)]
struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

fn tensor(name: &str, dtype: Dtype, shape: &[usize], bytes: Vec<u8>) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dtype,
        shape: shape.to_vec(),
        bytes,
    }
}

fn f64s(name: &str, shape: &[usize], values: &[f64]) -> Tensor {
    let bytes = values.iter().flat_map(|v| v.to_le_bytes());
    tensor(name, Dtype::F64, shape, bytes.collect())
}

fn f32s(name: &str, shape: &[usize], values: &[f64]) -> Tensor {
    let bytes = values.iter().flat_map(|&v| (v as f32).to_le_bytes());
    tensor(name, Dtype::F32, shape, bytes.collect())
}

fn labels(values: &[u32]) -> Tensor {
    let bytes = values.iter().flat_map(|&v| i64::from(v).to_le_bytes());
    tensor("labels", Dtype::I64, &[values.len()], bytes.collect())
}

fn bytes(tensors: &[Tensor]) -> Vec<u8> {
    let views = tensors.iter().map(|t| {
        let view = TensorView::new(t.dtype, t.shape.clone(), &t.bytes).unwrap();
        (t.name.clone(), view)
    });
    serialize(views, None).unwrap()
}

/// A folder with one file.
struct File {
    folder: TempDir,
}

impl File {
    fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("net.safetensors"), bytes).unwrap();
        Self { folder }
    }

    fn measure(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_layerwise"))
            .current_dir(self.folder.path())
            .args(["measure", "net.safetensors"])
            .args(options)
            .output()
            .unwrap()
    }

    fn json(&self, options: &[&str]) -> Value {
        let output = self.measure(&[options, &["--json"]].concat());
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn text(&self, options: &[&str]) -> String {
        let output = self.measure(options);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// One line of error that names the file.
    fn refusal(&self, options: &[&str]) -> String {
        let output = self.measure(options);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(output.stdout.is_empty(), "{error}");
        assert!(error.starts_with("error: "), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }
}

fn measured(tensors: &[Tensor], options: &[&str]) -> Value {
    File::of(&bytes(tensors)).json(options)
}

fn number(document: &Value, key: &str) -> f64 {
    let value = document[key].as_f64();
    value.unwrap_or_else(|| panic!("{key}: {}", document[key]))
}

fn fixture(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metrics/tests/fixtures");
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Reproducible numbers in [−1, 1).
fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Three corners of a simplex, each of which is two rows and a row of the classifier.
fn simplex() -> Vec<Tensor> {
    let corner = |class: usize| (0..3).map(move |at| if at == class { 2.0 } else { -1.0 });
    let rows: Vec<f64> = [0, 1, 2, 0, 1, 2].into_iter().flat_map(corner).collect();
    vec![
        f64s("features", &[6, 3], &rows),
        labels(&[0, 1, 2, 0, 1, 2]),
        f64s("classifier.weight", &[3, 3], &rows[..9]),
        f64s("classifier.bias", &[3], &[0.0; 3]),
    ]
}

#[test]
fn a_perfect_simplex_is_zero_everywhere() {
    let found = measured(&simplex(), &[]);
    for key in [
        "nc1",
        "nc1_papyan",
        "nc1_quotient",
        "cdnv",
        "nc2_equinorm_means",
        "nc2_equinorm_weights",
        "nc2_equiangular_means",
        "nc2_equiangular_weights",
        "nc2_etf_means",
        "nc2_etf_weights",
        "gnc2_means",
        "gnc2_weights",
        "nc3",
        "nc3_squared",
        "nc3_product",
        "unc3",
        "nc4",
        "nc4_as_is",
        "bias_gap",
        "within_inside",
        "within_outside",
    ] {
        assert!(number(&found, key).abs() < EXACT, "{key}: {}", found[key]);
    }
    for key in ["accuracy", "nearest_mean_accuracy"] {
        assert_eq!(number(&found, key), 1.0);
    }
    for (key, expected) in [("rank", 2), ("rows", 6), ("classes", 3), ("width", 3)] {
        assert_eq!(found[key], expected, "{key}");
    }
    // Three corners in a plane.
    for key in ["effective_rank", "stable_rank"] {
        assert!((number(&found, key) - 2.0).abs() < EXACT, "{key}");
    }
    assert_eq!(found["undefined"], json!({}));
    assert!(found.get("layers").is_none() && found.get("fourier").is_none());
}

#[test]
fn a_reference_in_numpy_has_the_same_numbers() {
    let reference = fixture("neural_collapse.json");
    // Stored as [d, C].
    let stored = matrix(&reference["W"]);
    let weight: Vec<f64> = (0..3)
        .flat_map(|class| stored.iter().map(move |row| row[class]))
        .collect();
    let classes: Vec<u32> = serde_json::from_value(reference["y"].clone()).unwrap();
    let found = measured(
        &[
            f64s("features", &[6, 4], &matrix(&reference["H"]).concat()),
            labels(&classes),
            f64s("classifier.weight", &[3, 4], &weight),
        ],
        &["--metrics", "nc"],
    );
    for (name, key) in [
        ("NC1", "nc1"),
        ("NC1_quot", "nc1_quotient"),
        ("NC2_cvM", "nc2_equinorm_means"),
        ("NC2_cvW", "nc2_equinorm_weights"),
        ("NC2_cosstdM", "nc2_cosine_deviation_means"),
        ("NC2_angM", "nc2_equiangular_means"),
        ("NC2_angW", "nc2_equiangular_weights"),
        ("NC2_etfM", "nc2_etf_means"),
        ("NC2_etfW", "nc2_etf_weights"),
        ("NC3", "nc3"),
        ("NC3_sq", "nc3_squared"),
        ("NC3_WH", "nc3_product"),
        ("NC4", "nc4"),
        ("erank", "effective_rank"),
    ] {
        let expected = reference["metrics"][name].as_f64().unwrap();
        let found = number(&found, key);
        assert!(
            (found - expected).abs() < EXACT,
            "{key}: {found} {expected}"
        );
    }
    assert!(found.get("spectrum").is_none() && found.get("norms").is_none());
}

#[test]
fn single_precision_is_measured_in_double() {
    let reference = fixture("spread_means.json");
    let features = matrix(&reference["features"]);
    let shape = [features.len(), features[0].len()];
    let classes: Vec<u32> = serde_json::from_value(reference["labels"].clone()).unwrap();
    let tensors = [
        f32s("features", &shape, &features.concat()),
        labels(&classes),
    ];
    let found = measured(&tensors, &[]);
    for key in ["nc1", "nc1_quotient", "smallest_eigenvalue"] {
        let (found, expected) = (number(&found, key), number(&reference, key));
        assert!(
            (found / expected - 1.0).abs() < 1e-6,
            "{key}: {found} {expected}"
        );
    }
    // Without a classifier, the metrics that need one are null, with a reason.
    for key in ["nc2_etf_weights", "nc3", "nc4", "accuracy", "within_inside"] {
        assert!(found[key].is_null());
        let reason = found["undefined"][key].as_str().unwrap();
        assert!(reason.contains("classifier.weight"), "{reason}");
    }
    assert!(
        File::of(&bytes(&tensors))
            .text(&[])
            .contains("no \"classifier.weight\"")
    );
}

#[test]
fn arrays_that_are_not_used_are_named_and_labels_are_rows_of_the_classifier() {
    let mut tensors = simplex();
    tensors.push(f64s("W", &[1], &[1.0]));
    let output = File::of(&bytes(&tensors)).measure(&[]);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(notes.starts_with("note: not used: \"W\"."), "{notes}");
    let classes: Vec<u8> = [-1_i64, 1, -1, 1, -1, 1]
        .iter()
        .flat_map(|c| c.to_le_bytes())
        .collect();
    let mut tensors = simplex();
    tensors[1] = tensor("labels", Dtype::I64, &[6], classes);
    let error = File::of(&bytes(&tensors)).refusal(&[]);
    assert!(error.contains("numpy.unique"), "{error}");
}

#[test]
fn labels_of_any_integer_type_and_whole_floats_are_the_same() {
    let reference = measured(&simplex(), &[]);
    let classes = [0_u8, 1, 2, 0, 1, 2];
    let of = |dtype, number: &dyn Fn(u8) -> Vec<u8>| {
        let bytes = classes.iter().flat_map(|&class| number(class)).collect();
        tensor("labels", dtype, &[6], bytes)
    };
    for other in [
        of(Dtype::I32, &|c| i32::from(c).to_le_bytes().to_vec()),
        of(Dtype::U8, &|c| vec![c]),
        of(Dtype::I16, &|c| i16::from(c).to_le_bytes().to_vec()),
        of(Dtype::F32, &|c| f32::from(c).to_le_bytes().to_vec()),
        of(Dtype::F64, &|c| f64::from(c).to_le_bytes().to_vec()),
    ] {
        let mut tensors = simplex();
        tensors[1] = other;
        assert_eq!(measured(&tensors, &[]), reference);
    }
}

#[test]
fn half_precision_is_read() {
    // Upper halves of f32 numbers are bfloat16 numbers.
    let values = [1.0_f32, -2.5, 0.375, 3.0, -1.0, 0.5];
    let wide: Vec<f64> = values.iter().copied().map(f64::from).collect();
    let upper = values.iter().flat_map(|v| v.to_le_bytes()[2..].to_vec());
    let upper = tensor("0.weight", Dtype::BF16, &[2, 3], upper.collect());
    // The same numbers in half precision: sign, 5 bits of exponent from 15, 10 bits.
    let half = [0x3c00_u16, 0xc100, 0x3600, 0x4200, 0xbc00, 0x3800];
    let half = half.iter().flat_map(|v| v.to_le_bytes());
    let half = tensor("0.weight", Dtype::F16, &[2, 3], half.collect());
    let only = ["--metrics", "spectrum,norms"];
    let expected = measured(&[f32s("0.weight", &[2, 3], &wide)], &only);
    for other in [upper, half, f64s("0.weight", &[2, 3], &wide)] {
        assert_eq!(measured(&[other], &only), expected);
    }
}

type Activation = fn(f64) -> f64;

/// A net 64-12-9-10, by layer: weight [out, in] and bias.
struct Net {
    weights: [Vec<f64>; 3],
    biases: [Vec<f64>; 3],
}

const WIDTHS: [usize; 4] = [64, 12, 9, 10];

impl Net {
    fn random() -> Self {
        let weight = |layer: usize| numbers(layer as u64 + 1, WIDTHS[layer + 1] * WIDTHS[layer]);
        let bias = |layer: usize| numbers(layer as u64 + 7, WIDTHS[layer + 1]);
        Self {
            weights: [weight(0), weight(1), weight(2)],
            biases: [bias(0), bias(1), bias(2)],
        }
    }

    /// As PyTorch names them, with these numbers of layers behind a prefix.
    fn tensors(&self, prefix: &str, places: [usize; 3]) -> Vec<Tensor> {
        (0..3)
            .flat_map(|layer| {
                let (inputs, outputs) = (WIDTHS[layer], WIDTHS[layer + 1]);
                let name = |kind: &str| format!("{prefix}{}.{kind}", places[layer]);
                [
                    f64s(&name("weight"), &[outputs, inputs], &self.weights[layer]),
                    f64s(&name("bias"), &[outputs], &self.biases[layer]),
                ]
            })
            .collect()
    }

    /// Features of the two hidden layers of one row.
    fn hidden(&self, row: &[f64], activation: Activation) -> [Vec<f64>; 2] {
        let layer = |at: usize, input: &[f64]| -> Vec<f64> {
            let rows = self.weights[at].chunks(WIDTHS[at]).zip(&self.biases[at]);
            rows.map(|(w, b)| {
                let sum: f64 = w.iter().zip(input).map(|(w, x)| w * x).sum();
                activation(sum + b)
            })
            .collect()
        };
        let first = layer(0, row);
        let second = layer(1, &first);
        [first, second]
    }

    /// The feature dump of a hidden layer on rows of 64 numbers.
    fn dump(
        &self,
        rows: &[f64],
        classes: &[u32],
        activation: Activation,
        at: usize,
    ) -> Vec<Tensor> {
        let of_row = |row| self.hidden(row, activation)[at].clone();
        let features: Vec<f64> = rows.chunks(64).flat_map(of_row).collect();
        let mut tensors = vec![
            f64s("features", &[classes.len(), WIDTHS[at + 1]], &features),
            labels(classes),
        ];
        if at == 1 {
            tensors.push(f64s("classifier.weight", &[10, 9], &self.weights[2]));
            tensors.push(f64s("classifier.bias", &[10], &self.biases[2]));
        }
        tensors
    }
}

/// That two documents have the same numbers under the keys of the first.
fn assert_same(found: &Value, expected: &Value, keys: &[&str]) {
    /// Both sum the same products, in another order.
    const CLOSE: f64 = 1e-9;
    for &key in keys {
        let (found, expected) = (number(found, key), number(expected, key));
        let gap = (found - expected).abs();
        assert!(
            gap <= CLOSE * expected.abs().max(1e-6),
            "{key}: {found} {expected}"
        );
    }
}

const OF_FEATURES: [&str; 13] = [
    "nc1",
    "nc1_papyan",
    "nc1_quotient",
    "cdnv",
    "rank",
    "smallest_eigenvalue",
    "nc2_equinorm_means",
    "nc2_equiangular_means",
    "nc2_etf_means",
    "gnc2_means",
    "nearest_mean_accuracy",
    "effective_rank",
    "stable_rank",
];

const OF_CLASSIFIER: [&str; 14] = [
    "nc2_equinorm_weights",
    "nc2_equiangular_weights",
    "nc2_etf_weights",
    "gnc2_weights",
    "nc3",
    "nc3_squared",
    "nc3_product",
    "unc3",
    "nc4",
    "nc4_as_is",
    "bias_gap",
    "accuracy",
    "within_inside",
    "within_outside",
];

#[test]
fn weights_are_measured_as_the_features_that_they_make() {
    let digits = Dataset::shipped("digits").unwrap();
    let unit: Vec<f64> = digits.inputs.iter().map(|x| x / 16.0).collect();
    let net = Net::random();
    let file = File::of(&bytes(&net.tensors("", [0, 2, 4])));
    let cases: [(&str, Activation); 4] = [
        ("relu", |z| z.max(0.0)),
        ("tanh", f64::tanh),
        ("quadratic", |z| z * z),
        ("identity", |z| z),
    ];
    for (name, activation) in cases {
        let found = file.json(&["--data", "digits", "--activation", name]);
        let of_layer = |at| measured(&net.dump(&unit, &digits.labels, activation, at), &[]);
        let last = of_layer(1);
        assert_same(&found, &last, &OF_FEATURES);
        assert_same(&found, &last, &OF_CLASSIFIER);
        assert_same(&found["layers"][0], &of_layer(0), &OF_FEATURES);
        assert_same(&found["layers"][1], &last, &OF_FEATURES);
        assert_eq!(found["layers"].as_array().unwrap().len(), 2);
        assert_eq!(found["activation"], name);
        assert_eq!(found["rows"], 1797);
        assert_eq!(
            found["spectrum"][2]["singular_values"],
            last["spectrum"][0]["singular_values"]
        );
    }
    let text = file.text(&["--data", "digits", "--activation", "relu"]);
    for part in [
        "64-12-9-10 on 1797 rows of digits (unit)",
        "nc1_quotient",
        "Spectrum of 2.weight",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn prefixes_and_gaps_in_the_numbers_change_nothing() {
    let net = Net::random();
    let options = [
        "--data",
        "digits",
        "--activation",
        "tanh",
        "--metrics",
        "nc",
    ];
    let expected = measured(&net.tensors("", [0, 2, 4]), &options);
    // By number and not by name: 10 comes behind 9.
    for (prefix, places) in [
        ("", [0, 3, 6]),
        ("layers.", [0, 1, 2]),
        ("model.net.", [2, 9, 10]),
        ("_orig_mod.", [0, 2, 4]),
        ("fc", [1, 2, 3]),
        ("module.fc_", [9, 10, 11]),
    ] {
        assert_eq!(measured(&net.tensors(prefix, places), &options), expected);
    }
}

#[test]
fn the_training_rows_of_a_run_are_those_of_its_task() {
    let net = Net::random();
    let spec = "kind = 'dataset'\nname = 'digits'\ntrain = 200\ninputs = 'standardised'";
    let task = tasks::kinds().build(spec.parse().unwrap()).unwrap();
    let training = task.instance(3).training_set().unwrap();
    let dump = net.dump(&training.inputs, &training.group, f64::tanh, 1);
    let options =
        "--data digits --activation tanh --inputs standardised --split-seed 3 --train 200";
    let options: Vec<&str> = options.split(' ').collect();
    let found = measured(&net.tensors("", [0, 2, 4]), &options);
    let expected = measured(&dump, &[]);
    assert_same(&found, &expected, &OF_FEATURES);
    assert_same(&found, &expected, &OF_CLASSIFIER);
    let origin = json!({
        "name": "digits", "rows": 200, "inputs": "standardised", "split_seed": 3, "train": 200,
    });
    assert_eq!(found["data"], origin);
}

#[test]
fn neurons_tuned_to_a_frequency_are_found() {
    let wave = |frequency: usize| {
        let angle = move |a: usize| (a % 7 * frequency) as f64 * std::f64::consts::TAU / 7.0;
        (0..14).map(move |a| angle(a).cos())
    };
    // Three neurons of frequency 2, one of frequency 3, one that is the same for all residues.
    let waves = [2, 2, 3, 2].into_iter().flat_map(wave);
    let weight: Vec<f64> = waves.chain([0.5; 14]).collect();
    let tensors = [
        f64s("0.weight", &[5, 14], &weight),
        f64s("2.weight", &[7, 5], &numbers(1, 35)),
    ];
    let only = ["--metrics", "fourier", "--modulus", "7"];
    let fourier = &measured(&tensors, &only)["fourier"];
    assert!((number(fourier, "ipr") - 1.0).abs() < EXACT);
    assert!((number(fourier, "top_share") - 1.0).abs() < EXACT);
    assert!((number(fourier, "gini") - 2.0 / 3.0).abs() < EXACT);
    assert_eq!(
        (&fourier["neurons"], &fourier["untuned"]),
        (&json!(5), &json!(1))
    );
    let keys = &fourier["key_frequencies"];
    assert_eq!(
        (&keys[0]["frequency"], &keys[1]["frequency"]),
        (&json!(2), &json!(3))
    );
    assert!((number(&keys[0], "power") - 0.75).abs() < EXACT);

    let file = File::of(&bytes(&tensors));
    assert!(
        file.text(&only)
            .contains("strongest frequencies: 2 (0.7500)")
    );
    assert!(
        file.refusal(&["--metrics", "fourier"])
            .contains("--modulus")
    );
    let wrong = file.refusal(&["--metrics", "fourier", "--modulus", "5"]);
    assert!(wrong.contains("\"0.weight\" has 14 inputs"), "{wrong}");
    let none = file.refusal(&["--metrics", "fourier", "--modulus", "0"]);
    assert!(none.contains("\"0.weight\" has 14 inputs"), "{none}");
}

/// Neurons of characters of residues modulo 13, 10 of them: `log` gives the place of a residue.
fn net_of_characters(log: impl Fn(usize) -> Option<usize>, period: usize) -> File {
    let wave = |neuron: usize| {
        let log = &log;
        (0..26).map(move |row| {
            let turn = |place: usize| {
                let angle = (neuron % 6 + 1) * place + row / 13 * neuron;
                (angle as f64 * std::f64::consts::TAU / period as f64).cos()
            };
            log(row % 13).map_or(0.3, turn)
        })
    };
    let weight: Vec<f64> = (0..10).flat_map(wave).collect();
    File::of(&bytes(&[
        f64s("0.weight", &[10, 26], &weight),
        f64s("2.weight", &[13, 10], &numbers(1, 130)),
    ]))
}

#[test]
fn products_and_quotients_are_measured_in_multiplicative_characters() {
    // 2 is a primitive root modulo 13.
    let log = |residue: usize| (0..12).find(|&j| 2_usize.pow(j) % 13 == residue);
    let product = net_of_characters(|r| log(r).map(|j| j as usize), 12);
    let sum = net_of_characters(Some, 13);
    let of = |file: &File, operation: &[&str]| {
        let options = [&["--metrics", "fourier", "--modulus", "13"], operation].concat();
        let found = file.json(&options)["fourier"].clone();
        (found, file.text(&options))
    };
    for operation in ["multiply", "divide", "5a*b"] {
        let (found, text) = of(&product, &["--operation", operation]);
        assert!((number(&found, "ipr") - 1.0).abs() < EXACT, "{found}");
        assert_eq!(found["characters"], "multiplicative");
        assert_eq!(found["characters_assumed"], false);
        assert_eq!(found["primitive_root"], 2);
        assert_eq!(found["residues_left_out"], json!([0]));
        // (p − 1)/2, Legendre's symbol, is one of them.
        assert_eq!(
            (&found["frequencies"], &found["untuned"]),
            (&json!(6), &json!(0))
        );
        assert!(found["note"].is_null());
        assert!(
            text.contains("in multiplicative characters, residue 0 left out"),
            "{text}"
        );
        let (additive, text) = of(&sum, &["--operation", operation]);
        assert!(number(&additive, "ipr") < 0.4, "{additive}");
        assert!(
            text.contains("note: additive characters fit better"),
            "{text}"
        );
    }
    for operation in [
        &[][..],
        &["--operation", "add"],
        &["--operation", "2a - 2b"],
    ] {
        let (found, _) = of(&sum, operation);
        assert!((number(&found, "ipr") - 1.0).abs() < EXACT, "{found}");
        assert_eq!(found["characters"], "additive");
        assert_eq!(found["characters_assumed"], operation.is_empty());
        assert!(found["note"].is_null());
        let (found, text) = of(&product, operation);
        assert!(number(&found, "ipr") < 0.4, "{found}");
        let note = found["note"].as_str().unwrap();
        assert!(
            note.contains("multiplicative characters fit better"),
            "{note}"
        );
        assert!(text.contains(note), "{text}");
        assert_eq!(
            text.contains("assumed without --operation"),
            operation.is_empty()
        );
    }
    // Coefficients and exponents decide which frequencies of a and b form a pair.
    let (found, _) = of(&sum, &["--operation", "2a - b"]);
    assert!(number(&found, "ipr") < 0.6, "{found}");
    let (found, text) = of(&product, &["--operation", "a*b^2"]);
    let reason = found["undefined"]["ipr"].as_str().unwrap();
    assert!(reason.contains("the exponent 2 of b and 12"), "{reason}");
    assert!(text.contains(reason), "{text}");
    let (none, text) = of(&sum, &["--operation", "a^2 + a*b + b^2"]);
    assert!(none["characters"].is_null() && none["ipr"].is_null());
    let reason = none["undefined"]["ipr"].as_str().unwrap();
    assert!(reason.contains("sparse in no characters"), "{reason}");
    assert!(text.contains(reason), "{text}");
    let options = "--metrics fourier --modulus 13 --operation power";
    let error = sum.refusal(&options.split(' ').collect::<Vec<_>>());
    assert!(error.contains("--operation \"power\""), "{error}");
    // Even and composite: p/2 is a frequency of sums, and products have none.
    let signs: Vec<f64> = (0..12).map(|row| [1.0, -1.0][row % 2]).collect();
    let even = File::of(&bytes(&[
        f64s("0.weight", &[1, 12], &signs),
        f64s("2.weight", &[6, 1], &numbers(1, 6)),
    ]));
    let fourier = |operation: &str| {
        let options = [
            "--metrics",
            "fourier",
            "--modulus",
            "6",
            "--operation",
            operation,
        ];
        even.json(&options)["fourier"].clone()
    };
    let found = fourier("add");
    assert_eq!(
        found["key_frequencies"][0],
        json!({ "frequency": 3, "power": 1.0 })
    );
    assert_eq!(found["untuned"], 0);
    for operation in ["multiply", "divide"] {
        let found = fourier(operation);
        let reason = found["undefined"]["ipr"].as_str().unwrap();
        assert!(reason.contains("only modulo a prime"), "{reason}");
    }
}

#[test]
fn spectra_and_norms_of_weights_need_no_data() {
    let tensors = [
        f64s("0.weight", &[2, 3], &[0.0, 3.0, 0.0, 4.0, 0.0, 0.0]),
        f64s("0.bias", &[2], &[0.0, 12.0]),
        f64s("2.weight", &[2, 2], &[0.0; 4]),
    ];
    let found = measured(&tensors, &["--metrics", "spectrum,norms"]);
    let first = &found["spectrum"][0];
    assert_eq!(
        (&first["name"], &first["shape"]),
        (&json!("0.weight"), &json!([2, 3]))
    );
    for (place, expected) in [4.0, 3.0].into_iter().enumerate() {
        let found = first["singular_values"][place].as_f64().unwrap();
        assert!((found - expected).abs() < EXACT, "{found} {expected}");
    }
    assert!((number(first, "stable_rank") - 25.0 / 16.0).abs() < EXACT);
    let shares = [16.0 / 25.0, 9.0_f64 / 25.0];
    let entropy: f64 = shares.iter().map(|p| -p * p.ln()).sum();
    assert!((number(first, "effective_rank") - entropy.exp()).abs() < EXACT);
    // A matrix of zeros has no rank of this kind.
    assert!(found["spectrum"][1]["stable_rank"].is_null());
    assert!(found["spectrum"][1]["undefined"]["stable_rank"].is_string());
    let norms = found["norms"]["arrays"].as_array().unwrap();
    let sizes: Vec<&Value> = norms.iter().map(|array| &array["norm"]).collect();
    assert_eq!(sizes, [&json!(5.0), &json!(12.0), &json!(0.0)]);
    assert_eq!(found["norms"]["total"], 13.0);
    assert!(found.get("nc1").is_none());
}

#[test]
fn a_dead_layer_has_nulls_with_reasons() {
    let tensors = [
        f64s("0.weight", &[4, 64], &[-1.0; 256]),
        f64s("2.weight", &[10, 4], &numbers(1, 40)),
    ];
    let options = ["--data", "digits", "--activation", "relu"];
    let found = measured(&tensors, &options);
    for key in ["nc1", "nc2_etf_means", "nc3", "effective_rank"] {
        assert!(found[key].is_null(), "{key}");
        assert!(found["undefined"][key].is_string(), "{key}");
    }
    assert_eq!(found["rank"], 0);
    assert!(number(&found, "nc2_etf_weights") > 0.0);
    assert!(
        File::of(&bytes(&tensors))
            .text(&options)
            .contains("the features are the same in all rows")
    );
}

/// The tensors of the simplex with one of them in another form.
fn with(changed: Tensor) -> Vec<Tensor> {
    let mut tensors = simplex();
    tensors.retain(|tensor| tensor.name != changed.name);
    tensors.push(changed);
    tensors
}

#[test]
fn a_feature_dump_that_is_not_one_is_refused_by_name() {
    let mut nan = [0.5; 18];
    nan[4] = f64::NAN;
    let negative: Vec<u8> = [0_i64, 1, 2, 0, -100, 2]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let without = |name: &str| -> Vec<Tensor> {
        let kept = simplex().into_iter().filter(|tensor| tensor.name != name);
        kept.collect()
    };
    for (tensors, parts) in [
        (
            with(f64s("features", &[6, 3], &nan)),
            ["\"features\"[1, 1] is NaN", "finite"],
        ),
        (
            with(f64s("features", &[6, 3], &[1e300; 18])),
            ["\"features\"[0, 0]", "1e70"],
        ),
        (
            with(f64s("features", &[18], &[0.5; 18])),
            ["\"features\"", "[N, d]"],
        ),
        (
            with(f64s("features", &[6, 3, 1], &[0.5; 18])),
            ["[6, 3, 1]", ".flatten(1)"],
        ),
        (
            with(f64s("features", &[0, 3], &[])),
            ["\"features\"", "[0, 3]"],
        ),
        (
            with(f64s("features", &[6, 0], &[])),
            ["\"features\"", "[6, 0]"],
        ),
        (
            with(labels(&[0, 1, 2, 0, 1, 3])),
            ["\"labels\"[5] is 3", "below 3"],
        ),
        (
            with(labels(&[0, 1, 2])),
            ["\"labels\" has the shape [3]", "[6]"],
        ),
        (
            with(tensor("labels", Dtype::I64, &[6], negative)),
            ["\"labels\"[4] is -100", "class"],
        ),
        (
            with(f64s("labels", &[6], &[0.0, 1.0, 2.0, 0.5, 1.0, 2.0])),
            ["\"labels\"[3] is 0.5", "class"],
        ),
        (
            with(f64s("labels", &[6, 1], &[0.0; 6])),
            ["[6, 1]", "must be [6]"],
        ),
        (
            with(tensor("features", Dtype::C64, &[6, 3], vec![0; 144])),
            ["C64", ".float()"],
        ),
        (
            with(tensor("labels", Dtype::C64, &[6], vec![0; 48])),
            ["\"labels\"", "C64"],
        ),
        (
            with(f64s("classifier.weight", &[3, 2], &[0.5; 6])),
            ["\"classifier.weight\"", "[C, 3]"],
        ),
        (
            with(f64s("classifier.weight", &[0, 3], &[])),
            [
                "\"classifier.weight\" has the shape [0, 3]",
                "a row for each class",
            ],
        ),
        (
            with(f64s("classifier.weight", &[9], &[0.5; 9])),
            ["\"classifier.weight\"", "[9]"],
        ),
        (
            with(f64s("classifier.bias", &[2], &[0.5; 2])),
            ["\"classifier.bias\"", "must be [3]"],
        ),
        (
            with(f64s("classifier.bias", &[3], &[f64::INFINITY; 3])),
            ["\"classifier.bias\"[0] is inf", "finite"],
        ),
        (
            without("features"),
            ["no tensor \"features\"", "\"labels\""],
        ),
        (without("labels"), ["no tensor \"labels\"", "\"features\""]),
        (
            without("classifier.weight"),
            ["\"classifier.bias\"", "\"classifier.weight\""],
        ),
    ] {
        let error = File::of(&bytes(&tensors)).refusal(&[]);
        for part in ["net.safetensors", parts[0], parts[1]] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

/// Every key whose number is null has a reason.
fn assert_reasons(document: &Value) {
    let undefined = document["undefined"].as_object().unwrap();
    for (key, reason) in undefined {
        assert!(document[key].is_null(), "{key}");
        assert!(!reason.as_str().unwrap().is_empty(), "{key}");
    }
}

#[test]
fn classes_without_rows_are_named_and_the_others_measured() {
    let reference = fixture("neural_collapse.json");
    let features = f64s("features", &[6, 4], &matrix(&reference["H"]).concat());
    let classes: Vec<u32> = serde_json::from_value(reference["y"].clone()).unwrap();
    let alone = measured(&[features.clone(), labels(&classes)], &[]);
    // The same classes with other numbers, and a head for 5.
    let renamed: Vec<u32> = classes
        .iter()
        .map(|&class| [0, 2, 4][class as usize])
        .collect();
    let weight = numbers(3, 20);
    let tensors = [
        features.clone(),
        labels(&renamed),
        f64s("classifier.weight", &[5, 4], &weight),
        f64s("classifier.bias", &[5], &[0.0; 5]),
    ];
    let found = measured(&tensors, &[]);
    assert_same(&found, &alone, &OF_FEATURES);
    assert_eq!(
        (&found["classes"], &found["classes_with_rows"]),
        (&json!(5), &json!(3))
    );
    assert_eq!(found["classes_without_rows"], json!([1, 3]));
    // By the largest of all five outputs.
    let rows = matrix(&reference["H"]);
    let right = rows.iter().zip(&renamed).filter(|(row, class)| {
        let logit = |k: usize| -> f64 { (0..4).map(|j| weight[4 * k + j] * row[j]).sum() };
        (0..5).all(|k| k == **class as usize || logit(k) < logit(**class as usize))
    });
    assert_eq!(number(&found, "accuracy"), right.count() as f64 / 6.0);
    for key in ["nc3", "nc3_product", "bias_gap"] {
        let reason = found["undefined"][key].as_str().unwrap();
        assert!(
            reason.contains("classes 1, 3 of 5 have no rows"),
            "{reason}"
        );
    }
    for key in ["nc2_etf_weights", "nc4", "within_inside"] {
        number(&found, key);
    }
    assert_reasons(&found);
    let text = File::of(&bytes(&tensors)).text(&[]);
    assert!(text.contains("classes 1, 3 of 5 have no rows"), "{text}");
    // Without a classifier, and with one large label, which must not cost the memory of so many
    // classes.
    let huge: Vec<u32> = classes
        .iter()
        .map(|&c| [0, 7, u32::MAX][c as usize])
        .collect();
    let found = measured(&[features, labels(&huge)], &[]);
    assert_same(&found, &alone, &OF_FEATURES);
    assert_eq!(found["classes"], json!(4_294_967_296_u64));
    assert_eq!(found["classes_with_rows"], 3);
    // One class has no other to compare with, and its features still have ranks.
    let found = measured(
        &[f64s("features", &[2, 1], &[0.0, 1.0]), labels(&[0, 0])],
        &[],
    );
    let reason = found["undefined"]["nc1"].as_str().unwrap();
    assert!(
        reason.contains("number of classes with rows = 1"),
        "{reason}"
    );
    assert_eq!(number(&found, "effective_rank"), 1.0);
    assert_reasons(&found);
}

#[test]
fn a_head_of_one_output_decides_by_its_sign() {
    let features = [2.0, 0.5, 1.0, -0.5, -1.0, 0.25, -3.0, 0.0, 0.5, 1.0];
    let classes = [1, 1, 0, 0, 0];
    let tensors = |weight: &[f64], bias: f64| {
        vec![
            f64s("features", &[5, 2], &features),
            labels(&classes),
            f64s("classifier.weight", &[1, 2], weight),
            f64s("classifier.bias", &[1], &[bias]),
        ]
    };
    // Outputs 2, 1, −1, −3, 0.5: the last row is on the wrong side.
    let found = measured(&tensors(&[1.0, 0.0], 0.0), &[]);
    assert_eq!(number(&found, "accuracy"), 0.8);
    assert_eq!(
        number(&measured(&tensors(&[1.0, 0.0], -0.75), &[]), "accuracy"),
        1.0
    );
    assert_eq!(
        number(&measured(&tensors(&[-1.0, 0.0], 0.75), &[]), "accuracy"),
        0.0
    );
    let without = &tensors(&[1.0, 0.0], 0.0)[..2];
    // The one pair of two classes has no variation.
    let defined: Vec<&str> = (OF_FEATURES.into_iter().filter(|key| *key != "gnc2_means")).collect();
    assert_same(&found, &measured(without, &[]), &defined);
    // The variance along the one direction that the head reads: of 2, 1 and −1, −3, 0.5.
    let along: f64 = [0.5, -0.5, 1.0 / 6.0, -11.0 / 6.0, 5.0 / 3.0]
        .iter()
        .map(|d| d * d / 5.0)
        .sum();
    assert!((number(&found, "within_inside") - along).abs() < EXACT);
    for key in ["nc3", "nc2_etf_weights", "bias_gap"] {
        let reason = found["undefined"][key].as_str().unwrap();
        assert!(reason.contains("one output"), "{reason}");
    }
    assert_reasons(&found);
    // The metric is for two classes, not three.
    let mut wrong = tensors(&[1.0, 0.0], 0.0);
    wrong[1] = labels(&[0, 1, 2, 0, 1]);
    let error = File::of(&bytes(&wrong)).refusal(&[]);
    assert!(error.contains("\"labels\"[2] is 2"), "{error}");
    // Now a net on rows; its features are the same numbers.
    let net = [
        f64s("0.weight", &[2, 2], &[1.0, 0.0, 0.0, 1.0]),
        f64s("2.weight", &[1, 2], &[1.0, 0.0]),
    ];
    let file = File::of(&bytes(&net));
    let rows = features.chunks(2).zip(classes);
    let rows = rows.map(|(x, class)| format!("{},{},c{class}\n", x[0], x[1]));
    let text = format!("a,b,kind\n{}", rows.collect::<String>());
    fs::write(file.folder.path().join("rows.csv"), text).unwrap();
    let options = "--data rows.csv --label kind --activation identity --inputs raw";
    let on_rows = file.json(&options.split(' ').collect::<Vec<_>>());
    assert_eq!(number(&on_rows, "accuracy"), 0.8);
    assert_same(&on_rows, &found, &defined);
}

#[test]
fn a_head_with_more_outputs_than_the_rows_have_classes_is_measured() {
    // Ten classes in the rows, twelve outputs.
    let net = [
        f64s("0.weight", &[9, 64], &numbers(1, 576)),
        f64s("2.weight", &[12, 9], &numbers(2, 108)),
    ];
    let found = measured(&net, &["--data", "digits", "--activation", "tanh"]);
    assert_eq!(found["classes_without_rows"], json!([10, 11]));
    assert_eq!(found["classes_with_rows"], 10);
    for key in ["nc1", "nc2_etf_means", "nc2_etf_weights", "nc4", "accuracy"] {
        number(&found, key);
    }
    assert!(found["nc3"].is_null());
    assert_reasons(&found);
    // Five training rows of ten classes.
    let options = "--data digits --activation relu --split-seed 0 --train 5";
    let options: Vec<&str> = options.split(' ').collect();
    let found = measured(&Net::random().tensors("", [0, 2, 4]), &options);
    assert!(number(&found, "classes_with_rows") < 10.0);
    assert_reasons(&found);
}

#[test]
fn own_classes_that_are_numbers_of_outputs_are_compared_with_these() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let net = File::of(&fs::read(cases.join("classes12.safetensors")).unwrap());
    let table = fs::read_to_string(cases.join("float_classes.csv")).unwrap();
    let without = |line: &&str| !line.ends_with(",3.0");
    let lines: Vec<&str> = table.lines().filter(without).collect();
    fs::write(net.folder.path().join("rows.csv"), lines.join("\n")).unwrap();
    let options = "--data rows.csv --label y --inputs raw --activation relu --json";
    let output = net.measure(&options.split(' ').collect::<Vec<&str>>());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("output numbers among the outputs 0 to 11"),
        "{said}"
    );
    assert!(!said.contains("counted from 0 in this order"), "{said}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["accuracy"], 1.0);
    assert_eq!(found["classes_without_rows"], json!([3]));
    assert_eq!(found["classes_with_rows"], 11);
}

/// Two classes with one mean, whose rows were stored in a precision.
#[test]
fn class_means_that_agree_up_to_the_precision_of_the_file_span_no_direction() {
    let (width, per_class) = (8, 6);
    let mut exact = Vec::new();
    let mut classes = Vec::new();
    for class in 0..4_u32 {
        // Classes 0 and 1 have one mean, exactly.
        let mean = numbers(u64::from(class.max(1)), width);
        for pair in 0..per_class / 2 {
            let noise = numbers(u64::from(10 + 3 * class) + pair, width);
            for sign in [0.1, -0.1] {
                exact.extend(mean.iter().zip(&noise).map(|(m, z)| m + sign * z));
                classes.push(class);
            }
        }
    }
    let shape = [classes.len(), width];
    // The upper half of an f32 number, rounded.
    let upper = |v: &f64| (((*v as f32).to_bits() + 0x8000) >> 16) as u16;
    let rounded: Vec<f64> = (exact.iter())
        .map(|v| f64::from(f32::from_bits(u32::from(upper(v)) << 16)))
        .collect();
    let upper = exact.iter().flat_map(|v| upper(v).to_le_bytes()).collect();
    let widened: Vec<f64> = exact.iter().map(|v| f64::from(*v as f32)).collect();
    let reference = measured(&[f64s("features", &shape, &exact), labels(&classes)], &[]);
    assert_eq!(reference["precision"], "f64");
    for (precision, features) in [
        ("bf16", tensor("features", Dtype::BF16, &shape, upper)),
        ("bf16", f32s("features", &shape, &rounded)),
        ("bf16", f64s("features", &shape, &rounded)),
        ("f32", f32s("features", &shape, &exact)),
        // Numbers of f32 in f64.
        ("f32", f64s("features", &shape, &widened)),
    ] {
        let tensors = [features, labels(&classes)];
        let found = measured(&tensors, &[]);
        assert_eq!(found["precision"], precision);
        assert_eq!(
            (&found["rank"], &found["dropped_directions"]),
            (&json!(2), &json!(1))
        );
        let gap = number(&found, "nc1") / number(&reference, "nc1") - 1.0;
        assert!(gap.abs() < 0.05, "{precision}: {gap}");
        assert!(number(&found, "nc1_all_directions") > 10.0 * number(&found, "nc1"));
        let dropped = number(&found, "largest_dropped_eigenvalue");
        assert!(dropped > 0.0 && dropped < 1e-3 * number(&found, "smallest_eigenvalue"));
        let text = File::of(&bytes(&tensors)).text(&[]);
        assert!(text.contains("nc1_all_directions"), "{text}");
        assert!(
            text.contains(&format!("the rounding of {precision}")),
            "{text}"
        );
    }
}

#[test]
fn features_that_do_not_vary_have_one_reason_for_all_that_needs_variance() {
    let classes = [0, 0, 1, 1, 2, 2];
    let weight = f64s("classifier.weight", &[3, 2], &numbers(4, 6));
    let constant = |offset: f64| {
        f64s(
            "features",
            &[6, 2],
            &[0.1 * offset, -0.7 * offset].repeat(6),
        )
    };
    let almost: Vec<f64> = (0..12).map(|at| 0.1 + f64::from(at % 5) * 1e-9).collect();
    let cases = [
        (constant(1.0), labels(&classes)),
        (constant(1e12), labels(&classes)),
        (constant(0.0), labels(&classes)),
        // The same after storing, or but for the last digit.
        (f32s("features", &[6, 2], &almost), labels(&classes)),
        (f64s("features", &[1, 2], &[0.5, 2.0]), labels(&[2])),
    ];
    for (features, labels) in cases {
        let found = measured(&[features, labels, weight.clone()], &[]);
        let undefined = found["undefined"].as_object().unwrap();
        for key in OF_FEATURES.iter().chain(&OF_CLASSIFIER) {
            let of_weights = key.ends_with("_weights");
            if ["rank", "accuracy"].contains(key) || of_weights {
                number(&found, key);
                continue;
            }
            assert!(found[key].is_null(), "{key}: {}", found[key]);
            assert_eq!(undefined[*key], undefined["nc1"], "{key}");
        }
        let reason = undefined["nc1"].as_str().unwrap();
        assert!(reason.contains("the same in all rows"), "{reason}");
        assert_eq!(found["rank"], 0);
    }
    // With this offset, some variance remains above the rounding.
    let reference = fixture("neural_collapse.json");
    let values = matrix(&reference["H"]).concat();
    let shifted: Vec<f64> = values.iter().map(|v| v + 1e6).collect();
    let classes: Vec<u32> = serde_json::from_value(reference["y"].clone()).unwrap();
    let of = |values: &[f64]| {
        let tensors = [f64s("features", &[6, 4], values), labels(&classes)];
        measured(&tensors, &[])
    };
    let (found, plain) = (of(&shifted), of(&values));
    for key in OF_FEATURES {
        let (found, expected) = (number(&found, key), number(&plain, key));
        assert!(
            (found - expected).abs() < 1e-6 * (1.0 + expected.abs()),
            "{key}"
        );
    }
}

#[test]
fn weights_that_are_no_net_are_refused_by_name() {
    let weight =
        |name: &str, shape: [usize; 2]| f64s(name, &shape, &numbers(1, shape[0] * shape[1]));
    let vector = |name: &str, length: usize| f64s(name, &[length], &numbers(2, length));
    let first = || weight("0.weight", [4, 64]);
    for (tensors, parts) in [
        (
            vec![first(), weight("2.weight", [10, 5])],
            [
                "\"2.weight\" has the shape [10, 5]",
                "\"0.weight\" before it has 4",
            ],
        ),
        (
            vec![first(), weight("2.weight", [9, 4])],
            ["\"2.weight\" has 9 outputs", "10 classes"],
        ),
        (
            vec![weight("0.weight", [4, 63]), weight("2.weight", [10, 4])],
            ["\"0.weight\" has 63 inputs", "64 features"],
        ),
        (
            vec![first(), vector("0.bias", 64), weight("2.weight", [10, 4])],
            ["\"0.bias\" has the shape [64]", "must be [4]"],
        ),
        (
            vec![first(), vector("1.bias", 4), weight("2.weight", [10, 4])],
            ["\"1.bias\"", "no weight"],
        ),
        (
            vec![weight("0.weight", [10, 64])],
            ["one layer", "--metrics spectrum,norms"],
        ),
        (
            vec![f64s("0.weight", &[2, 1, 3, 3], &[0.5; 18])],
            ["[2, 1, 3, 3]", "feature dump"],
        ),
        (
            vec![first(), vector("1.weight", 4)],
            ["\"1.weight\" has the shape [4]", "feature dump"],
        ),
        (
            vec![first(), vector("1.running_mean", 4)],
            ["\"1.running_mean\"", "batch normalisation"],
        ),
        (
            vec![weight("one.weight", [4, 4]), weight("two.weight", [4, 4])],
            ["\"one\" [4, 4], \"two\" [4, 4]", "--layers one,two"],
        ),
        (
            vec![first(), weight("00.weight", [4, 64])],
            ["\"00.weight\"", "\"0.weight\""],
        ),
        (
            vec![
                weight("fc1.weight", [4, 64]),
                weight("out2.weight", [10, 5]),
            ],
            ["\"out2\" [10, 5]", "in no order"],
        ),
        (vec![weight("W1", [4, 64])], ["\"W1\"", "classifier.weight"]),
        (
            vec![weight("bad\nname", [4, 64])],
            ["bad\\nname", "neither the weight nor the bias"],
        ),
        (
            vec![weight("0.weight", [0, 64])],
            ["\"0.weight\"", "[0, 64]"],
        ),
        (vec![], ["holds no tensor", "feature dump"]),
        (
            vec![
                f64s("0.weight", &[4, 64], &[1e60; 256]),
                weight("2.weight", [10, 4]),
            ],
            ["after \"0.weight\"", "1e70"],
        ),
    ] {
        let error =
            File::of(&bytes(&tensors)).refusal(&["--data", "digits", "--activation", "quadratic"]);
        for part in ["net.safetensors", parts[0], parts[1]] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

#[test]
fn options_that_do_not_belong_together_are_refused() {
    let dump = File::of(&bytes(&simplex()));
    let net = File::of(&bytes(&Net::random().tensors("", [0, 2, 4])));
    let on_digits = ["--data", "digits", "--activation", "relu"];
    let split =
        |train: &'static str| [&on_digits[..], &["--split-seed", "0", "--train", train]].concat();
    for (file, options, part) in [
        (
            &dump,
            vec!["--activation", "relu"],
            "--activation is for weights",
        ),
        (&dump, vec!["--data", "digits"], "--data is for weights"),
        (&dump, vec!["--modulus", "3"], "--modulus is for weights"),
        (
            &dump,
            vec!["--metrics", "fourier"],
            "--metrics fourier is for weights",
        ),
        (&net, vec![], "--data"),
        (&net, vec!["--activation", "relu"], "--data"),
        (&net, vec!["--data", "digits"], "--activation"),
        (
            &net,
            vec!["--data", "cifar", "--activation", "relu"],
            "cifar",
        ),
        (
            &net,
            vec!["--metrics", "norms", "--data", "digits"],
            "--metrics nc",
        ),
        (
            &net,
            vec!["--metrics", "norms", "--label", "kind"],
            "--data FILE",
        ),
        (&dump, vec!["--label", "kind"], "--label is for weights"),
        (&net, split("0"), "1797 rows"),
        (&net, split("1797"), "1797 rows"),
        (
            &dump,
            vec!["--operation", "add", "--modulus", "3"],
            "is for weights",
        ),
    ] {
        let error = file.refusal(&options);
        assert!(error.contains(part), "{part}: {error}");
    }
    // Those that the command line itself refuses.
    for options in [
        ["--metrics", "nc4"],
        ["--activation", "swish"],
        ["--train", "10"],
        ["--operation", "multiply"],
        ["--inputs", "raw"],
    ] {
        let output = net.measure(&options);
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(output.stderr.starts_with(b"error: "), "{options:?}");
    }
}

#[test]
fn a_file_that_is_missing_or_none_is_refused() {
    let file = File::of(b"PK\x03\x04 no safetensors, a zip of pickles");
    let error = file.refusal(&[]);
    let says = "net.safetensors: is packed with zip, not a safetensors file";
    assert!(error.contains(says), "{error}");
    fs::remove_file(file.folder.path().join("net.safetensors")).unwrap();
    assert!(file.refusal(&[]).contains("cannot be read"));
    fs::create_dir(file.folder.path().join("net.safetensors")).unwrap();
    assert!(file.refusal(&[]).contains("cannot be read"));
}

#[test]
fn damaged_files_end_with_numbers_or_one_line() {
    let net = bytes(&Net::random().tensors("", [0, 2, 4]));
    let options = ["--data", "digits", "--activation", "tanh"];
    for (valid, options) in [(bytes(&simplex()), &[][..]), (net, &options[..])] {
        let places = numbers(5, 12);
        for (turn, place) in places.iter().enumerate() {
            let at = ((place + 1.0) / 2.0 * valid.len() as f64) as usize;
            let mut damaged = valid.clone();
            match turn % 3 {
                0 => damaged.truncate(at),
                1 => damaged[at] ^= 0x40,
                // In the header, whose length is in the first eight bytes.
                _ => damaged[at % 200] ^= 1,
            }
            let file = File::of(&damaged);
            let output = file.measure(options);
            match output.status.code() {
                Some(0) => {
                    // A name in the header may have changed.
                    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
                    assert!(notes.lines().all(|line| line.starts_with("note: ")));
                    assert_ne!(turn % 3, 0);
                }
                _ => assert!(file.refusal(options).contains("net.safetensors")),
            }
        }
    }
}

/// Rows of two numbers and a class with a name, for a net 2-3-2.
#[test]
fn rows_of_ones_own_are_measured_and_their_mistakes_named() {
    let net = |prefix: &str| {
        let name = |at: &str| format!("{prefix}{at}");
        bytes(&[
            f64s(&name("0.weight"), &[3, 2], &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
            f64s(&name("2.weight"), &[2, 3], &[1.0, 0.0, 0.5, 0.0, 1.0, 0.5]),
        ])
    };
    let file = File::of(&net("layers."));
    let path = file.folder.path().join("rows.csv");
    fs::write(
        &path,
        "a,kind,b\n2,left,0\n0,right,2\n3,left,0\n0,right,3\n",
    )
    .unwrap();
    let options = [
        "--activation",
        "relu",
        "--inputs",
        "raw",
        "--data",
        "rows.csv",
        "--label",
        "kind",
    ];
    let found = file.json(&options);
    // Features are (a, b, a + b): means (2.5, 0, 2.5) and (0, 2.5, 2.5), half a unit around them in
    // two directions of which one lies across.
    assert_eq!(number(&found, "accuracy"), 1.0);
    assert_eq!((number(&found, "rank"), number(&found, "nc4")), (1.0, 0.0));
    // Along the difference of the means 0.125, and S_b = 3.125.
    assert!((number(&found, "nc1") - 0.02).abs() < 1e-12);
    assert!((number(&found, "nc1_quotient") - 0.16).abs() < 1e-12);
    for (text, label, says) in [
        (
            "a,kind,b\n2,left,0\n,right,2\n",
            "kind",
            "line 3, column \"a\"",
        ),
        ("a,kind,b\n2,left,0\n1,right,2\n", "sort", "\"sort\""),
        ("a,kind\n2,left\n1,right\n", "kind", "2 inputs"),
    ] {
        fs::write(&path, text).unwrap();
        let mut options = options;
        options[7] = label;
        let error = file.refusal(&options);
        assert!(error.contains(says), "{error}");
    }
    let mut options = options.to_vec();
    options.truncate(6);
    assert!(file.refusal(&options).contains("label column"));
}

/// Files that NumPy wrote: see `make_arrays.py` beside them.
#[test]
fn dumps_of_numpy_are_measured_as_those_of_safetensors_are() {
    let expected = measured(&simplex(), &["--metrics", "nc"]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tasks/tests/fixtures");
    let measure = |arguments: &[&str]| -> Output {
        Command::new(env!("CARGO_BIN_EXE_layerwise"))
            .current_dir(&folder)
            .args([&["measure"], arguments, &["--metrics", "nc", "--json"]].concat())
            .output()
            .unwrap()
    };
    let document = |arguments: &[&str]| -> Value {
        let output = measure(arguments);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let archive = document(&["dump.npz"]);
    for key in [
        "rows", "classes", "width", "rank", "accuracy", "nc1", "nc3", "nc4",
    ] {
        assert!(
            (number(&archive, key) - number(&expected, key)).abs() < EXACT,
            "{key}"
        );
    }
    // Without a classifier.
    let arrays = document(&["features.npy", "--label-file", "labels.npy"]);
    for key in [
        "rows",
        "classes",
        "width",
        "rank",
        "nc1",
        "nearest_mean_accuracy",
    ] {
        assert!(
            (number(&arrays, key) - number(&expected, key)).abs() < EXACT,
            "{key}"
        );
    }
    assert_eq!(arrays["nc3"], Value::Null);
    for (arguments, says) in [
        (&["features.npy"][..], "--label-file labels.npy"),
        (
            &["features.npy", "--label-file", "dump.npz", "--layers", "a"],
            "--layers",
        ),
        (
            &["dump.npz", "--label-file", "labels.npy"],
            "already has them",
        ),
        (
            &["features.npy", "--label-file", "features.npy"],
            "\"labels\" has the shape [6, 3]",
        ),
        (
            &["features.npy", "--label-file", "nowhere.npy"],
            "nowhere.npy",
        ),
        (&["arrays.npz"], "feature dump"),
    ] {
        let output = measure(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(says) && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn usual_names_of_layers_are_read_as_numbers_are() {
    let net = Net::random();
    let options = [
        "--data",
        "digits",
        "--activation",
        "tanh",
        "--metrics",
        "nc",
    ];
    let plain = File::of(&bytes(&net.tensors("", [0, 2, 4]))).json(&options);
    for (names, by) in [
        (["net.0", "net.2", "classifier"], Some("shapes")),
        (["fc1", "fc2", "fc_out"], Some("shapes")),
        (
            ["module.encoder", "module.mlp", "module.head"],
            Some("shapes"),
        ),
        (["layers.0.0", "layers.0.2", "layers.1.0"], None),
    ] {
        let mut tensors = net.tensors("", [0, 2, 4]);
        for tensor in &mut tensors {
            let (at, kind) = tensor.name.split_once('.').unwrap();
            let at: usize = at.parse().unwrap();
            tensor.name = format!("{}.{kind}", names[at / 2]);
        }
        let mut found = File::of(&bytes(&tensors)).json(&options);
        let order = found.as_object_mut().unwrap().remove("layer_order");
        assert_eq!(order, by.map(|by| json!({ "layers": names, "by": by })));
        assert_eq!(found, plain);
        let names = names.join(",");
        let list = [&options[..], &["--layers", &names]].concat();
        let mut found = File::of(&bytes(&tensors)).json(&list);
        found.as_object_mut().unwrap().remove("layer_order");
        assert_eq!(found, plain);
    }
}
