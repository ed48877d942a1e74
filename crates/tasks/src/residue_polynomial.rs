//! Polynomials in two residues, as a spec writes them.

use std::fmt;

/// A polynomial Σ c a^i b^j with whole coefficients, read from text such as `a^2 + a*b + b^2`,
/// `a² + ab + b²` or `3a - 2b + 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResiduePolynomial {
    /// Coefficient and powers of a and b; equal powers are added, zeros left out.
    terms: Vec<(i64, [u32; 2])>,
}

/// Powers beyond this are typing errors.
const LARGEST_POWER: u32 = 1000;

impl ResiduePolynomial {
    /// Reads a polynomial; the error says what is wrong and where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            rest: text.chars().filter(|c| !c.is_whitespace()).collect(),
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
                Some(other) => return Err(format!("has {other:?} where + or - should be")),
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

    /// Coefficients of a and b modulo p where the polynomial is c1 a + c2 b + c0.
    pub(crate) fn linear(&self, modulus: u32) -> Option<[u32; 2]> {
        let of = |powers: [u32; 2]| {
            let term = self.terms.iter().find(|(_, other)| *other == powers);
            let coefficient = term.map_or(0, |(coefficient, _)| *coefficient);
            u32::try_from(coefficient.rem_euclid(i64::from(modulus))).unwrap_or(0)
        };
        let linear = |(_, [i, j]): &(i64, [u32; 2])| i + j <= 1;
        let coefficients = [of([1, 0]), of([0, 1])];
        let both = coefficients.iter().all(|&c| c != 0);
        (both && self.terms.iter().all(linear)).then_some(coefficients)
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
    rest: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    /// Goes on, and gives `value`.
    fn skip<T>(&mut self, value: T) -> T {
        self.at += 1;
        value
    }

    /// A product of numbers, a and b.
    fn term(&mut self) -> Result<(i64, [u32; 2]), String> {
        let (mut coefficient, mut powers) = (1_i64, [0_u32; 2]);
        let mut factors = 0;
        loop {
            match self.peek() {
                Some(c) if c.is_ascii_digit() => {
                    let number = i64::from(self.number()?);
                    let product = coefficient.checked_mul(number);
                    coefficient = product.ok_or("has a coefficient that is too large")?;
                }
                Some(c @ ('a' | 'b')) => {
                    self.at += 1;
                    let power = self.power()?;
                    let slot = &mut powers[usize::from(c == 'b')];
                    *slot += power;
                    if *slot > LARGEST_POWER {
                        return Err(format!("has a power above {LARGEST_POWER}"));
                    }
                }
                Some(c) if factors == 0 => {
                    return Err(format!("has {c:?} where a term should begin"));
                }
                None if factors == 0 => return Err("ends where a term should begin".to_owned()),
                _ => break,
            }
            factors += 1;
            if matches!(self.peek(), Some('*' | '·')) {
                self.at += 1;
                if !matches!(self.peek(), Some(c) if c.is_ascii_digit() || "ab".contains(c)) {
                    return Err("has a * without a factor behind it".to_owned());
                }
            }
        }
        Ok((coefficient, powers))
    }

    /// What stands behind a or b: nothing, `^n` or a superscript.
    fn power(&mut self) -> Result<u32, String> {
        match self.peek() {
            Some('²') => Ok(self.skip(2)),
            Some('³') => Ok(self.skip(3)),
            Some('^') => {
                self.at += 1;
                match self.peek() {
                    Some(c) if c.is_ascii_digit() => self.number(),
                    _ => Err("has a ^ without a whole number behind it".to_owned()),
                }
            }
            _ => Ok(1),
        }
    }

    fn number(&mut self) -> Result<u32, String> {
        let digits = self.rest[self.at..]
            .iter()
            .take_while(|c| c.is_ascii_digit());
        let text: String = digits.collect();
        self.at += text.len();
        text.parse()
            .map_err(|_| format!("has the number {text}, which is too large"))
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
        let cases: [(&str, Value); 7] = [
            ("a^2 + a*b + b^2", |a, b| a * a + a * b + b * b),
            ("a² + ab + b²", |a, b| a * a + a * b + b * b),
            ("3a - 2b + 1", |a, b| 3 * a - 2 * b + 1),
            ("-a³b+7", |a, b| 7 - a * a * a * b),
            ("2*3 a b a", |a, b| 6 * a * a * b),
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
        ] {
            assert_eq!(parse(text).to_string(), written);
            assert_eq!(parse(written), parse(text));
        }
    }

    #[test]
    fn only_sums_of_multiples_of_both_residues_are_linear() {
        assert_eq!(parse("a + b").linear(7), Some([1, 1]));
        assert_eq!(parse("3a - 2b + 4").linear(7), Some([3, 5]));
        for text in ["a", "7a + b", "a*b", "a + b + a^2", "3"] {
            assert_eq!(parse(text).linear(7), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_polynomial_is_said() {
        for text in [
            "",
            "a +",
            "a ** b",
            "a + c",
            "x",
            "a^",
            "a^b",
            "(a+b)",
            "a/b",
            "a^1001",
            "99999999999",
            "a*",
            "4 5 + $",
        ] {
            assert!(ResiduePolynomial::parse(text).is_err(), "{text}");
        }
    }
}
