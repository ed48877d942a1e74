use std::{path::Path, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, FileCache, FileContent, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    classified::{self, Classified},
    row_streams::{RawRows, RowOrder},
    stream::StreamKey,
    table::{parse_table, table_of},
    tensors::{TensorFile, Tensors, quoted},
};

/// The name of this kind.
pub(crate) const KIND: &str = "tensors";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<RawTensors>("file = \"rows.safetensors\"");

/// Your own rows with your own targets, from a safetensors file or a NumPy archive.
///
/// The file holds `inputs` `[N, D]` and `labels` `[N]` (the target is τ times the one-hot of the class) or `targets`
/// `[N, K]` as they are; labels beside targets are the classes of the rows. Test rows are `test_inputs` with `test_labels`
/// or `test_targets`; without them the training rows are tested.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawTensors {
    /// Path, relative to the folder in which you are.
    file: String,
    /// SHA-256 of the file, which the run writes; the file must still have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// τ, where labels make the targets; 1 unless given. Above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<f64>,
    /// Order in which training takes the rows.
    #[serde(default)]
    data: RawRows,
}

/// Names that a file may have, `test_` in front of each for the test rows.
const NAMES: [&str; 3] = ["inputs", "labels", "targets"];

/// Rows of a file.
#[derive(Debug, PartialEq)]
struct Rows {
    /// `[N, D]`.
    inputs: Vec<f64>,
    width: usize,
    /// Classes `[N]`.
    labels: Option<Vec<u32>>,
    /// `[N, K]` and K.
    targets: Option<(Vec<f64>, usize)>,
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Parts {
    training: Rows,
    test: Option<Rows>,
    /// One more than the largest label, where there are labels.
    classes: u32,
}

/// The checked task.
struct TensorTask {
    raw: RawTensors,
    file: Arc<FileContent<Parts>>,
    order: RowOrder,
    shape: TaskShape,
}

/// Checks the keys of `kind = "tensors"`.
pub(crate) fn build(
    table: toml::Table,
    files: &FileCache<Parts>,
) -> Result<Box<dyn Task>, KeyError> {
    let mut raw: RawTensors = parse_table(table)?;
    let refused =
        |problem: &str, hint: &str| KeyError::new("file", format!("{:?}", raw.file), problem, hint);
    let file = files.get(Path::new(&raw.file), Parts::read);
    let file = file.map_err(|problem| {
        let hint = "Paths are relative to the current folder; tensors are inputs [N, D] with \
                    labels [N] or targets [N, K], and the same names with the prefix test_.";
        refused(problem.to_string().trim_end_matches('.'), hint)
    })?;
    check::same_content("sha256", &mut raw.sha256, file.sha256.clone(), &raw.file)?;
    let Parts {
        training, classes, ..
    } = &file.content;
    let outputs = match (&training.targets, raw.target) {
        (None, target) => {
            raw.target = Some(check::positive("target", target.unwrap_or(1.0))?);
            *classes as usize
        }
        (Some((_, outputs)), None) => *outputs,
        (Some(_), Some(target)) => {
            let problem = "has no effect if the file holds \"targets\"";
            return Err(KeyError::new("target", target, problem, "Leave it out."));
        }
    };
    let shape = TaskShape {
        inputs: training.width,
        basis: 0,
        outputs,
    };
    let rows = training.len();
    check::fits("file", &raw.file, rows, shape.row_len())?;
    let (data, order) = (raw.data)
        .check(rows, shape.row_len())
        .map_err(|error| error.within("data"))?;
    raw.data = data;
    Ok(Box::new(TensorTask {
        raw,
        file,
        order,
        shape,
    }))
}

impl Parts {
    fn read(file: &TensorFile) -> Result<Self, String> {
        let tensors = file.tensors()?;
        let names = tensors.names();
        let known = |name: &&str| NAMES.contains(&name.strip_prefix("test_").unwrap_or(name));
        if let Some(other) = names.iter().find(|name| !known(name)) {
            return Err(format!(
                "holds {other:?}, which has no meaning here (found {})",
                quoted(&names)
            ));
        }
        let training = Rows::read(&tensors, "")?;
        let test = match names.iter().any(|name| name.starts_with("test_")) {
            true => Some(Rows::read(&tensors, "test_")?),
            false => None,
        };
        if let Some(test) = &test {
            test.check_like(&training)?;
        }
        let parts = [Some(&training), test.as_ref()];
        let labels = parts
            .into_iter()
            .flatten()
            .filter_map(|rows| rows.labels.as_ref());
        let largest = labels.flatten().copied().max();
        let classes = largest.map_or(0, |label| label.saturating_add(1));
        training.check_classes(classes)?;
        Ok(Self {
            training,
            test,
            classes,
        })
    }
}

impl Rows {
    /// The rows whose tensors have `prefix` in front of their names.
    fn read(tensors: &Tensors<'_>, prefix: &str) -> Result<Self, String> {
        let [inputs, labels, targets] = NAMES.map(|name| format!("{prefix}{name}"));
        let matrix = |name: &str| -> Result<(Vec<f64>, usize, usize), String> {
            let array = tensors.array(name)?;
            match array.shape[..] {
                [rows, width] if rows > 0 && width > 0 => Ok((array.values, rows, width)),
                _ => Err(format!(
                    "{name:?} has the shape {:?}: must have rows and columns",
                    array.shape
                )),
            }
        };
        let (values, rows, width) = matrix(&inputs)?;
        let beside = |name: &str, found: &[usize]| match found.first() == Some(&rows) {
            true => Ok(()),
            false => Err(format!(
                "{name:?} has the shape {found:?} for {rows} rows of {inputs:?}"
            )),
        };
        let labels = if tensors.has(&labels) {
            let found = tensors.shape(&labels)?;
            beside(&labels, &found)?;
            if found.len() != 1 {
                return Err(format!(
                    "{labels:?} has the shape {found:?}: must be [{rows}]"
                ));
            }
            Some(tensors.labels(&labels)?)
        } else {
            None
        };
        let targets = if tensors.has(&targets) {
            let (values, found, width) = matrix(&targets)?;
            beside(&targets, &[found, width])?;
            Some((values, width))
        } else {
            None
        };
        if labels.is_none() && targets.is_none() {
            return Err(format!(
                "has {inputs:?}, but neither \"{prefix}labels\" nor \"{prefix}targets\""
            ));
        }
        Ok(Self {
            inputs: values,
            width,
            labels,
            targets,
        })
    }

