//! Recognises files that are neither safetensors nor tables, and explains how to convert them.
//!
//! Users give what they have, such as a PyTorch checkpoint, a Git LFS pointer, or a web page saved
//! in place of a file. The first bytes, or else the file name ending, determine the kind.

use std::{fs::File, io::Read, path::Path};

use crate::tensors::{npy, zip};

/// A kind of file that cannot be read directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// An empty file.
    Empty,
    /// Only zeros, as left by an interrupted download.
    Zeros,
    /// A pointer of Git LFS.
    LfsPointer,
    /// A pointer of git-annex.
    AnnexPointer,
    /// A web page.
    Html,
    /// A file of `torch.save`, with the location of the weights in it.
    PyTorch(Weights),
    /// Any other pickle.
    Pickle,
    /// One NumPy array.
    Npy,
    /// NumPy arrays by name.
    Npz,
    /// Safetensors, which layerwise reads.
    Safetensors,
    /// The index of a sharded checkpoint.
    ShardIndex,
    /// HDF5, such as weights of Keras.
    Hdf5,
    /// Keras 3.
    Keras,
    /// MATLAB up to 7.2.
    Matlab,
    /// MATLAB 7.3, which is HDF5.
    MatlabHdf5,
    /// ONNX.
    Onnx,
    /// Weights of llama.cpp.
    Gguf,
    /// TensorFlow Lite.
    TfLite,
    /// A checkpoint or graph of TensorFlow.
    TensorFlow,
    /// An event file of TensorBoard.
    TensorBoard,
    /// Flax.
    Msgpack,
    /// Parquet.
    Parquet,
    /// Arrow or Feather.
    Arrow,
    /// A spreadsheet.
    Spreadsheet,
    /// JSON.
    Json,
    /// Images or labels in the format of MNIST.
    Idx,
    /// Text in UTF-16.
    Utf16,
    /// Other text, such as CSV.
    Text,
    /// A compressed file or an archive, with the command that unpacks it.
    Packed(&'static str, &'static str),
    /// A picture or document.
    Picture(&'static str),
}

/// Location of the weights in a file of `torch.save`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// The file is a state_dict.
    Here,
    /// Under a key.
    Under(&'static str),
    /// In a whole module.
    Module,
    /// In a compiled module.
    Script,
}

/// The kind of a file that was given for tensors, and how to convert it; `None` if no kind is
/// recognised, as for a damaged safetensors file.
pub fn no_tensors(path: &Path, bytes: &[u8]) -> Option<String> {
    let kind = FileKind::of(path, bytes)?;
    if matches!(kind, FileKind::Safetensors | FileKind::Npz | FileKind::Npy) {
        return None;
    }
    let cure = kind.to_tensors(path);
    Some(format!(
        "is {}, not a safetensors file. {cure}",
        kind.what()
    ))
}

/// The kind of a file that was given for a table, as the end of a sentence, and how to make a CSV
/// file of it. `None` for text and IDX, and if no kind is recognised or the file cannot be read.
pub fn no_table(path: &Path) -> Option<(String, String)> {
    /// Enough bytes to recognise every kind, and few enough to read each time.
    const HEAD: u64 = 1 << 20;
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        // The content of a pipe can be read only once.
        return None;
    }
    file.take(HEAD).read_to_end(&mut bytes).ok()?;
    let kind = FileKind::of(path, &bytes)?;
    let named_so = matches!(kind, FileKind::Packed("gunzip", _)) && ends_with(path, ".gz");
    if named_so || matches!(kind, FileKind::Text | FileKind::Idx | FileKind::Utf16) {
        return None;
    }
    let problem = format!("is {}, not a table", kind.what());
    Some((problem, kind.to_table(path)))
}

