//! The reference of specs: every kind and table, with its keys, an example, and the numbers that it gives.
//!
//! What is told comes from the structs that parse specs ([`tasks::Reference`]). `layerwise show` prints it,
//! tables of the documentation are made of it, and [`spec_schema`] is its JSON schema for editors.
//!
//! ```
//! use layerwise_plan::{Kinds, reference::topics};
//!
//! let topics = topics(&Kinds::default());
//! let tasks = topics.iter().find(|topic| topic.name == "task").unwrap();
//! let parity = tasks.entries.iter().find(|entry| entry.name == "sparse-parity").unwrap();
//! assert_eq!(parity.keys[0].name, "bits");
//! assert!(parity.keys[0].required);
//! ```

mod examples;
mod keys;
mod registered;
mod schema;
mod tables;

use serde::Serialize;
use serde_json::Value;
use tasks::Quantity;

use crate::Kinds;

pub use keys::Key;
pub use schema::spec_schema;

/// Kinds or tables of one sort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Topic {
    /// Name: `task`, `metric`, `spec`.
    pub name: &'static str,
    /// What the entries are.
    pub about: &'static str,
    /// The kinds or tables.
    pub entries: Vec<Entry>,
}

/// A kind or table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is for: the first sentence of the first paragraph says it in short.
    pub about: String,
    /// Its keys.
    pub keys: Vec<Key>,
    /// An example, as it is written in a spec; empty where there is none.
    pub example: String,
    /// The metrics that it gives.
    pub gives: Vec<RecordedMetric>,
    /// The JSON schema of its table.
    pub schema: Value,
}

/// A metric that a kind gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedMetric {
    /// Its name, unit, meaning and source.
    #[serde(flatten, serialize_with = "quantity")]
    pub quantity: Quantity,
    /// What an index counts (`skill`, `layer`); empty where there is none.
    pub index: &'static str,
    /// Whether it follows from a whole curve, so that a cell has one value of it.
    pub whole_curve: bool,
}

fn quantity<S: serde::Serializer>(quantity: &Quantity, to: S) -> Result<S::Ok, S::Error> {
    let Quantity {
        name,
        unit,
        meaning,
        source,
    } = *quantity;
    let fields = [
        ("name", name),
        ("unit", unit),
        ("meaning", meaning),
        ("source", source),
    ];
    to.collect_map(fields)
}

impl Entry {
    /// What it is for, in one sentence.
    pub fn summary(&self) -> &str {
        let first = self.about.split("\n\n").next().unwrap_or_default();
        // A sentence ends where the next one begins.
        let next = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_uppercase());
        let end = first
            .match_indices(". ")
            .find(|(at, _)| next(&first[at + 2..]));
        end.map_or(first, |(at, _)| &first[..=at])
    }
}

/// Everything that a spec is written with.
pub fn topics(kinds: &Kinds) -> Vec<Topic> {
    let mut topics = registered::topics(kinds);
    topics.extend(tables::topics());
    topics
}
