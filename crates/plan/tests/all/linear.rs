//! Specs of linear nets on the loss of theory, piece by piece.

pub(crate) const MAP: &str = "kind = 'linear-map'\ntarget = [[3, 0.5], [-1, 2], [0, 1]]";
pub(crate) const SAMPLES: &str =
    "kind = 'random-regression'\nsamples = 5\ninputs = 3\noutputs = 2\n";
pub(crate) const MODES: &str = "kind = 'modes'\ninput_powers = [1.0, 0.5]\ntargets = [1.5, 1.0]";
pub(crate) const ONE_MODE: &str = "kind = 'modes'\ninput_powers = [1.0]\ntargets = [1.5]";
pub(crate) const NET: &str = "[models.net]\nkind = 'deep-linear'\nwidths = [4]\n\
                   init = { kind = 'normal', std = 0.3 }\n";
pub(crate) const TWIN: &str = "[models.twin]\nkind = 'multilinear'\ninitial = 0.1\n";

/// A spec of one seed in f64 on the loss of theory.
pub(crate) fn spec(task: &str, models: &str, training: &str, more: &str) -> String {
    format!(
        "name = 'linear'\ntitle = 'T'\nsummary = 'S'\nsource = 'S'\nminutes = 0.1\n\
         [task]\n{task}\n{models}\n[training]\nseeds = 1\nprecision = 'f64'\n\
         loss = {{ kind = 'mse', half = true, outputs = 'sum' }}\n{training}\n{more}\n"
    )
}

/// Entries of metrics that are read every so many steps.
pub(crate) fn measure(kinds: &[&str], every: u64) -> String {
    let entry = |kind: &&str| {
        format!("[[measure]]\nkind = '{kind}'\nschedule = {{ kind = 'linear', every = {every} }}\n")
    };
    kinds.iter().map(entry).collect()
}
