//! What a branch remembers of the way it came: where the graph split, and which rounds of joins
//! in cycles it descends from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::visit::VisitId;
use crate::id::TaskIndex;

/// The way a branch came. Both lists are sorted by task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lineage {
    /// The visit passed of every task that runs once per arrival and has several inbound tasks.
    splits: Vec<(TaskIndex, VisitId)>,
    /// The last generation passed of every join in a cycle.
    generations: Vec<(TaskIndex, u32)>,
}

impl Lineage {
    /// Tells whether both passed the same visit of every task that both passed.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.splits.iter(), other.splits.iter());
        let (mut a, mut b) = (left.next(), right.next());
        while let (Some(x), Some(y)) = (a, b) {
            match x.0.cmp(&y.0) {
                std::cmp::Ordering::Less => a = left.next(),
                std::cmp::Ordering::Greater => b = right.next(),
                std::cmp::Ordering::Equal if x.1 != y.1 => return false,
                std::cmp::Ordering::Equal => (a, b) = (left.next(), right.next()),
            }
        }
        true
    }

    /// Returns the way of a branch that comes from both.
    pub(crate) fn merged(self: &Arc<Self>, other: &Arc<Self>) -> Arc<Self> {
        if Arc::ptr_eq(self, other) || **other == Self::default() {
            return Arc::clone(self);
        }
        let mut all = (**self).clone();
        for &(task, visit) in &other.splits {
            put(&mut all.splits, task, visit);
        }
        for &(task, generation) in &other.generations {
            let latest = all
                .generation(task)
                .map_or(generation, |own| own.max(generation));
            put(&mut all.generations, task, latest);
        }
        Arc::new(all)
    }

    /// Returns the way on from a visit of a task that splits.
    pub(crate) fn through_split(&self, task: TaskIndex, visit: VisitId) -> Arc<Self> {
        let mut next = self.clone();
        put(&mut next.splits, task, visit);
        Arc::new(next)
    }

    /// Returns the way on from a generation of a join in a cycle.
    pub(crate) fn through_join(&self, join: TaskIndex, generation: u32) -> Arc<Self> {
        let mut next = self.clone();
        put(&mut next.generations, join, generation);
        Arc::new(next)
    }

    /// Returns the last generation of `join` that this branch descends from.
    pub(crate) fn generation(&self, join: TaskIndex) -> Option<u32> {
        let place = self
            .generations
            .binary_search_by_key(&join, |entry| entry.0);
        place.ok().map(|place| self.generations[place].1)
    }
}

/// How visits and tasks of one run are called in another.
pub(crate) struct Carry<'a> {
    pub(crate) visit: &'a dyn Fn(VisitId) -> Option<VisitId>,
    pub(crate) task: &'a dyn Fn(TaskIndex) -> Option<TaskIndex>,
}

impl Carry<'_> {
    /// Returns a lineage as it is in the other run; what is unknown there is left out.
    pub(crate) fn lineage(&self, lineage: &Lineage) -> Arc<Lineage> {
        let mut carried = Lineage::default();
        for (task, visit) in &lineage.splits {
            if let (Some(task), Some(visit)) = ((self.task)(*task), (self.visit)(*visit)) {
                put(&mut carried.splits, task, visit);
            }
        }
        for (task, generation) in &lineage.generations {
            if let Some(task) = (self.task)(*task) {
                put(&mut carried.generations, task, *generation);
            }
        }
        Arc::new(carried)
    }
}

fn put<T>(entries: &mut Vec<(TaskIndex, T)>, task: TaskIndex, value: T) {
    match entries.binary_search_by_key(&task, |entry| entry.0) {
        Ok(place) => entries[place].1 = value,
        Err(place) => entries.insert(place, (task, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lineages_disagree_only_where_both_passed() {
        let none = Arc::new(Lineage::default());
        let first = none.through_split(TaskIndex(3), VisitId(1));
        let second = none.through_split(TaskIndex(3), VisitId(2));
        let other = none.through_split(TaskIndex(5), VisitId(9));
        assert!(!first.agrees(&second));
        assert!(first.agrees(&none) && none.agrees(&second) && first.agrees(&other));
        let both = first.merged(&other);
        assert!(both.agrees(&first) && both.agrees(&other) && !both.agrees(&second));
    }
}
