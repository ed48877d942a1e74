//! Polynomials in two residues, parsed from the text of a spec.

use std::fmt;

/// A polynomial Σ c a^i b^j with whole coefficients, read from text such as `a^2 + a*b + b^2`,
/// `a² + ab + b²` or `3a - 2b + 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResiduePolynomial {
    /// Coefficient and powers of a and b. Terms with equal powers are added, and zero terms are
    /// left out.
    terms: Vec<(i64, [u32; 2])>,
}

/// Larger powers are taken as typing errors.
const LARGEST_POWER: i64 = 1000;

/// Larger coefficients are taken as typing errors. Products of two coefficients fit into an i64.
const LARGEST_COEFFICIENT: i64 = 1_000_000_000;

impl ResiduePolynomial {
    /// Parses a polynomial; the error names the problem and its position.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            characters: (1..)
                .zip(text.chars())
                .filter(|(_, c)| !c.is_whitespace())
                .collect(),
            at: 0,
        };
        let mut terms: Vec<(i64, [u32; 2])> = Vec::new();
        loop {
            let negative = match reader.peek() {
                Some('+') => reader.skip(false),
                Some('-' | '−') => reader.skip(true),
                // The first term needs no sign.
                _ => false,
            };
            let (coefficient, powers) = reader.term()?;
            let coefficient = if negative { -coefficient } else { coefficient };
            match terms.iter_mut().find(|(_, other)| *other == powers) {
                Some((sum, _)) => *sum += coefficient,
                None => terms.push((coefficient, powers)),
            }
            match reader.peek() {
                None => break,
                Some('+' | '-' | '−') => {}
                Some(_) => return Err(reader.unexpected("where + or - should be")),
            }
        }
        for (coefficient, _) in &terms {
            if coefficient.abs() > LARGEST_COEFFICIENT {
                return Err(format!(
                    "has terms that add up to a coefficient above {LARGEST_COEFFICIENT}"
                ));
            }
        }
        terms.retain(|(coefficient, _)| *coefficient != 0);
        Ok(Self { terms })
    }

    /// The value at (a, b) modulo p.
    pub(crate) fn value(&self, a: u32, b: u32, modulus: u32) -> u32 {
        let p = i64::from(modulus);
        let power = |base: u32, exponent: u32| {
            let base = i64::from(base) % p;
            (0..exponent).fold(1 % p, |product, _| product * base % p)
        };
        let terms = self.terms.iter();
        let sum = terms.fold(0, |sum, (coefficient, [i, j])| {
            let product = coefficient.rem_euclid(p) * power(a, *i) % p * power(b, *j) % p;
            (sum + product) % p
        });
        u32::try_from(sum).expect("a residue is below its modulus")
    }

    /// Coefficients of a and b modulo p, if the polynomial is c1 a + c2 b + c0.
    pub(crate) fn linear(&self, modulus: u32) -> Option<[u32; 2]> {
        let of = |powers: [u32; 2]| {
            let term = self.terms.iter().find(|(_, other)| *other == powers);
            let coefficient = term.map_or(0, |(coefficient, _)| *coefficient);
            u32::try_from(coefficient.rem_euclid(i64::from(modulus))).unwrap_or(0)
        };
        let linear = |(coefficient, [i, j]): &(i64, [u32; 2])| {
            i + j <= 1 || coefficient.rem_euclid(i64::from(modulus)) == 0
        };
        let coefficients = [of([1, 0]), of([0, 1])];
        let both = coefficients.iter().all(|&c| c != 0);
        (both && self.terms.iter().all(linear)).then_some(coefficients)
    }

    /// Powers of a and b, if the polynomial modulo p is c0 a^i b^j with both powers above 0.
    pub(crate) fn monomial(&self, modulus: u32) -> Option<[u32; 2]> {
        let p = i64::from(modulus.max(1));
        let mut counted = (self.terms.iter()).filter(|(coefficient, _)| coefficient % p != 0);
        match (counted.next(), counted.next()) {
            (Some((_, powers)), None) if !powers.contains(&0) => Some(*powers),
            _ => None,
        }
    }
}

