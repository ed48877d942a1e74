//! Checkpoints: everything that a cell needs to resume with identical bits.

use std::{collections::BTreeMap, fs, path::Path};

use models::{HostArray, Layout, LearnerState, weight_file};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::{
    Build, Mark, RunFolderError, StopReason,
    files::{remove, write},
    sealed::{read_sealed, seal},
};

/// A cell between two training steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Number of trained steps. This step has not been measured yet.
    pub step: u64,
    /// Position after the rows that were recorded before this step.
    pub rows: Mark,
    /// Wall seconds so far.
    pub seconds: f64,
    /// Wall seconds spent measuring.
    pub measuring_seconds: f64,
    /// Why and after which step the cell stopped, if other cells of its batch are still training.
    pub stopped: Option<(StopReason, u64)>,
    /// The models in the order of the spec.
    pub models: Vec<ModelCheckpoint>,
}

/// A model of a cell between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCheckpoint {
    /// Name.
    pub name: String,
    /// Parameters and optimizer state.
    pub state: LearnerState,
    /// Loss at step 0, against which divergence is judged.
    pub first_loss: Option<f64>,
    /// For each metric with memory, the step and parameters of its last reading.
    pub previous: BTreeMap<usize, (u64, Vec<HostArray>)>,
}

const FILE: &str = "checkpoint.json";
const TENSORS: &str = "checkpoint-";
const ENDING: &str = ".safetensors";

/// Content of the JSON file; the arrays are in the file that it names.
#[derive(Serialize, Deserialize)]
struct Head {
    cell: String,
    build: Build,
    step: u64,
    rows: Mark,
    seconds: f64,
    measuring_seconds: f64,
    stopped: Option<(StopReason, u64)>,
    models: Vec<ModelHead>,
    tensors: String,
    tensors_blake3: String,
}

#[derive(Serialize, Deserialize)]
struct ModelHead {
    name: String,
    steps: u64,
    first_loss: Option<f64>,
    /// Arrays in the file, with their part of the state, name and shape.
    arrays: Vec<ArrayHead>,
    previous: BTreeMap<usize, u64>,
}

