use mlp::MlpError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{
    Basis, Batch, KeyError, Reference, TaskInstance, TaskShape, parse_table, positive, stream,
    table_of,
};
use theory::nalgebra::DMatrix;

use super::{
    classifier::{ClassifierStart, random_turn},
    count::few_enough,
};
use crate::{
    Clamp, Classifier, Freeze, HiddenFeatures, HiddenLayer, HostArray, Interventions, Model, Needs,
};

/// The unconstrained-features model F = H W: a feature vector of its own for every training row,
/// and a linear classifier \[Mixon2020\]. With `depth` above 2, linear layers stand between them.
///
/// It is the layerwise-linear side of neural collapse: gradient descent moves the features as an ideal net
/// below the last layer could. It is for the task `class-labels`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnconstrainedFeatures {
    /// d: the length of a feature vector; at least one less than there are classes.
    pub width: usize,
    /// L: features, linear layers above them, and classifier, together. 2 or more.
    #[serde(default = "two")]
    pub depth: usize,
    /// Where features, layers and classifier start.
    pub init: FeatureInit,
    /// Rows of the classifier that are given at the start; drawn by `init` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classifier: Option<ClassifierStart>,
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "one")]
    pub lr_scale: f64,
    /// Layers that do not learn, or only until a step: the features are layer 1, the classifier is
    /// the last (layer 2, or `depth`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// Layers whose weights keep their norm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clamp: Vec<Clamp>,
}

/// Where free features and their classifier start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FeatureInit {
    /// Balanced and aligned with the targets, as the closed form assumes: every mode of the targets
    /// starts at the same strength; features may differ within a class beside it.
    Aligned {
        /// s(0): the initial strength of every mode. Above 0.
        strength: f64,
        /// Standard deviation of the numbers that are added to the features of a row, minus their class mean.
        /// 0 or more.
        #[serde(default)]
        within: f64,
    },
    /// Independent normal numbers in all of them.
    Normal {
        /// Their standard deviation. Above 0.
        std: f64,
    },
}

fn one() -> f64 {
    1.0
}

fn two() -> usize {
    2
}

/// What readers are told of this kind.
pub(super) const REFERENCE: Reference = Reference::of::<UnconstrainedFeatures>(
    "width = 20\ninit = { kind = \"aligned\", strength = 0.01, within = 0.01 }",
);

/// Modes of the targets below this, relative to the largest, are rounding.
const NO_MODE: f64 = 1e-10;

/// Checks the table of an `unconstrained-features` model.
///
/// # Errors
/// Keys that do not fit.
pub(super) fn unconstrained_features(table: toml::Table) -> Result<Box<dyn Model>, KeyError> {
    let model: UnconstrainedFeatures = parse_table(table)?;
    if model.width == 0 {
        let hint = "Write at least one less than there are classes.";
        return Err(KeyError::new("width", 0, "must be 1 or more", hint));
    }
    if model.depth < 2 {
        let hint = "Write 2 for features and a classifier, or more for linear layers between them.";
        return Err(KeyError::new(
            "depth",
            model.depth,
            "must be 2 or more",
            hint,
        ));
    }
    positive("lr_scale", model.lr_scale)?;
    match model.init {
        FeatureInit::Normal { std } => {
            positive("init.std", std)?;
        }
        FeatureInit::Aligned { strength, within } => {
            positive("init.strength", strength)?;
            if !within.is_finite() || within < 0.0 {
                let problem = "must be a finite number, 0 or more";
                let hint = "Write 0 for features that are the same within a class.";
                return Err(KeyError::new("init.within", within, problem, hint));
            }
        }
    }
    model.interventions().check(model.depth)?;
    Ok(Box::new(model))
}

