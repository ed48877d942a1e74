use metrics::{ClassMeans, FloatFormat, LabelledFeatures, WithinClass};
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Reference, Task, parse_table, positive, table_of};
use theory::{BalancedMode, UnconstrainedFeatures, nalgebra::DMatrix};

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<FreeFeatures>("from = \"features\"");

/// The unconstrained-features model in closed form, from its own initial values \[Mixon2020\].
///
/// Every mode of the targets grows by itself to its singular value S from s_0 = |Wᵀu + Hᵀv|²/4, with u and v its singular
/// vectors. That is exact for a balanced start aligned with the targets, and within a few percent for a small random one. From
/// an aligned start the features outside the directions of the classifier stay. `nc1`, `nc1_quotient`, `within_inside` and
/// `within_outside` are given for classes of equal size and an aligned start only;
/// `mean_norm_ratio`, `centred_mean_norm_ratio` and `weight_norm_ratio` compare the rarer half of the classes with the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FreeFeatures {
    /// Name of the `unconstrained-features` model whose initial values the form starts from.
    from: String,
    /// Factor on the flow time, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
}

fn one() -> f64 {
    1.0
}

/// Modes of the targets below this, relative to the largest, are rounding.
const NO_MODE: f64 = 1e-10;

/// Modes count as equal, and a start as aligned, within this: strengths are squares of sums over
/// thousands of rows.
const EQUAL: f64 = 1e-6;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let form: FreeFeatures = parse_table(table)?;
    positive("clock", form.clock)?;
    Ok(Box::new(form))
}

/// A mode of the targets.
struct Mode {
    /// How it grows.
    growth: BalancedMode,
    /// v, at a row of each class.
    left: Vec<f64>,
    /// u, by class.
    right: Vec<f64>,
}

/// What the closed form starts from.
struct Start {
    /// One per mode, largest target first.
    modes: Vec<Mode>,
    /// The more common half of the classes, and the rarer one.
    halves: [Vec<usize>; 2],
    /// For an aligned start: singular values of the features outside the classifier's directions.
    frozen: Vec<f64>,
    /// For equal classes and an aligned start: the form, and Tr S_w inside and outside.
    equal: Option<(UnconstrainedFeatures, WithinClass)>,
}

impl Start {
    fn read(arrays: &[HostArray], rows: &Batch) -> Option<Self> {
        let [features, weight] = arrays else {
            return None;
        };
        let (n, classes) = (rows.rows, rows.shape.outputs);
        let targets = DMatrix::from_row_slice(n, classes, &rows.targets);
        let hidden = DMatrix::from_row_slice(n, features.columns, &features.values);
        let classifier = DMatrix::from_row_slice(weight.rows, classes, &weight.values);
        let eigen = targets.tr_mul(&targets).symmetric_eigen();
        let largest = eigen.eigenvalues.max();
        let mut modes = Vec::new();
        let mut aligned = true;
        for (mode, &square) in eigen.eigenvalues.iter().enumerate() {
            if square <= NO_MODE * largest {
                continue;
            }
            let right = eigen.eigenvectors.column(mode);
            let left = &targets * right / square.sqrt();
            let (above, below) = (&classifier * right, hidden.tr_mul(&left));
            let strength = (&above + &below).norm_squared() / 4.0;
            aligned &= (above - below).norm_squared() < EQUAL * strength;
            let row_of = |class: u32| rows.group.iter().position(|&group| group == class);
            let at_class = (0..classes as u32).map(|class| Some(left[row_of(class)?]));
            modes.push(Mode {
                growth: BalancedMode::new(1.0, square.sqrt(), strength).ok()?,
                left: at_class.collect::<Option<_>>()?,
                right: right.iter().copied().collect(),
            });
        }
        modes.sort_by(|a, b| b.growth.target().total_cmp(&a.growth.target()));
        let labelled = LabelledFeatures {
            values: &features.values,
            width: features.columns,
            labels: &rows.group,
            classes,
            unit_roundoff: FloatFormat::F64.unit_roundoff(),
        };
        let means = ClassMeans::of(&labelled).ok()?;
        let (first, last) = (&modes.first()?.growth, &modes.last()?.growth);
        let per_class = means.counts()[0];
        let alike = |a: f64, b: f64| (a / b - 1.0).abs() < EQUAL;
        let equal = means.counts().iter().all(|&count| count == per_class)
            && alike(first.target(), last.target())
            && alike(first.target(), (per_class as f64).sqrt())
            && modes
                .iter()
                .all(|m| alike(m.growth.initial(), first.initial()));
        let by_class = classifier.as_slice();
        let equal = (aligned && equal).then(|| {
            let form = UnconstrainedFeatures::new(classes, per_class, first.initial()).ok()?;
            Some((form, WithinClass::of(&labelled, &means, by_class).ok()?))
        });
        let frozen = match aligned {
            true => frozen(&hidden, &classifier, rows, means.means())?,
            false => Vec::new(),
        };
        let mut order: Vec<usize> = (0..classes).collect();
        order.sort_by_key(|&class| std::cmp::Reverse(means.counts()[class]));
        let (common, rare) = order.split_at(classes / 2);
        Some(Self {
            halves: [common.to_vec(), rare.to_vec()],
            equal: equal.flatten(),
            frozen,
            modes,
        })
    }

