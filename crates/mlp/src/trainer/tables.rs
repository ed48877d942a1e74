//! Rows whose product with a weight is read from tables.
//!
//! Adjacent columns, such as bits and one-hot keys, often take few combinations of values over all
//! rows. The product of every combination with the weight is computed once. The product of a row is
//! then a sum of one line per group of columns, which is several times cheaper than one line per
//! column.

use std::ops::Range;

use super::lines::Line;
use super::real::Real;
use super::sparse::SparseMatrix;

/// Largest number of combinations per group of columns: few enough for the fastest cache, and a
/// power of two, so that indices need no check.
pub(super) const PATTERNS: usize = 16;

/// Smallest mean number of columns per group, because reading a line costs about as much as two
/// columns of a dense product.
const FEWEST_COLUMNS: usize = 3;

/// Rows as sums of lines of a table.
#[derive(Debug, Clone)]
pub(super) struct Tables<T> {
    /// The combinations of each group as rows of D columns, filled up to [`PATTERNS`].
    pub(super) patterns: SparseMatrix<T>,
    /// Index of the combination of each group in each row, `[N, groups]`.
    picks: Vec<u8>,
    groups: usize,
}

/// A block of rows of [`Tables`].
#[derive(Debug, Clone, Copy)]
pub(super) struct TableRows<'a, T> {
    /// `[rows, groups]`
    pub(super) picks: &'a [u8],
    pub(super) groups: usize,
    /// Products of the patterns with a weight, panel by panel and group by group.
    pub(super) table: &'a [Line<T>],
}

impl<T: Real> Tables<T> {
    /// Finds the tables of a row-major matrix; `None` if they would not be faster.
    pub(super) fn find(inputs: &[f64], columns: usize) -> Option<Self> {
        let rows = inputs.len() / columns;
        let mut groups: Vec<Group> = Vec::new();
        for column in 0..columns {
            let values = inputs[column..].iter().step_by(columns);
            let wider = groups.last().and_then(|group| group.with(values.clone()));
            if let Some(wider) = wider {
                *groups.last_mut()? = wider;
            } else {
                let start = Group::empty(column, rows);
                groups.push(start.with(values)?);
            }
            if groups.len() * FEWEST_COLUMNS > columns {
                return None;
            }
        }
        let mut patterns = SparseMatrix::default();
        let mut picks = vec![0; rows * groups.len()];
        for (place, group) in groups.iter().enumerate() {
            let slots = picks.iter_mut().skip(place).step_by(groups.len());
            for (slot, &pick) in slots.zip(&group.picks) {
                *slot = pick;
            }
            for pattern in 0..PATTERNS {
                // Unused patterns stay empty.
                let row = group.patterns.get(pattern).map_or(&[][..], |&(row, _, _)| {
                    &inputs[row * columns..][group.columns.clone()]
                });
                patterns.push(group.columns.clone().zip(row.iter().copied()));
            }
        }
        Some(Self {
            patterns,
            picks,
            groups: groups.len(),
        })
    }

    /// Lines of a panel of the table.
    pub(super) fn height(&self) -> usize {
        self.groups * PATTERNS
    }

    /// The rows of a block, read from products of [`Tables::patterns`].
    pub(super) fn block<'a>(
        &'a self,
        block: &Range<usize>,
        table: &'a [Line<T>],
    ) -> TableRows<'a, T> {
        TableRows {
            picks: &self.picks[block.start * self.groups..block.end * self.groups],
            groups: self.groups,
            table,
        }
    }
}

/// Neighbouring columns and the combinations of their values.
struct Group {
    columns: Range<usize>,
    /// For every combination: the first row that has it, the combination before the last column was
    /// added, and the bits of the value in the last column.
    patterns: Vec<(usize, u8, u64)>,
    /// The combination of every row.
    picks: Vec<u8>,
}

impl Group {
    /// No columns yet, from `column` on.
    fn empty(column: usize, rows: usize) -> Self {
        Self {
            columns: column..column,
            patterns: Vec::new(),
            picks: vec![0; rows],
        }
    }

    /// The group with one more column; `None` if there would be too many combinations.
    fn with<'a>(&self, values: impl Iterator<Item = &'a f64>) -> Option<Self> {
        let mut patterns: Vec<(usize, u8, u64)> = Vec::new();
        let mut picks = Vec::with_capacity(self.picks.len());
        for (row, (&before, value)) in self.picks.iter().zip(values).enumerate() {
            let bits = value.to_bits();
            let known = |pattern: &(usize, u8, u64)| (pattern.1, pattern.2) == (before, bits);
            let pick = match patterns.iter().position(known) {
                Some(pick) => pick,
                None if patterns.len() == PATTERNS => return None,
                None => {
                    patterns.push((row, before, bits));
                    patterns.len() - 1
                }
            };
            picks.push(pick as u8);
        }
        Some(Self {
            columns: self.columns.start..self.columns.end + 1,
            patterns,
            picks,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows that the sums of patterns reproduce.
    fn dense(tables: &Tables<f64>, columns: usize) -> Vec<f64> {
        let mut rows = vec![0.0; tables.picks.len() / tables.groups * columns];
        let patterns = tables.patterns.all();
        for (row, picks) in rows
            .chunks_exact_mut(columns)
            .zip(tables.picks.chunks_exact(tables.groups))
        {
            for (group, &pick) in picks.iter().enumerate() {
                for (column, value) in patterns.row(group * PATTERNS + usize::from(pick)) {
                    row[column] += value;
                }
            }
        }
        rows
    }

    #[test]
    fn patterns_add_up_to_the_rows() {
        // A one-hot key of three, four bits as signs and a column of three values.
        let columns = 8;
        let mut inputs = Vec::new();
        for row in 0..200_usize {
            inputs.extend((0..3).map(|key| f64::from(u8::from(row * row % 3 == key))));
            inputs.extend((0..4).map(|bit| 1.0 - 2.0 * (((row * 7) >> bit) & 1) as f64));
            inputs.push([-0.5, 0.0, 2.5][row * 5 % 3]);
        }
        let tables = Tables::<f64>::find(&inputs, columns).expect("there are few patterns");
        assert_eq!(dense(&tables, columns), inputs);
        assert_eq!(tables.groups, 2, "2 key values × 8 signs, and 2 × 3 others");
    }

    #[test]
    fn rows_without_patterns_have_no_tables() {
        let inputs: Vec<f64> = (0..400).map(f64::from).collect();
        assert!(Tables::<f64>::find(&inputs, 20).is_none());
        // Sixteen values in each column are tables of single columns: no gain.
        let scrambled = (0..400_u32).map(|i| i.wrapping_mul(2_654_435_769) >> 28);
        let inputs: Vec<f64> = scrambled.map(f64::from).collect();
        assert!(Tables::<f64>::find(&inputs, 5).is_none());
    }
}