impl UnconstrainedFeatures {
    /// H `[N, d]`, the layers between `[d, d]` and W `[d, K]` with H ⋯ W = s V Uᵀ, where V and U are the
    /// singular vectors of the targets Y `[N, K]`: with a = s^(1/L) and orthonormal columns in R, H = a V Rᵀ,
    /// every layer a R Rᵀ, and W = a R Uᵀ.
    fn aligned(&self, rows: &Batch, seed: u64, strength: f64, within: f64) -> Vec<Vec<f64>> {
        let (n, classes, width) = (rows.rows, rows.shape.outputs, self.width);
        let targets = DMatrix::from_row_slice(n, classes, &rows.targets);
        // Singular vectors from the K × K Gram matrix: YᵀY u = S² u, v = Y u/S.
        let eigen = targets.tr_mul(&targets).symmetric_eigen();
        let largest = eigen.eigenvalues.max();
        let modes: Vec<usize> = (0..classes)
            .filter(|&mode| eigen.eigenvalues[mode] > NO_MODE * largest)
            .collect();
        let turn = random_turn(width, seed, "unconstrained features");
        let factor = match self.depth {
            2 => strength.sqrt(),
            depth => strength.powf(1.0 / depth as f64),
        };
        let mut features = DMatrix::zeros(n, width);
        let mut between = DMatrix::zeros(width, width);
        let mut weight = DMatrix::zeros(width, classes);
        for (place, &mode) in modes.iter().take(width).enumerate() {
            let right = eigen.eigenvectors.column(mode);
            let left = &targets * right / eigen.eigenvalues[mode].sqrt();
            let direction = turn.column(place);
            features += factor * left * direction.transpose();
            if self.depth > 2 {
                between += factor * direction * direction.transpose();
            }
            weight += factor * direction * right.transpose();
        }
        let mut features = features.transpose().as_slice().to_vec();
        let residual = self.residual(rows, seed, within);
        features.iter_mut().zip(residual).for_each(|(h, r)| *h += r);
        // A R Rᵀ is symmetric, so that its order of entries does not matter.
        let between = between.as_slice().to_vec();
        let mut arrays = vec![features];
        arrays.extend(std::iter::repeat_n(between, self.depth - 2));
        arrays.push(weight.transpose().as_slice().to_vec());
        arrays
    }

    /// Rows and columns of every factor.
    fn shapes(&self, shape: TaskShape) -> Vec<(usize, usize)> {
        let mut shapes = vec![(shape.basis, self.width)];
        shapes.extend(std::iter::repeat_n(
            (self.width, self.width),
            self.depth - 2,
        ));
        shapes.push((self.width, shape.outputs));
        shapes
    }

    /// The name of a factor, counted from 0.
    fn name(&self, place: usize) -> String {
        match place {
            0 => "features".to_owned(),
            _ if place + 1 == self.depth => "classifier.weight".to_owned(),
            _ => format!("layers.{place}.weight"),
        }
    }

    /// Normal numbers minus their class means `[N, d]`.
    fn residual(&self, rows: &Batch, seed: u64, within: f64) -> Vec<f64> {
        let (classes, width) = (rows.shape.outputs, self.width);
        let mut values = vec![0.0; rows.rows * width];
        if within == 0.0 {
            return values;
        }
        let rng = &mut stream::keyed(seed, "unconstrained features", 1);
        stream::standard_normals(rng, &mut values);
        let mut means = vec![0.0; classes * width];
        let mut counts = vec![0.0; classes];
        for (row, &class) in values.chunks_exact(width).zip(&rows.group) {
            let class = class as usize;
            counts[class] += 1.0;
            let mean = &mut means[class * width..(class + 1) * width];
            mean.iter_mut().zip(row).for_each(|(mean, h)| *mean += h);
        }
        for (row, &class) in values.chunks_exact_mut(width).zip(&rows.group) {
            let class = class as usize;
            let mean = &means[class * width..(class + 1) * width];
            for (h, mean) in row.iter_mut().zip(mean) {
                *h = within * (*h - mean / counts[class]);
            }
        }
        values
    }
}

impl Model for UnconstrainedFeatures {
    fn resolved(&self) -> toml::Table {
        table_of("unconstrained-features", self)
    }

    fn has_matrices(&self) -> bool {
        true
    }

