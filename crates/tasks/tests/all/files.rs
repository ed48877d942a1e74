//! Files of tensors: those of NumPy in every layout, sharded checkpoints, and files of other
//! formats.

use std::{fs, path::Path};

use layerwise_tasks::{
    file_kind::{no_table, no_tensors},
    kinds,
    tensors::{TensorFile, Tensors},
};
use rand_core::Rng;
use safetensors::{Dtype, serialize, tensor::TensorView};
use tempfile::TempDir;

const NUMBERS: [f64; 6] = [0.5, -1.0, 2.0, 0.25, 0.0, 3.0];

/// A file that NumPy wrote, see `make_arrays.py` there.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::read(folder.join(name)).unwrap()
}

#[test]
fn arrays_of_numpy_are_the_same_in_every_layout() {
    for archive in ["arrays.npz", "packed.npz"] {
        let bytes = fixture(archive);
        let tensors = Tensors::open(&bytes).unwrap();
        for name in [
            "f8",
            "f4",
            "f2",
            "big_f8",
            "big_f4",
            "fortran",
            "big_fortran",
        ] {
            let array = tensors.array(name).unwrap();
            assert_eq!(
                (&array.shape[..], &array.values[..]),
                (&[2, 3][..], &NUMBERS[..]),
                "{name}"
            );
        }
        let counted: Vec<f64> = (0..24).map(f64::from).collect();
        for name in ["cube", "fortran_cube"] {
            let array = tensors.array_or_integers(name).unwrap();
            assert_eq!(
                (array.shape, array.values),
                (vec![2, 3, 4], counted.clone()),
                "{name}"
            );
            assert!(tensors.array(name).is_err());
        }
        for name in ["i8", "u1", "big_i4"] {
            assert_eq!(tensors.labels(name).unwrap(), [2, 0, 1], "{name}");
        }
        assert_eq!(tensors.labels("bool").unwrap(), [1, 0, 1]);
        assert_eq!(tensors.shape("scalar").unwrap(), [0; 0]);
        assert_eq!(tensors.array("scalar").unwrap().values, [7.0]);
        assert_eq!(tensors.shape("empty").unwrap(), [0, 3]);
        for (name, says) in [
            ("objects", "Python objects (NumPy type |O)"),
            ("text", "return_inverse=True"),
            ("fields", "several fields"),
            ("complex", "no real numbers (NumPy type <c16)"),
            ("dates", "no real numbers"),
        ] {
            for error in [
                tensors.array(name).unwrap_err(),
                tensors.labels(name).unwrap_err(),
            ] {
                let error = error.to_string();
                assert!(error.contains(says) && error.contains(name), "{error}");
            }
        }
    }
}

#[test]
fn one_array_has_the_name_of_its_file() {
    let file = TensorFile::of(Path::new("there/h.npy"), fixture("array.npy"));
    assert!(file.is_one_array());
    let mut tensors = file.tensors().unwrap();
    assert_eq!(tensors.array("h").unwrap().values, NUMBERS);
    tensors.rename_only("features");
    let other = file.tensors().unwrap();
    tensors.join("labels", other).unwrap();
    assert_eq!(tensors.names(), ["features", "labels"]);
    assert!(tensors.join("labels", file.tensors().unwrap()).is_err());
}

fn weights(tensors: &[(&str, f32)]) -> Vec<u8> {
    let values: Vec<[u8; 4]> = tensors
        .iter()
        .map(|(_, value)| value.to_le_bytes())
        .collect();
    let views = tensors.iter().zip(&values).map(|((name, _), bytes)| {
        (
            *name,
            TensorView::new(Dtype::F32, vec![1, 1], bytes).unwrap(),
        )
    });
    serialize(views, None).unwrap()
}

/// A checkpoint in two shards.
fn sharded() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write(
        "model-00001-of-00002.safetensors",
        &weights(&[("0.weight", 1.0), ("0.bias", 2.0)]),
    );
    write(
        "model-00002-of-00002.safetensors",
        &weights(&[("2.weight", 3.0)]),
    );
    let index = r#"{"metadata": {"total_size": 12}, "weight_map": {
        "0.weight": "model-00001-of-00002.safetensors",
        "0.bias": "model-00001-of-00002.safetensors",
        "2.weight": "model-00002-of-00002.safetensors"}}"#;
    write("model.safetensors.index.json", index.as_bytes());
    folder
}

