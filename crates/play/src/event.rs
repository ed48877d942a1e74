use serde::Serialize;

/// What a page is told of its run.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// The run has begun.
    Begun {
        /// Its number, for saving it.
        run: u64,
        /// Steps over all cells.
        steps: u64,
        /// What is trained, in words.
        cells: String,
    },
    /// Figures and text as of now.
    Drawn(Drawn),
    /// The run came to its end; the figures before this event are those of its folder.
    Done {
        /// How it ended, in one sentence.
        said: String,
        /// Whether it is kept, so that it can be saved.
        kept: bool,
    },
    /// The run cannot be, or did not come to its end, for this reason.
    Problem {
        /// What is wrong, with what would be right.
        problem: String,
    },
}

/// Figures and text of a run at a moment.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Drawn {
    /// Steps that are trained, over all cells.
    pub(crate) steps: u64,
    /// Seconds since the run began.
    pub(crate) seconds: f64,
    /// The figures, in the order of the spec.
    pub(crate) figures: Vec<FigureNow>,
    /// What the figures show, one sentence each.
    pub(crate) text: Vec<String>,
    /// The claims, judged once the run came to its end.
    pub(crate) claims: Vec<ClaimNow>,
}

/// A figure.
#[derive(Debug, Serialize)]
pub(crate) struct FigureNow {
    /// Its name in the spec.
    pub(crate) name: String,
    /// The picture; empty where there is nothing to draw yet.
    pub(crate) svg: String,
    /// Its numbers, as JSON.
    pub(crate) numbers: String,
}

/// A claim.
#[derive(Debug, Serialize)]
pub(crate) struct ClaimNow {
    /// Its short name.
    pub(crate) id: String,
    /// What is claimed.
    pub(crate) statement: String,
    /// The verdict in a word; empty while the run goes on.
    pub(crate) word: String,
    /// The verdict as a symbol.
    pub(crate) symbol: String,
    /// The verdict with its numbers, in one sentence.
    pub(crate) reason: String,
}

impl Event {
    /// The event as it is sent. JSON has no line breaks of its own, so that one line of data holds it.
    pub(crate) fn text(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("data: {json}\n\n")
    }
}
