//! The answer that a page over several experiments begins with: what the layered models explain of real
//! nets, what they do not, and how sure that is, by phenomenon. Every sentence is composed from verdicts.

use judge::Run;
use plan::spec::Outcome;
use serde::Serialize;

use super::{
    claims::topic_anchor,
    leaderboard::{LeaderboardView, standings},
    map::Map,
    topic::{Evidence, Judged, Topic, decisive, number},
};
use crate::plural::{counted, listed, verb};

/// Claims that a group shows before the others are folded.
const SHOWN: usize = 2;

#[derive(Serialize)]
pub(super) struct FirstScreen {
    lead: String,
    /// Which explanation is best, by leaderboard.
    boards: Vec<LeaderboardView>,
    answers: Vec<Answer>,
    /// The kinds of shares that the bars have, for their legend.
    legend: Vec<Share>,
}

/// The answer about one phenomenon.
#[derive(Serialize)]
struct Answer {
    name: String,
    anchor: String,
    tally: String,
    bar: Vec<Share>,
    explained: Vec<Group>,
    unexplained: Vec<Group>,
    certainty: Vec<Group>,
}

/// A part of a bar: claims with the same kind of evidence.
#[derive(Serialize)]
struct Share {
    class: &'static str,
    label: &'static str,
    count: usize,
}

/// A sentence, and the claims that it counts.
#[derive(Serialize)]
struct Group {
    sentence: String,
    shown: Vec<Line>,
    more: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    id: String,
    anchor: String,
    statement: String,
    /// What was measured, where the reader asks by how much; else empty.
    number: String,
}

impl FirstScreen {
    /// The answer of the `topics`; `None` where none of their claims speaks of anything, as on a page over
    /// quick runs.
    pub(super) fn new(
        topics: &[Topic<'_>],
        boards: Vec<LeaderboardView>,
        map: Option<&Map>,
    ) -> Option<Self> {
        let answers: Vec<Answer> = topics
            .iter()
            .enumerate()
            .filter_map(|(position, topic)| Answer::new(topic, topic_anchor(position)))
            .collect();
        let all: Vec<Sorted<'_, '_>> = topics.iter().map(Sorted::new).collect();
        let more = [map.and_then(Map::causal), standings(&boards)];
        (!answers.is_empty()).then(|| Self {
            lead: lead(&all, more.into_iter().flatten()),
            boards,
            legend: legend(&all),
            answers,
        })
    }
}

/// The claims of a topic by what they are evidence of. Quick runs are evidence of nothing.
#[derive(Default)]
struct Sorted<'t, 'r> {
    explained: Vec<&'t Judged<'r>>,
    layered_passes: usize,
    linear_fails: usize,
    no_layers: Vec<&'t Judged<'r>>,
    net_alone: Vec<&'t Judged<'r>>,
    contradicted: Vec<&'t Judged<'r>>,
    open: Vec<&'t Judged<'r>>,
    solvable: Vec<(Outcome, &'t Judged<'r>)>,
}

impl<'t, 'r> Sorted<'t, 'r> {
    fn new(topic: &'t Topic<'r>) -> Self {
        let mut sorted = Self::default();
        let mut unseen = Vec::new();
        for judged in topic.claims.iter().filter(|j| !j.run.manifest.quick) {
            match judged.evidence() {
                Evidence::Explained {
                    layered_passes,
                    linear_fails,
                } => {
                    sorted.layered_passes += usize::from(layered_passes);
                    sorted.linear_fails += usize::from(linear_fails);
                    // Where models stand side by side the evidence is strongest.
                    if layered_passes {
                        sorted.explained.push(judged);
                    } else {
                        unseen.push(judged);
                    }
                }
                Evidence::NeedsNoLayers => sorted.no_layers.push(judged),
                Evidence::NetAlone => sorted.net_alone.push(judged),
                Evidence::Contradicted => sorted.contradicted.push(judged),
                Evidence::Open => sorted.open.push(judged),
                Evidence::Solvable(outcome) => sorted.solvable.push((outcome, judged)),
            }
        }
        sorted.explained.extend(unseen);
        sorted
    }

    /// All claims about nets.
    fn of_nets(&self) -> Vec<&'t Judged<'r>> {
        let groups = [
            &self.explained,
            &self.net_alone,
            &self.no_layers,
            &self.contradicted,
            &self.open,
        ];
        groups.into_iter().flatten().copied().collect()
    }

