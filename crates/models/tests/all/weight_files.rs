//! Files of weights: reading, writing, and `init = { kind = "file" }`.

use std::{collections::BTreeMap, fs};

use models::{
    HostArray, Layout, Model, WeightFile, WeightFileError,
    weight_file::{Misfit, OrderedBy, to_bytes},
};
use tasks::{KeyError, TaskShape, tensors::Tensors};
use tempfile::TempDir;

use crate::start::{initial, model};

const SHAPE: TaskShape = TaskShape {
    inputs: 4,
    basis: 0,
    outputs: 3,
};

/// Parameters of a net 4 → 5 → 3.
fn net(seed: u64) -> Vec<HostArray> {
    let table = "kind = 'mlp'\nwidths = [5]\ninit = { kind = 'normal', std = 1.0 }";
    initial(&*model(table), SHAPE, seed)
}

fn bytes(arrays: &[HostArray], layout: Layout) -> Vec<u8> {
    to_bytes(arrays, layout, &BTreeMap::new()).unwrap()
}

fn read(bytes: &[u8]) -> WeightFile {
    WeightFile::read(&Tensors::open(bytes).unwrap(), None).unwrap()
}

/// A folder with the files of `init`.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn model(&self, file: &str, more: &str) -> Result<Box<dyn Model>, KeyError> {
        let file = self.0.path().join(file);
        let table = format!("kind = 'mlp'\ninit = {{ kind = 'file', file = {file:?} }}\n{more}");
        models::kinds().build(table.parse().unwrap())
    }
}

#[test]
fn both_layouts_come_back_as_they_were() {
    let arrays = net(0);
    for layout in [Layout::PyTorch, Layout::Layerwise] {
        let file = read(&bytes(&arrays, layout));
        assert_eq!((file.layout, file.parameters()), (layout, arrays.clone()));
    }
}

#[test]
fn pytorch_has_weights_transposed_and_every_second_number() {
    let arrays = net(0);
    let file = bytes(&arrays, Layout::PyTorch);
    let tensors = Tensors::open(&file).unwrap();
    assert_eq!(
        tensors.names(),
        ["0.bias", "0.weight", "2.bias", "2.weight"]
    );
    let weight = tensors.array("0.weight").unwrap();
    assert_eq!(weight.shape, [5, 4]);
    assert_eq!(tensors.shape("2.bias").unwrap(), [3]);
    // Row-major [in, out] at (1, 2) is [out, in] at (2, 1).
    assert_eq!(weight.values[2 * 4 + 1], arrays[0].values[5 + 2]);
}

#[test]
fn only_metadata_makes_a_file_one_of_ours() {
    // Square, so that shapes tell nothing; PyTorch may name its modules `layers`, too.
    let square = HostArray {
        name: "layers.0.weight".to_owned(),
        rows: 2,
        columns: 2,
        values: vec![1.0, 2.0, 3.0, 4.0],
    };
    let own = bytes(std::slice::from_ref(&square), Layout::Layerwise);
    assert_eq!(read(&own).parameters()[0].values, [1.0, 2.0, 3.0, 4.0]);
    let text = String::from_utf8_lossy(&own).into_owned();
    let at = text.find("\"layout\"").unwrap();
    let mut other = own.clone();
    other[at..at + 8].copy_from_slice(b"\"LAYOUT\"");
    let file = read(&other);
    assert_eq!(file.layout, Layout::PyTorch);
    assert_eq!(file.parameters()[0].values, [1.0, 3.0, 2.0, 4.0]);
}

#[test]
fn arrays_without_layers_have_no_place_in_pytorch() {
    let array = HostArray {
        name: "strength".to_owned(),
        rows: 1,
        columns: 1,
        values: vec![1.0],
    };
    let error = to_bytes(&[array], Layout::PyTorch, &BTreeMap::new()).unwrap_err();
    assert!(error.to_string().contains("\"strength\""), "{error}");
}

#[test]
fn a_net_starts_from_the_numbers_of_its_file() {
    let (files, arrays) = (Files::new(), net(7));
    files.write("torch.safetensors", &bytes(&arrays, Layout::PyTorch));
    files.write("own.safetensors", &bytes(&arrays, Layout::Layerwise));
    for name in ["torch.safetensors", "own.safetensors"] {
        let model = files.model(name, "widths = [5]").unwrap();
        model.check(SHAPE).unwrap();
        // Whatever the seed.
        assert_eq!(initial(&*model, SHAPE, 0), arrays);
        assert_eq!(initial(&*model, SHAPE, 3), arrays);
        let resolved = model.resolved();
        let sum = resolved["init"]["sha256"].as_str().unwrap();
        assert_eq!(sum.len(), 64);
        let again = models::kinds().build(resolved.clone()).unwrap();
        assert_eq!(again.resolved(), resolved);
    }
}

