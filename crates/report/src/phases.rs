//! What became of training in every cell of a plane of two knobs: four outcomes, by the steps at which a
//! net fitted and generalised.

use judge::Run;
use plan::spec::Panel;

use crate::{
    plane::{Places, cut_short},
    style::colour,
    table::Table,
};

/// What became of one seed [Liu2022]. A time that did not come within training counts as never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It fitted, and generalised without much delay.
    Comprehension,
    /// It fitted, and generalised late.
    Grokking,
    /// It fitted, and did not generalise.
    Memorisation,
    /// It did not fit.
    Confusion,
}

impl Fate {
    /// All of them, in the order in which they are drawn.
    pub(crate) const ALL: [Self; 4] = [
        Self::Comprehension,
        Self::Grokking,
        Self::Memorisation,
        Self::Confusion,
    ];

    /// The fate of a seed that fitted and generalised at these steps, infinite for never and minus
    /// infinite for before the first record; delayed is what takes `delay` times as long.
    pub(crate) fn of(fit: f64, generalised: f64, delay: f64) -> Self {
        match (fit < f64::INFINITY, generalised < f64::INFINITY) {
            // Who generalises without a perfect fit has understood.
            (_, true) if generalised <= delay * fit.max(1.0) => Self::Comprehension,
            (true, true) => Self::Grokking,
            (true, false) => Self::Memorisation,
            (false, _) => Self::Confusion,
        }
    }

    /// What the legend calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Comprehension => "comprehension",
            Self::Grokking => "grokking",
            Self::Memorisation => "memorisation",
            Self::Confusion => "confusion",
        }
    }

    /// Its colour.
    pub(crate) fn colour(self) -> &'static str {
        match self {
            Self::Comprehension => colour(2),
            Self::Grokking => colour(4),
            Self::Memorisation => colour(0),
            Self::Confusion => "#4A4A4A",
        }
    }
}

/// The cells of a phase diagram.
pub(crate) struct Phases {
    /// Values of the horizontal knob, increasing.
    pub(crate) xs: Vec<f64>,
    /// Values of the vertical knob, increasing.
    pub(crate) ys: Vec<f64>,
    /// Number of seeds of each fate, row by row from the lowest of `ys`; all zero where no seed trained to
    /// its end.
    pub(crate) cells: Vec<[usize; 4]>,
}

impl Phases {
    /// Collects the cells of `panel`; the error says what cannot be shown.
    pub(crate) fn collect(run: &Run, panel: &Panel) -> Result<Self, String> {
        let ([layer], [fit, generalised]) = (panel.layers.as_slice(), panel.metrics.as_slice())
        else {
            return Err("a phase diagram shows one layer and two metrics".to_owned());
        };
        let Places { xs, ys, places } = Places::collect(run, panel)?;
        let cut = cut_short(run, &layer.model);
        let table = Table::new(run, panel);
        let mut cells = vec![[0; 4]; xs.len() * ys.len()];
        for (variant, (x, y)) in places {
            let column = xs.partition_point(|other| *other < x);
            let row = ys.partition_point(|other| *other < y);
            let late = table.last(generalised, &layer.model, variant);
            for (seed, fit) in table.last(fit, &layer.model, variant) {
                let late = late.get(&seed).filter(|late| !late.is_nan());
                if let Some(&late) =
                    late.filter(|_| !fit.is_nan() && !cut.contains(&(variant, seed)))
                {
                    let fate = Fate::of(fit, late, panel.least_delay());
                    cells[row * xs.len() + column][fate as usize] += 1;
                }
            }
        }
        Ok(Self { xs, ys, cells })
    }

    /// The cell in a column and a row.
    pub(crate) fn at(&self, column: usize, row: usize) -> [usize; 4] {
        self.cells[row * self.xs.len() + column]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fates_follow_from_two_times() {
        const NEVER: f64 = f64::INFINITY;
        let cases = [
            (100.0, 100.0, Fate::Comprehension),
            (100.0, 1_000.0, Fate::Comprehension),
            (100.0, 1_001.0, Fate::Grokking),
            (100.0, NEVER, Fate::Memorisation),
            (NEVER, NEVER, Fate::Confusion),
            (NEVER, 50.0, Fate::Comprehension),
            (f64::NEG_INFINITY, f64::NEG_INFINITY, Fate::Comprehension),
            (f64::NEG_INFINITY, NEVER, Fate::Memorisation),
        ];
        for (fit, generalised, fate) in cases {
            assert_eq!(
                Fate::of(fit, generalised, 10.0),
                fate,
                "{fit} {generalised}"
            );
        }
    }
}