impl FileKind {
    /// The kind of a file, if it is recognised.
    pub fn of(path: &Path, bytes: &[u8]) -> Option<Self> {
        use FileKind::{
            AnnexPointer, Arrow, Empty, Gguf, Hdf5, Html, Idx, Json, LfsPointer, Matlab,
            MatlabHdf5, Msgpack, Npy, Onnx, Packed, Parquet, Picture, Safetensors, ShardIndex,
            Spreadsheet, TensorBoard, TensorFlow, Text, TfLite, Utf16, Zeros,
        };
        /// Length of a pointer or of the start of a web page.
        const START: usize = 4096;
        let head = &bytes[..bytes.len().min(START)];
        let begins = |magic: &[u8]| head.starts_with(magic);
        let text = text_of(head);
        let start = text.unwrap_or_default().trim_start();
        let lower = start.get(..start.floor_char_boundary(64)).unwrap_or(start);
        let lower = lower.to_ascii_lowercase();
        let behind = |magic: &[u8], at: usize| head.get(at..).is_some_and(|b| b.starts_with(magic));
        Some(match () {
            () if bytes.is_empty() => Empty,
            () if begins(b"version https://git-lfs") => LfsPointer,
            () if start.starts_with("/annex/objects/") => AnnexPointer,
            () if ["<!doctype html", "<html", "<head"]
                .iter()
                .any(|t| lower.starts_with(t)) =>
            {
                Html
            }
            () if begins(zip::SIGNATURE) => of_archive(bytes),
            () if begins(npy::SIGNATURE) => Npy,
            () if is_pickle(head) => of_pickle(bytes),
            () if begins(b"MATLAB 7.3") => MatlabHdf5,
            () if begins(b"MATLAB 5.0") => Matlab,
            () if [0, 512, 1024, 2048]
                .iter()
                .any(|&at| behind(b"\x89HDF\r\n\x1a\n", at)) =>
            {
                Hdf5
            }
            () if begins(b"\x1f\x8b") => Packed("gunzip", "gzip"),
            () if begins(b"\xfd7zXZ\0") => Packed("unxz", "xz"),
            () if begins(b"\x28\xb5\x2f\xfd") => Packed("unzstd", "zstd"),
            () if begins(b"7z\xbc\xaf\x27\x1c") => Packed("7z x", "7-Zip"),
            () if begins(b"Rar!\x1a\x07") => Packed("unrar x", "RAR"),
            () if begins(b"BZh") && text.is_none() => Packed("bunzip2", "bzip2"),
            () if behind(b"ustar", 257) => Packed("tar xf", "tar"),
            () if begins(b"\x89PNG\r\n\x1a\n") => Picture("a PNG picture"),
            () if begins(b"\xff\xd8\xff") => Picture("a JPEG picture"),
            () if begins(b"%PDF-") => Picture("a PDF document"),
            () if begins(b"GGUF") && text.is_none() => Gguf,
            () if begins(b"PAR1") && text.is_none() => Parquet,
            () if begins(b"ARROW1\0\0") || begins(b"FEA1\0") => Arrow,
            () if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Spreadsheet,
            () if behind(b"TFL3", 4) && text.is_none() => TfLite,
            () if behind(b"{", 8) && is_safetensors(bytes) => Safetensors,
            () if begins(b"\0\0\x08") && matches!(head.get(3), Some(1..=8)) => Idx,
            () if head.iter().all(|&byte| byte == 0) => Zeros,
            () if begins(b"\xff\xfe") || begins(b"\xfe\xff") => Utf16,
            () if name_of(path).contains("tfevents") => TensorBoard,
            () if ends_with(path, ".onnx") || (text.is_none() && is_onnx(head)) => Onnx,
            () if ends_with(path, ".msgpack") => Msgpack,
            () if [".pb", ".data-00000-of-00001", ".ckpt.index"]
                .iter()
                .any(|e| ends_with(path, e)) =>
            {
                TensorFlow
            }
            () if start.starts_with('{') && start.contains("\"weight_map\"") => ShardIndex,
            () if start.starts_with('{') || start.starts_with("[{") || start.starts_with("[[") => {
                Json
            }
            () if text.is_some() => Text,
            () => return None,
        })
    }

