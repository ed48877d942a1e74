use metrics::log_log_slope;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use crate::claims::{Component, Measured, Sample, Statistic, Table};

/// Least-squares slope of ln(metric) against ln(step) or ln(index), per seed, within a window.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slope {
    /// `step` or `index`.
    #[serde(default)]
    against: Against,
    /// Smallest and largest abscissa.
    window: [f64; 2],
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Against {
    #[default]
    Step,
    Index,
}

pub(in crate::claims) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let slope: Slope = parse_table(table)?;
    let [low, high] = slope.window;
    if !(low > 0.0 && high > low) {
        return Err(KeyError::new(
            "window",
            format!("[{low}, {high}]"),
            "must be two increasing positive numbers",
            "Write for example [100, 10000].",
        ));
    }
    Ok(Box::new(slope))
}

impl Statistic for Slope {
    fn resolved(&self) -> toml::Table {
        table_of("slope", self)
    }

    fn measure(&self, table: &Table<'_>) -> Measured {
        let [low, high] = self.window;
        let samples = table
            .per_seed()
            .into_iter()
            .map(|cell| {
                let (x, y) = match self.against {
                    Against::Step => cell.curve(0),
                    Against::Index => cell.at_end(),
                };
                let (x, y): (Vec<f64>, Vec<f64>) = x
                    .into_iter()
                    .zip(y)
                    .filter(|&(x, y)| x >= low && x <= high && y > 0.0 && y.is_finite())
                    .unzip();
                if x.len() < 3 {
                    return Sample::Missing;
                }
                log_log_slope(&x, &y).map_or(Sample::Missing, |line| Sample::Exact(line.slope))
            })
            .collect();
        Measured {
            components: vec![Component {
                label: String::new(),
                samples,
            }],
            notes: vec![],
        }
    }
}
