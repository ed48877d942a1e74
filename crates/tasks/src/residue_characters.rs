//! Finds the characters of residues in which the result of an operation is sparse.

use crate::{
    KeyError,
    modular_arithmetic::{DIVIDE, Operation, is_prime},
};

/// Characters of residues: the waves of Fourier spectra.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Characters {
    /// e^(2πi k a/p), for all residues a under addition.
    Additive,
    /// e^(2πi k log a/(p − 1)), with the logarithm to the base of a primitive root, for the
    /// residues other than 0 under multiplication modulo a prime p.
    Multiplicative {
        /// The smallest primitive root of p.
        primitive_root: u32,
    },
}

/// Characters for an operation on residues a and b: the character k of the result is the product of
/// the characters k c1 of a and k c2 of b.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResidueCharacters {
    /// p.
    pub modulus: u32,
    /// Kind of characters.
    pub characters: Characters,
    /// `[c1, c2]` for a result c1 a + c2 b + c0, or c0 a^c1 b^c2.
    pub factors: [u32; 2],
}

impl ResidueCharacters {
    /// Characters for a + b modulo p.
    #[must_use]
    pub fn of_sum(modulus: u32) -> Self {
        Self {
            modulus,
            characters: Characters::Additive,
            factors: [1, 1],
        }
    }

    /// Characters for a b modulo p; `None` unless p is a prime.
    #[must_use]
    pub fn of_product(modulus: u32) -> Option<Self> {
        Some(Self {
            modulus,
            characters: Characters::Multiplicative {
                primitive_root: primitive_root(modulus)?,
            },
            factors: [1, 1],
        })
    }

    /// Characters for an operation, written as the key `operation` of the task
    /// `modular-arithmetic`, or the reason why it has none.
    ///
    /// # Errors
    ///
    /// The text is not an operation.
    pub fn of(operation: &str, modulus: u32) -> Result<Result<Self, String>, KeyError> {
        if operation == DIVIDE {
            return Ok(Self::of_operation(&Operation::Divide, modulus));
        }
        let operation = Operation::read(operation, modulus)?;
        Ok(Self::of_operation(&operation, modulus))
    }

    pub(crate) fn of_operation(operation: &Operation, modulus: u32) -> Result<Self, String> {
        let (sum, product) = match operation {
            Operation::Divide => (None, Some([1, modulus.saturating_sub(2)])),
            Operation::Polynomial(polynomial) => {
                (polynomial.linear(modulus), polynomial.monomial(modulus))
            }
        };
        if let Some(factors) = sum {
            return Ok(Self {
                factors,
                ..Self::of_sum(modulus)
            });
        }
        let Some(powers) = product else {
            return Err(format!(
                "{operation} modulo {modulus} is neither a sum of multiples of a and b nor a \
                 product of their powers, so it is sparse in no characters"
            ));
        };
        let Some(of_product) = Self::of_product(modulus) else {
            return Err(format!(
                "{operation} modulo {modulus}: products and quotients have characters only modulo \
                 a prime"
            ));
        };
        // a^(p − 1) = 1 for every a but 0.
        let factors = powers.map(|power| power % of_product.period());
        if factors.contains(&0) {
            return Err(format!(
                "{operation} modulo {modulus} depends on only one of a and b, except at residue 0"
            ));
        }
        Ok(Self {
            factors,
            ..of_product
        })
    }

    /// `[c1, c2]` where each frequency of a and of b belongs to one frequency of the result.
    ///
    /// # Errors
    ///
    /// A factor has a common divisor with the [period](Self::period). Then several characters of
    /// the result share one character of that residue, and the power of a neuron cannot be
    /// attributed to one of them.
    pub fn paired_factors(&self) -> Result<[u32; 2], String> {
        let period = self.period();
        for (name, factor) in ["a", "b"].into_iter().zip(self.factors) {
            let divisor = gcd(factor, period);
            if divisor > 1 {
                let (what, count) = match self.characters {
                    Characters::Additive => ("coefficient", "the modulus"),
                    Characters::Multiplicative { .. } => ("exponent", "the residues other than 0"),
                };
                return Err(format!(
                    "the {what} {factor} of {name} and {period}, {count}, have the common divisor \
                     {divisor}, so a frequency of {name} belongs to several frequencies of the \
                     result"
                ));
            }
        }
        Ok(self.factors)
    }

    /// Number of residues on which the characters are defined: p, or p − 1 without 0.
    #[must_use]
    pub fn period(&self) -> u32 {
        match self.characters {
            Characters::Additive => self.modulus,
            Characters::Multiplicative { .. } => self.modulus - 1,
        }
    }

    /// The residues in the order of increasing phase: 0, 1, 2, …, or the powers of the primitive
    /// root.
    #[must_use]
    pub fn residues(&self) -> Vec<u32> {
        match self.characters {
            Characters::Additive => (0..self.modulus).collect(),
            Characters::Multiplicative { primitive_root } => {
                let next = |power: &u32| Some(times(*power, primitive_root, self.modulus));
                let powers = std::iter::successors(Some(1), next);
                powers.take(self.period() as usize).collect()
            }
        }
    }
}