#[test]
fn the_numbers_of_a_file_are_the_parameters_of_every_parametrisation_and_scales_multiply_them() {
    let (files, arrays) = (Files::new(), net(7));
    files.write("own.safetensors", &bytes(&arrays, Layout::Layerwise));
    let ntk = files.model("own.safetensors", "widths = [5]\nparametrisation = 'ntk'");
    assert_eq!(initial(&*ntk.unwrap(), SHAPE, 0), arrays);
    let scaled = "widths = [5]\nlayer_scales = [2.0, 0.5]";
    let scaled = files.model("own.safetensors", scaled).unwrap();
    for (array, plain) in initial(&*scaled, SHAPE, 0).iter().zip(&arrays) {
        let factor = if array.name.starts_with("layers.0") {
            2.0
        } else {
            0.5
        };
        let expected: Vec<f64> = plain.values.iter().map(|value| factor * value).collect();
        assert_eq!(array.values, expected, "{}", array.name);
    }
}

#[test]
fn each_seed_has_the_file_of_its_number() {
    let files = Files::new();
    for seed in [0, 1, 12] {
        let name = format!("net-{seed}.safetensors");
        files.write(&name, &bytes(&net(seed), Layout::PyTorch));
    }
    files.write("net-01.safetensors", b"not read");
    files.write("net-x.safetensors", b"not read");
    let model = files
        .model("net-{seed}.safetensors", "widths = [5]")
        .unwrap();
    for seed in [0, 1, 12] {
        assert_eq!(initial(&*model, SHAPE, seed), net(seed));
        model.check_seed(seed).unwrap();
    }
    let error = model.check_seed(2).unwrap_err();
    assert_eq!(error.key, "init.file");
    assert!(error.problem.contains("seed 2") && error.problem.contains("[0, 1, 12]"));
    // A changed file gives another identity.
    let before = model.resolved();
    files.write("net-1.safetensors", &bytes(&net(5)[..1], Layout::PyTorch));
    let error = models::kinds().build(before).err().unwrap();
    assert_eq!(error.key, "init.sha256");
    let nothing = files.model("nothing-{seed}", "widths = [5]").err().unwrap();
    assert!(nothing.to_string().contains("fits no file"), "{nothing}");
    let twice = files.model("{seed}-{seed}", "widths = [5]").err().unwrap();
    assert!(twice.to_string().contains("twice"), "{twice}");
}

#[test]
fn folders_may_be_numbered_as_well() {
    let files = Files::new();
    fs::create_dir(files.0.path().join("seed-3")).unwrap();
    files.write("seed-3/start.safetensors", &bytes(&net(3), Layout::PyTorch));
    let model = files
        .model("seed-{seed}/start.safetensors", "widths = [5]")
        .unwrap();
    model.check_seed(3).unwrap();
    assert_eq!(initial(&*model, SHAPE, 3), net(3));
}

