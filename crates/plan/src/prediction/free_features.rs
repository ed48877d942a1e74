use metrics::{ClassMeans, FloatFormat, LabelledFeatures, WithinClass};
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Reference, Task, parse_table, positive, table_of};
use theory::{BalancedMode, DeepFeatures, DeepMode, UnconstrainedFeatures, nalgebra::DMatrix};

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<FreeFeatures>("from = \"features\"");

/// The unconstrained-features model in closed form, from its own initial values \[Mixon2020\].
///
/// Every mode of the targets grows by itself to its singular value S from s_0 = |Wᵀu + Hᵀv|²/4, with u and v its singular
/// vectors. That is exact for a balanced start aligned with the targets, and within a few percent for a small random one. From
/// an aligned start the features outside the directions of the classifier stay. L2 decay μ of stochastic gradient descent is
/// part of the form: modes end at S − μ, and what lies outside fades as exp(−μt). `nc1`, `nc1_quotient`, `within_inside` and
/// `within_outside` are given for classes of equal size and an aligned start only; a model with more than two factors
/// (`depth`) has a form from an aligned start and without decay only, and what is given is of its last hidden layer, without
/// `within_outside`;
/// `mean_norm_ratio`, `centred_mean_norm_ratio` and `weight_norm_ratio` compare the rarer half of the classes with the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FreeFeatures {
    /// Name of the `unconstrained-features` model whose initial values the form starts from.
    from: String,
    /// Factor on the flow time, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
    /// μ: L2 decay per unit of flow time, for controls that leave it out or take another. That of the training if left
    /// out. 0 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decay: Option<f64>,
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
    if let Some(decay) = form.decay
        && !(decay.is_finite() && decay >= 0.0)
    {
        let problem = "must be a finite number, 0 or more";
        let hint = "Write 0 for a form without decay, or leave it out for that of the training.";
        return Err(KeyError::new("decay", decay, problem, hint));
    }
    Ok(Box::new(form))
}

/// A mode of the targets.
struct Mode {
    /// S, its singular value.
    singular: f64,
    /// How it grows, to S less the decay.
    growth: Growth,
    /// v, at a row of each class.
    left: Vec<f64>,
    /// u, by class.
    right: Vec<f64>,
}

/// How a mode grows: through features and classifier, or through more factors.
#[derive(Clone, Copy)]
enum Growth {
    Two(BalancedMode),
    Deep(DeepMode),
}

impl Growth {
    /// From features and a classifier of strength s = a² each, below and above `depth − 2` layers of
    /// singular value a. Decay that lets nothing grow has no such form, nor has decay of several layers.
    fn new(singular: f64, square: f64, depth: usize, decay: f64) -> Option<Self> {
        if depth == 2 {
            let mode = BalancedMode::new(1.0, singular - decay, square);
            return mode.ok().map(Self::Two);
        }
        let initial = square.powf(depth as f64 / 2.0);
        let mode = DeepMode::new(depth as u32, 1.0, singular, initial).ok()?;
        (decay == 0.0).then_some(Self::Deep(mode))
    }

    fn initial(&self) -> f64 {
        match self {
            Self::Two(mode) => mode.initial(),
            Self::Deep(mode) => mode.initial(),
        }
    }

    /// Squared singular values of the last hidden layer and of the classifier.
    fn squares(&self, time: f64) -> [f64; 2] {
        match self {
            Self::Two(mode) => [mode.strength(time); 2],
            Self::Deep(mode) => {
                let below = i32::try_from(mode.depth()).unwrap_or(i32::MAX) - 1;
                let square = mode.layer(time).powi(2);
                [square.powi(below), square]
            }
        }
    }
}

/// Collapse of equal classes from an aligned start.
enum Collapse {
    Two(UnconstrainedFeatures),
    Deep(DeepFeatures),
}

/// What the closed form starts from.
struct Start {
    /// One per mode, largest target first.
    modes: Vec<Mode>,
    /// The more common half of the classes, and the rarer one.
    halves: [Vec<usize>; 2],
    /// For an aligned start: singular values of the features outside the classifier's directions.
    frozen: Vec<f64>,
    /// μ, with which they fade.
    decay: f64,
    /// For equal classes and an aligned start: the form, and Tr S_w inside and outside, of the last hidden
    /// layer.
    equal: Option<(Collapse, WithinClass)>,
}

