//! Fourier spectra of weights on residues, which show how strongly a neuron is tuned to one
//! frequency.

use std::{collections::BTreeSet, f64::consts::TAU};

use rustfft::{FftPlanner, num_complex::Complex};

use crate::{
    FloatFormat,
    error::{MetricError, require, require_length},
    variation::vary,
};

/// Power of every frequency k = 1 … ⌊n/2⌋ in the weights of each neuron on n residues, relative to
/// the neuron's sum [Nanda2023, Fourier spectra of weights on residues].
///
/// P_k = Σ_tokens |Σ_j w_j e^{−2πi c k j/n}|²/Σ, where w_j is the weight of residue number j, is
/// the share of k and −k in the neuron's variance over the residues. c is the factor of the token
/// in the task, 1 for sums: the wave k of c1 a + c2 b is a wave c1 k of a and c2 k of b
/// ([`Waves`]). The constant (k = 0) does not depend on residues and is left out. For even n, n/2
/// is its own opposite and has half that power. A net with several residues as inputs (a and b) has
/// several tokens. Their powers are added, so a neuron is pure only if it is tuned to the same
/// frequency for all tokens.
///
/// The order of the residues defines the waves: 0, 1, 2, … gives the characters of sums modulo p
/// ([`Self::new`]), and the powers of a primitive root give the characters of products
/// ([`Self::along`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    frequencies: usize,
    /// `[H, F]`; NaN for a neuron without power.
    power: Vec<f64>,
}

/// The waves of a spectrum, which depend on the task.
#[derive(Debug, Clone, PartialEq)]
pub struct Waves {
    /// The n residues in the order of increasing phase; weights of other residues do not count.
    pub residues: Vec<usize>,
    /// For each token, the number of periods of its wave per period of the result. Each factor must
    /// be coprime with n, so that each frequency of a token belongs to one frequency of the result.
    pub factors: Vec<usize>,
}