impl fmt::Display for ResiduePolynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        for (position, (coefficient, [i, j])) in self.terms.iter().enumerate() {
            f.write_str(match (position, *coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            })?;
            let size = coefficient.unsigned_abs();
            let factors = [("a", *i), ("b", *j)]
                .into_iter()
                .filter(|(_, power)| *power > 0);
            let mut written: Vec<String> = factors
                .map(|(name, power)| match power {
                    1 => name.to_owned(),
                    power => format!("{name}^{power}"),
                })
                .collect();
            if size != 1 || written.is_empty() {
                written.insert(0, size.to_string());
            }
            f.write_str(&written.join("*"))?;
        }
        Ok(())
    }
}

struct Reader {
    /// All characters except spaces, with their positions in the text, from 1. A number ends where
    /// positions jump, so that `a^2 3` is not read as a^23.
    characters: Vec<(usize, char)>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).map(|&(_, c)| c)
    }

    /// The error for an unexpected character, or an unexpected end, at the position described by
    /// `here`.
    fn unexpected(&self, here: &str) -> String {
        match self.characters.get(self.at) {
            Some((place, c)) => format!("has {c:?} at character {place}, {here}"),
            None => format!("ends {here}"),
        }
    }

    /// Skips a character and returns `value`.
    fn skip<T>(&mut self, value: T) -> T {
        self.at += 1;
        value
    }

    /// A product of numbers, a and b. `*` may be left out in front of a letter.
    fn term(&mut self) -> Result<(i64, [u32; 2]), String> {
        let (mut coefficient, mut powers) = (1_i64, [0_u32; 2]);
        let mut here = "where a term should begin";
        loop {
            match self.peek() {
                Some(c) if c.is_ascii_digit() => {
                    coefficient *= self.number(LARGEST_COEFFICIENT)?;
                    if coefficient > LARGEST_COEFFICIENT {
                        return Err(format!("has a coefficient above {LARGEST_COEFFICIENT}"));
                    }
                }
                Some(c @ ('a' | 'b')) => {
                    self.at += 1;
                    let slot = &mut powers[usize::from(c == 'b')];
                    *slot += self.power()?;
                    if i64::from(*slot) > LARGEST_POWER {
                        return Err(format!("has a power of {c} above {LARGEST_POWER}"));
                    }
                }
                _ => return Err(self.unexpected(here)),
            }
            match self.peek() {
                Some('*' | '·') => {
                    self.at += 1;
                    here = "where * needs a factor";
                }
                Some('a' | 'b') => {}
                // "a2" could mean a² or 2a.
                Some(c) if c.is_ascii_digit() => {
                    return Err(self.unexpected("where * or ^ is missing"));
                }
                _ => return Ok((coefficient, powers)),
            }
        }
    }

    /// The power after a or b: nothing, `^n` or a superscript.
    fn power(&mut self) -> Result<u32, String> {
        match self.peek() {
            Some('²') => Ok(self.skip(2)),
            Some('³') => Ok(self.skip(3)),
            Some('^') => {
                self.at += 1;
                match self.peek() {
                    Some(c) if c.is_ascii_digit() => Ok(self.number(LARGEST_POWER)? as u32),
                    _ => Err(self.unexpected("where ^ needs a whole number")),
                }
            }
            _ => Ok(1),
        }
    }

    /// Reads adjacent digits as a number up to `largest`.
    fn number(&mut self, largest: i64) -> Result<i64, String> {
        let start = self.characters[self.at].0;
        let digits = (start..).zip(&self.characters[self.at..]);
        let text: String = digits
            .take_while(|(expected, (place, c))| place == expected && c.is_ascii_digit())
            .map(|(_, (_, c))| c)
            .collect();
        self.at += text.len();
        match text.parse() {
            Ok(number) if number <= largest => Ok(number),
            _ => Err(format!(
                "has {text} at character {start}, more than {largest}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ResiduePolynomial {
        ResiduePolynomial::parse(text).unwrap_or_else(|problem| panic!("{text} {problem}"))
    }

    #[test]
    fn values_are_those_of_the_polynomial() {
        type Value = fn(i64, i64) -> i64;
        let cases: [(&str, Value); 9] = [
            ("a^2 + a*b + b^2", |a, b| a * a + a * b + b * b),
            ("a² + ab + b²", |a, b| a * a + a * b + b * b),
            ("3a - 2b + 1", |a, b| 3 * a - 2 * b + 1),
            ("-a³b+7", |a, b| 7 - a * a * a * b),
            ("2*3 a b a", |a, b| 6 * a * a * b),
            ("a ^ 2 * 12 b", |a, b| 12 * a * a * b),
            ("a^0 + b^11", |_, b| 1 + b.pow(11)),
            ("a - a", |_, _| 0),
            ("12", |_, _| 12),
        ];
        for (text, expected) in cases {
            for modulus in [2, 5, 12] {
                for (a, b) in (0..modulus).flat_map(|a| (0..modulus).map(move |b| (a, b))) {
                    let value = expected(a.into(), b.into()).rem_euclid(modulus.into());
                    assert_eq!(
                        i64::from(parse(text).value(a, b, modulus)),
                        value,
                        "{text} {a} {b}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_written_form_reads_back_to_itself() {
        for (text, written) in [
            ("a² + ab + b²", "a^2 + a*b + b^2"),
            ("- 2 b + 3a −1", "-2*b + 3*a - 1"),
            ("a - a", "0"),
            ("1a", "a"),
            ("1000*1000000 b", "1000000000*b"),
        ] {
            assert_eq!(parse(text).to_string(), written);
            assert_eq!(parse(written), parse(text));
        }
    }

    #[test]
    fn only_sums_of_multiples_of_both_residues_are_linear() {
        assert_eq!(parse("a + b").linear(7), Some([1, 1]));
        assert_eq!(parse("3a - 2b + 4").linear(7), Some([3, 5]));
        assert_eq!(parse("8a + b + 14ab").linear(7), Some([1, 1]));
        for text in ["a", "7a + b", "a*b", "a + b + a^2", "3"] {
            assert_eq!(parse(text).linear(7), None, "{text}");
        }
    }

    #[test]
    fn only_products_of_powers_of_both_residues_are_monomials() {
        assert_eq!(parse("a*b").monomial(7), Some([1, 1]));
        assert_eq!(parse("3a^2*b + 7a").monomial(7), Some([2, 1]));
        for text in ["a", "a*b + 1", "7a*b", "a*b + a^2*b", "3"] {
            assert_eq!(parse(text).monomial(7), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_polynomial_is_said_with_its_place() {
        for (text, problem) in [
            ("", "ends where a term should begin"),
            ("a +", "ends where a term should begin"),
            ("a + c", "has 'c' at character 5, where a term should begin"),
            ("x", "has 'x' at character 1, where a term should begin"),
            ("(a+b)", "has '(' at character 1, where a term should begin"),
            ("a*", "ends where * needs a factor"),
            ("a ** b", "has '*' at character 4, where * needs a factor"),
            ("a^", "ends where ^ needs a whole number"),
            (
                "b + a^b",
                "has 'b' at character 7, where ^ needs a whole number",
            ),
            (
                "a^-1",
                "has '-' at character 3, where ^ needs a whole number",
            ),
            ("a/b", "has '/' at character 2, where + or - should be"),
            ("a²³", "has '³' at character 3, where + or - should be"),
            ("2^2", "has '^' at character 2, where + or - should be"),
            ("a2", "has '2' at character 2, where * or ^ is missing"),
            ("4 5", "has '5' at character 3, where * or ^ is missing"),
            ("a^2 3b", "has '3' at character 5, where * or ^ is missing"),
            ("a^1001", "has 1001 at character 3, more than 1000"),
            ("a^600 b a^600", "has a power of a above 1000"),
            (
                "b - 99999999999",
                "has 99999999999 at character 5, more than 1000000000",
            ),
            (
                "99999999999999999999",
                "has 99999999999999999999 at character 1, more than 1000000000",
            ),
            ("100000*100000*a", "has a coefficient above 1000000000"),
            (
                "1000000000a + a",
                "has terms that add up to a coefficient above 1000000000",
            ),
        ] {
            assert_eq!(
                ResiduePolynomial::parse(text),
                Err(problem.to_owned()),
                "{text}"
            );
        }
    }
}
