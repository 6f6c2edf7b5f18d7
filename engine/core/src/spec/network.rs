//! The tasks as a graph: who leads to whom, where it begins, what forms cycles.

use crate::definition::Target;
use crate::spec::link::Lists;
use crate::spec::task::Draft;

/// One way from a task to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Which transition of `from` it belongs to.
    pub(crate) arrow: usize,
    /// Which target of that transition it is.
    pub(crate) goal: usize,
}

/// The graph of all tasks; blocks are parts of it that nothing connects.
pub(crate) struct Network {
    pub(crate) edges: Vec<Edge>,
    /// Edges that leave each task.
    pub(crate) out: Vec<Vec<usize>>,
    /// Distinct tasks that lead to each task, in the file's order.
    pub(crate) inbound: Vec<Vec<usize>>,
    /// Entry tasks of the file.
    pub(crate) entry: Vec<usize>,
    /// Entry tasks of each block; empty for other tasks.
    pub(crate) block_entry: Vec<Vec<usize>>,
    /// The number of each task's strongly connected component.
    pub(crate) component: Vec<usize>,
    pub(crate) in_cycle: Vec<bool>,
}

impl Network {
    /// Builds the graph of resolved tasks.
    pub(crate) fn new(drafts: &[Draft<'_>], lists: &Lists) -> Self {
        let edges = edges(drafts);
        let mut out = vec![Vec::new(); drafts.len()];
        let mut inbound = vec![Vec::new(); drafts.len()];
        for (id, edge) in edges.iter().enumerate() {
            out[edge.from].push(id);
            inbound[edge.to].push(edge.from);
        }
        for sources in &mut inbound {
            sources.sort_unstable();
            sources.dedup();
        }
        let first = |index: &usize| inbound[*index].is_empty();
        let block_entry = drafts
            .iter()
            .map(|draft| draft.children.iter().copied().filter(first).collect())
            .collect();
        let entry = match &lists.entry {
            Some(entry) => entry.clone(),
            None => (0..drafts.len())
                .filter(|index| drafts[*index].task.parent.is_none())
                .filter(first)
                .filter(|index| !lists.on_failure.contains(index))
                .filter(|index| !lists.finally.contains(index))
                .collect(),
        };
        let component = components(&edges, &out);
        let mut sizes = vec![0; drafts.len()];
        component.iter().for_each(|number| sizes[*number] += 1);
        let mut in_cycle: Vec<bool> = component.iter().map(|number| sizes[*number] > 1).collect();
        for edge in edges.iter().filter(|edge| edge.from == edge.to) {
            in_cycle[edge.from] = true;
        }
        Self {
            edges,
            out,
            inbound,
            entry,
            block_entry,
            component,
            in_cycle,
        }
    }

    /// Returns the tasks that `task` leads to.
    pub(crate) fn targets(&self, task: usize) -> impl Iterator<Item = usize> {
        self.out[task].iter().map(|id| self.edges[*id].to)
    }

    /// Marks all tasks that can be reached from `starts`, themselves included.
    pub(crate) fn reach(&self, starts: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut seen = vec![false; self.out.len()];
        let mut stack: Vec<usize> = starts.into_iter().collect();
        while let Some(task) = stack.pop() {
            if !std::mem::replace(&mut seen[task], true) {
                stack.extend(self.targets(task).filter(|next| !seen[*next]));
            }
        }
        seen
    }

    /// Returns the shortest cycle through `task` as the edges it takes, if there is one.
    pub(crate) fn cycle(&self, task: usize) -> Option<Vec<usize>> {
        let mut came_by: Vec<Option<usize>> = vec![None; self.out.len()];
        let mut queue = std::collections::VecDeque::from([task]);
        while let Some(at) = queue.pop_front() {
            for id in &self.out[at] {
                let to = self.edges[*id].to;
                if to == task {
                    return Some(self.path(&came_by, task, *id));
                }
                if came_by[to].is_none() {
                    came_by[to] = Some(*id);
                    queue.push_back(to);
                }
            }
        }
        None
    }

    /// Returns the edges from `task` to the one called `last`.
    fn path(&self, came_by: &[Option<usize>], task: usize, last: usize) -> Vec<usize> {
        let mut path = vec![last];
        let mut at = self.edges[last].from;
        while at != task
            && let Some(id) = came_by[at]
        {
            path.push(id);
            at = self.edges[id].from;
        }
        path.reverse();
        path
    }
}

fn edges(drafts: &[Draft<'_>]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, draft) in drafts.iter().enumerate() {
        for (arrow, found) in draft.arrows.iter().enumerate() {
            for (goal, found) in found.goals.iter().enumerate() {
                if let Some(Target::Task(to)) = found.target {
                    edges.push(Edge {
                        from,
                        to: to.get(),
                        arrow,
                        goal,
                    });
                }
            }
        }
    }
    edges
}

/// Numbers the strongly connected components (Tarjan, without recursion).
fn components(edges: &[Edge], out: &[Vec<usize>]) -> Vec<usize> {
    let mut search = Search {
        index: vec![None; out.len()],
        low: vec![0; out.len()],
        open: Vec::new(),
        is_open: vec![false; out.len()],
        component: vec![0; out.len()],
        counter: 0,
    };
    let mut found = 0;
    for root in 0..out.len() {
        if search.index[root].is_some() {
            continue;
        }
        search.enter(root);
        let mut path = vec![(root, 0)];
        while let Some((task, next)) = path.pop() {
            if let Some(id) = out[task].get(next) {
                path.push((task, next + 1));
                let to = edges[*id].to;
                match search.index[to] {
                    None => {
                        search.enter(to);
                        path.push((to, 0));
                    }
                    Some(index) if search.is_open[to] => {
                        search.low[task] = search.low[task].min(index);
                    }
                    Some(_) => {}
                }
                continue;
            }
            if Some(search.low[task]) == search.index[task] {
                search.close(task, found);
                found += 1;
            }
            if let Some((parent, _)) = path.last() {
                search.low[*parent] = search.low[*parent].min(search.low[task]);
            }
        }
    }
    search.component
}

struct Search {
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    open: Vec<usize>,
    is_open: Vec<bool>,
    component: Vec<usize>,
    counter: usize,
}

impl Search {
    fn enter(&mut self, task: usize) {
        self.index[task] = Some(self.counter);
        self.low[task] = self.counter;
        self.counter += 1;
        self.open.push(task);
        self.is_open[task] = true;
    }

    fn close(&mut self, root: usize, number: usize) {
        while let Some(task) = self.open.pop() {
            self.is_open[task] = false;
            self.component[task] = number;
            if task == root {
                break;
            }
        }
    }
}