    fn len(&self) -> usize {
        self.inputs.len() / self.width
    }

    /// That test rows have what training rows have.
    fn check_like(&self, training: &Self) -> Result<(), String> {
        let outputs = |rows: &Self| rows.targets.as_ref().map(|(_, outputs)| *outputs);
        let (own, other) = (outputs(self), outputs(training));
        if self.width != training.width {
            return Err(format!(
                "\"test_inputs\" has {} columns, but \"inputs\" has {}",
                self.width, training.width
            ));
        }
        if own.is_some() != other.is_some() || self.labels.is_some() != training.labels.is_some() {
            return Err(
                "has other tensors for test rows than for training rows: must have both test_labels \
                 and labels or neither, and both test_targets and targets or neither"
                    .to_owned(),
            );
        }
        if own != other {
            return Err(format!(
                "\"test_targets\" has {} columns, but \"targets\" has {}",
                own.unwrap_or(0),
                other.unwrap_or(0)
            ));
        }
        Ok(())
    }

    /// That classes are those of the outputs, two or more, and each has a training row.
    fn check_classes(&self, classes: u32) -> Result<(), String> {
        let Some(labels) = &self.labels else {
            return Ok(());
        };
        match &self.targets {
            // With one output they group rows.
            Some((_, outputs)) if *outputs > 1 && classes as usize > *outputs => {
                return Err(format!(
                    "has a label {} for \"targets\" of {outputs} columns: must be below {outputs}",
                    classes - 1
                ));
            }
            None if classes < 2 => return Err("has only one class".to_owned()),
            _ => {}
        }
        let mut found = labels.clone();
        found.sort_unstable();
        found.dedup();
        match (0..classes).find(|class| found.binary_search(class).is_err()) {
            Some(class) => Err(format!(
                "has labels up to {}, but no training row of class {class}",
                classes - 1
            )),
            None => Ok(()),
        }
    }