fn times(a: u32, b: u32, modulus: u32) -> u32 {
    // Below the modulus.
    (u64::from(a) * u64::from(b) % u64::from(modulus)) as u32
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The smallest number whose powers are all residues except 0; `None` unless p is a prime.
fn primitive_root(p: u32) -> Option<u32> {
    if !is_prime(p) {
        return None;
    }
    let order = |g: u32| {
        let next = |power: &u32| Some(times(*power, g, p));
        let powers = std::iter::successors(Some(g % p), next);
        powers.take_while(|&power| power != 1).count() as u32 + 1
    };
    (1..p).find(|&g| order(g) == p - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(operation: &str, modulus: u32) -> Result<ResidueCharacters, String> {
        ResidueCharacters::of(operation, modulus).unwrap()
    }

    #[test]
    fn powers_of_the_root_are_all_residues_but_0_of_a_prime_and_of_nothing_else() {
        for (p, root) in [(2, 1), (3, 2), (7, 3), (23, 5), (41, 6), (65_537, 3)] {
            let found = ResidueCharacters::of_product(p).unwrap();
            let primitive_root = root;
            assert_eq!(
                found.characters,
                Characters::Multiplicative { primitive_root }
            );
            let mut residues = found.residues();
            residues.sort_unstable();
            assert_eq!(residues, (1..p).collect::<Vec<_>>(), "{p}");
        }
        // 2 to 6 and 9 have elements of every unit's order, but not of p − 1.
        for composite in [0, 1, 4, 6, 8, 9, 91] {
            assert_eq!(ResidueCharacters::of_product(composite), None);
        }
    }

    /// The definition: the logarithm of the result is the sum of those of a and b, times their factors.
    #[test]
    fn factors_are_those_of_the_logarithms() {
        /// Of a and b, and the modulus.
        type Result = fn(u32, u32, u32) -> u32;
        for p in [5, 7, 13] {
            let cases: [(&str, Result); 3] = [
                ("multiply", |a, b, _| a * b),
                ("divide", |a, b, p| {
                    (0..p).find(|c| c * b % p == a).unwrap_or(0)
                }),
                ("2a^2*b", |a, b, _| 2 * a * a * b),
            ];
            for (operation, result) in cases {
                let found = of(operation, p).unwrap();
                let residues = found.residues();
                let log = |r: u32| residues.iter().position(|&x| x == r % p).unwrap() as u32;
                let [c1, c2] = found.factors;
                let rest = |a, b| {
                    let n = found.period();
                    (log(result(a, b, p)) + 2 * n * n - c1 * log(a) - c2 * log(b)) % n
                };
                let constant = rest(1, 1);
                for (a, b) in (1..p).flat_map(|a| (1..p).map(move |b| (a, b))) {
                    assert_eq!(rest(a, b), constant, "{operation} {p} {a} {b}");
                }
            }
        }
    }

    #[test]
    fn factors_pair_frequencies_unless_they_share_a_divisor_with_the_period() {
        for (operation, modulus, expected) in [
            ("a + 2b", 23, Ok([1, 2])),
            ("3a + 5b", 23, Ok([3, 5])),
            ("a + 5b", 12, Ok([1, 5])),
            (
                "a + 2b",
                12,
                Err("coefficient 2 of b and 12, the modulus, have the common divisor 2"),
            ),
            ("a b^3", 23, Ok([1, 3])),
            (
                "a^3 b",
                13,
                Err("exponent 3 of a and 12, the residues other than 0"),
            ),
            ("a b^2", 23, Err("exponent 2 of b and 22")),
            ("divide", 23, Ok([1, 21])),
            ("divide", 3, Ok([1, 1])),
        ] {
            let found = of(operation, modulus).unwrap().paired_factors();
            match (&found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(*found, expected),
                (Err(reason), Err(says)) => assert!(reason.contains(says), "{reason}"),
                _ => panic!("{operation} {modulus}: {found:?}"),
            }
        }
    }

    #[test]
    fn sums_are_additive_and_what_is_neither_says_why() {
        for (operation, factors) in [
            ("add", [1, 1]),
            ("subtract", [1, 6]),
            ("3a - 2b + 4", [3, 5]),
        ] {
            let expected = ResidueCharacters {
                factors,
                ..ResidueCharacters::of_sum(7)
            };
            assert_eq!(of(operation, 7), Ok(expected));
        }
        for (operation, modulus, says) in [
            ("multiply", 6, "a*b modulo 6: products"),
            ("divide", 6, "a/b modulo 6: products"),
            ("a^2 + a*b + b^2", 7, "neither"),
            ("a + b + a*b", 7, "neither"),
            ("a^6*b", 7, "depends on only one of a and b"),
            ("a^2", 7, "neither"),
        ] {
            let reason = of(operation, modulus).unwrap_err();
            assert!(reason.contains(says), "{reason}");
        }
        assert!(ResidueCharacters::of("power", 7).is_err());
    }
}
