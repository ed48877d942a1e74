use metrics::Spectrum;
use serde_json::{Map, Value, json};

use super::{Network, Numbers};

/// How far the first layer's neurons are tuned to one frequency of the residues.
#[derive(Debug)]
pub(crate) struct Fourier {
    pub(crate) modulus: usize,
    pub(crate) neurons: usize,
    /// Neurons without a spectrum: their weights are the same for all residues.
    pub(crate) untuned: usize,
    /// Means over tuned neurons.
    pub(crate) means: Numbers,
    /// Frequencies with the largest mean power, and that power.
    pub(crate) key_frequencies: Vec<(usize, f64)>,
}

impl Fourier {
    /// Of a net that sees two one-hot residues.
    pub(crate) fn of(network: &Network, modulus: usize) -> Result<Self, String> {
        /// As many as a net usually needs.
        const SHOWN: usize = 5;
        let (name, first) = network.first();
        if Some(first.inputs) != modulus.checked_mul(2) {
            return Err(format!(
                "{name:?} has {} inputs: must have two for each residue of --modulus {modulus}, \
                 two one-hot residues",
                first.inputs
            ));
        }
        let spectrum = Spectrum::new(&first.weight, modulus, first.outputs);
        let spectrum = spectrum.map_err(|error| format!("{name:?}: {error}"))?;
        let mut means = Numbers::default();
        for (name, values) in [
            ("ipr", spectrum.ipr()),
            ("top_share", spectrum.top_share()),
            ("gini", spectrum.gini()),
        ] {
            let tuned: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
            let mean = tuned.iter().sum::<f64>() / tuned.len() as f64;
            let mean = if tuned.is_empty() {
                Err("every neuron's weights are the same for all residues")
            } else {
                Ok([mean])
            };
            means.put_all([name], mean);
        }
        let power = (1..).zip(spectrum.mean_power());
        let mut key_frequencies: Vec<(usize, f64)> = power.filter(|(_, p)| !p.is_nan()).collect();
        key_frequencies.sort_by(|a, b| b.1.total_cmp(&a.1));
        key_frequencies.truncate(SHOWN);
        Ok(Self {
            modulus,
            neurons: first.outputs,
            untuned: spectrum.untuned(),
            means,
            key_frequencies,
        })
    }

    pub(crate) fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("modulus".to_owned(), json!(self.modulus));
        document.insert("neurons".to_owned(), json!(self.neurons));
        document.insert("untuned".to_owned(), json!(self.untuned));
        self.means.write(&mut document);
        let keys = self.key_frequencies.iter();
        let keys = keys.map(|(k, power)| json!({ "frequency": k, "power": power }));
        let keys = keys.collect::<Vec<_>>();
        document.insert("key_frequencies".to_owned(), json!(keys));
        document.into()
    }
}
