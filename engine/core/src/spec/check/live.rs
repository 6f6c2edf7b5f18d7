//! Which tasks and transitions may both happen in one run.
//!
//! A *way* is a transition's target, the start of a block's task, or the task itself. For each
//! task, `with` is the set of ways of tasks before it that may be taken in a run in which the task
//! runs too. Ways back in a cycle are left out, so all others go forward in one order; then the
//! sets follow one from another in a single pass. Two branches of one task exclude each other if
//! their transitions do; everything below inherits that.

use crate::definition::Join;
use crate::spec::file::Resolved;
use crate::spec::outcome::Judged;

/// One way out of a task.
#[derive(Clone, Copy)]
struct Way {
    from: usize,
    /// `None`: the task itself.
    to: Option<usize>,
    /// The transition it belongs to; `None`: taken whenever the task runs.
    arrow: Option<usize>,
}

/// What may happen in one run.
pub(super) struct Live {
    /// All forward ways, ordered by the rank of their task.
    ways: Vec<Way>,
    /// The ways of each task, as a range of `ways`.
    out: Vec<std::ops::Range<usize>>,
    /// The forward ways that lead to each task.
    into: Vec<Vec<usize>>,
    rank: Vec<usize>,
    with: Vec<Bits>,
}

impl Live {
    /// Looks at a file whose graph has no errors.
    pub(super) fn new(file: &Resolved<'_>, judged: &[Judged]) -> Self {
        let order = order(file);
        let mut rank = vec![0; file.drafts.len()];
        for (place, task) in order.iter().enumerate() {
            rank[*task] = place;
        }
        let mut live = Self {
            ways: Vec::new(),
            out: vec![0..0; file.drafts.len()],
            into: vec![Vec::new(); file.drafts.len()],
            rank,
            with: vec![Bits::default(); file.drafts.len()],
        };
        for task in &order {
            let start = live.ways.len();
            let runs = is_start(file, *task) || !live.into[*task].is_empty();
            for way in ways(file, *task) {
                let forward = way.to.is_none_or(|to| live.rank[to] > live.rank[*task]);
                let fires = way.arrow.is_none_or(|arrow| judged[*task].fires(arrow));
                if way.to.is_none() || (runs && forward && fires) {
                    live.ways.push(way);
                }
            }
            live.out[*task] = start..live.ways.len();
            for id in start..live.ways.len() {
                if let Some(to) = live.ways[id].to {
                    live.into[to].push(id);
                }
            }
        }
        for (place, task) in order.iter().enumerate() {
            live.with[*task] = live.set(file, judged, &order[..place], *task);
        }
        live
    }

    /// Tells whether both tasks may run in one run.
    pub(super) fn both_run(&self, a: usize, b: usize) -> bool {
        let (first, second) = if self.rank[a] < self.rank[b] {
            (a, b)
        } else {
            (b, a)
        };
        // The task itself is its first way.
        self.with[second].has(self.out[first].start)
    }

    /// Returns two tasks that may both lead to `task` in one run.
    pub(super) fn both_lead_to(&self, task: usize) -> Option<(usize, usize)> {
        let ways = &self.into[task];
        for (place, second) in ways.iter().enumerate() {
            let late = self.ways[*second].from;
            for first in &ways[..place] {
                let early = self.ways[*first].from;
                if early != late && self.with[late].has(*first) {
                    return Some((early.min(late), early.max(late)));
                }
            }
        }
        None
    }

    /// Returns the ways of tasks before `task` that may be taken if it runs.
    fn set(&self, file: &Resolved<'_>, judged: &[Judged], before: &[usize], task: usize) -> Bits {
        let ways = &self.into[task];
        if is_start(file, task) {
            return Bits::all(self.ways.len());
        }
        let all = matches!(file.drafts[task].task.join, Some(Join::All));
        let mut set: Option<Bits> = None;
        let mut rest = ways.as_slice();
        while let Some(first) = rest.first() {
            // Ways from one task stand together: they are alternatives even for a join.
            let from = self.ways[*first].from;
            let count = rest
                .iter()
                .take_while(|id| self.ways[**id].from == from)
                .count();
            let (same, later) = rest.split_at(count);
            let mut one = Bits::none(self.ways.len());
            for id in same {
                self.add_with_way(judged, before, *id, &mut one);
            }
            set = Some(match set {
                None => one,
                Some(set) if all => set.and(&one),
                Some(set) => set.or(&one),
            });
            rest = later;
        }
        set.unwrap_or_else(|| Bits::none(self.ways.len()))
    }