    fn what(self) -> String {
        match self {
            Self::Empty => "empty".to_owned(),
            Self::Zeros => "zeros only".to_owned(),
            Self::LfsPointer => "a Git LFS pointer".to_owned(),
            Self::AnnexPointer => "a git-annex pointer".to_owned(),
            Self::Html => "a web page".to_owned(),
            Self::PyTorch(Weights::Script) => "a TorchScript file".to_owned(),
            Self::PyTorch(_) => "a PyTorch file".to_owned(),
            Self::Pickle => "a Python pickle".to_owned(),
            Self::Npy => "a NumPy array".to_owned(),
            Self::Npz => "a NumPy archive".to_owned(),
            Self::Safetensors => "a safetensors file".to_owned(),
            Self::ShardIndex => "the index of a sharded checkpoint".to_owned(),
            Self::Hdf5 => "an HDF5 file".to_owned(),
            Self::Keras => "a Keras file".to_owned(),
            Self::Matlab | Self::MatlabHdf5 => "a MATLAB file".to_owned(),
            Self::Onnx => "an ONNX file".to_owned(),
            Self::Gguf => "a GGUF file".to_owned(),
            Self::TfLite => "a TensorFlow Lite file".to_owned(),
            Self::TensorFlow => "a TensorFlow file".to_owned(),
            Self::TensorBoard => "an event file of TensorBoard".to_owned(),
            Self::Msgpack => "a msgpack file, as written by Flax".to_owned(),
            Self::Parquet => "a Parquet file".to_owned(),
            Self::Arrow => "an Arrow or Feather file".to_owned(),
            Self::Spreadsheet => "a spreadsheet".to_owned(),
            Self::Json => "JSON".to_owned(),
            Self::Idx => "an IDX file".to_owned(),
            Self::Utf16 => "text in UTF-16".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Packed(_, with) => format!("packed with {with}"),
            Self::Picture(what) => what.to_owned(),
        }
    }

    /// How to make a safetensors file of it.
    fn to_tensors(self, path: &Path) -> String {
        let (own, new) = (quoted(path), quoted(&path.with_extension("safetensors")));
        let numpy = |imports: &str, tensors: &str| {
            format!(
                "Convert it in Python: import {imports}; from safetensors.numpy import save_file; \
                 save_file({tensors}, {new})"
            )
        };
        match self {
            Self::PyTorch(weights) => {
                let (load, part) = match weights {
                    Weights::Here => ("torch.load(FILE, map_location=\"cpu\")", String::new()),
                    Weights::Under(key) => (
                        "torch.load(FILE, map_location=\"cpu\", weights_only=False)",
                        format!("[{key:?}]"),
                    ),
                    Weights::Module => (
                        "torch.load(FILE, map_location=\"cpu\", weights_only=False)",
                        ".state_dict()".to_owned(),
                    ),
                    Weights::Script => (
                        "torch.jit.load(FILE, map_location=\"cpu\")",
                        ".state_dict()".to_owned(),
                    ),
                };
                let load = load.replace("FILE", &own);
                format!(
                    "Convert it in Python: import torch; from safetensors.torch import save_file; \
                     save_file({load}{part}, {new})"
                )
            }
            Self::Pickle => numpy(
                "pickle",
                &format!("pickle.load(open({own}, \"rb\"))"),
            ) + ", where it is a dict of arrays",
            Self::Hdf5 | Self::MatlabHdf5 => {
                let tensors = "d";
                let imports = format!(
                    "h5py; d = {{}}; h5py.File({own}).visititems(lambda n, v: \
                     d.update({{n: v[()]}}) if hasattr(v, \"dtype\") else None)"
                );
                numpy(&imports, tensors)
                    + ", and rename its arrays; Keras has weights [in, out], so write them \
                       transposed as 0.weight, 2.weight, …"
            }
            Self::Keras => numpy(
                &format!("keras; m = keras.saving.load_model({own})"),
                "{f\"{i}.{kind}\": array.T.copy() for i, layer in enumerate(m.layers) for kind, \
                 array in zip((\"weight\", \"bias\"), layer.get_weights())}",
            ),
            Self::Matlab => numpy(
                "numpy, scipy.io",
                &format!(
                    "{{k: numpy.ascontiguousarray(v) for k, v in scipy.io.loadmat({own}).items() \
                     if k[0] != \"_\"}}"
                ),
            ),
            Self::Onnx => numpy(
                "onnx",
                &format!(
                    "{{t.name: onnx.numpy_helper.to_array(t) for t in \
                     onnx.load({own}).graph.initializer}}"
                ),
            ),
            Self::Gguf => numpy(
                "gguf",
                &format!(
                    "{{t.name: gguf.dequantize(t.data, t.tensor_type) for t in \
                     gguf.GGUFReader({own}).tensors}}"
                ),
            ),
            Self::Msgpack => numpy(
                "flax",
                &format!(
                    "flax.traverse_util.flatten_dict(flax.serialization.msgpack_restore(\
                     open({own}, \"rb\").read()), sep=\".\")"
                ),
            ) + "; Flax has kernels [in, out], so write them transposed as 0.weight, 2.weight, …",
            Self::TensorFlow | Self::TfLite => {
                "Load it in Python and write its arrays with safetensors.numpy.save_file({\"0.weight\": \
                 kernel.T.copy(), …}, …)"
                    .to_owned()
            }
            Self::ShardIndex => "Give it under its own name, *.index.json, beside its \
                                 shards".to_owned(),
            Self::Idx => "Give it with --data, or as a task of kind dataset".to_owned(),
            Self::Text | Self::Utf16 => {
                "Give rows with --data, or as a task of kind dataset; save features and labels \
                 with numpy.savez(\"dump.npz\", features=…, labels=…)"
                    .to_owned()
            }
            Self::Parquet | Self::Arrow | Self::Spreadsheet => {
                let read = self.pandas();
                numpy(
                    "pandas",
                    &format!(
                        "{{k: v.to_numpy() for k, v in pandas.{read}({own}).items()}}"
                    ),
                ) + ", and stack its columns to features"
            }
            _ => self.cure(path),
        }
    }