impl Spectrum {
    /// The spectrum of the input weights of H neurons.
    ///
    /// # Shapes
    ///
    /// `weights` `[T·p, H]`, row-major: the first layer of a net whose inputs are T concatenated
    /// one-hot residues, p rows each; `modulus` = p, `neurons` = H. One vector of p weights is `[p,
    /// 1]`.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if p < 3, there are no neurons, the number of rows is not a multiple of p,
    /// or a weight is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// let cosine: Vec<f64> = (0..7).map(|a| (f64::from(a) * std::f64::consts::TAU * 2.0 / 7.0).cos()).collect();
    /// let spectrum = metrics::Spectrum::new(&cosine, 7, 1)?;
    /// assert_eq!(spectrum.key_frequency(), Some(2));
    /// assert!((spectrum.ipr()[0] - 1.0).abs() < 1e-15);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn new(weights: &[f64], modulus: usize, neurons: usize) -> Result<Self, MetricError> {
        let waves = Waves {
            residues: (0..modulus).collect(),
            factors: vec![1; weights.len() / (modulus * neurons).max(1)],
        };
        let f64 = FloatFormat::F64.unit_roundoff();
        Self::along(weights, modulus, neurons, &waves, f64)
    }

    /// Like [`Self::new`], but over other waves. A neuron counts as constant if the weights of each
    /// token differ by no more than the rounding of their storage, given by this unit roundoff.
    ///
    /// # Errors
    ///
    /// The same as [`Self::new`]; also if there are fewer than 3 residues, a residue is invalid,
    /// the number of factors differs from the number of tokens, or a factor is not coprime with the
    /// number of residues.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{FloatFormat, Spectrum, Waves};
    /// // The powers of 3 are all residues modulo 7 except 0: 1, 3, 2, 6, 4, 5.
    /// let residues = (0..6).map(|j| 3_usize.pow(j) % 7).collect();
    /// let waves = Waves { residues, factors: vec![1] };
    /// // Legendre's symbol: 1 for squares, −1 for others.
    /// let symbol = [0.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0];
    /// let spectrum = Spectrum::along(&symbol, 7, 1, &waves, FloatFormat::F64.unit_roundoff())?;
    /// assert_eq!(spectrum.key_frequency(), Some(3));
    /// assert!((spectrum.ipr()[0] - 1.0).abs() < 1e-15);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn along(
        weights: &[f64],
        modulus: usize,
        neurons: usize,
        waves: &Waves,
        unit_roundoff: f64,
    ) -> Result<Self, MetricError> {
        require(modulus >= 3, "modulus", modulus as f64, "3 or more")?;
        let Waves { residues, factors } = waves;
        let count = residues.len();
        require(count >= 3, "residues", count as f64, "3 or more")?;
        if let Some(index) = residues.iter().position(|residue| *residue >= modulus) {
            return Err(MetricError::Entry {
                name: "residues",
                index,
                value: residues[index] as f64,
                domain: "below the modulus",
            });
        }
        require(neurons >= 1, "neurons", neurons as f64, "1 or more")?;
        let tokens = weights.len() / (modulus * neurons);
        let expected = tokens.max(1) * modulus * neurons;
        require_length(
            "weights",
            weights.len(),
            expected,
            "tokens, residues and neurons",
        )?;
        crate::error::require_entries("weights", weights, "finite", f64::is_finite)?;
        require_length("factors", factors.len(), tokens, "tokens")?;
        if let Some(index) = factors.iter().position(|factor| gcd(*factor, count) != 1) {
            return Err(MetricError::Entry {
                name: "factors",
                index,
                value: factors[index] as f64,
                domain: "without a common divisor with the number of residues",
            });
        }
        let frequencies = count / 2;
        let fft = FftPlanner::new().plan_fft_forward(count);
        let mut buffer = vec![Complex::new(0.0, 0.0); count];
        let mut scratch = vec![Complex::new(0.0, 0.0); fft.get_inplace_scratch_len()];
        let mut power = Vec::with_capacity(neurons * frequencies);
        for neuron in 0..neurons {
            let mut own = vec![0.0; frequencies];
            let mut tuned = false;
            for (token, factor) in factors.iter().enumerate() {
                let weight = |residue| weights[(token * modulus + residue) * neurons + neuron];
                tuned |= vary(
                    residues.iter().map(|&residue| weight(residue)),
                    unit_roundoff,
                );
                for (&residue, slot) in residues.iter().zip(&mut buffer) {
                    *slot = Complex::new(weight(residue), 0.0);
                }
                fft.process_with_scratch(&mut buffer, &mut scratch);
                for (k, sum) in (1..).zip(&mut own) {
                    *sum += buffer[factor % count * k % count].norm_sqr();
                }
            }
            if count.is_multiple_of(2) {
                own[frequencies - 1] /= 2.0;
            }
            let sum: f64 = own.iter().sum();
            let share = |p: f64| if tuned { p / sum } else { f64::NAN };
            power.extend(own.into_iter().map(share));
        }
        Ok(Self { frequencies, power })
    }

    /// Number of frequencies F.
    #[must_use]
    pub fn frequencies(&self) -> usize {
        self.frequencies
    }

    /// Normalised power `[H, F]`, row-major, frequency 1 first. NaN for neurons without power.
    #[must_use]
    pub fn power(&self) -> &[f64] {
        &self.power
    }

    /// Number of neurons whose weights are the same for all residues, up to rounding, and which
    /// therefore have no spectrum.
    #[must_use]
    pub fn untuned(&self) -> usize {
        self.rows().filter(|row| row[0].is_nan()).count()
    }

    /// Share of the strongest frequency, max P, per neuron `[H]`: 1 for a pure cosine.
    #[must_use]
    pub fn top_share(&self) -> Vec<f64> {
        self.rows()
            .map(|row| row.iter().copied().reduce(f64::max).unwrap_or(f64::NAN))
            .collect()
    }

    /// Inverse participation ratio Σ P², per neuron `[H]`: 1 for a pure cosine, 1/F for a flat
    /// spectrum [Doshi2024, inverse participation ratio at r = 2].
    #[must_use]
    pub fn ipr(&self) -> Vec<f64> {
        self.rows()
            .map(|row| row.iter().map(|p| p * p).sum())
            .collect()
    }

    /// Gini coefficient of P, per neuron `[H]`: 1 − 1/F for a pure cosine, 0 for a flat spectrum.
    #[must_use]
    pub fn gini(&self) -> Vec<f64> {
        let count = self.frequencies as f64;
        let gini = |row: &[f64]| {
            if row[0].is_nan() {
                return f64::NAN;
            }
            let mut sorted = row.to_vec();
            sorted.sort_by(f64::total_cmp);
            let ranked = (1..).zip(&sorted);
            let sum: f64 = ranked.map(|(rank, p)| f64::from(rank) * p).sum();
            2.0 * sum / count - (count + 1.0) / count
        };
        self.rows().map(gini).collect()
    }

    /// Normalised power averaged over tuned neurons, `[F]`; NaN if there are none.
    #[must_use]
    pub fn mean_power(&self) -> Vec<f64> {
        self.mean_of_rows(<[f64]>::to_vec)
    }

    /// Like [`Self::mean_power`], but with the frequencies of every neuron sorted from strongest to
    /// weakest, so that neurons tuned to different frequencies do not blur the mean.
    #[must_use]
    pub fn mean_sorted_power(&self) -> Vec<f64> {
        self.mean_of_rows(|row| {
            let mut sorted = row.to_vec();
            sorted.sort_by(|a, b| b.total_cmp(a));
            sorted
        })
    }

    /// The frequency, from 1, with the largest mean power; `None` without tuned neurons.
    #[must_use]
    pub fn key_frequency(&self) -> Option<usize> {
        let mean = self.mean_power();
        let tuned = (1..).zip(mean).filter(|(_, p)| !p.is_nan());
        tuned
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(k, _)| k)
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.power.chunks_exact(self.frequencies)
    }

    fn mean_of_rows(&self, of: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.frequencies];
        let mut count = 0.0;
        for row in self.rows().filter(|row| !row[0].is_nan()) {
            sums.iter_mut().zip(of(row)).for_each(|(sum, p)| *sum += p);
            count += 1.0;
        }
        sums.iter().map(|sum| sum / count).collect()
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Logits on all pairs (a, b) of residues, split into the key frequencies and the rest [Nanda2023,
/// restricted and excluded loss].
#[derive(Debug, Clone, PartialEq)]
pub struct KeySplit {
    /// Every output as a function of (a, b), restricted to the components (k c1, k c2) and their
    /// negatives, `[p², K]`.
    pub restricted: Vec<f64>,
    /// The logits minus the restricted part, including the constant component, `[p², K]`.
    pub excluded: Vec<f64>,
}

/// Splits logits at the frequencies `keys` of a task whose result is c1 a + c2 b + c0 modulo p.
///
/// Every output of the true function is a sum of the two-dimensional Fourier components
/// ±(k c1, k c2) and a constant. The constant of an output stays in the excluded part. For a
/// product of powers modulo a prime, a and b are the logarithms of the residues other than 0, and p
/// is their number.
///
/// # Shapes
///
/// `logits` `[p², K]`, row a p + b for the pair (a, b); `modulus` = p; `keys` from 1 to ⌊p/2⌋.
/// Repeated keys count once, and so do keys with equal components (if c1, c2 and p have a common
/// divisor).
///
/// # Errors
///
/// [`MetricError`] if p < 3, the logits are not whole columns, or a key is outside its range.
///
/// # Examples
///
/// ```
/// // One output, cos 2π(a + b)/3: all of it belongs to k = 1.
/// let cosine = |a: u32, b: u32| (f64::from(a + b) * std::f64::consts::TAU / 3.0).cos();
/// let logits: Vec<f64> = (0..9).map(|pair| cosine(pair / 3, pair % 3)).collect();
/// let split = metrics::key_split(&logits, 3, [1, 1], &[1])?;
/// assert!(split.excluded.iter().all(|x| x.abs() < 1e-15));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn key_split(
    logits: &[f64],
    modulus: usize,
    sum: [u32; 2],
    keys: &[usize],
) -> Result<KeySplit, MetricError> {
    require(modulus >= 3, "modulus", modulus as f64, "3 or more")?;
    let pairs = modulus * modulus;
    let columns = logits.len() / pairs;
    require_length(
        "logits",
        logits.len(),
        columns.max(1) * pairs,
        "pairs and outputs",
    )?;
    let last = modulus / 2;
    if let Some(index) = keys.iter().position(|key| !(1..=last).contains(key)) {
        return Err(MetricError::Entry {
            name: "keys",
            index,
            value: keys[index] as f64,
            domain: "from 1 to half the modulus",
        });
    }
    let opposite = |component: [usize; 2]| component.map(|k| (modulus - k) % modulus);
    let components = keys.iter().map(|key| {
        let component = sum.map(|factor| key * (factor as usize % modulus) % modulus);
        component.min(opposite(component))
    });
    let components: BTreeSet<[usize; 2]> = components.filter(|c| *c != [0, 0]).collect();
    let mut restricted = vec![0.0; logits.len()];
    let residue = |[k, l]: [usize; 2], pair: usize| {
        let (a, b) = (pair / modulus, pair % modulus);
        (k * a + l * b) % modulus
    };
    let turn = |of: fn(f64) -> f64| -> Vec<f64> {
        (0..modulus)
            .map(|r| of(TAU * r as f64 / modulus as f64))
            .collect()
    };
    let waves = [turn(f64::cos), turn(f64::sin)];
    for component in components {
        // cos and sin have mean square ½ over the pairs. For a component that is its own opposite,
        // sin is 0 and cos is ±1.
        let (waves, inverse) = if component == opposite(component) {
            (&waves[..1], 1.0)
        } else {
            (&waves[..], 2.0)
        };
        for wave in waves {
            let mut strength = vec![0.0; columns];
            for (pair, row) in logits.chunks_exact(columns.max(1)).enumerate() {
                let factor = inverse * wave[residue(component, pair)] / pairs as f64;
                strength
                    .iter_mut()
                    .zip(row)
                    .for_each(|(s, f)| *s += factor * f);
            }
            for (pair, row) in restricted.chunks_exact_mut(columns.max(1)).enumerate() {
                let value = wave[residue(component, pair)];
                row.iter_mut()
                    .zip(&strength)
                    .for_each(|(f, s)| *f += value * s);
            }
        }
    }
    let excluded = logits.iter().zip(&restricted).map(|(f, r)| f - r).collect();
    Ok(KeySplit {
        restricted,
        excluded,
    })
}
