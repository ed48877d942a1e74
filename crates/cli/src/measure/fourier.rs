use metrics::{Spectrum, Waves};
use mlp::Layer;
use serde_json::{Map, Value, json};
use tasks::{Characters, ResidueCharacters};

use super::{Network, Numbers};

/// How strongly each neuron of the first layer is tuned to one frequency of the residues.
#[derive(Debug)]
pub(crate) struct Fourier {
    pub(crate) modulus: usize,
    /// The operation that the net computes; `None` if the user did not say, and a sum is assumed.
    operation: Option<String>,
    /// The characters that serve as waves, or the reason why there are none.
    characters: Result<ResidueCharacters, String>,
    pub(crate) neurons: usize,
    /// Number of neurons without a spectrum, because their weights are the same for all residues.
    pub(crate) untuned: Option<usize>,
    /// Means over tuned neurons.
    pub(crate) means: Numbers,
    /// Frequencies with the largest mean power, and that power.
    pub(crate) key_frequencies: Vec<(usize, f64)>,
    /// A note if the other kind of characters fits better.
    pub(crate) note: Option<String>,
}

impl Fourier {
    /// Measures a net whose inputs are two one-hot residues and which computes `operation`, by
    /// default their sum.
    pub(crate) fn of(
        network: &Network,
        modulus: usize,
        operation: Option<&str>,
    ) -> Result<Self, String> {
        /// Number of key frequencies that a net usually has.
        const SHOWN: usize = 5;
        let (name, first) = network.first();
        let wrong = || {
            format!(
                "{name:?} has {} inputs: must have 2 × {modulus} inputs, two one-hot residues of \
                 --modulus {modulus}",
                first.inputs
            )
        };
        let residues = u32::try_from(modulus).map_err(|_| wrong())?;
        if Some(first.inputs) != modulus.checked_mul(2) {
            return Err(wrong());
        }
        let characters = match operation {
            None => Ok(ResidueCharacters::of_sum(residues)),
            Some(text) => ResidueCharacters::of(text, residues).map_err(|error| {
                format!("--operation {text:?} {}. {}", error.problem, error.hint)
            })?,
        };
        let unit_roundoff = network.first_roundoff();
        let spectrum_over = |characters: &ResidueCharacters| {
            let factors = characters.paired_factors()?;
            let spectrum = spectrum(first, characters, factors, unit_roundoff);
            spectrum.map_err(|problem| format!("{name:?}: {problem}"))
        };
        let spectrum = characters
            .as_ref()
            .map_err(Clone::clone)
            .and_then(spectrum_over);
        let mut means = Numbers::default();
        let statistics = spectrum.clone().and_then(|spectrum| {
            let values = [spectrum.ipr(), spectrum.top_share(), spectrum.gini()];
            let [Some(ipr), Some(top_share), Some(gini)] = values.map(mean_of_tuned) else {
                return Err("every neuron's weights are the same for all residues".to_owned());
            };
            Ok([ipr, top_share, gini])
        });
        means.put_all(["ipr", "top_share", "gini"], statistics);
        let power = spectrum.as_ref().map(Spectrum::mean_power);
        let power = (1..).zip(power.unwrap_or_default());
        let mut key_frequencies: Vec<(usize, f64)> = power.filter(|(_, p)| !p.is_nan()).collect();
        key_frequencies.sort_by(|a, b| b.1.total_cmp(&a.1));
        key_frequencies.truncate(SHOWN);
        let ipr = means.get("ipr").and_then(Value::as_f64);
        let used = characters.as_ref().ok().zip(ipr);
        let note = used.and_then(|(used, ipr)| others_fit_better(used, ipr, spectrum_over));
        Ok(Self {
            modulus,
            operation: operation.map(str::to_owned),
            characters,
            neurons: first.outputs,
            untuned: spectrum.as_ref().ok().map(Spectrum::untuned),
            means,
            key_frequencies,
            note,
        })
    }

    /// The kind of characters, for the heading.
    pub(crate) fn says_characters(&self) -> &'static str {
        match (&self.characters, &self.operation) {
            (Err(_), _) => "",
            (_, None) => " in additive characters, assumed without --operation",
            (Ok(characters), _) => match characters.characters {
                Characters::Additive => " in additive characters",
                Characters::Multiplicative { .. } => {
                    " in multiplicative characters, residue 0 left out"
                }
            },
        }
    }

    pub(crate) fn document(&self) -> Value {
        let mut document = Map::new();
        let mut put = |name: &str, value| document.insert(name.to_owned(), value);
        put("modulus", json!(self.modulus));
        put("operation", json!(self.operation));
        let characters = self.characters.as_ref().ok();
        put("characters", json!(characters.map(name)));
        put("characters_assumed", json!(self.operation.is_none()));
        if let Some(ResidueCharacters {
            characters: Characters::Multiplicative { primitive_root },
            ..
        }) = characters
        {
            put("primitive_root", json!(primitive_root));
            put("residues_left_out", json!([0]));
        }
        put("frequencies", json!(characters.map(|c| c.period() / 2)));
        put("neurons", json!(self.neurons));
        put("untuned", json!(self.untuned));
        put("note", json!(self.note));
        self.means.write(&mut document);
        let keys = self.key_frequencies.iter();
        let keys = keys.map(|(k, power)| json!({ "frequency": k, "power": power }));
        let keys = keys.collect::<Vec<_>>();
        document.insert("key_frequencies".to_owned(), json!(keys));
        document.into()
    }
}

fn name(characters: &ResidueCharacters) -> &'static str {
    match characters.characters {
        Characters::Additive => "additive",
        Characters::Multiplicative { .. } => "multiplicative",
    }
}

fn spectrum(
    first: &Layer,
    characters: &ResidueCharacters,
    factors: [u32; 2],
    unit_roundoff: f64,
) -> Result<Spectrum, String> {
    let waves = Waves {
        residues: (characters.residues().into_iter().map(|r| r as usize)).collect(),
        factors: factors.map(|factor| factor as usize).to_vec(),
    };
    let modulus = characters.modulus as usize;
    let spectrum = Spectrum::along(&first.weight, modulus, first.outputs, &waves, unit_roundoff);
    spectrum.map_err(|error| error.to_string())
}

fn mean_of_tuned(values: Vec<f64>) -> Option<f64> {
    let tuned: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
    (!tuned.is_empty()).then(|| tuned.iter().sum::<f64>() / tuned.len() as f64)
}

/// A note if the neurons are tuned to the other kind of characters: additive instead of
/// multiplicative, or the reverse.
fn others_fit_better(
    used: &ResidueCharacters,
    ipr: f64,
    spectrum: impl Fn(&ResidueCharacters) -> Result<Spectrum, String>,
) -> Option<String> {
    /// Ratio of the two iprs above which the note is given; random weights differ by less.
    const BETTER: f64 = 1.5;
    let (other, cure) = match used.characters {
        Characters::Additive => (
            ResidueCharacters::of_product(used.modulus)?,
            "--operation multiply or divide, if that is what the net computes",
        ),
        Characters::Multiplicative { .. } => (
            ResidueCharacters::of_sum(used.modulus),
            "--operation add or subtract, if that is what the net computes",
        ),
    };
    let others = mean_of_tuned(spectrum(&other).ok()?.ipr())?;
    (others > BETTER * ipr).then(|| {
        format!(
            "{} characters fit better: their ipr is {others:.4}, that of {} ones {ipr:.4}. Give {cure}",
            name(&other),
            name(used)
        )
    })
}
