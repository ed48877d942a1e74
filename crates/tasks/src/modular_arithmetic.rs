use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, KeyError, Pairs, Reference, ResidueCharacters, Task, TaskInstance, TaskShape,
    characters::characters,
    check,
    classified::{self, Classified},
    label_noise::corrupt_labels,
    residue_polynomial::ResiduePolynomial,
    row_streams::{RawRows, RowOrder},
    split::split,
    stream::{StreamKey, keyed},
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "modular-arithmetic";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RawArithmetic>("modulus = 23\noperation = \"add\"\nfraction = 0.5");

/// Arithmetic on two residues a and b modulo p, the task of grokking \[Power2022\].
///
/// The inputs are a and b, one-hot one behind the other; the target is τ times the one-hot of the result. Some of all
/// pairs are for training, the others are the test set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawArithmetic {
    /// p, 2 or more.
    modulus: u32,
    /// "add", "subtract", "multiply", "divide" (prime p), or a polynomial such as "a^2 + a*b + b^2".
    operation: String,
    /// Share of all pairs that are trained on, above 0 and below 1.
    fraction: f64,
    /// τ: the target of the right result; the others have target 0. Above 0.
    #[serde(default = "one")]
    target: f64,
    /// ξ: factor on all inputs. Above 0.
    #[serde(default = "one")]
    input_scale: f64,
    /// Share of the training labels that are replaced by another class drawn at random, from 0 to 1.
    #[serde(default)]
    label_noise: f64,
    /// Basis functions for models that have no inputs (`diagonal-linear`, `linear-basis`).
    #[serde(default)]
    features: Features,
    /// Order in which training takes the rows.
    #[serde(default)]
    data: RawRows,
}

/// Basis functions that a layerwise-linear twin sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Features {
    /// None.
    #[default]
    None,
    /// The p² real characters of pairs of residues; they fit in memory up to p = 89.
    Characters,
}

fn one() -> f64 {
    1.0
}

/// What is done to two residues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Divide,
    Polynomial(ResiduePolynomial),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Divide => f.write_str("a/b"),
            Self::Polynomial(polynomial) => polynomial.fmt(f),
        }
    }
}

/// The checked task; the classes are the results.
struct ModularArithmetic {
    raw: RawArithmetic,
    operation: Operation,
    order: RowOrder,
    shape: TaskShape,
    /// All pairs with a result, a first.
    pairs: Vec<(u32, u32)>,
    /// Result of each pair.
    results: Vec<u32>,
    /// Number of training pairs.
    train: u32,
}

/// Checks the keys of `kind = "modular-arithmetic"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let mut raw: RawArithmetic = parse_table(table)?;
    let modulus = check::within("modulus", u64::from(raw.modulus), 2, 65_535)? as u32;
    let operation = Operation::read(&raw.operation, modulus)?;
    check::positive("target", raw.target)?;
    check::positive("input_scale", raw.input_scale)?;
    check::share("label_noise", raw.label_noise)?;
    let p = modulus as usize;
    let shape = shape(p, raw.features);
    check::fits("modulus", &modulus, p * p, shape.row_len())
        .map_err(|error| smaller_modulus(error, raw.features))?;
    let pairs: Vec<(u32, u32)> = (0..modulus)
        .flat_map(|a| (0..modulus).map(move |b| (a, b)))
        .filter(|&(_, b)| operation != Operation::Divide || b != 0)
        .collect();
    let results: Vec<u32> = pairs
        .iter()
        .map(|&(a, b)| result(&operation, a, b, modulus))
        .collect();
    if results.iter().all(|result| *result == results[0]) {
        return Err(KeyError::new(
            "operation",
            format!("{:?}", raw.operation),
            format!("gives {} for every pair modulo {modulus}", results[0]),
            "Write an operation whose result depends on a or b.",
        ));
    }
    let train = training_pairs(raw.fraction, pairs.len())?;
    let (data, order) = (raw.data)
        .check(train as usize, shape.row_len())
        .map_err(|e| e.within("data"))?;
    raw.data = data;
    if let Operation::Polynomial(polynomial) = &operation
        && !NAMED.iter().any(|(name, _)| *name == raw.operation)
    {
        raw.operation = polynomial.to_string();
    }
    Ok(Box::new(ModularArithmetic {
        raw,
        operation,
        order,
        shape,
        pairs,
        results,
        train,
    }))
}