    fn solvable(&self, wanted: Outcome) -> Vec<&'t Judged<'r>> {
        let claims = self.solvable.iter();
        let wanted = claims.filter(|(outcome, _)| *outcome == wanted);
        wanted.map(|(_, judged)| *judged).collect()
    }

    fn bar(&self) -> Vec<Share> {
        let shares = [
            (
                "explained",
                "as layered models predict",
                self.explained.len(),
            ),
            ("alone", "the net alone", self.net_alone.len()),
            (
                "no-layers",
                "a linear model does it, too",
                self.no_layers.len(),
            ),
            (
                "contradicted",
                "otherwise than claimed",
                self.contradicted.len(),
            ),
            ("open", "undecided", self.open.len()),
        ];
        let shares = shares.into_iter().filter(|(_, _, count)| *count > 0);
        shares
            .map(|(class, label, count)| Share {
                class,
                label,
                count,
            })
            .collect()
    }
}

/// The shares of all topics together.
fn legend(all: &[Sorted<'_, '_>]) -> Vec<Share> {
    let mut legend: Vec<Share> = Vec::new();
    // In the order of a bar that has every share.
    for class in ["explained", "alone", "no-layers", "contradicted", "open"] {
        let shares = all.iter().flat_map(Sorted::bar);
        let same = shares.filter(|share| share.class == class);
        if let Some(share) = same.reduce(|sum, share| Share {
            count: sum.count + share.count,
            ..sum
        }) {
            legend.push(share);
        }
    }
    legend
}

/// What came of all claims, in about five sentences.
fn lead(all: &[Sorted<'_, '_>], more: impl Iterator<Item = String>) -> String {
    let sum = |count: fn(&Sorted<'_, '_>) -> usize| all.iter().map(count).sum::<usize>();
    let nets = sum(|s| s.of_nets().len());
    let solvable = sum(|s| s.solvable.len());
    let passed = sum(|s| s.solvable(Outcome::Supported).len());
    let mut sentences = Vec::new();
    if nets > 0 {
        let explained = sum(|s| s.explained.len());
        let beside = match sum(|s| s.layered_passes) {
            0 => String::new(),
            passes => format!(
                "; in {passes} of these a twin or a closed form passes the same test beside the net"
            ),
        };
        sentences.push(format!(
            "Of {} of real nets, {explained} came out as layered models predict{beside}.",
            counted(nets, "test"),
        ));
        let rest = [
            (
                sum(|s| s.contradicted.len()),
                ["came out otherwise", "came out otherwise"],
            ),
            (
                sum(|s| s.net_alone.len()),
                [
                    "holds in the net but not in the layered models beside it",
                    "hold in the net but not in the layered models beside it",
                ],
            ),
            (
                sum(|s| s.no_layers.len()),
                [
                    "holds in a plain linear model, too, and needs no layers",
                    "hold in a plain linear model, too, and need no layers",
                ],
            ),
            (sum(|s| s.open.len()), ["is undecided", "are undecided"]),
        ];
        let rest = rest.into_iter().filter(|(count, _)| *count > 0);
        let rest: Vec<String> = rest
            .map(|(count, [one, more])| format!("{count} {}", verb(count, one, more)))
            .collect();
        if !rest.is_empty() {
            sentences.push(format!("Of the others, {}.", listed(&rest)));
        }
    }
    if solvable > 0 {
        sentences.push(format!(
            "The solvable models themselves were checked {solvable} times, and {passed} of these checks \
             came out as claimed."
        ));
    }
    sentences.extend(more);
    sentences.join(" ")
}

impl Answer {
    fn new(topic: &Topic<'_>, anchor: String) -> Option<Self> {
        let sorted = Sorted::new(topic);
        let nets = sorted.of_nets();
        if nets.is_empty() && sorted.solvable.is_empty() {
            return None;
        }
        let tally = match nets.len() {
            0 => "No test of a net: these experiments check the solvable models themselves."
                .to_owned(),
            tests => format!(
                "{} of {} of real nets came out as layered models predict.",
                sorted.explained.len(),
                counted(tests, "test")
            ),
        };
        Some(Self {
            name: topic.name.to_owned(),
            anchor,
            tally,
            bar: sorted.bar(),
            explained: explained(&sorted),
            unexplained: unexplained(&sorted),
            certainty: certainty(&sorted),
        })
    }
}

fn explained(sorted: &Sorted<'_, '_>) -> Vec<Group> {
    if sorted.of_nets().is_empty() {
        return vec![solvable(sorted, "")];
    }
    let mut sentence = match sorted.layered_passes {
        0 => "Predictions that hold; no layered model stands beside the net in these tests."
            .to_owned(),
        passes => format!(
            "In {} a twin or a closed form passes the same test beside the net.",
            counted(passes, "test")
        ),
    };
    if sorted.linear_fails > 0 {
        sentence += &format!(
            " The plain linear model fails {} of them.",
            sorted.linear_fails
        );
    }
    if sorted.explained.is_empty() {
        sentence = "Nothing, by these tests.".to_owned();
    }
    vec![Group::new(sentence, &sorted.explained)]
}

fn unexplained(sorted: &Sorted<'_, '_>) -> Vec<Group> {
    let refuted = sorted.solvable(Outcome::Contradicted);
    let groups = [
        (&sorted.contradicted, "The net does otherwise:"),
        (
            &sorted.net_alone,
            "The net does it, and the layered models beside it do not:",
        ),
        (
            &sorted.no_layers,
            "The plain linear model does it, too, so that no layers are needed:",
        ),
        (&refuted, "A solvable model itself does otherwise:"),
    ];
    let groups = groups.into_iter().filter(|(claims, _)| !claims.is_empty());
    let groups: Vec<Group> = groups
        .map(|(claims, sentence)| Group::new(sentence.to_owned(), claims))
        .collect();
    if groups.is_empty() {
        return vec![Group::new("No test went against them.".to_owned(), &[])];
    }
    groups
}

fn certainty(sorted: &Sorted<'_, '_>) -> Vec<Group> {
    let mut groups = Vec::new();
    let solvable_claims = sorted.solvable.iter().map(|(_, judged)| *judged);
    let all: Vec<&Judged<'_>> = sorted
        .of_nets()
        .into_iter()
        .chain(solvable_claims)
        .collect();
    let controls = all.iter().flat_map(|judged| &judged.claim.controls);
    let met = controls.clone().filter(|control| control.met).count();
    let made = controls.count();
    groups.push(Group::new(
        format!(
            "Each verdict rests on a 95 % interval over {}. {met} of {} did what {} must.",
            seeds(all.iter().map(|judged| judged.run)),
            counted(made, "control"),
            verb(made, "it", "they"),
        ),
        &[],
    ));
    let open: Vec<&Judged<'_>> = (sorted.open.iter().copied())
        .chain(sorted.solvable(Outcome::Undecided))
        .collect();
    if !open.is_empty() {
        groups.push(Group::new("Undecided:".to_owned(), &open));
    }
    if !sorted.of_nets().is_empty() && !sorted.solvable.is_empty() {
        let mut group = solvable(sorted, "Beside these tests of nets, ");
        group.more.splice(0..0, group.shown.drain(..));
        groups.push(group);
    }
    groups
}

/// The checks of solvable models.
fn solvable(sorted: &Sorted<'_, '_>, before: &str) -> Group {
    let supported = sorted.solvable(Outcome::Supported);
    let sentence = format!(
        "{before}{} of {} of solvable models came out as claimed.",
        supported.len(),
        counted(sorted.solvable.len(), "check")
    );
    Group::new(sentence, &supported)
}

/// `8 seeds`, or `8 to 16 seeds`.
fn seeds<'r>(runs: impl Iterator<Item = &'r Run>) -> String {
    let counts: Vec<usize> = runs.map(|run| run.manifest.seeds.len()).collect();
    let least = counts.iter().copied().min().unwrap_or(0);
    let most = counts.iter().copied().max().unwrap_or(0);
    if least == most {
        counted(most, "seed")
    } else {
        format!("{least} to {most} seeds")
    }
}

impl Group {
    fn new(sentence: String, claims: &[&Judged<'_>]) -> Self {
        let mut shown: Vec<Line> = claims.iter().map(|judged| Line::new(judged)).collect();
        // A fold for one line would take as much room as the line.
        let more = match shown.len() {
            all if all > SHOWN + 1 => shown.split_off(SHOWN),
            _ => Vec::new(),
        };
        Self {
            sentence,
            shown,
            more,
        }
    }
}

impl Line {
    fn new(judged: &Judged<'_>) -> Self {
        let claim = judged.claim;
        Self {
            id: claim.id.clone(),
            anchor: judged.anchor(),
            statement: claim.statement.clone(),
            number: match claim.outcome {
                Outcome::Contradicted => decisive(&claim.measured).map_or_else(String::new, number),
                _ => String::new(),
            },
        }
    }
}