#[test]
fn a_sharded_checkpoint_is_read_by_its_index() {
    let folder = sharded();
    let path = folder.path().join("model.safetensors.index.json");
    let file = TensorFile::read(&path).unwrap();
    let tensors = file.tensors().unwrap();
    assert_eq!(tensors.names(), ["0.bias", "0.weight", "2.weight"]);
    assert_eq!(tensors.array("2.weight").unwrap().values, [3.0]);
    // A changed shard gives another checksum.
    let before = file.sha256();
    let second = folder.path().join("model-00002-of-00002.safetensors");
    fs::write(&second, weights(&[("2.weight", 4.0)])).unwrap();
    assert_ne!(TensorFile::read(&path).unwrap().sha256(), before);
    // One shard alone is not a complete net.
    let part = TensorFile::read(&second).unwrap();
    let error = part.tensors().unwrap_err().to_string();
    assert!(
        error.contains("shard 2 of 2") && error.contains("model.safetensors.index.json"),
        "{error}"
    );

    let problem = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        match TensorFile::read(&path) {
            Ok(file) => file.tensors().unwrap_err().to_string(),
            Err(problem) => problem.to_string(),
        }
    };
    let shard = "model-00002-of-00002.safetensors";
    for (name, bytes, says) in [
        (shard, weights(&[("4.weight", 4.0)]), "\"4.weight\""),
        (shard, weights(&[]), "lists \"2.weight\""),
        (
            shard,
            b"version https://git-lfs.github.com/spec/v1\noid".to_vec(),
            "Git LFS pointer",
        ),
        (
            "model.safetensors.index.json",
            b"{\"weight_map\": {\"a\": \"../a\"}}".to_vec(),
            "\"../a\"",
        ),
        (
            "model.safetensors.index.json",
            b"{\"weight_map\": {\"a\": \"no\"}}".to_vec(),
            "\"no\"",
        ),
        (
            "model.safetensors.index.json",
            b"{\"architectures\": []}".to_vec(),
            "weight_map",
        ),
        (
            "model.safetensors.index.json",
            b"version https://git-lfs".to_vec(),
            "git lfs pull",
        ),
    ] {
        let error = problem(name, &bytes);
        assert!(error.contains(says), "{says}: {error}");
    }
}

/// A pickle in an archive as `torch.save` writes it.
fn torch(pickle: &[u8]) -> Vec<u8> {
    let name = b"net/data.pkl";
    let sizes = (pickle.len() as u32).to_le_bytes();
    let head = [0_u8; 10];
    let length = [name.len() as u8, 0];
    let local = [
        &b"PK\x03\x04"[..],
        &head,
        &[0; 4],
        &sizes,
        &sizes,
        &length,
        &[0, 0],
        name,
    ]
    .concat();
    let entry = [
        &b"PK\x01\x02\0\0"[..],
        &head,
        &[0; 4],
        &sizes,
        &sizes,
        &length,
        &[0; 16],
        name,
    ]
    .concat();
    let start = (local.len() + pickle.len()) as u32;
    let size = entry.len() as u32;
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
        &size.to_le_bytes()[..],
        &start.to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    [&local, pickle, &entry, &end].concat()
}

