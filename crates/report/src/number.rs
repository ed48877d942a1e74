//! Numbers as readers write them: `1,000`, `−0.5`, `10⁻³`.

/// `value` with `decimals` places, thousands separated, and a real minus sign.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

/// `value` with about `digits` significant digits, as short as that allows; very large and very
/// small values as a power of ten.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "not a number".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-4..7).contains(&exponent) {
        let mantissa = significant(value / 10f64.powi(exponent), digits);
        return format!("{mantissa}·{}", power_of_ten(exponent));
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    trim(&plain(value, decimals))
}

/// `value` as short as it is exact, to six digits.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        trim(&plain(value, 6))
    } else {
        significant(value, 6)
    }
}

/// `10⁻³`.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.unsigned_abs().to_string();
    let sign = if exponent < 0 { "⁻" } else { "" };
    let raised = digits
        .bytes()
        .map(|digit| ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][usize::from(digit - b'0')]);
    format!("10{sign}{}", raised.collect::<String>())
}

/// Without zeros after the decimal point.
pub(crate) fn trim(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_readers_write_them() {
        assert_eq!(plain(1000.0, 0), "1,000");
        assert_eq!(plain(-1_234_567.25, 1), "−1,234,567.2");
        assert_eq!(plain(-0.001, 1), "0.0");
        assert_eq!(plain(999.0, 0), "999");
        assert_eq!(significant(0.123_456, 3), "0.123");
        assert_eq!(significant(2.0, 3), "2");
        assert_eq!(significant(12345.6, 3), "12,346");
        assert_eq!(significant(-0.5, 3), "−0.5");
        assert_eq!(significant(1.5e-9, 2), "1.5·10⁻⁹");
        assert_eq!(significant(f64::INFINITY, 2), "∞");
        assert_eq!(power_of_ten(-12), "10⁻¹²");
        assert_eq!([0.0, 0.05, 1e-7].map(short), ["0", "0.05", "1·10⁻⁷"]);
    }
}
