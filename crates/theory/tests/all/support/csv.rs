//! Reading the reference values that are stored as CSV.

/// The rows of a CSV table below its header.
pub(crate) fn rows(text: &str) -> Vec<Vec<f64>> {
    text.lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .map(|cell| cell.trim().parse().unwrap())
                .collect()
        })
        .collect()
}