/// Tells how large the modulus may be where rows do not fit.
fn smaller_modulus(error: KeyError, features: Features) -> KeyError {
    let fits = |p: &usize| check::fits("modulus", p, p * p, shape(*p, features).row_len()).is_ok();
    let largest = (2..).take_while(fits).last().unwrap_or(2);
    let hint = match features {
        Features::None => format!("Write {largest} or less."),
        Features::Characters => {
            format!("Write {largest} or less, or features = \"none\".")
        }
    };
    KeyError { hint, ..error }
}

fn shape(p: usize, features: Features) -> TaskShape {
    TaskShape {
        inputs: 2 * p,
        basis: match features {
            Features::None => 0,
            Features::Characters => p * p,
        },
        outputs: p,
    }
}

/// The operation that is no polynomial.
pub(crate) const DIVIDE: &str = "divide";

/// Operations with a name, as polynomials.
const NAMED: [(&str, &str); 3] = [("add", "a + b"), ("subtract", "a - b"), ("multiply", "a*b")];

impl Operation {
    /// Reads what a spec writes.
    pub(crate) fn read(text: &str, modulus: u32) -> Result<Self, KeyError> {
        if text == DIVIDE {
            if is_prime(modulus) {
                return Ok(Self::Divide);
            }
            let below = (2..modulus).rev().find(|&p| is_prime(p));
            let above = (modulus..).find(|&p| is_prime(p));
            let near: Vec<String> = below
                .into_iter()
                .chain(above)
                .map(|p| p.to_string())
                .collect();
            return Err(KeyError::new(
                "operation",
                "\"divide\"",
                format!(
                    "needs a prime modulus, and {modulus} is not: some residues have no inverse"
                ),
                format!(
                    "Write modulus = {}, or another operation.",
                    near.join(" or ")
                ),
            ));
        }
        let named = NAMED.iter().find(|(name, _)| *name == text);
        let polynomial = ResiduePolynomial::parse(named.map_or(text, |(_, polynomial)| polynomial));
        polynomial.map(Self::Polynomial).map_err(|problem| {
        let hint = "Write \"add\", \"subtract\", \"multiply\", \"divide\", or a polynomial in a \
                    and b such as \"a^2 + a*b + b^2\".";
        KeyError::new("operation", format!("{text:?}"), problem, hint)
    })
    }
}

/// The rounded share of `pairs`; some must be left for testing.
fn training_pairs(fraction: f64, pairs: usize) -> Result<u32, KeyError> {
    let refuse = |problem: String| {
        let hint = "Write the share of all pairs that is for training, such as 0.5.";
        Err(KeyError::new("fraction", fraction, problem, hint))
    };
    if !(fraction > 0.0 && fraction < 1.0) {
        return refuse("must lie between 0 and 1, both excluded".to_owned());
    }
    let train = (fraction * pairs as f64).round() as usize;
    match train {
        0 => refuse(format!("leaves no training row of {pairs} pairs")),
        train if train == pairs => refuse(format!("leaves no test row of {pairs} pairs")),
        train => Ok(u32::try_from(train).expect("pairs of residues below 2^16 fit")),
    }
}