    fn batch(&self, shape: TaskShape, target: f64) -> Batch {
        let labels = self.labels.clone().unwrap_or_default();
        let mut rows = match &self.targets {
            None => classified::rows(
                shape,
                self.inputs.clone(),
                Vec::new(),
                Vec::new(),
                &labels,
                target,
            ),
            Some((targets, _)) => {
                let mut rows = Batch::zeros(shape, self.len());
                rows.inputs.clone_from(&self.inputs);
                rows.targets.clone_from(targets);
                rows
            }
        };
        rows.group = labels;
        rows
    }
}

impl Task for TensorTask {
    fn shape(&self) -> TaskShape {
        self.shape
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.order.batch_rows(self.file.content.training.len())
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let Parts {
            training,
            test,
            classes,
        } = &self.file.content;
        let target = self.raw.target.unwrap_or(1.0);
        let mut rows = training.batch(self.shape, target);
        rows.index = (0..).take(rows.rows).collect();
        let test = match test {
            Some(test) => test.batch(self.shape, target),
            None => training.batch(self.shape, target),
        };
        let groups = training
            .labels
            .as_ref()
            .map(|labels| classified::class_groups(labels, *classes as usize, target));
        Box::new(Classified {
            whitened: false,
            groups: groups.unwrap_or_default(),
            training: Arc::new(rows),
            order: self.order,
            key: StreamKey::new(seed, "training order"),
            test,
            input_scale: 1.0,
            pairs: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use safetensors::{Dtype, serialize, tensor::TensorView};
    use tempfile::TempDir;

    use super::*;

    fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
        super::build(table, &FileCache::default())
    }

    type Tensor = (&'static str, Dtype, Vec<usize>, Vec<u8>);

    fn f64s(name: &'static str, shape: &[usize], values: &[f64]) -> Tensor {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        (name, Dtype::F64, shape.to_vec(), bytes.collect())
    }

    fn i64s(name: &'static str, values: &[i64]) -> Tensor {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        (name, Dtype::I64, vec![values.len()], bytes.collect())
    }

    fn bytes(tensors: &[Tensor]) -> Vec<u8> {
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            (
                *name,
                TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
            )
        });
        serialize(views, None).unwrap()
    }

    /// A folder with a file, and the table of a task on it.
    struct File {
        folder: TempDir,
    }

    impl File {
        fn of(tensors: &[Tensor]) -> Self {
            Self::with(&bytes(tensors))
        }

        fn with(bytes: &[u8]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("rows.safetensors"), bytes).unwrap();
            Self { folder }
        }

        fn build(&self, more: &str) -> Result<Box<dyn Task>, KeyError> {
            let file = self.folder.path().join("rows.safetensors");
            build(format!("file = {file:?}\n{more}").parse().unwrap())
        }

        fn instance(&self, more: &str) -> Box<dyn TaskInstance> {
            self.build(more).unwrap().instance(0)
        }
    }

    const INPUTS: [f64; 6] = [0.5, -1.0, 2.0, 0.25, 0.0, 3.0];

    fn inputs() -> Tensor {
        f64s("inputs", &[3, 2], &INPUTS)
    }