#[derive(Serialize, Deserialize)]
struct ArrayHead {
    part: Part,
    /// `None` if the optimizer has no moment of this parameter.
    array: Option<(String, usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Part {
    Parameters,
    First,
    Second,
    /// Parameters at the last reading of the metric with this position.
    Previous(usize),
}

/// Writes the arrays, then the file that names them, and then removes the previous arrays. At any
/// moment there is one complete checkpoint.
pub(crate) fn write_checkpoint(
    folder: &Path,
    cell: &str,
    build: &Build,
    checkpoint: &Checkpoint,
) -> Result<(), RunFolderError> {
    let mut tensors: Vec<HostArray> = Vec::new();
    let mut models = Vec::new();
    for model in &checkpoint.models {
        let mut arrays = Vec::new();
        let mut add = |part: Part, array: Option<&HostArray>| {
            if let Some(array) = array {
                tensors.push(HostArray {
                    name: tensors.len().to_string(),
                    ..array.clone()
                });
            }
            let array = array.map(|array| (array.name.clone(), array.rows, array.columns));
            arrays.push(ArrayHead { part, array });
        };
        for array in &model.state.parameters {
            add(Part::Parameters, Some(array));
        }
        for array in &model.state.first {
            add(Part::First, array.as_ref());
        }
        for array in &model.state.second {
            add(Part::Second, array.as_ref());
        }
        for (&place, (_, previous)) in &model.previous {
            for array in previous {
                add(Part::Previous(place), Some(array));
            }
        }
        models.push(ModelHead {
            name: model.name.clone(),
            steps: model.state.steps,
            first_loss: model.first_loss,
            arrays,
            previous: (model.previous.iter())
                .map(|(&place, (step, _))| (place, *step))
                .collect(),
        });
    }
    let name = format!("{TENSORS}{}{ENDING}", checkpoint.step);
    let path = folder.join(&name);
    let bytes = weight_file::to_bytes(&tensors, Layout::Layerwise, &BTreeMap::new());
    let bytes = bytes.map_err(|error| RunFolderError::write(&path, error))?;
    write(&path, &bytes)?;
    let head = Head {
        cell: cell.to_owned(),
        build: build.clone(),
        step: checkpoint.step,
        rows: checkpoint.rows,
        seconds: checkpoint.seconds,
        measuring_seconds: checkpoint.measuring_seconds,
        stopped: checkpoint.stopped.clone(),
        models,
        tensors: name.clone(),
        tensors_blake3: blake3::hash(&bytes).to_string(),
    };
    let path = folder.join(FILE);
    let bytes = seal(&head).map_err(|error| RunFolderError::write(&path, error))?;
    write(&path, &bytes)?;
    remove_tensors(folder, Some(&name))
}

/// Reads the checkpoint of a cell and the build that wrote it; `None` if the cell has no
/// checkpoint.
///
/// # Errors
/// A file is damaged, missing or belongs to another cell.
pub(crate) fn read_checkpoint(
    folder: &Path,
    cell: &str,
) -> Result<Option<(Checkpoint, Build)>, RunFolderError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let head: Head = read_sealed(&path)?;
    if head.cell != cell {
        let problem = format!("is the checkpoint of another cell, {}", head.cell);
        return Err(RunFolderError::damaged(&path, problem));
    }
    let path = folder.join(&head.tensors);
    let bytes = fs::read(&path).map_err(|error| RunFolderError::read(&path, error))?;
    if *blake3::hash(&bytes).to_hex() != *head.tensors_blake3 {
        let problem = "is damaged: its checksum is not that of the checkpoint";
        return Err(RunFolderError::damaged(&path, problem));
    }
    let models = models(&bytes, head.models);
    let checkpoint = Checkpoint {
        step: head.step,
        rows: head.rows,
        seconds: head.seconds,
        measuring_seconds: head.measuring_seconds,
        stopped: head.stopped,
        models: models.map_err(|problem| RunFolderError::damaged(&path, problem))?,
    };
    Ok(Some((checkpoint, head.build)))
}

/// The step of a checkpoint, after the same checks as in [`read_checkpoint`].
pub(crate) fn checkpoint_step(folder: &Path, cell: &str) -> Result<Option<u64>, RunFolderError> {
    Ok(read_checkpoint(folder, cell)?.map(|(checkpoint, _)| checkpoint.step))
}

fn models(bytes: &[u8], heads: Vec<ModelHead>) -> Result<Vec<ModelCheckpoint>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let mut number = 0;
    let mut next = |name: String, rows: usize, columns: usize| -> Result<HostArray, String> {
        let tensor = file.tensor(&number.to_string());
        number += 1;
        let tensor = tensor.map_err(|error| error.to_string())?;
        let numbers = tensor.data().as_chunks().0.iter();
        let values: Vec<f64> = numbers.map(|&number| f64::from_le_bytes(number)).collect();
        if values.len() != rows * columns {
            return Err(format!("{name:?} has {} numbers", values.len()));
        }
        Ok(HostArray {
            name,
            rows,
            columns,
            values,
        })
    };
    let mut models = Vec::new();
    for head in heads {
        let mut model = ModelCheckpoint {
            name: head.name,
            state: LearnerState {
                steps: head.steps,
                ..LearnerState::default()
            },
            first_loss: head.first_loss,
            previous: (head.previous.into_iter())
                .map(|(place, step)| (place, (step, Vec::new())))
                .collect(),
        };
        for ArrayHead { part, array } in head.arrays {
            let array = array.map(|(name, rows, columns)| next(name, rows, columns));
            let array = array.transpose()?;
            match part {
                Part::Parameters => model.state.parameters.extend(array),
                Part::First => model.state.first.push(array),
                Part::Second => model.state.second.push(array),
                Part::Previous(place) => {
                    if let Some((_, previous)) = model.previous.get_mut(&place) {
                        previous.extend(array);
                    }
                }
            }
        }
        models.push(model);
    }
    Ok(models)
}