fn result(operation: &Operation, a: u32, b: u32, modulus: u32) -> u32 {
    match operation {
        Operation::Polynomial(polynomial) => polynomial.value(a, b, modulus),
        Operation::Divide => {
            // Fermat: b^(p−2) is the inverse of b.
            let (p, b) = (u64::from(modulus), u64::from(b));
            let (mut inverse, mut square, mut exponent) = (1 % p, b % p, p - 2);
            while exponent > 0 {
                if exponent & 1 == 1 {
                    inverse = inverse * square % p;
                }
                square = square * square % p;
                exponent >>= 1;
            }
            (u64::from(a) * inverse % p) as u32
        }
    }
}

pub(crate) fn is_prime(n: u32) -> bool {
    n >= 2
        && (2..)
            .take_while(|d| d <= &(n / d))
            .all(|d| !n.is_multiple_of(d))
}

impl ModularArithmetic {
    /// Training and test pairs of a seed.
    fn halves(&self, seed: u64) -> (Vec<u32>, Vec<u32>) {
        let count = u32::try_from(self.pairs.len()).expect("pairs of residues below 2^16 fit");
        split(&mut keyed(seed, "split", 0), count, self.train)
    }

    /// The rows of these pairs with these labels.
    fn rows(&self, pairs: &[u32], labels: &[u32]) -> Batch {
        let p = self.raw.modulus;
        let mut inputs = vec![0.0; pairs.len() * self.shape.inputs];
        let mut basis = Vec::with_capacity(pairs.len() * self.shape.basis);
        let mut classes = Vec::with_capacity(pairs.len());
        for (row, &pair) in inputs.chunks_exact_mut(self.shape.inputs).zip(pairs) {
            let (a, b) = self.pairs[pair as usize];
            row[a as usize] = self.raw.input_scale;
            row[(p + b) as usize] = self.raw.input_scale;
            if self.raw.features == Features::Characters {
                basis.extend(characters(p, a, b));
            }
            classes.push(self.results[pair as usize]);
        }
        classified::rows(self.shape, inputs, basis, classes, labels, self.raw.target)
    }

    fn true_rows(&self, pairs: &[u32]) -> Batch {
        let labels: Vec<u32> = pairs
            .iter()
            .map(|&pair| self.results[pair as usize])
            .collect();
        self.rows(pairs, &labels)
    }
}

impl Task for ModularArithmetic {
    fn shape(&self) -> TaskShape {
        self.shape
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.order.batch_rows(self.train as usize)
    }