    #[test]
    fn labels_become_one_hot_targets_and_training_rows_are_the_test_rows() {
        let file = File::of(&[inputs(), i64s("labels", &[1, 0, 1])]);
        let task = file.instance("target = 3.0");
        let rows = task.training_set().unwrap();
        assert_eq!(
            (&rows.inputs[..], &rows.group[..]),
            (&INPUTS[..], &[1, 0, 1][..])
        );
        assert_eq!(rows.targets, [0.0, 3.0, 3.0, 0.0, 0.0, 3.0]);
        assert_eq!(rows.index, [0, 1, 2]);
        let test = task.test();
        assert_eq!(
            (test.inputs, test.targets),
            (rows.inputs.clone(), rows.targets.clone())
        );
        let shares: Vec<f64> = task
            .groups()
            .iter()
            .map(|group| group.probability)
            .collect();
        assert_eq!(shares, [1.0 / 3.0, 2.0 / 3.0]);
        let mut step = Batch::empty();
        let mut stream = task.training();
        stream.fill(7, &mut step);
        assert!(stream.is_constant());
        assert_eq!(step, rows);
    }

    #[test]
    fn targets_win_over_labels_which_stay_classes() {
        let targets = f64s("targets", &[3, 2], &[1.5, -0.5, 0.0, 2.0, 7.0, 9.0]);
        let file = File::of(&[inputs(), targets.clone(), i64s("labels", &[1, 0, 1])]);
        let rows = file.instance("").training_set().unwrap();
        assert_eq!(rows.targets, [1.5, -0.5, 0.0, 2.0, 7.0, 9.0]);
        assert_eq!(rows.group, [1, 0, 1]);
        let plain = File::of(&[inputs(), targets]).instance("");
        assert!(plain.groups().is_empty() && plain.test().group.is_empty());
        assert_eq!(plain.test().targets, rows.targets);
    }

    #[test]
    fn test_rows_of_the_file_are_the_test_rows() {
        let file = File::of(&[
            inputs(),
            i64s("labels", &[1, 0, 1]),
            f64s("test_inputs", &[1, 2], &[4.0, 5.0]),
            i64s("test_labels", &[0]),
        ]);
        let task = file.instance("data = { order = 'epochs', batch = 2 }");
        let test = task.test();
        assert_eq!(
            (&test.inputs[..], &test.targets[..]),
            (&[4.0, 5.0][..], &[1.0, 0.0][..])
        );
        assert!(!task.training().is_constant());
        assert_eq!(task.training_set().unwrap().rows, 3);
    }

