use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    KeyError, Reference, Task, check,
    data::{RawData, RawTest},
    parity::Encoding,
    parity_task::{ParitySpec, ParityTask, Subsets},
    power_law::zipf,
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "multitask-parity";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RawMultitaskParity>("skills = 5\nbits = 15\nbits_per_skill = 3\nalpha = 0.6");

const DEFAULT_TARGET: f64 = 1.0;
const DEFAULT_ENCODING: Encoding = Encoding::ZeroOne;
const DEFAULT_SUBSETS: RawSubsets = RawSubsets::Disjoint;

/// Rows have a key column and a basis column for each skill.
const MOST_SKILLS: u64 = 10_000;
const MOST_BITS: u64 = 64;

/// How far the sum of explicit probabilities may be from 1.
const SUM_TOLERANCE: f64 = 1e-9;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawSubsets {
    /// No bit belongs to two skills: skill k has the k-th run of bits.
    Disjoint,
    /// Each skill draws its bits; those of two skills may overlap.
    Random,
}

/// How many bits each skill has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be a whole number, or a list of them")]
enum RawOrders {
    /// All skills have as many.
    Same(u64),
    /// A number for each skill.
    Each(Vec<u64>),
}

/// Sparse parities of different frequency, the task of emergence \[Nam2024, multitask sparse parity\].
///
/// The first inputs are the one-hot key of a skill, the others are bits; the target is S times the parity of the
/// subset of `bits_per_skill` bits that belongs to the skill. Skill k comes with probability P_k ∝ k^−(α + 1), or one of
/// its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawMultitaskParity {
    /// Number of skills, up to 10,000.
    skills: u64,
    /// Number of bits, up to 64.
    bits: u64,
    /// Number of bits whose parity a skill is: one for all skills, or a list with one for each, from skill 1.
    bits_per_skill: RawOrders,
    /// α of the power law of the skills' probabilities. Above 0. Give this or `probabilities`.
    alpha: Option<f64>,
    /// Probability of each skill; they add up to 1.
    probabilities: Option<Vec<f64>>,
    /// S: the size of the targets, which are S times the parity. Above 0.
    #[schemars(extend("default" = DEFAULT_TARGET))]
    target: Option<f64>,
    /// How bits are shown to the net.
    #[schemars(extend("default" = DEFAULT_ENCODING))]
    encoding: Option<Encoding>,
    /// Which bits belong to a skill.
    #[schemars(extend("default" = DEFAULT_SUBSETS))]
    subsets: Option<RawSubsets>,
    /// Where the training rows come from; fresh batches of 500 rows unless given.
    data: Option<RawData>,
    /// Test rows; 400 of each skill unless given.
    test: Option<RawTest>,
}

/// Checks the keys of `kind = "multitask-parity"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    parse_table::<RawMultitaskParity>(table)?.check()
}

impl RawMultitaskParity {
    fn check(self) -> Result<Box<dyn Task>, KeyError> {
        let skills = check::within("skills", self.skills, 1, MOST_SKILLS)?;
        let bits = check::within("bits", self.bits, 1, MOST_BITS)?;
        let orders = self.bits_per_skill.check(skills, bits)?;
        let probabilities = self.probabilities(skills as usize)?;
        let target = check::positive("target", self.target.unwrap_or(DEFAULT_TARGET))?;
        let encoding = self.encoding.unwrap_or(DEFAULT_ENCODING);
        let subsets = self.subsets.unwrap_or(DEFAULT_SUBSETS);
        let together: usize = orders.iter().sum();
        if subsets == RawSubsets::Disjoint && together as u64 > bits {
            let of = self.bits_per_skill.text();
            return Err(KeyError::new(
                "bits",
                bits,
                format!("is too few for {skills} disjoint subsets of {of}"),
                format!("Write {together} or more, or subsets = \"random\"."),
            ));
        }
        let (data, checked_data) = self
            .data
            .unwrap_or_default()
            .check()
            .map_err(|error| error.within("data"))?;
        let (test, test_per_skill) = RawTest::check(self.test.as_ref(), checked_data)
            .map_err(|error| error.within("test"))?;
        let spec = ParitySpec {
            has_keys: true,
            probabilities,
            bits: bits as usize,
            orders,
            target,
            encoding,
            subsets: match subsets {
                RawSubsets::Disjoint => Subsets::Consecutive,
                RawSubsets::Random => Subsets::Random,
            },
            data: checked_data,
            test_per_skill,
        };
        let resolved = Self {
            target: Some(target),
            encoding: Some(encoding),
            subsets: Some(subsets),
            data: Some(data),
            test,
            ..self
        };
        let resolved = table_of(KIND, &resolved);
        Ok(Box::new(ParityTask {
            spec: Arc::new(spec.check()?),
            resolved,
        }))
    }

    /// The law of the skills, from `alpha` or `probabilities`.
    fn probabilities(&self, skills: usize) -> Result<Vec<f64>, KeyError> {
        let given = match (self.alpha, &self.probabilities) {
            (Some(alpha), None) => return power_law(skills, alpha),
            (None, Some(given)) => given,
            (None, None) => {
                let hint = "Write alpha = 0.6 for a power law, or list the probabilities.";
                return Err(KeyError::new("alpha", "(missing)", "is required", hint));
            }
            (Some(_), Some(given)) => {
                let hint = "Keep one of the two.";
                let value = format!("{given:?}");
                return Err(KeyError::new(
                    "probabilities",
                    value,
                    "is given with alpha",
                    hint,
                ));
            }
        };
        if given.len() != skills {
            return Err(KeyError::new(
                "probabilities",
                format!("{given:?}"),
                format!("has {} entries for {skills} skills", given.len()),
                "Write one probability for each skill.",
            ));
        }
        for (k, &p) in given.iter().enumerate() {
            check::positive(&format!("probabilities[{k}]"), p)?;
        }
        let sum: f64 = given.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(KeyError::new(
                "probabilities",
                format!("{given:?}"),
                format!("adds up to {sum}"),
                "Divide each by the sum.",
            ));
        }
        Ok(given.iter().map(|p| p / sum).collect())
    }
}

impl RawOrders {
    /// The number of bits of every skill.
    fn check(&self, skills: u64, bits: u64) -> Result<Vec<usize>, KeyError> {
        let key = "bits_per_skill";
        let orders = match self {
            Self::Same(order) => {
                let order = check::within(key, *order, 1, bits)?;
                return Ok(vec![order as usize; skills as usize]);
            }
            Self::Each(orders) => orders,
        };
        if orders.len() as u64 != skills {
            return Err(KeyError::new(
                key,
                self.text(),
                format!("has {} entries for {skills} skills", orders.len()),
                "Write one number of bits for each skill.",
            ));
        }
        let checked = |(k, &order): (usize, &u64)| {
            check::within(&format!("{key}[{k}]"), order, 1, bits).map(|order| order as usize)
        };
        orders.iter().enumerate().map(checked).collect()
    }

    fn text(&self) -> String {
        match self {
            Self::Same(order) => order.to_string(),
            Self::Each(orders) => format!("{orders:?}"),
        }
    }
}

fn power_law(skills: usize, alpha: f64) -> Result<Vec<f64>, KeyError> {
    let law = zipf(skills, check::positive("alpha", alpha)?);
    if law.last().is_some_and(|&rarest| rarest < f64::MIN_POSITIVE) {
        let problem = "leaves the last skills with a probability too small for a number";
        return Err(KeyError::new(
            "alpha",
            alpha,
            problem,
            "Write a smaller alpha.",
        ));
    }
    Ok(law)
}
