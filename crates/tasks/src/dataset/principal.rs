use nalgebra::DMatrix;

/// Components with less than this share of the largest variance are rounding.
const ROUNDING: f64 = 1e-10;

/// Whitened principal components of a set of rows, with mean 0 and (1/N) Σ z zᵀ = I on these rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Principal {
    mean: Vec<f64>,
    /// `[M, D]`, row-major: directions over their standard deviations, largest variance first.
    directions: Vec<f64>,
}

impl Principal {
    /// The first `count` components of `inputs` `[N, D]`, without the `constant` features. If the
    /// rows vary in fewer directions, `Err` holds their number.
    pub(crate) fn of(inputs: &[f64], constant: &[bool], count: usize) -> Result<Self, usize> {
        let features = constant.len();
        let rows = inputs.len() / features;
        // Rows as columns.
        let mut columns = DMatrix::from_column_slice(features, rows, inputs);
        let mean = columns.column_mean();
        for mut column in columns.column_iter_mut() {
            column -= &mean;
            // The remainder of a large constant is rounding, which may exceed the variation of
            // small features.
            let entries = column.iter_mut().zip(constant);
            entries
                .filter(|(_, constant)| **constant)
                .for_each(|(entry, _)| *entry = 0.0);
        }
        let covariance = &columns * columns.transpose() / rows as f64;
        let eigen = covariance.symmetric_eigen();
        let mut order: Vec<usize> = (0..features).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let largest = eigen.eigenvalues[order[0]];
        let varies = |component: &&usize| eigen.eigenvalues[**component] > ROUNDING * largest;
        let found = order.iter().take_while(varies).count();
        if found < count {
            return Err(found);
        }
        let directions = order[..count].iter().flat_map(|&component| {
            let direction = eigen.eigenvectors.column(component);
            let deviation = eigen.eigenvalues[component].sqrt();
            // The sign of an eigenvector is arbitrary, so it is fixed here.
            let sign = direction[direction.icamax()].signum();
            let entries = direction.iter().map(move |entry| entry * sign / deviation);
            entries.collect::<Vec<f64>>()
        });
        Ok(Self {
            directions: directions.collect(),
            mean: mean.iter().copied().collect(),
        })
    }

    /// Components `[N, M]` of rows `[N, D]`.
    pub(crate) fn components(&self, inputs: &[f64]) -> Vec<f64> {
        let features = self.mean.len();
        let mut components = Vec::with_capacity(inputs.len() / features * self.count());
        for row in inputs.chunks_exact(features) {
            let directions = self.directions.chunks_exact(features);
            components.extend(directions.map(|direction| {
                let centred = row.iter().zip(&self.mean).map(|(x, mean)| x - mean);
                centred.zip(direction).map(|(x, d)| x * d).sum::<f64>()
            }));
        }
        components
    }

    fn count(&self) -> usize {
        self.directions.len() / self.mean.len()
    }
}