#[test]
fn a_file_that_does_not_fit_is_named_with_tensor_and_shapes() {
    let files = Files::new();
    files.write("net.safetensors", &bytes(&net(0), Layout::PyTorch));
    let file = bytes(&net(0), Layout::PyTorch);
    files.write("half.safetensors", &file[..file.len() - 1]);
    let wrong = |more: &str, parts: &[&str]| {
        let model = files.model("net.safetensors", more).unwrap();
        let error = model.check(SHAPE).unwrap_err();
        assert_eq!(error.key, "init.file");
        let text = error.to_string();
        for part in ["net.safetensors", "bias = "].iter().chain(parts) {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
    };
    wrong(
        "widths = [6]",
        &[
            "\"0.weight\" has the shape [5, 4]",
            "layers.0.weight",
            "[6, 4]",
            "4 → 6 → 3",
        ],
    );
    wrong(
        "widths = [5]\nbias = false",
        &["4 weights and biases", "has 2"],
    );
    wrong("widths = []", &["4 weights and biases", "has 2"]);
    for (name, says) in [
        ("nowhere.safetensors", "cannot be read"),
        ("half.safetensors", "not a complete safetensors file"),
    ] {
        let error = files.model(name, "widths = [5]").err().unwrap();
        assert_eq!(error.key, "init.file");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_misfit_speaks_in_the_layout_of_the_file() {
    let expected = vec![("layers.0.weight".to_owned(), [4, 6])];
    let arrays = &net(0)[..1];
    for (layout, found, wanted) in [
        (Layout::PyTorch, [5, 4], vec![6, 4]),
        (Layout::Layerwise, [4, 5], vec![4, 6]),
    ] {
        let misfit = read(&bytes(arrays, layout)).check(&expected).unwrap_err();
        let Misfit::Shape {
            found: shape,
            expected,
            ..
        } = misfit
        else {
            panic!("{misfit}");
        };
        assert_eq!((shape, expected), (found.to_vec(), wanted));
    }
}

/// A file with weights of these names, inputs and outputs, entries all the number of the layer, and a
/// bias for each.
fn named(layers: &[(&str, usize, usize)]) -> Vec<u8> {
    use safetensors::{Dtype, serialize, tensor::TensorView};
    let arrays = layers
        .iter()
        .enumerate()
        .flat_map(|(at, &(name, inputs, outputs))| {
            let bytes = |count: usize| -> Vec<u8> {
                (0..count).flat_map(|_| (at as f64).to_le_bytes()).collect()
            };
            [
                (
                    format!("{name}.weight"),
                    vec![outputs, inputs],
                    bytes(inputs * outputs),
                ),
                (format!("{name}.bias"), vec![outputs], bytes(outputs)),
            ]
        });
    let arrays: Vec<_> = arrays.collect();
    let views = arrays.iter().map(|(name, shape, bytes)| {
        (
            name,
            TensorView::new(Dtype::F64, shape.clone(), bytes).unwrap(),
        )
    });
    serialize(views, None).unwrap()
}

fn read_named(
    layers: &[(&str, usize, usize)],
    list: Option<&[String]>,
) -> Result<(Vec<String>, OrderedBy), WeightFileError> {
    let bytes = named(layers);
    let file = WeightFile::read(&Tensors::open(&bytes).unwrap(), list)?;
    for layer in &file.layers {
        // Each bias is beside its own weight.
        let at = layers
            .iter()
            .position(|(name, ..)| *name == layer.name())
            .unwrap();
        let bias = layer.bias.as_ref().unwrap();
        assert!(
            bias.values
                .iter()
                .chain(&layer.weight.values)
                .all(|v| *v == at as f64)
        );
    }
    let names = file.layers.iter().map(|layer| layer.name().to_owned());
    Ok((names.collect(), file.ordered_by))
}

#[test]
fn layers_are_in_the_order_of_numbers_or_of_the_only_chain_of_shapes() {
    use OrderedBy::{Numbers, Shapes, Words};
    for (layers, by) in [
        (&[("0", 4, 5), ("2", 5, 5), ("10", 5, 3)][..], Numbers),
        (
            &[
                ("layers.0.0", 4, 5),
                ("layers.0.2", 5, 5),
                ("layers.1.0", 5, 3),
            ],
            Numbers,
        ),
        (
            &[
                ("layers.0.linear", 5, 5),
                ("layers.1.linear", 5, 5),
                ("layers.2", 5, 5),
            ],
            Numbers,
        ),
        (
            &[
                ("_orig_mod.module.fc1", 4, 4),
                ("_orig_mod.module.fc2", 4, 4),
            ],
            Numbers,
        ),
        (
            &[("net.0", 64, 16), ("net.2", 16, 12), ("classifier", 12, 10)],
            Shapes,
        ),
        (
            &[("fc1", 64, 16), ("fc2", 16, 12), ("fc_out", 12, 10)],
            Shapes,
        ),
        (
            &[("hidden.0", 4, 8), ("hidden.1", 8, 8), ("output", 8, 3)],
            Shapes,
        ),
        (
            &[
                ("input", 4, 8),
                ("hidden.0", 8, 8),
                ("hidden.1", 8, 8),
                ("output", 8, 3),
            ],
            Shapes,
        ),
        (&[("module.encoder", 4, 8), ("module.head", 8, 3)], Shapes),
        (&[("zeta", 4, 8), ("eta", 8, 9), ("alpha", 9, 3)], Shapes),
        // Square layers: one word is needed.
        (
            &[("net.0", 8, 8), ("net.2", 8, 8), ("classifier", 8, 8)],
            Words,
        ),
        (&[("net.0", 6, 8), ("net.2", 8, 8), ("out", 8, 8)], Words),
        (
            &[
                ("embed", 8, 8),
                ("mlp.0", 8, 8),
                ("mlp.1", 8, 8),
                ("lm_head", 8, 8),
            ],
            Words,
        ),
        (
            &[
                ("encoder.0", 8, 4),
                ("encoder.2", 4, 2),
                ("decoder.0", 2, 4),
                ("decoder.2", 4, 8),
            ],
            Words,
        ),
    ] {
        let expected: Vec<&str> = layers.iter().map(|(name, ..)| *name).collect();
        let (found, found_by) = read_named(layers, None).unwrap();
        assert_eq!(
            (found, found_by),
            (expected.iter().map(|n| (*n).to_owned()).collect(), by)
        );
    }
}

#[test]
fn layers_that_may_be_in_several_orders_need_a_list() {
    let cure = |error: &WeightFileError| {
        error.with_cures(|names| format!("--layers {}", names.join(",")), "")
    };
    let square = [
        ("first_block", 8, 8),
        ("second_block", 8, 8),
        ("third_block", 8, 8),
    ];
    for (layers, says) in [
        (&square[..], "\"first_block\" [8, 8]"),
        (
            &[("net.0", 8, 8), ("mlp", 8, 8), ("classifier", 8, 8)],
            "several",
        ),
        (&[("a", 4, 5), ("b", 6, 3)], "in no order"),
        (&[("head_a", 4, 4), ("head_b", 4, 4)], "several"),
    ] {
        let error = read_named(layers, None).unwrap_err();
        assert!(matches!(error, WeightFileError::Order { .. }), "{error}");
        let text = cure(&error);
        assert!(text.contains(says) && text.contains("--layers "), "{text}");
    }
    let list = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let given = list(&["third_block", "first_block.weight", " second_block"]);
    let (found, by) = read_named(&square, Some(&given)).unwrap();
    assert_eq!(
        (found, by),
        (
            list(&["third_block", "first_block", "second_block"]),
            OrderedBy::List
        )
    );
    for (names, says) in [
        (
            &["first_block", "second_block"][..],
            "\"third_block\", which is missing in the list",
        ),
        (
            &["first_block", "second_block", "third"],
            "no layer \"third\"",
        ),
        (
            &["first_block", "second_block", "first_block"],
            "listed twice",
        ),
    ] {
        let error = read_named(&square, Some(&list(names))).unwrap_err();
        assert!(cure(&error).contains(says), "{error}");
    }
    // A list decides against numbers, too, and shapes must go together in it.
    let numbered = [("0", 4, 4), ("2", 4, 4)];
    assert_eq!(
        read_named(&numbered, Some(&list(&["2", "0"]))).unwrap().0,
        ["2", "0"]
    );
    let error = read_named(&[("0", 4, 5), ("2", 5, 3)], Some(&list(&["2", "0"])));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("before it has 3 outputs")
    );
}

#[test]
fn many_layers_without_an_order_are_refused_soon() {
    let names: Vec<String> = ('a'..='z').map(|c| format!("{c}_block")).collect();
    let layers: Vec<(&str, usize, usize)> = names.iter().map(|name| (&**name, 2, 2)).collect();
    let began = std::time::Instant::now();
    assert!(read_named(&layers, None).is_err());
    // No chain at all.
    let layers: Vec<(&str, usize, usize)> = (names.iter().enumerate())
        .map(|(at, name)| (&**name, 2, if at == 7 { 3 } else { 2 }))
        .chain([("x1", 9, 2)])
        .collect();
    assert!(read_named(&layers, None).is_err());
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_start_takes_the_layers_in_the_order_of_its_list() {
    let files = Files::new();
    files.write(
        "square.safetensors",
        &named(&[("left", 4, 4), ("right", 4, 4)]),
    );
    let shape = TaskShape {
        outputs: 4,
        ..SHAPE
    };
    let file = files.0.path().join("square.safetensors");
    let build = |layers: &str| {
        let table = format!(
            "kind = 'mlp'\nwidths = [4]\ninit = {{ kind = 'file', file = {file:?}{layers} }}"
        );
        models::kinds().build(table.parse().unwrap())
    };
    let error = build("").err().unwrap().to_string();
    assert!(
        error.contains("init.layers = [\"left\", \"right\"]"),
        "{error}"
    );
    for (layers, first) in [("['left', 'right']", 0.0), ("['right', 'left']", 1.0)] {
        let model = build(&format!(", layers = {layers}")).unwrap();
        assert_eq!(initial(&*model, shape, 0)[0].values, [first; 16]);
        assert!(model.resolved()["init"].get("layers").is_some());
    }
}

#[test]
fn a_start_may_be_sharded() {
    let (files, arrays) = (Files::new(), net(7));
    for (part, range) in [(1, 0..2), (2, 2..4)] {
        let name = format!("net-0000{part}-of-00002.safetensors");
        files.write(&name, &bytes(&arrays[range], Layout::PyTorch));
    }
    let map = ["0.weight", "0.bias", "2.weight", "2.bias"].map(|name| {
        let part = if name.starts_with('0') { 1 } else { 2 };
        format!("{name:?}: \"net-0000{part}-of-00002.safetensors\"")
    });
    let index = format!("{{\"weight_map\": {{{}}}}}", map.join(", "));
    files.write("net.safetensors.index.json", index.as_bytes());
    let model = files
        .model("net.safetensors.index.json", "widths = [5]")
        .unwrap();
    assert_eq!(initial(&*model, SHAPE, 0), arrays);
    // A changed shard gives another identity.
    let before = model.resolved();
    files.write(
        "net-00002-of-00002.safetensors",
        &bytes(&net(8)[2..], Layout::PyTorch),
    );
    let error = models::kinds().build(before).err().unwrap();
    assert_eq!(error.key, "init.sha256");
}
