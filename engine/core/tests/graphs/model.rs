//! The language on acyclic graphs, as simply as it can be written: one queue, one list of
//! arrivals per join, and every set of arrivals tried.

use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    pub(crate) on_success: Vec<usize>,
    pub(crate) on_failure: Vec<usize>,
    pub(crate) on_complete: Vec<usize>,
    /// 0: none.
    pub(crate) join: usize,
    pub(crate) inbound: usize,
    pub(crate) fails: bool,
    pub(crate) skipped: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) tasks: Vec<Task>,
    pub(crate) fail_fast: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) sequence: Vec<usize>,
    pub(crate) failed: bool,
    pub(crate) unreachable: bool,
}

/// Visit passed of each task that splits.
type Lineage = BTreeMap<usize, usize>;

struct Arrival {
    source: usize,
    exempt: bool,
    lineage: Lineage,
    used: bool,
}

#[derive(Default)]
struct State {
    run: Run,
    queue: VecDeque<(usize, Lineage, bool)>,
    arrivals: BTreeMap<usize, Vec<Arrival>>,
    firings: BTreeMap<usize, Vec<Lineage>>,
    stopped: bool,
}

fn agree(a: &Lineage, b: &Lineage) -> bool {
    a.iter()
        .all(|(task, visit)| b.get(task).is_none_or(|other| other == visit))
}

fn union(a: &Lineage, b: &Lineage) -> Lineage {
    a.iter()
        .chain(b)
        .map(|(task, visit)| (*task, *visit))
        .collect()
}

pub(crate) fn run(graph: &Graph) -> Run {
    let mut state = State::default();
    for (place, task) in graph.tasks.iter().enumerate() {
        if task.inbound == 0 {
            start(graph, &mut state, place, Lineage::new(), false);
        }
    }
    while let Some((place, lineage, exempt)) = state.queue.pop_front() {
        let task = &graph.tasks[place];
        let failed = task.fails && !task.skipped;
        let first = if failed {
            &task.on_failure
        } else {
            &task.on_success
        };
        let unhandled = failed && first.is_empty();
        if unhandled {
            state.run.failed = true;
            state.stopped |= graph.fail_fast;
        }
        let mut reached = Vec::new();
        for (list, unconditional) in [(first, false), (&task.on_complete, true)] {
            for target in list {
                let exempt = unhandled && unconditional;
                match reached.iter_mut().find(|(other, _)| other == target) {
                    None => reached.push((*target, exempt)),
                    Some((_, known)) => *known |= exempt,
                }
            }
        }
        for (target, free) in reached {
            arrive(graph, &mut state, (place, target), &lineage, exempt || free);
        }
    }
    let used = |arrival: &Arrival| arrival.used;
    state.run.unreachable = !state.arrivals.values().flatten().all(used);
    state.run.failed |= state.run.unreachable;
    state.run
}

fn start(graph: &Graph, state: &mut State, place: usize, mut lineage: Lineage, exempt: bool) {
    if state.stopped && !exempt {
        return;
    }
    let visit = state.run.sequence.len();
    state.run.sequence.push(place);
    let task = &graph.tasks[place];
    if task.join == 0 && task.inbound > 1 {
        lineage.insert(place, visit);
    }
    state.queue.push_back((place, lineage, exempt));
}

fn arrive(
    graph: &Graph,
    state: &mut State,
    (source, place): (usize, usize),
    lineage: &Lineage,
    exempt: bool,
) {
    let task = &graph.tasks[place];
    if task.join == 0 {
        start(graph, state, place, lineage.clone(), exempt);
        return;
    }
    // `all` is written on even places; only N absorbs.
    let absorbs = !(task.join == task.inbound && place.is_multiple_of(2));
    state.arrivals.entry(place).or_default().push(Arrival {
        source,
        exempt,
        lineage: lineage.clone(),
        used: false,
    });
    loop {
        let firings = state.firings.entry(place).or_default().clone();
        let arrivals = state.arrivals.get_mut(&place).unwrap();
        if absorbs {
            for arrival in arrivals.iter_mut() {
                arrival.used |= firings.iter().any(|firing| agree(firing, &arrival.lineage));
            }
        }
        let unused = (0..arrivals.len()).filter(|place| !arrivals[*place].used);
        let found = unused
            .filter_map(|first| complete(arrivals, vec![first], 0, task.join))
            .next();
        let Some(chosen) = found else { return };
        let mut all = Lineage::new();
        let mut exempt = false;
        for place in chosen {
            arrivals[place].used = true;
            exempt |= arrivals[place].exempt;
            all = union(&all, &arrivals[place].lineage);
        }
        state.firings.entry(place).or_default().push(all.clone());
        start(graph, state, place, all, exempt);
    }
}

/// Tries every set of arrivals, earlier ones first.
fn complete(
    arrivals: &[Arrival],
    chosen: Vec<usize>,
    from: usize,
    wanted: usize,
) -> Option<Vec<usize>> {
    if chosen.len() == wanted {
        return Some(chosen);
    }
    for next in from..arrivals.len() {
        let fits = chosen.iter().all(|other| {
            arrivals[*other].source != arrivals[next].source
                && agree(&arrivals[*other].lineage, &arrivals[next].lineage)
        });
        if fits {
            let mut more = chosen.clone();
            more.push(next);
            if let Some(found) = complete(arrivals, more, next + 1, wanted) {
                return Some(found);
            }
        }
    }
    None
}
