use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use serde::Deserialize;

use super::{TensorError, Tensors};
use crate::{FileProblem, dataset};

/// The bytes of a file of tensors. If the file is the index of a sharded checkpoint,
/// `*.index.json`, also the bytes of its shards.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    /// Files that hold tensors, by their name in the index.
    files: Vec<(String, Vec<u8>)>,
    index: Option<Index>,
}

/// Content of the index of a sharded checkpoint.
#[derive(Debug, Deserialize)]
struct Index {
    /// The shard of each tensor.
    weight_map: BTreeMap<String, String>,
    /// The file itself.
    #[serde(skip)]
    bytes: Vec<u8>,
}

type Problem = FileProblem<TensorError>;

impl TensorFile {
    /// Reads the file and its shards completely.
    ///
    /// # Errors
    /// A file cannot be read, or an index is invalid.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let bytes = fs::read(path).map_err(FileProblem::Unreadable)?;
        let index = Index::of(path, bytes)?;
        let (index, files) = match index {
            Err(bytes) => (None, vec![(String::new(), bytes)]),
            Ok(index) => {
                let shards = index.shards().into_iter();
                let read = shards.map(|shard| {
                    let bytes = fs::read(path.with_file_name(&shard)).map_err(|error| {
                        let problem =
                            format!("names the shard {shard:?}, which cannot be read: {error}");
                        FileProblem::Content(TensorError(format!(
                            "{problem}. Put all shards beside it"
                        )))
                    });
                    Ok((shard, bytes?))
                });
                let files = read.collect::<Result<_, Problem>>()?;
                (Some(index), files)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            files,
            index,
        })
    }

    /// A file with these bytes, which is not an index.
    pub fn of(path: &Path, bytes: Vec<u8>) -> Self {
        Self {
            path: path.to_owned(),
            files: vec![(String::new(), bytes)],
            index: None,
        }
    }

    /// The file at `path` and the shards that it names.
    pub(crate) fn paths(path: &Path) -> Result<Vec<PathBuf>, Problem> {
        let mut paths = vec![path.to_owned()];
        if is_index(path) {
            let bytes = fs::read(path).map_err(FileProblem::Unreadable)?;
            if let Ok(index) = Index::of(path, bytes)? {
                let shards = index.shards();
                paths.extend(shards.iter().map(|shard| path.with_file_name(shard)));
            }
        }
        Ok(paths)
    }

    /// SHA-256 of the file, or of the concatenated sums of an index and its shards.
    pub fn sha256(&self) -> String {
        let sums: Vec<String> = self.contents().map(dataset::sha256).collect();
        match &sums[..] {
            [sum] => sum.clone(),
            sums => dataset::sha256(sums.concat().as_bytes()),
        }
    }

    /// The bytes of every file.
    pub fn contents(&self) -> impl Iterator<Item = &[u8]> {
        let index = self.index.iter().map(|index| &*index.bytes);
        index.chain(self.files.iter().map(|(_, bytes)| &**bytes))
    }

    /// Whether the file is one array without a name, as written by `numpy.save`.
    pub fn is_one_array(&self) -> bool {
        self.index.is_none() && self.files[0].1.starts_with(super::npy::SIGNATURE)
    }

    /// The tensors of all files.
    ///
    /// # Errors
    /// The bytes hold no tensors, a shard is given without its index, or an index does not match
    /// its shards.
    pub fn tensors(&self) -> Result<Tensors<'_>, TensorError> {
        let Some(index) = &self.index else {
            let tensors = Tensors::named(&self.path, &self.files[0].1)?;
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            return match shard(&name) {
                Some((stem, number, count)) if is_shard(&name) => Err(TensorError(format!(
                    "is shard {number} of {count}, a part of the net. Give the index, \
                     {stem}.safetensors.index.json, with all shards beside it"
                ))),
                _ => Ok(tensors),
            };
        };
        let mut all = Tensors::default();
        for (name, bytes) in &self.files {
            let path = self.path.with_file_name(name);
            let tensors = Tensors::named(&path, bytes)
                .map_err(|error| TensorError(format!("shard {name:?} {error}")))?;
            if all.metadata.is_empty() {
                all.metadata = tensors.metadata;
            }
            for (tensor, stored) in tensors.stored {
                if index.weight_map.get(&tensor) != Some(name) {
                    return Err(TensorError(format!(
                        "does not list {tensor:?}, which is in the shard {name:?}. Save index and \
                         shards together"
                    )));
                }
                all.stored.insert(tensor, stored);
            }
        }
        match (index.weight_map.iter()).find(|(tensor, _)| !all.has(tensor)) {
            None => Ok(all),
            Some((tensor, shard)) => Err(TensorError(format!(
                "lists {tensor:?}, which is not in its shard {shard:?}. Save index and shards \
                 together"
            ))),
        }
    }
}

impl Index {
    /// Parses the bytes as an index, if the file is one; otherwise returns the bytes.
    fn of(path: &Path, bytes: Vec<u8>) -> Result<Result<Self, Vec<u8>>, Problem> {
        if !is_index(path) || crate::file_kind::is_pointer(path, &bytes) {
            return Ok(Err(bytes));
        }
        let refuse = |problem: String| Err(FileProblem::Content(TensorError(problem)));
        let index = match serde_json::from_slice::<Self>(&bytes) {
            Ok(index) => Self { bytes, ..index },
            Err(error) => {
                return refuse(format!(
                    "is not the index of a sharded checkpoint: {error}. Give a .safetensors file, \
                     or an index with a weight_map"
                ));
            }
        };
        let plain = |shard: &String| {
            let mut parts = Path::new(shard).components();
            matches!(
                (parts.next(), parts.next()),
                (Some(Component::Normal(_)), None)
            )
        };
        match index.weight_map.values().find(|shard| !plain(shard)) {
            None => Ok(Ok(index)),
            Some(shard) => refuse(format!(
                "names the shard {shard:?}: must be the name of a file beside it"
            )),
        }
    }

    fn shards(&self) -> Vec<String> {
        let mut shards: Vec<String> = self.weight_map.values().cloned().collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }
}

fn is_index(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

/// Stem, number and count in the name of a shard, `model-00001-of-00002.safetensors`.
fn shard(name: &str) -> Option<(&str, u64, u64)> {
    let (front, count) = name.strip_suffix(".safetensors")?.rsplit_once("-of-")?;
    let (stem, number) = front.rsplit_once('-')?;
    Some((stem, number.parse().ok()?, count.parse().ok()?))
}

/// Whether the name of a file is that of a shard.
pub fn is_shard(name: &str) -> bool {
    shard(name).is_some_and(|(_, _, count)| count > 1)
}
