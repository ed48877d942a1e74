use std::ops::RangeInclusive;

use metrics::{accuracy, cross_entropy, key_split};
use models::{Loss, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, fourier::characters, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<KeyFrequencies>("keys = [1, 5]").giving(&[&[
        Quantity::new(
            "restricted_loss",
            "loss",
            "Training loss of the outputs restricted to the key frequencies",
        )
        .from("[Nanda2023]"),
        Quantity::new(
            "restricted_accuracy",
            "share",
            "Accuracy of the outputs restricted to the key frequencies",
        )
        .from("[Nanda2023]"),
        Quantity::new(
            "excluded_loss",
            "loss",
            "Training loss of the outputs without the key frequencies",
        )
        .from("[Nanda2023]"),
        Quantity::new(
            "excluded_accuracy",
            "share",
            "Accuracy of the outputs without the key frequencies",
        )
        .from("[Nanda2023]"),
    ]]);

/// Loss and accuracy of outputs restricted to key frequencies, and of outputs without them.
///
/// Can be read on `modular-arithmetic` for sums c1 a + c2 b + c0 modulo p, and for products and quotients of powers of a
/// and b modulo a prime, there on the pairs without residue 0. All pairs count, trained on or not; index 0 is all keys
/// together, another index one key.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeyFrequencies {
    /// The key frequencies; all if empty: 1 to p/2, for products to (p − 1)/2.
    #[serde(default)]
    keys: Vec<u32>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<KeyFrequencies>(table)?))
}

impl Metric for KeyFrequencies {
    fn resolved(&self) -> toml::Table {
        table_of("key-frequencies", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[
            "restricted_loss",
            "restricted_accuracy",
            "excluded_loss",
            "excluded_accuracy",
        ]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "key frequency"
    }

    fn indices(&self, _: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        let modulus = task.instance(0).pairs()?.modulus;
        // 0 is all keys together.
        Some(0..=u64::from(modulus / 2))
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        let instance = task.instance(0);
        let Some(pairs) = instance.pairs() else {
            return Err(lacks("key-frequencies", "a task on residues"));
        };
        let last = characters("key-frequencies", pairs)?.period() / 2;
        match self.keys.iter().position(|key| !(1..=last).contains(key)) {
            None => Ok(()),
            Some(position) => Err(KeyError::new(
                format!("keys[{position}]"),
                self.keys[position],
                format!("is no frequency of residues modulo {}", pairs.modulus),
                format!("Write 1 to {last}."),
            )),
        }
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(pairs) = at.task.pairs() else {
            return Ok(());
        };
        let Ok(characters) = &pairs.characters else {
            return Ok(());
        };
        let (rows, period) = (&pairs.rows, characters.period() as usize);
        let classes = rows.shape.outputs;
        let labels = metrics::labels(&rows.targets, classes)?;
        let logits = at.outputs_on(rows)?;
        let keys: Vec<usize> = if self.keys.is_empty() {
            (1..=period / 2).collect()
        } else {
            self.keys.iter().map(|&key| key as usize).collect()
        };
        let single = keys.iter().map(|&key| (key as u64, vec![key]));
        let single: Vec<(u64, Vec<usize>)> = single.collect();
        for (index, keys) in std::iter::once((0, keys)).chain(single) {
            let split = key_split(&logits, period, characters.factors, &keys)?;
            for ([loss, share], outputs) in [
                (
                    ["restricted_loss", "restricted_accuracy"],
                    &split.restricted,
                ),
                (["excluded_loss", "excluded_accuracy"], &split.excluded),
            ] {
                let value = match at.loss {
                    Loss::CrossEntropy => cross_entropy(outputs, &labels, classes)?,
                    other => other.value(outputs, &rows.targets, None, classes),
                };
                let right = accuracy(outputs, &labels, classes)?;
                out.extend(
                    [(loss, value), (share, right)].map(|(metric, value)| Reading {
                        metric,
                        index,
                        value,
                    }),
                );
            }
        }
        Ok(())
    }
}
