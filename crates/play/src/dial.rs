use serde::Serialize;

use crate::{error::PlayError, values::Value};

/// A quantity of a scene that its reader sets.
#[derive(Debug, Clone, Serialize)]
pub struct Dial {
    /// Its name in links: letters, digits, `-`.
    pub name: String,
    /// What it is, as the page calls it.
    pub label: String,
    /// What it does, in one sentence.
    pub help: String,
    /// Where it can stand.
    pub range: Range,
    /// Where it stands at first.
    pub start: Value,
    /// The key of the spec that it sets; empty for a dial that the scene itself translates.
    #[serde(skip)]
    pub key: String,
}

/// Where a dial can stand.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Range {
    /// Any number from `low` to `high`.
    Number {
        /// The smallest value.
        low: f64,
        /// The largest value.
        high: f64,
        /// Whether equal ways of the dial are equal factors.
        log: bool,
        /// Whether only whole numbers make sense.
        whole: bool,
    },
    /// One of some words.
    Choice {
        /// The words.
        words: Vec<String>,
    },
}

impl Dial {
    /// A number on a logarithmic dial.
    pub fn log(name: &str, label: &str, (low, high): (f64, f64), start: f64) -> Self {
        Self::number(name, label, (low, high), start, true, false)
    }

    /// A number on a linear dial.
    pub fn linear(name: &str, label: &str, (low, high): (f64, f64), start: f64) -> Self {
        Self::number(name, label, (low, high), start, false, false)
    }

    /// A whole number; a wide range is logarithmic.
    pub fn whole(name: &str, label: &str, (low, high): (u32, u32), start: u32) -> Self {
        /// Ratio of the ends above which a linear dial has no room for the small values.
        const WIDE: u32 = 20;
        let log = low > 0 && high / low > WIDE;
        let ends = (f64::from(low), f64::from(high));
        Self::number(name, label, ends, f64::from(start), log, true)
    }

    /// One of some words.
    pub fn choice(name: &str, label: &str, words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            help: String::new(),
            start: Value::Word(words[0].clone()),
            range: Range::Choice { words },
            key: String::new(),
        }
    }

    fn number(
        name: &str,
        label: &str,
        (low, high): (f64, f64),
        start: f64,
        log: bool,
        whole: bool,
    ) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            help: String::new(),
            range: Range::Number {
                low,
                high,
                log,
                whole,
            },
            start: Value::Number(start),
            key: String::new(),
        }
    }

    /// The same dial with a sentence on what it does.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }

    /// The same dial for a key of the spec.
    #[must_use]
    pub fn sets(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    /// Reads a value of this dial from a link.
    ///
    /// # Errors
    /// The value is not of this dial.
    pub(crate) fn read(&self, text: &str) -> Result<Value, PlayError> {
        let wrong = |problem: String| PlayError::Dial {
            dial: self.name.clone(),
            value: text.to_owned(),
            problem,
        };
        match &self.range {
            Range::Choice { words } => match words.iter().find(|word| *word == text) {
                Some(word) => Ok(Value::Word(word.clone())),
                None => Err(wrong(format!("choose one of {}", words.join(", ")))),
            },
            Range::Number {
                low, high, whole, ..
            } => {
                let kind = if *whole { "a whole number" } else { "a number" };
                let number = text.parse::<f64>().ok().filter(|number| {
                    (*low..=*high).contains(number) && (!whole || number.fract() == 0.0)
                });
                number
                    .map(Value::Number)
                    .ok_or_else(|| wrong(format!("must be {kind} from {low} to {high}")))
            }
        }
    }
}