    /// How to make a CSV file of it.
    fn to_table(self, path: &Path) -> String {
        let (own, new) = (quoted(path), quoted(&path.with_extension("csv")));
        match self {
            Self::Npy => format!(
                "Convert it in Python: import pandas, numpy; \
                 pandas.DataFrame(numpy.load({own})).to_csv({new}, index=False), and name the \
                 columns"
            ),
            Self::Npz | Self::Safetensors => {
                let load = match self {
                    Self::Npz => format!("numpy.load({own})"),
                    _ => format!("safetensors.numpy.load_file({own})"),
                };
                format!(
                    "Give its rows as a task of kind tensors, or convert it in Python: import \
                     pandas, numpy, safetensors.numpy; d = {load}; \
                     pandas.DataFrame(d[\"inputs\"]).assign(label=d[\"labels\"]).to_csv({new}, \
                     index=False)"
                )
            }
            Self::Parquet
            | Self::Arrow
            | Self::Spreadsheet
            | Self::Json
            | Self::Hdf5
            | Self::Pickle => {
                let read = self.pandas();
                format!(
                    "Convert it in Python: import pandas; pandas.{read}({own}).to_csv({new}, \
                     index=False)"
                )
            }
            Self::Matlab | Self::MatlabHdf5 => format!(
                "Convert it in Python: import pandas, scipy.io; \
                 pandas.DataFrame(scipy.io.loadmat({own})[\"X\"]).to_csv({new}, index=False), with \
                 the name of the array for X"
            ),
            Self::TensorBoard => {
                "Save the curve as CSV in TensorBoard (\"Show data download links\")".to_owned()
            }
            Self::PyTorch(_) => format!(
                "Convert it in Python: import pandas, torch; \
                 pandas.DataFrame(torch.load({own}).numpy()).to_csv({new}, index=False), and name \
                 the columns"
            ),
            _ => self.cure(path),
        }
    }

    /// The pandas function that reads it.
    fn pandas(self) -> &'static str {
        match self {
            Self::Parquet => "read_parquet",
            Self::Arrow => "read_feather",
            Self::Spreadsheet => "read_excel",
            Self::Hdf5 => "read_hdf",
            Self::Pickle => "read_pickle",
            _ => "read_json",
        }
    }

    /// How to get the intended file.
    fn cure(self, path: &Path) -> String {
        match self {
            Self::LfsPointer => {
                format!(
                    "Fetch the file itself: git lfs pull --include={}",
                    quoted(path)
                )
            }
            Self::AnnexPointer => format!("Fetch the file itself: git annex get {}", quoted(path)),
            Self::Html => {
                "Download the file itself, by the link of its \"raw\" or \"download\" button"
                    .to_owned()
            }
            Self::Empty | Self::Zeros => "Write or download it again".to_owned(),
            Self::Packed(with, _) => format!("Unpack it: {with} {}", quoted(path)),
            _ => "Give another file".to_owned(),
        }
    }
}

fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase()
}

fn ends_with(path: &Path, ending: &str) -> bool {
    name_of(path).ends_with(ending)
}

/// The start of a file as text, if it is text.
fn text_of(head: &[u8]) -> Option<&str> {
    let text = match str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be incomplete.
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{feff}');
    let control = |c: char| c.is_control() && !c.is_whitespace();
    (!text.is_empty() && !text.contains(control)).then_some(text)
}

fn is_safetensors(bytes: &[u8]) -> bool {
    /// The limit of the format.
    const LONGEST: u64 = 100_000_000;
    let length = bytes.first_chunk().map(|chunk| u64::from_le_bytes(*chunk));
    length.is_some_and(|length| (2..=LONGEST).contains(&length))
}

fn is_onnx(head: &[u8]) -> bool {
    // Version of the format, then the name of the program that wrote it.
    let &[8, 1..=20, 0x12, length, ref name @ ..] = head else {
        return false;
    };
    let name = name.get(..usize::from(length));
    name.is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_graphic))
}

fn is_pickle(head: &[u8]) -> bool {
    matches!(head, [0x80, 2..=5, ..])
}

/// Signature of older files of `torch.save`, which were not archives.
const TORCH_MAGIC: &[u8] = b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

fn of_pickle(bytes: &[u8]) -> FileKind {
    let start = &bytes[..bytes.len().min(64)];
    if contains(start, TORCH_MAGIC) {
        FileKind::PyTorch(weights_in(bytes))
    } else {
        FileKind::Pickle
    }
}

fn of_archive(bytes: &[u8]) -> FileKind {
    let members = zip::Member::all(bytes);
    let names: Vec<&str> = match &members {
        Some(members) => members.iter().map(|member| &*member.name).collect(),
        // If only the start of the file was read, the first member decides.
        None => {
            let length = bytes.get(26).map_or(0, |&length| usize::from(length));
            let name = bytes.get(30..30 + length).unwrap_or_default();
            vec![str::from_utf8(name).unwrap_or_default()]
        }
    };
    let any = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
    if any(&|name| name.ends_with("/constants.pkl")) {
        FileKind::PyTorch(Weights::Script)
    } else if any(&|name| name.ends_with("/data.pkl")) {
        FileKind::PyTorch(weights_in(bytes))
    } else if any(&|name| name == "model.weights.h5") {
        FileKind::Keras
    } else if any(&|name| name.starts_with("xl/") || name == "content.xml") {
        FileKind::Spreadsheet
    } else if any(&|name| name.ends_with(".npy")) {
        FileKind::Npz
    } else {
        FileKind::Packed("unzip", "zip")
    }
}

/// Finds the location of the weights in the pickle of a checkpoint.
fn weights_in(bytes: &[u8]) -> Weights {
    /// Keys that trainers use, the most specific first.
    const KEYS: [&str; 5] = [
        "state_dict",
        "model_state_dict",
        "model_state",
        "net",
        "model",
    ];
    /// Longer than the pickle that precedes the numbers of most nets.
    const LOOK: usize = 1 << 20;
    let bytes = &bytes[..bytes.len().min(LOOK)];
    let key = |key: &&&str| {
        // A short string in a pickle, in the old and the new encoding.
        let length = key.len() as u8;
        let old = [&[b'X', length, 0, 0, 0][..], key.as_bytes()].concat();
        let new = [&[0x8c, length][..], key.as_bytes()].concat();
        contains(bytes, &old) || contains(bytes, &new)
    };
    if contains(bytes, b"torch.nn.modules") {
        Weights::Module
    } else {
        KEYS.iter()
            .find(key)
            .map_or(Weights::Here, |key| Weights::Under(key))
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether a file is only a pointer to a missing file, or has no content.
pub(crate) fn is_pointer(path: &Path, bytes: &[u8]) -> bool {
    use FileKind::{AnnexPointer, Empty, Html, LfsPointer, Zeros};
    let kind = FileKind::of(path, bytes);
    matches!(kind, Some(Empty | Zeros | LfsPointer | AnnexPointer | Html))
}