    fn check_seed(&self, seed: u64) -> Result<(), KeyError> {
        let (train, _) = self.halves(seed);
        let fraction = ("fraction", &self.raw.fraction as &dyn std::fmt::Display);
        classified::every_class_is_trained(&self.results, &train, seed, fraction)
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let (train, test) = self.halves(seed);
        let mut labels: Vec<u32> = train
            .iter()
            .map(|&pair| self.results[pair as usize])
            .collect();
        let noise = &mut keyed(seed, "label noise", 0);
        corrupt_labels(noise, &mut labels, self.raw.label_noise, self.raw.modulus);
        let mut training = self.rows(&train, &labels);
        training.index = (0..self.train).collect();
        let p = self.raw.modulus;
        let characters = ResidueCharacters::of_operation(&self.operation, p);
        let ordered = characters.as_ref().map(|characters| {
            let residues = characters.residues();
            let all = residues
                .iter()
                .flat_map(|&a| residues.iter().map(move |&b| (a, b)));
            // Where pairs with b = 0 are missing, the characters are not defined on 0 either.
            let place = |pair| self.pairs.binary_search(&pair).ok();
            all.filter_map(place)
                .map(|place| place as u32)
                .collect::<Vec<_>>()
        });
        let pairs = Some(Pairs {
            modulus: p,
            rows: ordered.map_or_else(|_| Batch::empty(), |pairs| self.true_rows(&pairs)),
            characters,
        });
        Box::new(Classified {
            whitened: false,
            groups: classified::class_groups(&self.results, p as usize, self.raw.target),
            training: Arc::new(training),
            order: self.order,
            key: StreamKey::new(seed, "training order"),
            test: self.true_rows(&test),
            input_scale: self.raw.input_scale,
            pairs,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Characters, testing::assert_rejects};

    use super::*;

    fn task(spec: &str) -> Box<dyn Task> {
        build(spec.parse().unwrap()).unwrap()
    }

    fn instance(spec: &str, seed: u64) -> Box<dyn TaskInstance> {
        task(spec).instance(seed)
    }

    /// (a, b, label) of every row.
    fn read(rows: &Batch, p: usize) -> Vec<(usize, usize, usize)> {
        let hot = |row: &[f64]| {
            let places: Vec<usize> = (0..row.len()).filter(|&i| row[i] != 0.0).collect();
            assert_eq!(places.len(), 1);
            places[0]
        };
        let inputs = rows
            .inputs
            .chunks(2 * p)
            .map(|x| (hot(&x[..p]), hot(&x[p..])));
        let labels = rows.targets.chunks(p).map(hot);
        inputs
            .zip(labels)
            .map(|((a, b), label)| (a, b, label))
            .collect()
    }

    const ADD: &str = "modulus = 23\noperation = 'add'\nfraction = 0.7";

    #[test]
    fn the_split_has_exact_counts_and_covers_every_pair_once() {
        let add = instance(ADD, 3);
        let training = add.training_set().unwrap();
        let test = add.test();
        assert_eq!((training.rows, test.rows), (370, 159));
        let mut seen: Vec<_> = read(&training, 23)
            .into_iter()
            .chain(read(&test, 23))
            .collect();
        assert!(seen.iter().all(|(a, b, label)| (a + b) % 23 == *label));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 529);
        let mut batch = Batch::empty();
        let mut stream = add.training();
        assert!(stream.is_constant());
        stream.fill(9, &mut batch);
        assert_eq!(batch, training);
        assert_ne!(instance(ADD, 4).training_set().unwrap(), training);
    }

    #[test]
    fn every_operation_gives_its_result() {
        type Right = fn(usize, usize, usize) -> bool;
        let cases: [(&str, Right); 5] = [
            ("add", |a, b, c| (a + b) % 7 == c),
            ("subtract", |a, b, c| (c + b) % 7 == a),
            ("multiply", |a, b, c| a * b % 7 == c),
            ("divide", |a, b, c| c * b % 7 == a && b != 0),
            ("a² + ab + b²", |a, b, c| (a * a + a * b + b * b) % 7 == c),
        ];
        for (operation, right) in cases {
            let spec = format!("modulus = 7\noperation = '{operation}'\nfraction = 0.5");
            let instance = instance(&spec, 1);
            let mut rows = read(&instance.training_set().unwrap(), 7);
            rows.extend(read(&instance.test(), 7));
            assert_eq!(rows.len(), if operation == "divide" { 42 } else { 49 });
            assert!(rows.iter().all(|&(a, b, c)| right(a, b, c)), "{operation}");
            let shares: f64 = instance.groups().iter().map(|g| g.probability).sum();
            assert!((shares - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn scales_features_and_noise_leave_the_split_alone() {
        let plain = instance(ADD, 5);
        let scaled = instance(&format!("{ADD}\ntarget = 3.0\ninput_scale = 0.5"), 5);
        let (one, other) = (plain.test(), scaled.test());
        assert_eq!(read(&one, 23), read(&other, 23));
        assert!(other.inputs.iter().all(|x| [0.0, 0.5].contains(x)));
        assert!(other.targets.iter().all(|y| [0.0, 3.0].contains(y)));
        let noisy = instance(
            &format!("{ADD}\nlabel_noise = 0.5\nfeatures = 'characters'"),
            5,
        );
        assert_eq!(noisy.test().inputs, one.inputs);
        assert_eq!(noisy.test().targets, one.targets);
        let (clean, noisy) = (plain.training_set().unwrap(), noisy.training_set().unwrap());
        assert_eq!(noisy.inputs, clean.inputs);
        assert_eq!(noisy.group, clean.group);
        let labels = read(&noisy, 23).into_iter().zip(read(&clean, 23));
        let wrong = labels.filter(|(a, b)| a.2 != b.2).count();
        // Half of 370, of which one in 23 stays right by chance.
        assert!((160..=185).contains(&wrong), "{wrong}");
        let crate::Basis::Dense(basis) = &noisy.basis else {
            panic!()
        };
        let (a, b, _) = read(&noisy, 23)[17];
        let row = &basis[17 * 529..18 * 529];
        assert_eq!(row, characters(23, a as u32, b as u32));
    }

    #[test]
    fn all_pairs_are_in_the_order_of_their_characters() {
        let of = |operation: &str| {
            let spec = format!("modulus = 5\noperation = '{operation}'\nfraction = 0.5");
            instance(&spec, 0).pairs().unwrap().clone()
        };
        for (operation, factors) in [
            ("add", [1, 1]),
            ("subtract", [1, 4]),
            ("2a + 3b + 1", [2, 3]),
        ] {
            let characters = of(operation).characters.unwrap();
            assert_eq!(characters.characters, Characters::Additive);
            assert_eq!(characters.factors, factors);
        }
        // Powers of 2 modulo 5.
        for (operation, factors, results) in [
            ("multiply", [1, 1], [1, 2, 4, 3]),
            ("divide", [1, 3], [1, 3, 4, 2]),
        ] {
            let pairs = of(operation);
            let primitive_root = 2;
            let characters = pairs.characters.unwrap();
            assert_eq!(
                characters.characters,
                Characters::Multiplicative { primitive_root }
            );
            assert_eq!(characters.factors, factors);
            let rows = read(&pairs.rows, 5);
            assert_eq!(rows.len(), 16);
            for ((a, b, label), (j, residue)) in rows
                .into_iter()
                .zip((0..4).flat_map(|_| [1, 2, 4, 3].into_iter().enumerate()))
            {
                assert_eq!((b, label), (residue, a * results[j] % 5));
            }
        }
        let none = of("a^2 + a*b + b^2");
        assert!(none.characters.is_err() && none.rows.rows == 0);
        let noisy = instance(&format!("{ADD}\nlabel_noise = 1.0"), 0);
        let pairs = noisy.pairs().unwrap();
        for (pair, (a, b, label)) in read(&pairs.rows, 23).into_iter().enumerate() {
            assert_eq!(
                (a, b, label),
                (pair / 23, pair % 23, (pair / 23 + pair % 23) % 23)
            );
        }
    }

    #[test]
    fn a_seed_that_leaves_a_class_out_is_refused() {
        let small = task("modulus = 5\noperation = 'add'\nfraction = 0.2");
        let errors: Vec<KeyError> = (0..20)
            .filter_map(|seed| small.check_seed(seed).err())
            .collect();
        assert!(!errors.is_empty());
        assert_eq!(errors[0].key, "fraction");
        assert!(
            errors[0].problem.contains("without a training row at seed"),
            "{}",
            errors[0]
        );
        for seed in 0..20 {
            let rows = small.instance(seed).training_set().unwrap();
            let mut classes = rows.group.clone();
            classes.sort_unstable();
            classes.dedup();
            assert_eq!(classes.len() == 5, small.check_seed(seed).is_ok());
        }
        // Squares never give all residues; those that do not occur need no rows.
        let squares = task("modulus = 7\noperation = 'a^2'\nfraction = 0.9");
        assert!((0..20).all(|seed| squares.check_seed(seed).is_ok()));
        assert_eq!(squares.instance(0).groups()[3].probability, 0.0);
    }

    #[test]
    fn defaults_and_the_polynomial_are_written_out_and_read_back() {
        let first = task("modulus = 7\noperation = 'a²+ab'\nfraction = 0.5").resolved();
        assert_eq!(first["operation"].as_str(), Some("a^2 + a*b"));
        assert_eq!(first["data"]["order"].as_str(), Some("full-batch"));
        assert_eq!(first["features"].as_str(), Some("none"));
        let mut again = first.clone();
        again.remove("kind");
        assert_eq!(build(again).unwrap().resolved(), first);
        assert_eq!(task(ADD).resolved()["operation"].as_str(), Some("add"));
    }

    #[test]
    fn wrong_keys_are_named() {
        let with = |more: &str| format!("modulus = 6\nfraction = 0.5\noperation = 'add'\n{more}");
        let cases = [
            (
                "modulus = 1\nfraction = 0.5\noperation = 'add'".to_owned(),
                "modulus",
            ),
            (
                "modulus = 0\nfraction = 0.5\noperation = 'add'".to_owned(),
                "modulus",
            ),
            (
                "modulus = 60000\nfraction = 0.5\noperation = 'add'".to_owned(),
                "modulus",
            ),
            (
                "modulus = 97\nfraction = 0.5\noperation = 'add'\nfeatures = 'characters'"
                    .to_owned(),
                "modulus",
            ),
            (
                "modulus = 6\nfraction = 0.5\noperation = 'divide'".to_owned(),
                "operation",
            ),
            (
                "modulus = 6\nfraction = 0.5\noperation = 'power'".to_owned(),
                "operation",
            ),
            (
                "modulus = 6\nfraction = 0.0\noperation = 'add'".to_owned(),
                "fraction",
            ),
            (
                "modulus = 6\nfraction = 1.0\noperation = 'add'".to_owned(),
                "fraction",
            ),
            (
                "modulus = 6\nfraction = 1.5\noperation = 'add'".to_owned(),
                "fraction",
            ),
            (
                "modulus = 6\nfraction = nan\noperation = 'add'".to_owned(),
                "fraction",
            ),
            (
                "modulus = 6\nfraction = 0.001\noperation = 'add'".to_owned(),
                "fraction",
            ),
            (
                "modulus = 6\nfraction = 0.999\noperation = 'add'".to_owned(),
                "fraction",
            ),
            ("modulus = 6\nfraction = 0.5".to_owned(), "operation"),
            (
                "modulus = 6\nfraction = 0.5\noperation = 'a - a + 6b'".to_owned(),
                "operation",
            ),
            (with("target = 0"), "target"),
            (with("input_scale = -1"), "input_scale"),
            (with("label_noise = 1.5"), "label_noise"),
            (with("features = 'waves'"), "features"),
            (with("data = { order = 'epochs' }"), "data.batch"),
            (
                with("data = { order = 'epochs', batch = 19 }"),
                "data.batch",
            ),
            (with("split = 0.5"), "split"),
        ];
        let cases: Vec<(&str, &str)> = cases.iter().map(|(s, k)| (s.as_str(), *k)).collect();
        assert_rejects(build, &cases);
        let error = build(
            "modulus = 24\nfraction = 0.5\noperation = 'divide'"
                .parse()
                .unwrap(),
        );
        let Err(error) = error else { panic!() };
        assert!(error.hint.contains("23 or 29"), "{error}");
        for (more, hint) in [
            ("", "Write 281 or less."),
            (
                "features = 'characters'",
                "Write 89 or less, or features = \"none\".",
            ),
        ] {
            let with = |p: u32| {
                let spec = format!("modulus = {p}\nfraction = 0.5\noperation = 'add'\n{more}");
                build(spec.parse().unwrap())
            };
            let largest = hint[6..].split(' ').next().unwrap().parse().unwrap();
            assert!(with(largest).is_ok());
            let Err(error) = with(largest + 1) else {
                panic!()
            };
            assert_eq!(error.hint, hint);
        }
    }
}
