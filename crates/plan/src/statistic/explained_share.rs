use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use super::{
    Component, Measured, Sample, Selection, Statistic,
    explanations::{Explanations, explained_share, margin_bits},
};

/// What readers are told of the share.
pub(crate) const SHARE: Reference =
    Reference::of::<ExplainedShare>("of = \"net\"\nbaseline = \"exponential\"");

/// What readers are told of the margin.
pub(crate) const MARGIN: Reference =
    Reference::of::<ExplainedMargin>("of = \"net\"\nover = \"delayed\"");

/// Share of the curves of another model that the model or prediction of the claim explains.
///
/// It is (E_baseline − E)/(E_baseline − E_ceiling) of mean squared gaps in log time, over the indices that nothing was fitted to. The
/// ceiling is the mean of the other seeds: 1 is as good as that, 0 as bad as the baseline.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedShare {
    /// The model whose curves are explained.
    of: String,
    /// The model or prediction that stands for no explanation.
    baseline: String,
    /// Indices that constants were fitted to: left out.
    #[serde(default = "first")]
    fitted: Vec<u64>,
}

/// By how many bits the model or prediction of the claim explains the curves of another model better than a rival does.
///
/// It is log₂(E_rival/E) of mean squared gaps in log time, over the indices that nothing was fitted to. Above 0 the rival is
/// worse.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedMargin {
    /// The model whose curves are explained.
    of: String,
    /// The rival.
    over: String,
    /// Indices that constants were fitted to: left out.
    #[serde(default = "first")]
    fitted: Vec<u64>,
}

fn first() -> Vec<u64> {
    vec![1]
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<ExplainedShare>(table)?))
}

pub(crate) fn build_margin(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<ExplainedMargin>(table)?))
}

fn single(samples: impl Iterator<Item = Option<f64>>) -> Measured {
    let sample = |value: Option<f64>| {
        let finite = value.filter(|value| value.is_finite());
        finite.map_or(Sample::Missing, Sample::Exact)
    };
    Measured {
        components: vec![Component {
            label: String::new(),
            samples: samples.map(sample).collect(),
        }],
        notes: Vec::new(),
    }
}

impl Statistic for ExplainedShare {
    fn resolved(&self) -> toml::Table {
        table_of("explained-share", self)
    }

    fn sources(&self) -> Vec<&str> {
        vec![&self.of, &self.baseline]
    }

    fn relates_indices(&self) -> bool {
        false
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let explained = table.of_model(&self.of);
        let explanations = Explanations::new(&explained, &self.fitted);
        let own = explanations.of(table.model());
        let null = explanations.of(&self.baseline);
        let ceiling = explanations.of_other_seeds();
        let seeds = own.into_iter().zip(null).zip(ceiling);
        single(seeds.map(|((own, null), ceiling)| explained_share(own?, null?, ceiling?)))
    }
}

impl Statistic for ExplainedMargin {
    fn resolved(&self) -> toml::Table {
        table_of("explained-margin", self)
    }

    fn sources(&self) -> Vec<&str> {
        vec![&self.of, &self.over]
    }

    fn relates_indices(&self) -> bool {
        false
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let explained = table.of_model(&self.of);
        let explanations = Explanations::new(&explained, &self.fitted);
        let own = explanations.of(table.model());
        let rival = explanations.of(&self.over);
        single(
            own.into_iter()
                .zip(rival)
                .map(|(own, rival)| Some(margin_bits(own?, rival?))),
        )
    }
}
