use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    KeyError, Reference, Task, check,
    data::{RawData, RawTest},
    parity::Encoding,
    parity_task::{ParitySpec, ParityTask, Subsets},
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "sparse-parity";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<RawSparseParity>("bits = 10\nparity = 3");

const DEFAULT_TARGET: f64 = 1.0;
const DEFAULT_ENCODING: Encoding = Encoding::PlusMinus;
const DEFAULT_SUBSET: RawSubset = RawSubset::First;

const MOST_BITS: u64 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawSubset {
    /// The first ones.
    First,
    /// Drawn at random, by the seed.
    Random,
}

/// The parity of a few of many bits: the target is S times the parity of `parity` of the `bits` inputs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawSparseParity {
    /// Number of input bits, up to 64.
    bits: u64,
    /// Number of bits whose parity is the target.
    parity: u64,
    /// S: the size of the targets, which are S times the parity. Above 0.
    #[schemars(extend("default" = DEFAULT_TARGET))]
    target: Option<f64>,
    /// How bits are shown to the net.
    #[schemars(extend("default" = DEFAULT_ENCODING))]
    encoding: Option<Encoding>,
    /// Which bits these are.
    #[schemars(extend("default" = DEFAULT_SUBSET))]
    subset: Option<RawSubset>,
    /// Where the training rows come from; fresh batches of 500 rows unless given.
    data: Option<RawData>,
    /// Test rows; 400 of each skill unless given.
    test: Option<RawTest>,
}

/// Checks the keys of `kind = "sparse-parity"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    parse_table::<RawSparseParity>(table)?.check()
}

impl RawSparseParity {
    fn check(self) -> Result<Box<dyn Task>, KeyError> {
        let bits = check::within("bits", self.bits, 1, MOST_BITS)?;
        let parity = check::within("parity", self.parity, 1, bits)?;
        let target = check::positive("target", self.target.unwrap_or(DEFAULT_TARGET))?;
        let encoding = self.encoding.unwrap_or(DEFAULT_ENCODING);
        let subset = self.subset.unwrap_or(DEFAULT_SUBSET);
        let (data, checked_data) = self
            .data
            .unwrap_or_default()
            .check()
            .map_err(|error| error.within("data"))?;
        let (test, test_per_skill) = RawTest::check(self.test.as_ref(), checked_data)
            .map_err(|error| error.within("test"))?;
        let spec = ParitySpec {
            has_keys: false,
            probabilities: vec![1.0],
            bits: bits as usize,
            orders: vec![parity as usize],
            target,
            encoding,
            subsets: match subset {
                RawSubset::First => Subsets::Consecutive,
                RawSubset::Random => Subsets::Random,
            },
            data: checked_data,
            test_per_skill,
        };
        let resolved = Self {
            target: Some(target),
            encoding: Some(encoding),
            subset: Some(subset),
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
}