impl Start {
    fn read(arrays: &[HostArray], rows: &Batch, decay: f64) -> Option<Self> {
        let [features, between @ .., weight] = arrays else {
            return None;
        };
        let depth = arrays.len();
        let (n, classes) = (rows.rows, rows.shape.outputs);
        let targets = DMatrix::from_row_slice(n, classes, &rows.targets);
        let matrix = |a: &HostArray| DMatrix::from_row_slice(a.rows, a.columns, &a.values);
        let (free, between) = (
            matrix(features),
            between.iter().map(matrix).collect::<Vec<_>>(),
        );
        let hidden = between
            .iter()
            .fold(free.clone(), |below, layer| below * layer);
        let classifier = DMatrix::from_row_slice(weight.rows, classes, &weight.values);
        let eigen = targets.tr_mul(&targets).symmetric_eigen();
        let largest = eigen.eigenvalues.max();
        let mut modes = Vec::new();
        let mut aligned = true;
        for (mode, &power) in eigen.eigenvalues.iter().enumerate() {
            if power <= NO_MODE * largest {
                continue;
            }
            let right = eigen.eigenvectors.column(mode);
            let singular = power.sqrt();
            let left = &targets * right / singular;
            let (above, below) = (&classifier * right, free.tr_mul(&left));
            let direction = (&above + &below) / 2.0;
            let square = direction.norm_squared();
            aligned &= (above - below).norm_squared() < EQUAL * square;
            aligned &= between.iter().all(|layer| {
                let off = layer * &direction - square.sqrt() * &direction;
                off.norm_squared() < EQUAL * square * square
            });
            if depth > 2 && !aligned {
                return None;
            }
            let row_of = |class: u32| rows.group.iter().position(|&group| group == class);
            let at_class = (0..classes as u32).map(|class| Some(left[row_of(class)?]));
            modes.push(Mode {
                singular,
                growth: Growth::new(singular, square, depth, decay)?,
                left: at_class.collect::<Option<_>>()?,
                right: right.iter().copied().collect(),
            });
        }
        modes.sort_by(|a, b| b.singular.total_cmp(&a.singular));
        let row_major = hidden.transpose();
        let labelled = LabelledFeatures {
            values: row_major.as_slice(),
            width: features.columns,
            labels: &rows.group,
            classes,
            unit_roundoff: FloatFormat::F64.unit_roundoff(),
        };
        let means = ClassMeans::of(&labelled).ok()?;
        let (first, last) = (modes.first()?, modes.last()?);
        let per_class = means.counts()[0];
        let alike = |a: f64, b: f64| (a / b - 1.0).abs() < EQUAL;
        let equal = means.counts().iter().all(|&count| count == per_class)
            && alike(first.singular, last.singular)
            && alike(first.singular, (per_class as f64).sqrt())
            && modes
                .iter()
                .all(|m| alike(m.growth.initial(), first.growth.initial()));
        let by_class = classifier.as_slice();
        let equal = (aligned && equal).then(|| {
            let initial = first.growth.initial();
            let form = if depth == 2 {
                let form = UnconstrainedFeatures::new(classes, per_class, initial).ok()?;
                Collapse::Two(form.with_decay(decay).ok()?)
            } else {
                let form = DeepFeatures::new(classes, per_class, depth as u32, initial);
                Collapse::Deep(form.ok()?)
            };
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
            decay,
            modes,
        })
    }

    /// The largest singular values of the features at `time`, two more than there are modes.
    fn singular_values(&self, time: f64) -> Vec<f64> {
        let modes = self
            .modes
            .iter()
            .map(|mode| mode.growth.squares(time)[0].sqrt());
        let left = (-self.decay * time).exp();
        let frozen = self.frozen.iter().map(|value| value * left);
        let mut all: Vec<f64> = modes.chain(frozen).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        all.truncate(self.modes.len() + 2);
        all
    }

    /// Mean norm of the rarer classes over that of the others: of class means, of these minus their mean,
    /// and of rows of the classifier.
    fn norm_ratios(&self, time: f64) -> [f64; 3] {
        let squares: Vec<[f64; 2]> = self.modes.iter().map(|m| m.growth.squares(time)).collect();
        let mean = |vector: &[f64]| vector.iter().sum::<f64>() / vector.len() as f64;
        let ratio = |vector: fn(&Mode) -> &[f64], of: usize, centred: bool| {
            let norm = |class: usize| {
                let squares = self.modes.iter().zip(&squares).map(|(mode, square)| {
                    let vector = vector(mode);
                    let centre = if centred { mean(vector) } else { 0.0 };
                    square[of] * (vector[class] - centre).powi(2)
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
            ratio(|mode| &mode.left, 0, false),
            ratio(|mode| &mode.left, 0, true),
            ratio(|mode| &mode.right, 1, false),
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

/// NC1, its quotient and Tr S_w inside, and Tr S_w outside where there is any, of the last hidden layer
/// at `time`.
fn collapse(form: &Collapse, start: &WithinClass, time: f64) -> Option<([f64; 3], Option<f64>)> {
    match form {
        Collapse::Two(form) => {
            let (inside, outside) = (start.inside, start.outside);
            let rest = outside * form.residual_outside(time).powi(2);
            let numbers = [
                form.nc1(time, inside).ok()?,
                form.nc1_quotient(time, inside, outside).ok()?,
                inside * form.residual_inside(time).powi(2),
            ];
            Some((numbers, Some(rest)))
        }
        Collapse::Deep(form) => {
            let growth = Growth::Deep(*form.mode());
            // From the features up to the last hidden layer: a^(L−2).
            let up = |time: f64| {
                let [hidden, layer] = growth.squares(time);
                hidden / layer
            };
            let free = start.inside / up(0.0);
            let nc1 = form.nc1(time, free).ok()?;
            let inside = free * form.residual(time).powi(2) * up(time);
            // No layer shows what lies outside. The rest is in C − 1 equal directions.
            let classes = form.classes() as f64;
            let quotient = nc1 * classes / (classes - 1.0);
            Some(([nc1, quotient, inside], None))
        }
    }
}

impl Prediction for FreeFeatures {
    fn resolved(&self) -> toml::Table {
        table_of("unconstrained-features", self)
    }

    fn version(&self) -> u32 {
        2
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
        let decay = self.decay.unwrap_or(cell.decay);
        let start = arrays.and_then(|(_, arrays)| Start::read(arrays, rows, decay));
        let Some(start) = start else {
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
            let Some(([nc1, quotient, inside], outside)) = collapse(form, within, time) else {
                continue;
            };
            push("nc1", 0, nc1);
            push("nc1_quotient", 0, quotient);
            push("within_inside", 0, inside);
            if let Some(outside) = outside {
                push("within_outside", 0, outside);
            }
        }
    }
}