    fn needs(&self) -> Needs {
        Needs {
            inputs: false,
            basis: true,
        }
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }

    fn check(&self, shape: TaskShape) -> Result<(), KeyError> {
        if shape.inputs > 0 || shape.basis == 0 || shape.outputs < 2 {
            return Err(KeyError::new(
                "kind",
                "\"unconstrained-features\"",
                "needs labelled rows without inputs: on test rows it has no features",
                "Use it with task.kind = \"class-labels\".",
            ));
        }
        if let Some(start) = self.classifier {
            start.check(self.width, shape.outputs)?;
        }
        let width = self.width as f64;
        // Its start may turn them all.
        let layers = (self.depth - 1) as f64;
        let per_feature = (shape.basis + shape.outputs) as f64 + layers * width;
        few_enough("width", self.width, width * per_feature)?;
        let least = shape.outputs - 1;
        if self.width >= least || matches!(self.init, FeatureInit::Normal { .. }) {
            return Ok(());
        }
        let problem = format!("is too few for the {least} modes of the targets");
        let hint = format!("Write {least} or more, or init.kind = \"normal\".");
        Err(KeyError::new("width", self.width, problem, hint))
    }

    fn initial(&self, task: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray> {
        let shapes = self.shapes(shape);
        let values = match self.init {
            FeatureInit::Aligned { strength, within } => {
                self.aligned(&task.test(), seed, strength, within)
            }
            FeatureInit::Normal { std } => {
                let normals = |(index, (rows, columns))| {
                    let mut values = vec![0.0; rows * columns];
                    let rng = &mut stream::keyed(seed, "unconstrained features", index);
                    stream::standard_normals(rng, &mut values);
                    values.into_iter().map(|value| std * value).collect()
                };
                (0..).zip(shapes.iter().copied()).map(normals).collect()
            }
        };
        let arrays = shapes.into_iter().zip(values).enumerate();
        let mut arrays: Vec<HostArray> = arrays
            .map(|(place, ((rows, columns), values))| HostArray {
                name: self.name(place),
                rows,
                columns,
                values,
            })
            .collect();
        if let (Some(start), Some(weight)) = (self.classifier, arrays.last_mut()) {
            start.set(weight, seed);
        }
        self.interventions().rescale(&mut arrays, |layer| layer);
        arrays
    }

    fn interventions(&self) -> Interventions {
        Interventions {
            freeze: self.freeze.clone(),
            feedback: None,
            clamp: self.clamp.clone(),
            balance: None,
            dropout: None,
        }
    }

    fn hidden_features(
        &self,
        parameters: &[HostArray],
        rows: &Batch,
    ) -> Result<Option<HiddenFeatures>, MlpError> {
        let [features, between @ .., weight] = parameters else {
            return Ok(None);
        };
        let values = match rows.basis {
            Basis::Identity => features.values.clone(),
            // A part of the rows: its basis says which.
            Basis::Dense(_) => (0..rows.rows)
                .flat_map(|row| {
                    let basis = rows.basis_row(row);
                    let own = basis.iter().position(|b| *b != 0.0).unwrap_or(0);
                    features.values[own * self.width..(own + 1) * self.width].to_vec()
                })
                .collect(),
        };
        let width = self.width;
        let mut layers = vec![HiddenLayer { values, width }];
        for layer in between {
            let below = &layers[layers.len() - 1].values;
            // Row-major [N, d] is column-major [d, N].
            let below = DMatrix::from_column_slice(width, rows.rows, below);
            let layer = DMatrix::from_column_slice(width, width, &layer.values);
            let values = (layer * below).as_slice().to_vec();
            layers.push(HiddenLayer { values, width });
        }
        let by_class = (0..weight.columns)
            .flat_map(|class| weight.values[class..].iter().step_by(weight.columns));
        Ok(Some(HiddenFeatures {
            layers,
            classifier: Classifier {
                weight: by_class.copied().collect(),
                bias: None,
            },
        }))
    }
}