    /// The largest singular values of the features at `time`, two more than there are modes.
    fn singular_values(&self, time: f64) -> Vec<f64> {
        let modes = self
            .modes
            .iter()
            .map(|mode| mode.growth.strength(time).sqrt());
        let mut all: Vec<f64> = modes.chain(self.frozen.iter().copied()).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        all.truncate(self.modes.len() + 2);
        all
    }

    /// Mean norm of the rarer classes over that of the others: of class means, of these minus their mean,
    /// and of rows of the classifier.
    fn norm_ratios(&self, time: f64) -> [f64; 3] {
        let strengths: Vec<f64> = self.modes.iter().map(|m| m.growth.strength(time)).collect();
        let mean = |vector: &[f64]| vector.iter().sum::<f64>() / vector.len() as f64;
        let ratio = |vector: fn(&Mode) -> &[f64], centred: bool| {
            let norm = |class: usize| {
                let squares = self.modes.iter().zip(&strengths).map(|(mode, s)| {
                    let vector = vector(mode);
                    let centre = if centred { mean(vector) } else { 0.0 };
                    s * (vector[class] - centre).powi(2)
                });
                squares.sum::<f64>().sqrt()
            };
            let [common, rare] = [0, 1].map(|half: usize| {
                let classes = &self.halves[half];
                classes.iter().map(|&class| norm(class)).sum::<f64>() / classes.len() as f64
            });
            rare / common
        };
        [
            ratio(|mode| &mode.left, false),
            ratio(|mode| &mode.left, true),
            ratio(|mode| &mode.right, false),
        ]
    }
}

/// Singular values of H minus its class means `[C, d]`, outside the column space of W `[d, C]`.
fn frozen(
    hidden: &DMatrix<f64>,
    classifier: &DMatrix<f64>,
    rows: &Batch,
    means: &[f64],
) -> Option<Vec<f64>> {
    let mut rest = hidden.clone();
    for (mut row, &class) in rest.row_iter_mut().zip(&rows.group) {
        let mean = means.chunks_exact(hidden.ncols()).nth(class as usize)?;
        row.iter_mut().zip(mean).for_each(|(h, mean)| *h -= mean);
    }
    let eigen = (classifier * classifier.transpose()).symmetric_eigen();
    let largest = eigen.eigenvalues.max();
    for (direction, &square) in eigen.eigenvectors.column_iter().zip(&eigen.eigenvalues) {
        if square > NO_MODE * largest {
            rest -= &rest * direction * direction.transpose();
        }
    }
    let rest = rest.transpose();
    metrics::feature_singular_values(rest.as_slice(), hidden.ncols()).ok()
}

impl Prediction for FreeFeatures {
    fn resolved(&self) -> toml::Table {
        table_of("unconstrained-features", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[
            "feature_singular",
            "nc1",
            "nc1_quotient",
            "within_inside",
            "within_outside",
            "mean_norm_ratio",
            "centred_mean_norm_ratio",
            "weight_norm_ratio",
        ]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "feature_singular" => "value",
            _ => "",
        }
    }

    fn needs_weights_of(&self) -> Option<&str> {
        Some(&self.from)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.from]
    }

    fn check(&self, _: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
        let kind = |model: &&dyn Model| model.resolved().get("kind").cloned();
        let free = toml::Value::from("unconstrained-features");
        if read.iter().all(|model| kind(model).as_ref() == Some(&free)) {
            return Ok(());
        }
        let hint = "Name a model of kind \"unconstrained-features\".";
        let problem = "has no features of its own for every row";
        Err(KeyError::new("from", &self.from, problem, hint))
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(rows) = cell.constant else { return };
        let arrays = cell.initial.iter().find(|(name, _)| *name == self.from);
        let Some(start) = arrays.and_then(|(_, arrays)| Start::read(arrays, rows)) else {
            return;
        };
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let Some(time) = cell.clock.time(at).map(|t| t * self.clock) else {
                break;
            };
            let mut push = |metric, index, value| {
                out.push(Derived {
                    metric,
                    index,
                    step,
                    flow_time: Some(time),
                    value,
                });
            };
            for (index, value) in (1..).zip(start.singular_values(time)) {
                push("feature_singular", index, value);
            }
            let [means, centred, weights] = start.norm_ratios(time);
            push("mean_norm_ratio", 0, means);
            push("centred_mean_norm_ratio", 0, centred);
            push("weight_norm_ratio", 0, weights);
            let Some((form, within)) = &start.equal else {
                continue;
            };
            let (inside, outside) = (within.inside, within.outside);
            if let (Ok(nc1), Ok(quotient)) = (
                form.nc1(time, inside),
                form.nc1_quotient(time, inside, outside),
            ) {
                push("nc1", 0, nc1);
                push("nc1_quotient", 0, quotient);
            }
            let left = form.residual_inside(time).powi(2);
            push("within_inside", 0, inside * left);
            push("within_outside", 0, outside);
        }
    }
}
