use std::collections::BTreeMap;

use serde::Serialize;

use crate::{dial::Dial, error::PlayError};

/// Where a dial stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A word.
    Word(String),
}

/// Where the dials of a scene stand, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// Where `dials` stand by the query of a link, such as `kappa=3&seeds=2`. A dial that it does not
    /// name stands where it starts. Keys in `others` are for somebody else.
    ///
    /// # Errors
    /// A key is no dial, or a value cannot be one of its dial.
    pub(crate) fn read(dials: &[Dial], query: &str, others: &[&str]) -> Result<Self, PlayError> {
        let starts = dials
            .iter()
            .map(|dial| (dial.name.clone(), dial.start.clone()));
        let mut values: BTreeMap<String, Value> = starts.collect();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
            if others.contains(&name) {
                continue;
            }
            let Some(dial) = dials.iter().find(|dial| dial.name == name) else {
                let names: Vec<&str> = dials.iter().map(|dial| dial.name.as_str()).collect();
                return Err(PlayError::Dial {
                    dial: name.to_owned(),
                    value: text.to_owned(),
                    problem: format!("there is no such dial. Choose one of {}", names.join(", ")),
                });
            };
            values.insert(name.to_owned(), dial.read(text)?);
        }
        Ok(Self(values))
    }

    /// The value of a numeric dial.
    ///
    /// # Panics
    /// The scene has no such dial, which is an error of the program that its tests find.
    pub fn number(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Value::Number(number)) => *number,
            other => panic!("the dial {name} is not a number: {other:?}"),
        }
    }

    /// The word at which a dial of words stands.
    ///
    /// # Panics
    /// The scene has no such dial, which is an error of the program that its tests find.
    pub fn word(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Word(word)) => word,
            other => panic!("the dial {name} has no words: {other:?}"),
        }
    }

    /// Overrides of the spec by the dials that set a key of it.
    pub(crate) fn overrides(&self, dials: &[Dial]) -> Vec<String> {
        let own = dials.iter().filter(|dial| !dial.key.is_empty());
        own.filter_map(|dial| {
            let value = match self.0.get(&dial.name)? {
                Value::Number(number) => number_text(*number),
                Value::Word(word) => format!("{word:?}"),
            };
            Some(format!("{}={value}", dial.key))
        })
        .collect()
    }
}

/// A number as TOML that a key for integers takes, too, where the number is whole.
pub(crate) fn number_text(number: f64) -> String {
    /// Whole numbers up to here are exact.
    const EXACT: f64 = 9e15;
    if number.fract() == 0.0 && number.abs() < EXACT {
        format!("{number:.0}")
    } else {
        format!("{number:?}")
    }
}

/// The value of a key in a query.
pub(crate) fn value_of<'q>(query: &'q str, key: &str) -> Option<&'q str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}