/// Removes the checkpoint, starting with the file that names the arrays.
pub(crate) fn remove_checkpoint(folder: &Path) -> Result<(), RunFolderError> {
    remove(&folder.join(FILE))?;
    remove_tensors(folder, None)
}

/// Removes the array files of all checkpoints except `kept`.
fn remove_tensors(folder: &Path, kept: Option<&str>) -> Result<(), RunFolderError> {
    let entries = fs::read_dir(folder).map_err(|error| RunFolderError::read(folder, error))?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with(TENSORS) && name.ends_with(ENDING);
        if is_ours && Some(&*name) != kept {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn array(name: &str, values: &[f64]) -> HostArray {
        HostArray {
            name: name.to_owned(),
            rows: 1,
            columns: values.len(),
            values: values.to_vec(),
        }
    }

    fn build() -> Build {
        Build {
            version: "0.1.0".to_owned(),
            commit: "abc".to_owned(),
        }
    }

    fn checkpoint(step: u64) -> Checkpoint {
        let weight = array(
            "layers.0.weight",
            &[0.1, -0.0, f64::from(f32::MIN_POSITIVE), 1e300],
        );
        let bias = array("layers.0.bias", &[f64::INFINITY]);
        let model = ModelCheckpoint {
            name: "net \"one\"".to_owned(),
            state: LearnerState {
                steps: step,
                parameters: vec![weight.clone(), bias.clone()],
                first: vec![Some(weight.clone()), None],
                second: Vec::new(),
            },
            first_loss: Some(0.1 + 0.2),
            previous: BTreeMap::from([(2, (7, vec![bias, weight])), (5, (9, Vec::new()))]),
        };
        Checkpoint {
            step,
            rows: Mark {
                rows: 3,
                bytes: 400,
                check: 0xdead_beef,
            },
            seconds: 1.25,
            measuring_seconds: 0.1,
            stopped: Some((StopReason::Condition { step: 4 }, 4)),
            models: vec![
                model.clone(),
                ModelCheckpoint {
                    name: "twin".to_owned(),
                    ..model
                },
            ],
        }
    }

    #[test]
    fn a_checkpoint_is_read_back_bit_by_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(read_checkpoint(path, "cell").unwrap(), None);
        for step in [100, 200] {
            write_checkpoint(path, "cell", &build(), &checkpoint(step)).unwrap();
            let (found, by) = read_checkpoint(path, "cell").unwrap().unwrap();
            assert_eq!((&found, by), (&checkpoint(step), build()));
            let bits = |one: &Checkpoint| -> Vec<u64> {
                let arrays = one.models.iter().flat_map(|model| &model.state.parameters);
                arrays
                    .flat_map(|array| array.values.iter().map(|v| v.to_bits()))
                    .collect()
            };
            assert_eq!(bits(&found), bits(&checkpoint(step)));
        }
        // The arrays of the first checkpoint are gone.
        assert_eq!(fs::read_dir(path).unwrap().count(), 2);
        let error = read_checkpoint(path, "other").unwrap_err().to_string();
        assert!(error.contains("of another cell"), "{error}");
        remove_checkpoint(path).unwrap();
        assert_eq!(fs::read_dir(path).unwrap().count(), 0);
    }

    #[test]
    fn damage_is_found_in_every_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        write_checkpoint(path, "cell", &build(), &checkpoint(1)).unwrap();
        for name in [FILE, "checkpoint-1.safetensors"] {
            let file = path.join(name);
            let whole = fs::read(&file).unwrap();
            for byte in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[byte] ^= 1 << (byte % 8);
                fs::write(&file, &flipped).unwrap();
                let error = read_checkpoint(path, "cell").unwrap_err().to_string();
                assert!(
                    error.contains(name) && error.contains("is damaged"),
                    "{error}"
                );
                fs::write(&file, &whole[..byte]).unwrap();
                assert!(
                    read_checkpoint(path, "cell").is_err(),
                    "{byte} bytes of {name}"
                );
            }
            fs::write(&file, &whole).unwrap();
        }
        fs::remove_file(path.join("checkpoint-1.safetensors")).unwrap();
        assert!(read_checkpoint(path, "cell").is_err());
    }
}
