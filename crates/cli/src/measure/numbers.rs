use std::fmt::Display;

use serde_json::{Map, Value, json};

/// Named numbers in the order in which they are shown.
#[derive(Debug, Default, Clone)]
pub(crate) struct Numbers {
    entries: Vec<(&'static str, Result<Value, String>)>,
}

impl Numbers {
    pub(super) fn put(&mut self, name: &'static str, number: impl Into<Value>) {
        // JSON has no infinity, and serde_json makes null of one.
        let value = match number.into() {
            Value::Null => Err("is outside the range of f64".to_owned()),
            value => Ok(value),
        };
        self.entries.push((name, value));
    }

    /// Numbers that are defined together or not at all.
    pub(super) fn put_all<const N: usize>(
        &mut self,
        names: [&'static str; N],
        numbers: Result<[f64; N], impl Display>,
    ) {
        match numbers {
            Ok(numbers) => {
                let named = names.into_iter().zip(numbers);
                named.for_each(|(name, number)| self.put(name, number));
            }
            Err(reason) => {
                let reason = reason.to_string();
                let named = names.into_iter().map(|name| (name, Err(reason.clone())));
                self.entries.extend(named);
            }
        }
    }

    pub(super) fn followed_by(&self, others: &Self) -> Self {
        let entries = self.entries.iter().chain(&others.entries);
        Self {
            entries: entries.cloned().collect(),
        }
    }

    /// Names with values, or with the reason why there is none.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static str, Result<&Value, &str>)> {
        let entries = self.entries.iter();
        entries.map(|(name, value)| (*name, value.as_ref().map_err(String::as_str)))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.entries.iter().find(|(key, _)| *key == name);
        found.and_then(|(_, value)| value.as_ref().ok())
    }

    /// Writes the numbers, null where there is none, and the reasons under `undefined`.
    pub(crate) fn write(&self, document: &mut Map<String, Value>) {
        let mut undefined = Map::new();
        for (name, value) in self.entries() {
            if let Err(reason) = value {
                undefined.insert(name.to_owned(), json!(reason));
            }
            document.insert(name.to_owned(), value.cloned().unwrap_or(Value::Null));
        }
        document.insert("undefined".to_owned(), undefined.into());
    }
}

/// What a number says, in a few words.
pub(crate) fn meaning(name: &str) -> &'static str {
    match name {
        "nc1" => "Tr(S_w S_b⁺)/C; 0: rows lie on their class means",
        "nc1_all_directions" => "the same with the dropped directions, which are rounding",
        "nc1_papyan" => "Tr(S_w S_b⁺)",
        "nc1_quotient" => "Tr S_w/Tr S_b; 0: rows lie on their class means",
        "rank" => "directions between the class means, at most C − 1",
        "smallest_eigenvalue" => "of S_b, among those directions",
        "dropped_directions" => "between the class means, but no larger than rounding",
        "largest_dropped_eigenvalue" => "of S_b, among the dropped directions",
        "nc2_equinorm_means" => {
            "standard deviation (n − 1) of |M_c| over their mean; 0: equal norms"
        }
        "nc2_equiangular_means" => "|cos + 1/(C − 1)| of pairs of means; 0: a simplex",
        "nc2_cosine_deviation_means" => "standard deviation (n) of those cosines; 0: equal angles",
        "nc2_etf_means" => "distance of M Mᵀ from a simplex; 0: a simplex",
        "nc2_equinorm_weights" => "the same for the rows of the classifier",
        "nc2_equiangular_weights" => "|cos + 1/(C − 1)| of pairs of rows; 0: a simplex",
        "nc2_cosine_deviation_weights" => "standard deviation (n) of the cosines; 0: equal angles",
        "nc2_etf_weights" => "distance of W Wᵀ from a simplex; 0: a simplex",
        "nc3" => "|W/|W| − M/|M||; 0: classifier and means are one",
        "nc3_squared" => "its square",
        "nc3_product" => "distance of W Mᵀ from a simplex; 0: self-dual simplex",
        "nc4" => "share of rows that the nearest mean decides differently; 0: none",
        "nc4_as_is" => "the same, never centred where there is no bias",
        "bias_gap" => "|W μ_G + b|; 0: the bias takes the centre away",
        "nearest_mean_accuracy" => "1: every row is nearest to its own mean",
        "accuracy" => "1: the classifier puts every row into its class",
        "effective_rank" => {
            "exp of the entropy of σ²/Σσ²; of features: principal components in use"
        }
        "stable_rank" => "Σσ²/max σ²",
        "effective_rank_unsquared" => "exp of the entropy of σ/Σσ",
        "ipr" => "inverse participation ratio of frequencies; 1: each neuron has one",
        "top_share" => "power of a neuron's strongest frequency; 1: all of it",
        "gini" => "Gini coefficient of a neuron's power; 0: flat",
        "within_inside" => "variance that the classifier sees; 0: none",
        "within_outside" => "variance that it does not see",
        _ => "",
    }
}