    #[test]
    fn the_resolved_table_has_the_sum_of_the_file_and_refuses_another_file() {
        let file = File::of(&[inputs(), i64s("labels", &[1, 0, 1])]);
        let resolved = file.build("").unwrap().resolved();
        assert_eq!(resolved["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(resolved["target"].as_float(), Some(1.0));
        let mut again = resolved.clone();
        again.remove("kind");
        assert_eq!(build(again.clone()).unwrap().resolved(), resolved);
        let path = resolved["file"].as_str().unwrap();
        fs::write(path, bytes(&[inputs(), i64s("labels", &[1, 0, 0])])).unwrap();
        // Same size, perhaps within the resolution of the clock.
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(9);
        fs::File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(later)
            .unwrap();
        let error = build(again).err().unwrap();
        assert_eq!(error.key, "sha256");
        assert!(error.to_string().contains("was changed"), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let labels = || i64s("labels", &[1, 0, 1]);
        let targets = |shape: &[usize]| f64s("targets", shape, &vec![0.5; shape.iter().product()]);
        let whole = bytes(&[inputs(), labels()]);
        let of = |tensors: &[Tensor]| bytes(tensors);
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (
                whole[..whole.len() - 3].to_vec(),
                "not a complete safetensors file",
            ),
            (Vec::new(), "is empty, not a safetensors file"),
            (of(&[labels()]), "has no tensor \"inputs\""),
            (of(&[inputs()]), "neither \"labels\" nor \"targets\""),
            (of(&[f64s("inputs", &[6], &INPUTS), labels()]), "[6]"),
            (
                of(&[f64s("inputs", &[0, 2], &[]), i64s("labels", &[])]),
                "[0, 2]",
            ),
            (
                of(&[("inputs", Dtype::I64, vec![3, 1], vec![0; 24]), labels()]),
                "I64",
            ),
            (
                of(&[f64s("inputs", &[3, 1], &[0.0, f64::NAN, 1.0]), labels()]),
                "[1, 0] is NaN",
            ),
            (
                of(&[
                    f64s("inputs", &[3, 1], &[0.0, 1.0, f64::INFINITY]),
                    labels(),
                ]),
                "is inf",
            ),
            (of(&[inputs(), i64s("labels", &[1, 0])]), "[2] for 3 rows"),
            (of(&[inputs(), i64s("labels", &[1, -1, 0])]), "[1] is -1"),
            (of(&[inputs(), i64s("labels", &[1, 2, 1])]), "class 0"),
            (
                of(&[inputs(), i64s("labels", &[0, 1, u32::MAX.into()])]),
                "class 2",
            ),
            (
                of(&[inputs(), i64s("labels", &[0, 0, 0])]),
                "only one class",
            ),
            (
                of(&[inputs(), f64s("labels", &[3], &[0.0, 0.5, 1.0])]),
                "[1] is 0.5",
            ),
            (of(&[inputs(), targets(&[4, 1])]), "[4, 1] for 3 rows"),
            (of(&[inputs(), targets(&[3])]), "[3]"),
            (
                of(&[inputs(), targets(&[3, 2]), i64s("labels", &[0, 1, 2])]),
                "below 2",
            ),
            (
                of(&[inputs(), labels(), targets(&[3, 2]), i64s("label", &[1])]),
                "\"label\"",
            ),
            (
                of(&[inputs(), labels(), f64s("test_inputs", &[1, 2], &[0.0; 2])]),
                "test_labels",
            ),
            (
                of(&[inputs(), labels(), i64s("test_labels", &[0])]),
                "\"test_inputs\"",
            ),
            (
                of(&[
                    inputs(),
                    labels(),
                    f64s("test_inputs", &[1, 1], &[0.0]),
                    i64s("test_labels", &[0]),
                ]),
                "1 columns",
            ),
            (
                of(&[
                    inputs(),
                    labels(),
                    f64s("test_inputs", &[1, 2], &[0.0; 2]),
                    i64s("test_labels", &[2]),
                ]),
                "class 2",
            ),
        ];
        for (content, says) in cases {
            let error = File::with(&content).build("").err().unwrap();
            assert_eq!(error.key, "file");
            let text = error.to_string();
            assert!(
                text.contains(says) && text.contains("rows.safetensors"),
                "{says}: {text}"
            );
        }
    }

    #[test]
    fn wrong_keys_are_named() {
        let classes = File::of(&[inputs(), i64s("labels", &[1, 0, 1])]);
        let numbers = File::of(&[inputs(), f64s("targets", &[3, 1], &[1.0, 2.0, 3.0])]);
        for (file, more, key) in [
            (&classes, "target = 0.0", "target"),
            (&numbers, "target = 2.0", "target"),
            (
                &classes,
                "data = { order = 'epochs', batch = 4 }",
                "data.batch",
            ),
            (&classes, "sha256 = 'abc'", "sha256"),
            (&classes, "rows = 3", "rows"),
        ] {
            assert_eq!(file.build(more).err().unwrap().key, key, "{more}");
        }
        let missing = build("file = 'nowhere.safetensors'".parse().unwrap())
            .err()
            .unwrap();
        assert!(missing.to_string().contains("cannot be read"), "{missing}");
        assert_eq!(build(toml::Table::new()).err().unwrap().key, "file");
    }
}
