//! Decides whether numbers differ by more than rounding.

/// Numbers within this many spacings of their middle count as equal, because a sum in another order
/// differs by a few spacings.
const SPACINGS: f64 = 4.0;

/// The single rule for constant numbers: numbers vary if half their range is above four spacings of
/// the largest of them, in a precision with this unit roundoff.
pub(crate) fn vary(numbers: impl IntoIterator<Item = f64>, unit_roundoff: f64) -> bool {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for number in numbers {
        (least, most) = (least.min(number), most.max(number));
    }
    let spacing = 2.0 * unit_roundoff * power_of_two(least.abs().max(most.abs()));
    most / 2.0 - least / 2.0 > SPACINGS * spacing
}

/// The largest power of two that is not above a positive number; 0 for 0 and for subnormal numbers.
fn power_of_two(number: f64) -> f64 {
    f64::from_bits(number.to_bits() & f64::INFINITY.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_spacings_around_a_number_are_constant_and_five_are_not() {
        for digits in [8, 11, 24, 53] {
            let unit = 0.5_f64.powi(digits);
            for number in [1.0, 1.5, -1.75, 3e9, -7e-20, 1e-300] {
                let spacing = 2.0 * unit * power_of_two(f64::abs(number));
                let around = |most: f64| [0.0, 1.0, -most, most].map(|k| number + k * spacing);
                assert!(!vary(around(4.0), unit), "{digits} {number}");
                assert!(vary(around(5.0), unit), "{digits} {number}");
            }
            assert!(!vary([0.0; 3], unit) && !vary([], unit));
            assert!(vary([0.0, 1e-300], unit));
        }
    }
}
