//! Detects the precision to which numbers were rounded, from their binary digits.

/// Significant binary digits of the formats that numbers are rounded to: bf16, f16 and tf32, f32.
const FORMATS: [i32; 3] = [8, 11, 24];

/// Significant binary digits of f64, in which everything is computed.
const F64: i32 = 53;

/// Unit roundoff of the coarsest format that holds all numbers, whatever their storage type. For
/// example, features of a bf16 net keep the rounding of bf16 when they are stored in f32.
///
/// Exact numbers, such as classes, counts, pixels and one-hot rows, get the roundoff of f64.
/// Numbers are taken as exact if all are whole multiples of one power of two, below 2^d with d the
/// digits of the format, and not all in the upper half of this range. Rounded numbers of one size
/// are all in the upper half, and rounded numbers of several sizes together need more than d
/// digits.
///
/// No number has more than `stored` digits, those of the storage type.
pub(super) fn unit_roundoff(values: impl Iterator<Item = f64>, stored: i32) -> f64 {
    // Exponents of the first and the last digit of every number.
    let digits = values.filter(|value| *value != 0.0).map(ends);
    let (mut most, mut last, mut tops) = (0, i32::MAX, (i32::MAX, i32::MIN));
    for (first, end) in digits {
        most = most.max(first - end + 1);
        last = last.min(end);
        tops = (tops.0.min(first), tops.1.max(first));
        // What follows cannot change the answer: more digits than any format, or all digits of the
        // storage type in numbers that are not on one grid.
        if most > FORMATS[2] || most >= stored && tops.1 - last + 1 > stored {
            break;
        }
    }
    let format = FORMATS.into_iter().find(|&digits| most <= digits);
    let exact = |digits: &i32| {
        let multiple = |first: i32| first - last + 1;
        most == 0 || multiple(tops.1) <= *digits && multiple(tops.0) < *digits
    };
    let digits = format.filter(|digits| !exact(digits)).unwrap_or(F64);
    0.5_f64.powi(digits)
}

/// Exponents of the first and the last binary digit of a number that is not 0.
fn ends(value: f64) -> (i32, i32) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (significand, exponent) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    };
    let first = exponent + 63 - significand.leading_zeros() as i32;
    (first, exponent + significand.trailing_zeros() as i32)
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    use super::*;

    fn digits(values: &[f64]) -> i32 {
        -unit_roundoff(values.iter().copied(), F64).log2() as i32
    }

    fn numbers() -> impl Iterator<Item = f64> {
        (1..200).map(|i| (f64::from(i) * 0.7).sin() * 3.0)
    }

    #[test]
    fn the_coarsest_format_that_holds_all_numbers_is_found() {
        let of = |round: fn(f64) -> f64| digits(&numbers().map(round).collect::<Vec<_>>());
        assert_eq!(of(|v| bf16::from_f64(v).into()), 8);
        assert_eq!(of(|v| f16::from_f64(v).into()), 11);
        // tf32, far outside f16.
        let tf32 = |v: f64| f64::from(f32::from_bits((1e-20 * v as f32).to_bits() & !0x1fff));
        assert_eq!(of(tf32), 11);
        assert_eq!(of(|v| f64::from(v as f32)), 24);
        assert_eq!(of(|v| v), 53);
        // After a ReLU, and around a large mean.
        assert_eq!(of(|v| bf16::from_f64(v.max(0.0)).into()), 8);
        assert_eq!(of(|v| bf16::from_f64(1000.0 + v).into()), 8);
        assert_eq!(of(|v| f64::from(1.5 + 1e-7 * v as f32)), 24);
    }

    #[test]
    fn the_storage_type_does_not_change_the_answer() {
        let grid = || (0..300).map(|i| f64::from(i * i));
        let rounded = || numbers().map(|v| f64::from(v as f32));
        let mixed = || grid().chain(rounded()).chain([1.0]);
        for stored in [24, F64] {
            assert_eq!(unit_roundoff(grid(), stored), 0.5_f64.powi(F64));
            assert_eq!(unit_roundoff(rounded(), stored), 0.5_f64.powi(24));
            assert_eq!(unit_roundoff(mixed(), stored), 0.5_f64.powi(24));
        }
    }

    #[test]
    fn numbers_on_one_grid_are_exact() {
        for exact in [
            vec![],
            vec![0.0, 0.0],
            vec![0.0, 1.0, 0.0],
            vec![-1.0, 1.0],
            vec![1.0, -2.5, 0.375],
            (0..256).map(f64::from).collect(),
            (0..1000).map(f64::from).collect(),
            vec![3.0, 70_000.0, 12_345.0],
        ] {
            assert_eq!(digits(&exact), 53, "{exact:?}");
        }
        // One number and its neighbour.
        assert_eq!(digits(&[1.0, 1.0 + 0.5_f64.powi(7)]), 8);
        assert_eq!(digits(&[5e-324, 1.0]), 8);
    }
}
