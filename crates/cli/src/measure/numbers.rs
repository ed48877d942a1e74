use std::fmt::Display;

use serde_json::{Map, Value, json};

/// Named numbers in the order in which they are printed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Numbers {
    entries: Vec<(&'static str, Result<Value, String>)>,
}

impl Numbers {
    pub(super) fn put(&mut self, name: &'static str, number: impl Into<Value>) {
        // JSON has no infinity; serde_json turns it into null.
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

    /// Names with their values, or with the reason why a value is not defined.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static str, Result<&Value, &str>)> {
        let entries = self.entries.iter();
        entries.map(|(name, value)| (*name, value.as_ref().map_err(String::as_str)))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.entries.iter().find(|(key, _)| *key == name);
        found.and_then(|(_, value)| value.as_ref().ok())
    }

    /// Writes the numbers, with null for undefined values and the reasons under `undefined`.
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

/// Meaning of a number in a few words.
pub(crate) fn meaning(name: &str) -> &'static str {
    match name {
        "nc1" => "Tr(S_w S_b⁺)/C; 0: all rows equal their class means",
        "nc1_all_directions" => "nc1 with the dropped directions, which are rounding",
        "nc1_papyan" => "Tr(S_w S_b⁺)",
        "nc1_quotient" => "Tr S_w/Tr S_b; 0: all rows equal their class means",
        "cdnv" => "mean of (σ² + σ'²)/(2 |μ − μ'|²) over pairs of classes; 0: collapsed",
        "rank" => "number of directions between the class means, at most C − 1",
        "smallest_eigenvalue" => "smallest eigenvalue of S_b in those directions",
        "dropped_directions" => "number of directions no larger than rounding",
        "largest_dropped_eigenvalue" => "largest eigenvalue of S_b in the dropped directions",
        "nc2_equinorm_means" => {
            "standard deviation (n − 1) of |M_c| over their mean; 0: equal norms"
        }
        "nc2_equiangular_means" => "mean |cos + 1/(C − 1)| over pairs of means; 0: a simplex",
        "nc2_cosine_deviation_means" => "standard deviation (n) of those cosines; 0: equal angles",
        "nc2_etf_means" => "distance of M Mᵀ from a simplex; 0: a simplex",
        "nc2_equinorm_weights" => {
            "standard deviation (n − 1) of |w_c| over their mean; 0: equal norms"
        }
        "nc2_equiangular_weights" => "mean |cos + 1/(C − 1)| over pairs of rows; 0: a simplex",
        "nc2_cosine_deviation_weights" => "standard deviation (n) of the cosines; 0: equal angles",
        "nc2_etf_weights" => "distance of W Wᵀ from a simplex; 0: a simplex",
        "gnc2_means" => {
            "variation of ln(1/distance) over pairs of directions of means; 0: all as far apart"
        }
        "gnc2_weights" => {
            "variation of ln(1/distance) over pairs of directions of rows; 0: all as far apart"
        }
        "unc3" => "variation over classes of the cosine of row and mean; 0: aligned alike",
        "nc3" => "|W/|W| − M/|M||; 0: classifier and means are proportional",
        "nc3_squared" => "square of nc3",
        "nc3_product" => "distance of W Mᵀ from a simplex; 0: self-dual simplex",
        "nc4" => "share of rows where classifier and nearest mean disagree; 0: none",
        "nc4_as_is" => "nc4 without centring for a classifier without bias",
        "bias_gap" => "|W μ_G + b|; 0: the bias cancels the global mean",
        "nearest_mean_accuracy" => "share of rows nearest to their own class mean",
        "accuracy" => "share of rows that the classifier gets right",
        "effective_rank" => "exp of the entropy of σ²/Σσ²; effective number of components",
        "stable_rank" => "Σσ²/max σ²",
        "effective_rank_unsquared" => "exp of the entropy of σ/Σσ",
        "ipr" => "inverse participation ratio; 1: each neuron has one frequency",
        "top_share" => "share of power in a neuron's strongest frequency",
        "gini" => "Gini coefficient of a neuron's power; 0: flat spectrum",
        "within_inside" => "within-class variance that the classifier sees; 0: none",
        "within_outside" => "within-class variance that the classifier does not see",
        _ => "",
    }
}