#[test]
fn a_file_that_is_something_else_is_named_with_what_converts_it() {
    let keyed = |key: &str| {
        [
            &[0x80, 2, b'X', key.len() as u8, 0, 0, 0][..],
            key.as_bytes(),
        ]
        .concat()
    };
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n".to_vec();
    let html = b"\n<!DOCTYPE html>\n<html><head>".to_vec();
    for (name, bytes, parts) in [
        (
            "net.pt",
            torch(&keyed("0.weight")),
            [
                "PyTorch",
                "save_file(torch.load(\"net.pt\", map_location=\"cpu\"), \"net.safetensors\")",
            ],
        ),
        (
            "last.ckpt",
            torch(&keyed("state_dict")),
            ["PyTorch", "weights_only=False)[\"state_dict\"]"],
        ),
        (
            "ckpt.pt",
            torch(&keyed("model")),
            ["PyTorch", "[\"model\"]"],
        ),
        (
            "net.pth",
            torch(b"\x80\x02ctorch.nn.modules.container\nSequential\n"),
            ["PyTorch", ".state_dict()"],
        ),
        (
            "old.pt",
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.".to_vec(),
            ["PyTorch", "torch.load(\"old.pt\""],
        ),
        (
            "net.pkl",
            b"\x80\x04\x95\x10".to_vec(),
            ["pickle", "pickle.load(open(\"net.pkl\", \"rb\"))"],
        ),
        (
            "net.h5",
            b"\x89HDF\r\n\x1a\n\0\0".to_vec(),
            ["HDF5", "h5py.File(\"net.h5\")"],
        ),
        (
            "net.mat",
            b"MATLAB 5.0 MAT-file\0".to_vec(),
            ["MATLAB", "loadmat(\"net.mat\")"],
        ),
        (
            "net.onnx",
            b"\x08\x07\x12\x07pytorch\x1a\x05".to_vec(),
            ["ONNX", "initializer"],
        ),
        (
            "net.bin",
            b"\x08\x07\x12\x07pytorch\x1a\x05".to_vec(),
            ["ONNX", "numpy_helper"],
        ),
        (
            "net.msgpack",
            b"\x81\xa6params".to_vec(),
            ["Flax", "msgpack_restore"],
        ),
        (
            "net.safetensors",
            lfs.clone(),
            [
                "Git LFS pointer",
                "git lfs pull --include=\"net.safetensors\"",
            ],
        ),
        (
            "net.safetensors",
            html.clone(),
            ["web page", "Download the file itself"],
        ),
        ("net.safetensors", Vec::new(), ["is empty", "again"]),
        ("net.safetensors", vec![0; 900], ["zeros", "again"]),
        (
            "net.safetensors.gz",
            b"\x1f\x8b\x08\0".to_vec(),
            ["gzip", "gunzip"],
        ),
        (
            "net.safetensors",
            b"/annex/objects/SHA256E-s9".to_vec(),
            ["git-annex", "git annex get"],
        ),
        (
            "net.json",
            b"{\"weight_map\": {}}".to_vec(),
            ["index of a sharded", "*.index.json"],
        ),
        ("rows.csv", b"a,b\n1,2\n".to_vec(), ["is text", "--data"]),
        (
            "rows.idx",
            vec![0, 0, 8, 1, 0, 0, 0, 1, 7],
            ["IDX", "--data"],
        ),
    ] {
        let problem = no_tensors(Path::new(name), &bytes).unwrap();
        for part in parts {
            assert!(problem.contains(part), "{name}: {problem}");
        }
        let opened = TensorFile::of(Path::new(name), bytes)
            .tensors()
            .unwrap_err();
        assert_eq!(opened.to_string(), problem);
    }
    for valid in [
        weights(&[("0.weight", 1.0)]),
        fixture("arrays.npz"),
        fixture("array.npy"),
    ] {
        assert_eq!(no_tensors(Path::new("net"), &valid), None);
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, part) in [
        ("rows.csv", lfs, "git lfs pull"),
        ("rows.csv", html, "web page"),
        ("rows.npz", fixture("packed.npz"), "to_csv("),
        ("rows.npy", fixture("array.npy"), "numpy.load("),
        (
            "rows.safetensors",
            weights(&[("inputs", 1.0)]),
            "kind tensors",
        ),
        (
            "rows.parquet",
            b"PAR1\x15\0".to_vec(),
            "pandas.read_parquet(",
        ),
        ("rows.pt", torch(&[0x80, 2]), "torch.load("),
        (
            "rows.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
            "pandas.read_excel(",
        ),
        ("rows.csv", b"\x1f\x8b\x08\0".to_vec(), "gunzip"),
        ("rows.csv", Vec::new(), "is empty"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let (problem, cure) = no_table(&path).unwrap();
        let problem = format!("{problem}. {cure}");
        assert!(problem.contains(part), "{name}: {problem}");
    }
    for (name, bytes) in [
        ("rows.csv", &b"PAR1,BZh,GGUF\n1,2,3\n"[..]),
        ("rows.csv", "größe,y\n1,2\n".as_bytes()),
        ("rows.csv.gz", b"\x1f\x8b\x08\0"),
        ("rows.idx", &[0, 0, 8, 1, 0, 0, 0, 1, 7]),
        ("latin.csv", b"gr\xf6\xdfe,y\n1,2\n"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert_eq!(no_table(&path), None, "{name}");
    }
}

/// Whatever is changed in a file, it is read or refused in one line.
#[test]
fn damaged_files_are_read_or_refused() {
    let rng = &mut layerwise_tasks::stream::keyed(0, "damaged tensors", 0);
    let files = ["arrays.npz", "packed.npz", "array.npy"].map(fixture);
    let shared = torch(b"\x80\x02X\x0a\0\0\0state_dict");
    let mut refused = 0;
    for round in 0..10_000 {
        let mut bytes = files.get(round % 4).unwrap_or(&shared).clone();
        for _ in 0..=rng.next_u32() % 3 {
            let at = rng.next_u32() as usize % bytes.len();
            match rng.next_u32() % 4 {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, rng.next_u32() as u8),
                2 => bytes[at] ^= 1 << (rng.next_u32() % 8),
                _ => bytes[at] = b"09,()'<>PK\0\xff"[rng.next_u32() as usize % 12],
            }
        }
        let file = TensorFile::of(Path::new("net"), bytes);
        match file.tensors() {
            Err(problem) => {
                refused += 1;
                assert!(!problem.to_string().contains('\n'), "{problem}");
            }
            Ok(tensors) => {
                for name in tensors.names() {
                    let problems = [
                        tensors.array_or_integers(name).err(),
                        tensors.labels(name).err(),
                    ];
                    for problem in problems.into_iter().flatten() {
                        assert!(!problem.to_string().contains('\n'), "{problem}");
                    }
                }
            }
        }
    }
    assert!((5000..10_000).contains(&refused), "{refused}");
}

#[test]
fn the_example_of_own_rows_is_accepted() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows.safetensors");
    let bytes = |values: &[f32]| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let (inputs, targets) = (bytes(&[0.0, 1.0, 1.0, 0.0]), bytes(&[1.0, -1.0]));
    let tensors = [
        (
            "inputs",
            TensorView::new(Dtype::F32, vec![2, 2], &inputs).unwrap(),
        ),
        (
            "targets",
            TensorView::new(Dtype::F32, vec![2, 1], &targets).unwrap(),
        ),
    ];
    fs::write(&path, serialize(tensors, None).unwrap()).unwrap();
    let kinds = kinds();
    let example = kinds.reference("tensors").unwrap().example("tensors");
    assert!(example.contains("\"rows.safetensors\""), "{example}");
    let own = example.replace("rows.safetensors", &path.display().to_string());
    assert_eq!(kinds.build(own.parse().unwrap()).unwrap().shape().inputs, 2);
}
