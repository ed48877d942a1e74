//! Weights of a run: `RUN/weights/VARIANT-seed-SEED-MODEL-final.safetensors` and
//! `…-initial.safetensors`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use models::{HostArray, Layout, weight_file};
use tasks::tensors::Tensors;

use crate::{
    RunFolderError,
    files::{remove, write_atomically},
};

pub(crate) const FOLDER: &str = "weights";
const ENDING: &str = "safetensors";

/// The model and cell that weights belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightsOf<'a> {
    /// Variant name.
    pub variant: &'a str,
    /// Seed.
    pub seed: u64,
    /// Model name.
    pub model: &'a str,
}

/// Moment of training at which weights were saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the first step.
    Initial,
    /// After the last.
    Final,
}

impl Moment {
    /// `initial` or `final`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Final => "final",
        }
    }
}

impl WeightsOf<'_> {
    /// File name for these weights. Variant names may contain characters that file systems do not
    /// allow; such names are reduced to allowed characters, with a hash that keeps them distinct.
    pub fn file_name(&self, moment: Moment) -> String {
        /// With two such names, seed and hash, a file name stays below 255 bytes, the limit of most
        /// file systems.
        const LONGEST: usize = 90;
        let clean = |text: &str| -> String {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.,=+".contains(c);
            let kept = text.chars().map(|c| if fits(c) { c } else { '_' });
            kept.take(LONGEST).collect()
        };
        let (variant, model) = (clean(self.variant), clean(self.model));
        let mut stem = format!("{variant}-seed-{}-{model}", self.seed);
        // A name that contains the separator could collide with that of another cell.
        let unique = stem.matches("-seed-").count() == 1;
        if (&*variant, &*model) != (self.variant, self.model) || !unique {
            let full = format!("{:?}", (self.variant, self.seed, self.model));
            let hash = blake3::hash(full.as_bytes()).to_hex();
            stem = format!("{stem}-{}", &hash[..8]);
        }
        format!("{stem}-{}.{ENDING}", moment.name())
    }

    /// Metadata of the file, with the unchanged names.
    pub fn metadata(&self, moment: Moment) -> BTreeMap<String, String> {
        let entries = [
            ("variant", self.variant.to_owned()),
            ("seed", self.seed.to_string()),
            ("model", self.model.to_owned()),
            ("moment", moment.name().to_owned()),
        ];
        let entries = entries.map(|(key, value)| (key.to_owned(), value));
        BTreeMap::from(entries)
    }

    fn path(&self, run: &Path, moment: Moment) -> PathBuf {
        run.join(FOLDER).join(self.file_name(moment))
    }
}

/// Saves the weights of a model in the run folder `run`, in f64 and in layerwise's own layout.
///
/// # Errors
/// The folder cannot be written.
pub fn keep_weights(
    run: &Path,
    of: WeightsOf<'_>,
    initial: &[HostArray],
    last: &[HostArray],
) -> Result<(), RunFolderError> {
    let folder = run.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| RunFolderError::write(&folder, error))?;
    for (moment, arrays) in [(Moment::Initial, initial), (Moment::Final, last)] {
        let path = of.path(run, moment);
        let bytes = weight_file::to_bytes(arrays, Layout::Layerwise, &of.metadata(moment));
        let bytes = bytes.map_err(|error| RunFolderError::write(&path, error))?;
        write_atomically(&path, &bytes).map_err(|error| RunFolderError::write(&path, error))?;
    }
    Ok(())
}

/// Whether both initial and final weights of a model are saved.
pub fn has_weights(run: &Path, of: WeightsOf<'_>) -> bool {
    [Moment::Initial, Moment::Final]
        .iter()
        .all(|&moment| of.path(run, moment).is_file())
}

/// Reads saved weights with the names and shapes of `like`; `None` if no weights were saved.
///
/// # Errors
/// The file cannot be read, or holds other arrays.
pub fn kept_weights(
    run: &Path,
    of: WeightsOf<'_>,
    moment: Moment,
    like: &[HostArray],
) -> Result<Option<Vec<HostArray>>, RunFolderError> {
    let path = of.path(run, moment);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RunFolderError::read(&path, error)),
    };
    let read = || -> Result<Vec<HostArray>, String> {
        let tensors = Tensors::open(&bytes)?;
        let array = |like: &HostArray| {
            let found = tensors.array(&like.name)?;
            if found.shape != [like.rows, like.columns] {
                let (name, shape) = (found.name, found.shape);
                return Err(format!(
                    "{name:?} has the shape {shape:?}: must be [{}, {}]",
                    like.rows, like.columns
                ));
            }
            Ok(HostArray {
                values: found.values,
                ..like.clone()
            })
        };
        like.iter().map(array).collect()
    };
    let arrays = read().map_err(|problem| RunFolderError::read(&path, problem))?;
    Ok(Some(arrays))
}

