//! The characters that strengths of a diagonal linear net belong to on the side of the outputs.

use models::Outputs;

/// Sums of a dozen cosines.
const ROUNDING: f64 = 1e-14;

#[test]
fn characters_of_the_outputs_are_orthonormal() {
    for k in 2..9 {
        let rows = Outputs::Characters.mixture(k).unwrap();
        for a in 0..k {
            for b in 0..k {
                let product: f64 = (0..k).map(|c| rows[a * k + c] * rows[b * k + c]).sum();
                let expected = f64::from(u8::from(a == b));
                assert!((product - expected).abs() < ROUNDING, "{k}: {a} {b}");
            }
        }
    }
    assert_eq!(Outputs::Classes.mixture(3), None);
}

#[test]
fn a_sum_modulo_p_needs_p_triples_of_equal_strength() {
    let p = 5_usize;
    let outputs = Outputs::Characters.mixture(p).unwrap();
    // Characters of a pair are products of one character of each residue.
    let mut found = Vec::new();
    for (k, l) in (0..p * p).map(|at| (at / p, at % p)) {
        for m in 0..p {
            let strength: f64 = (0..p * p)
                .map(|pair| (pair / p, pair % p))
                .map(|(a, b)| {
                    let own = |k: usize, residue: usize| outputs[k * p + residue];
                    own(k, a) * own(l, b) * own(m, (a + b) % p)
                })
                .sum();
            if strength.abs() > ROUNDING {
                found.push(strength.powi(2));
            }
        }
    }
    // Of each frequency the cosine and the sine of the result, as two products of a and b each; and the constant.
    assert_eq!(found.len(), 1 + 4 * (p - 1) / 2);
    let (rest, constant) = (found.split_off(1), found[0]);
    // Squares add up to the p² ones of the table.
    assert!((constant - p as f64).abs() < 10.0 * ROUNDING);
    for square in rest {
        assert!(
            (square - p as f64 / 2.0).abs() < 10.0 * ROUNDING,
            "{square}"
        );
    }
}