    /// Adds the ways that may be taken in a run that takes the way `id`.
    fn add_with_way(&self, judged: &[Judged], before: &[usize], id: usize, set: &mut Bits) {
        let way = self.ways[id];
        let own = self.out[way.from].clone();
        set.add_prefix(&self.with[way.from], own.start);
        for other in own {
            let compatible = match (way.arrow, self.ways[other].arrow) {
                (Some(a), Some(b)) => judged[way.from].compatible(a, b),
                _ => true,
            };
            if compatible {
                set.add(other);
            }
        }
        for between in &before[self.rank[way.from] + 1..] {
            if self.with[*between].has(id) {
                set.add_range(self.out[*between].clone());
            }
        }
    }
}

/// Tells whether a task starts whatever else happens.
fn is_start(file: &Resolved<'_>, task: usize) -> bool {
    file.network.entry.contains(&task)
        || file.lists.on_failure.contains(&task)
        || file.lists.finally.contains(&task)
}

/// Returns all ways out of a task, the task itself first.
fn ways<'f>(file: &'f Resolved<'_>, task: usize) -> impl Iterator<Item = Way> + 'f {
    let itself = Way {
        from: task,
        to: None,
        arrow: None,
    };
    let inside = file.network.block_entry[task].iter().map(move |to| Way {
        from: task,
        to: Some(*to),
        arrow: None,
    });
    let outside = file.network.out[task].iter().map(move |id| {
        let edge = file.network.edges[*id];
        Way {
            from: task,
            to: Some(edge.to),
            arrow: Some(edge.arrow),
        }
    });
    std::iter::once(itself).chain(inside).chain(outside)
}

/// Orders the tasks so that every way that is not a way back in a cycle goes forward.
fn order(file: &Resolved<'_>) -> Vec<usize> {
    let count = file.drafts.len();
    let next: Vec<Vec<usize>> = (0..count)
        .map(|task| ways(file, task).filter_map(|way| way.to).collect())
        .collect();
    let starts = file
        .network
        .entry
        .iter()
        .chain(&file.lists.on_failure)
        .chain(&file.lists.finally)
        .copied();
    let mut seen = vec![false; count];
    let mut left = Vec::with_capacity(count);
    for start in starts.chain(0..count) {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut path = vec![(start, 0)];
        while let Some((task, place)) = path.pop() {
            match next[task].get(place) {
                Some(to) => {
                    path.push((task, place + 1));
                    if !std::mem::replace(&mut seen[*to], true) {
                        path.push((*to, 0));
                    }
                }
                None => left.push(task),
            }
        }
    }
    left.reverse();
    left
}

/// A set of small numbers.
#[derive(Clone, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn all(count: usize) -> Self {
        Self(vec![u64::MAX; count.div_ceil(64)])
    }

    fn has(&self, bit: usize) -> bool {
        self.0
            .get(bit / 64)
            .is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    fn add(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    fn add_range(&mut self, range: std::ops::Range<usize>) {
        range.for_each(|bit| self.add(bit));
    }

    /// Adds the members of `other` below `end`.
    fn add_prefix(&mut self, other: &Self, end: usize) {
        let whole = end / 64;
        for (word, more) in self.0.iter_mut().zip(&other.0).take(whole) {
            *word |= more;
        }
        if !end.is_multiple_of(64)
            && let (Some(word), Some(more)) = (self.0.get_mut(whole), other.0.get(whole))
        {
            *word |= more & ((1 << (end % 64)) - 1);
        }
    }

    fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
        self
    }

    fn or(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
        self
    }
}