/// Removes the weights that an earlier run saved for a model.
pub(crate) fn forget_weights(run: &Path, of: WeightsOf<'_>) -> Result<(), RunFolderError> {
    for moment in [Moment::Initial, Moment::Final] {
        remove(&of.path(run, moment))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn arrays(value: f64) -> Vec<HostArray> {
        // Not in the order of their names.
        ["second", "first"]
            .map(|name| HostArray {
                name: name.to_owned(),
                rows: 1,
                columns: 2,
                values: vec![value, f64::MIN_POSITIVE],
            })
            .to_vec()
    }

    fn of<'a>(variant: &'a str, seed: u64, model: &'a str) -> WeightsOf<'a> {
        WeightsOf {
            variant,
            seed,
            model,
        }
    }

    #[test]
    fn kept_weights_come_back_as_they_were() {
        let run = tempfile::tempdir().unwrap();
        let net = of("base,task.data.size=500", 3, "net");
        let like = arrays(9.0);
        assert_eq!(
            kept_weights(run.path(), net, Moment::Final, &like).unwrap(),
            None
        );
        keep_weights(run.path(), net, &arrays(0.1), &arrays(-0.3)).unwrap();
        let kept = |moment| {
            kept_weights(run.path(), net, moment, &like)
                .unwrap()
                .unwrap()
        };
        assert_eq!(
            (kept(Moment::Initial), kept(Moment::Final)),
            (arrays(0.1), arrays(-0.3))
        );
        let name = "weights/base,task.data.size=500-seed-3-net-final.safetensors";
        assert!(run.path().join(name).is_file());
        let mut other = arrays(1.0);
        other[1].columns = 3;
        let error = kept_weights(run.path(), net, Moment::Final, &other).unwrap_err();
        assert!(
            error.to_string().contains("\"first\" has the shape [1, 2]"),
            "{error}"
        );
        let other = of("base,task.data.size=500", 4, "net");
        keep_weights(run.path(), other, &arrays(0.1), &arrays(-0.3)).unwrap();
        forget_weights(run.path(), net).unwrap();
        assert_eq!(
            kept_weights(run.path(), net, Moment::Final, &like).unwrap(),
            None
        );
        assert!(!has_weights(run.path(), net) && has_weights(run.path(), other));
    }

    #[test]
    fn the_same_weights_give_the_same_bytes() {
        let (run, net) = (tempfile::tempdir().unwrap(), of("base", 0, "net"));
        let written = || {
            keep_weights(run.path(), net, &arrays(0.1), &arrays(0.2)).unwrap();
            fs::read(net.path(run.path(), Moment::Final)).unwrap()
        };
        let first = written();
        assert!((0..8).all(|_| written() == first));
    }

    #[test]
    fn names_that_are_invalid_for_files_get_distinct_valid_ones() {
        let (long, longer) = ("x".repeat(300), "x".repeat(301));
        let cells = [
            of("base,file=\"a/b\"", 0, "net"),
            of("base,file=\"a\\b\"", 0, "net"),
            of("base,file=_a_b_", 0, "net"),
            of("a", 0, "b-seed-1-net"),
            of("a-seed-0-b", 1, "net"),
            of("..", 0, "net"),
            of("base", 0, "Netz für"),
            of(&long, 0, "net"),
            of(&longer, 0, "net"),
        ];
        let mut names: Vec<String> = cells.iter().map(|of| of.file_name(Moment::Final)).collect();
        for name in &names {
            assert!(name.is_ascii() && name.len() < 255, "{name}");
            assert!(!name.contains(['/', '\\', '"', ' ']), "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), cells.len());
        assert_eq!(
            cells[0].metadata(Moment::Final)["variant"],
            "base,file=\"a/b\""
        );
    }
}
