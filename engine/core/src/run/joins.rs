//! Which arrivals at a join complete one another.
//!
//! An arrival is used when it takes part in a firing, absorbed when it agrees with a firing that
//! did not need it, and otherwise left over, which fails the run at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::lineage::{Carry, Lineage};
use super::visit::VisitId;
use crate::id::TaskIndex;

/// How many candidates one search for agreeing arrivals looks at. Only graphs that split and
/// join the same branches many times over come near it; beyond it the join waits for the next
/// arrival.
const MAX_SEARCH: u32 = 100_000;

/// All arrivals at one join of one graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct JoinBook {
    generations: BTreeMap<u32, Generation>,
}

/// The arrivals of one round of a cycle; a join outside cycles has round 0 alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Generation {
    arrivals: Vec<Arrival>,
    firings: Vec<Firing>,
}

/// One branch that has come to a join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// The task it comes from.
    pub(crate) source: TaskIndex,
    /// The visit it comes from.
    pub(crate) visit: VisitId,
    pub(crate) lineage: Arc<Lineage>,
    /// It comes on a way that `fail_fast` lets run.
    pub(crate) exempt: bool,
    pub(crate) fate: Fate,
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fate {
    Waiting,
    Used,
    Absorbed,
    /// Reported as unreachable.
    LeftOver,
}

/// What a join needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) join: TaskIndex,
    /// How many distinct sources.
    pub(crate) sources: u32,
    /// `any` and N: what agrees with an earlier firing is absorbed.
    pub(crate) absorbs: bool,
    pub(crate) in_cycle: bool,
}

/// A join that fires: the visits whose branches it joins, and the way on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Firing {
    pub(crate) visits: Vec<VisitId>,
    pub(crate) lineage: Arc<Lineage>,
    /// One of them comes on a way that `fail_fast` lets run.
    pub(crate) exempt: bool,
}

impl JoinBook {
    /// Records an arrival and returns what fires because of it, in order.
    pub(crate) fn arrive(&mut self, need: Need, arrival: Arrival) -> Vec<Firing> {
        let number = self.generation_of(need, &arrival);
        let generation = self.generations.entry(number).or_default();
        let newest = generation.arrivals.len();
        generation.arrivals.push(arrival);
        generation.fire_all(need, number, Some(newest))
    }

    /// Outside cycles all arrivals are of one generation. In a cycle, the one after the last
    /// this branch has passed, or the first after that in which no agreeing arrival of the same
    /// source stands.
    fn generation_of(&self, need: Need, arrival: &Arrival) -> u32 {
        if !need.in_cycle {
            return 0;
        }
        let mut number = arrival
            .lineage
            .generation(need.join)
            .map_or(0, |last| last + 1);
        while self.generations.get(&number).is_some_and(|generation| {
            generation.arrivals.iter().any(|other| {
                other.source == arrival.source && other.lineage.agrees(&arrival.lineage)
            })
        }) {
            number += 1;
        }
        number
    }

    /// Returns every arrival, in order of generation.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = &Arrival> {
        self.generations
            .values()
            .flat_map(|generation| &generation.arrivals)
    }

    /// Returns the arrivals that nothing came of, and marks them as reported.
    pub(crate) fn report_left_over(&mut self) -> Vec<Arrival> {
        let mut left = Vec::new();
        for generation in self.generations.values_mut() {
            for arrival in &mut generation.arrivals {
                if arrival.fate == Fate::Waiting {
                    arrival.fate = Fate::LeftOver;
                    left.push(arrival.clone());
                }
            }
        }
        left
    }

    /// Returns what fires of the arrivals that count again.
    pub(crate) fn fire_waiting(&mut self, need: Need) -> Vec<Firing> {
        let mut fired = Vec::new();
        for (number, generation) in &mut self.generations {
            fired.extend(generation.fire_all(need, *number, None));
        }
        fired
    }

    /// Copies the book into another run: visits that `visit` does not know are forgotten, and
    /// with them the firings they took part in; what those had used counts again.
    pub(crate) fn carried(&self, carry: &Carry<'_>) -> Self {
        let mut book = Self::default();
        for (number, generation) in &self.generations {
            let firings: Vec<Firing> = generation
                .firings
                .iter()
                .filter_map(|firing| {
                    let visits = firing.visits.iter().map(|visit| (carry.visit)(*visit));
                    Some(Firing {
                        visits: visits.collect::<Option<_>>()?,
                        lineage: carry.lineage(&firing.lineage),
                        exempt: firing.exempt,
                    })
                })
                .collect();
            let arrivals = generation.arrivals.iter().filter_map(|arrival| {
                let visit = (carry.visit)(arrival.visit)?;
                let used = firings.iter().any(|firing| firing.visits.contains(&visit));
                Some(Arrival {
                    source: (carry.task)(arrival.source)?,
                    visit,
                    lineage: carry.lineage(&arrival.lineage),
                    exempt: arrival.exempt,
                    fate: if used { Fate::Used } else { Fate::Waiting },
                })
            });
            let arrivals: Vec<Arrival> = arrivals.collect();
            let carried = Generation { arrivals, firings };
            book.generations.insert(*number, carried);
        }
        book
    }

    /// Lets arrivals that were reported as unreachable wait again.
    pub(crate) fn revive(&mut self) {
        let generations = self.generations.values_mut();
        for arrival in generations.flat_map(|generation| &mut generation.arrivals) {
            if arrival.fate == Fate::LeftOver {
                arrival.fate = Fate::Waiting;
            }
        }
    }

    /// Opens the join again: forgets its firings and the arrivals that `forget` names; all
    /// others count again.
    pub(crate) fn reopen(&mut self, forget: impl Fn(&Arrival) -> bool) {
        for generation in self.generations.values_mut() {
            generation.firings.clear();
            generation.arrivals.retain(|arrival| !forget(arrival));
            for arrival in &mut generation.arrivals {
                arrival.fate = Fate::Waiting;
            }
        }
        self.generations
            .retain(|_, generation| !generation.arrivals.is_empty());
    }
}

impl Generation {
    /// Fires for every waiting arrival that can be completed, in order. If only the newest arrival
    /// has not been looked at, whatever fires now contains it.
    fn fire_all(&mut self, need: Need, number: u32, newest: Option<usize>) -> Vec<Firing> {
        let mut fired = Vec::new();
        for place in newest.unwrap_or(0)..self.arrivals.len() {
            let agrees = |firing: &Firing| firing.lineage.agrees(&self.arrivals[place].lineage);
            let waits = self.arrivals[place].fate == Fate::Waiting;
            if need.absorbs && waits && self.firings.iter().any(agrees) {
                self.arrivals[place].fate = Fate::Absorbed;
            }
        }
        if self.arrivals.len() < need.sources as usize {
            return fired;
        }
        for place in 0..self.arrivals.len() {
            if self.arrivals[place].fate != Fate::Waiting {
                continue;
            }
            if let Some(chosen) = self.complete(need, place, newest) {
                let firing = self.fire(need, number, &chosen);
                self.absorb(need, &firing);
                fired.push(firing);
            }
        }
        fired
    }

    /// With `any` and N, what waits and agrees with a firing is absorbed by it.
    fn absorb(&mut self, need: Need, firing: &Firing) {
        let waiting = self.arrivals.iter_mut();
        let waiting = waiting.filter(|arrival| need.absorbs && arrival.fate == Fate::Waiting);
        for arrival in waiting.filter(|arrival| firing.lineage.agrees(&arrival.lineage)) {
            arrival.fate = Fate::Absorbed;
        }
    }

    /// Searches for arrivals of other sources that agree with the one at `place` and with each
    /// other, earlier ones first, the newest among them if one is given.
    fn complete(&self, need: Need, place: usize, newest: Option<usize>) -> Option<Vec<usize>> {
        let first = &self.arrivals[place];
        let newest = newest.filter(|newest| *newest != place);
        let last = newest.map(|newest| &self.arrivals[newest]);
        let fits = |arrival: &Arrival| {
            arrival.source != first.source && arrival.lineage.agrees(&first.lineage)
        };
        if last.is_some_and(|last| !fits(last)) {
            return None;
        }
        let lineage = match last {
            Some(last) => first.lineage.merged(&last.lineage),
            None => Arc::clone(&first.lineage),
        };
        let left = (need.sources as usize).checked_sub(1 + usize::from(last.is_some()))?;
        let candidates: Vec<usize> = (0..self.arrivals.len())
            .filter(|other| {
                let other = &self.arrivals[*other];
                let new_source = last.is_none_or(|last| last.source != other.source);
                new_source && fits(other) && lineage.agrees(&other.lineage)
            })
            .collect();
        let mut budget = MAX_SEARCH;
        let others = self.pick(left, &lineage, &candidates, &mut budget)?;
        Some([place].into_iter().chain(others).chain(newest).collect())
    }

    /// Picks `count` of the candidates, of distinct sources and agreeing with each other, earlier
    /// ones first. All candidates agree with `lineage`.
    fn pick(
        &self,
        count: usize,
        lineage: &Arc<Lineage>,
        candidates: &[usize],
        budget: &mut u32,
    ) -> Option<Vec<usize>> {
        if self.sources(candidates) < count {
            return None;
        }
        if let Some(picked) = self.pick_greedily(count, lineage, candidates) {
            return Some(picked);
        }
        for (at, &candidate) in candidates.iter().enumerate() {
            *budget = budget.checked_sub(1)?;
            let taken = &self.arrivals[candidate];
            let lineage = lineage.merged(&taken.lineage);
            let fits = |other: &&usize| {
                let other = &self.arrivals[**other];
                other.source != taken.source && lineage.agrees(&other.lineage)
            };
            let later: Vec<usize> = candidates[at + 1..].iter().filter(fits).copied().collect();
            if let Some(others) = self.pick(count - 1, &lineage, &later, budget) {
                return Some([candidate].into_iter().chain(others).collect());
            }
        }
        None
    }

    /// Takes each candidate that fits those taken before it: where that gives enough, no other
    /// way could have begun with earlier ones.
    fn pick_greedily(
        &self,
        count: usize,
        lineage: &Arc<Lineage>,
        candidates: &[usize],
    ) -> Option<Vec<usize>> {
        let mut picked = Vec::with_capacity(count);
        let (mut sources, mut lineage) = (BTreeSet::new(), Arc::clone(lineage));
        for &candidate in candidates {
            if picked.len() == count {
                break;
            }
            let arrival = &self.arrivals[candidate];
            if !sources.contains(&arrival.source) && lineage.agrees(&arrival.lineage) {
                sources.insert(arrival.source);
                lineage = lineage.merged(&arrival.lineage);
                picked.push(candidate);
            }
        }
        (picked.len() == count).then_some(picked)
    }

    fn sources(&self, candidates: &[usize]) -> usize {
        let sources = candidates.iter().map(|place| self.arrivals[*place].source);
        sources.collect::<BTreeSet<_>>().len()
    }

    fn fire(&mut self, need: Need, number: u32, chosen: &[usize]) -> Firing {
        let mut lineage = Arc::clone(&self.arrivals[chosen[0]].lineage);
        let (mut visits, mut exempt) = (Vec::new(), false);
        for &place in chosen {
            let arrival = &mut self.arrivals[place];
            exempt |= arrival.exempt;
            arrival.fate = Fate::Used;
            lineage = lineage.merged(&arrival.lineage);
            visits.push(arrival.visit);
        }
        if need.in_cycle {
            lineage = lineage.through_join(need.join, number);
        }
        let firing = Firing {
            visits,
            lineage,
            exempt,
        };
        self.firings.push(firing.clone());
        firing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOIN: TaskIndex = TaskIndex(9);

    fn need(sources: u32, absorbs: bool) -> Need {
        Need {
            join: JOIN,
            sources,
            absorbs,
            in_cycle: false,
        }
    }

    fn arrival(source: u32, splits: &[(u32, u32)]) -> Arrival {
        let mut lineage = Arc::new(Lineage::default());
        for &(task, visit) in splits {
            lineage = lineage.through_split(TaskIndex(task), VisitId(visit));
        }
        Arrival {
            source: TaskIndex(source),
            visit: VisitId(100 + source),
            lineage,
            exempt: false,
            fate: Fate::Waiting,
        }
    }

    #[test]
    fn an_early_arrival_completes_every_branch_of_a_later_split() {
        let mut book = JoinBook::default();
        assert!(book.arrive(need(2, false), arrival(1, &[])).is_empty());
        assert_eq!(book.arrive(need(2, false), arrival(2, &[(5, 1)])).len(), 1);
        assert_eq!(book.arrive(need(2, false), arrival(2, &[(5, 2)])).len(), 1);
        assert!(book.report_left_over().is_empty());
    }

    #[test]
    fn a_late_arrival_completes_every_waiting_branch() {
        let mut book = JoinBook::default();
        assert!(
            book.arrive(need(2, false), arrival(2, &[(5, 1)]))
                .is_empty()
        );
        assert!(
            book.arrive(need(2, false), arrival(2, &[(5, 2)]))
                .is_empty()
        );
        assert_eq!(book.arrive(need(2, false), arrival(1, &[])).len(), 2);
    }

    #[test]
    fn the_search_goes_back_where_the_earliest_choice_leaves_too_few() {
        let mut book = JoinBook::default();
        book.arrive(need(3, false), arrival(2, &[(5, 1)]));
        book.arrive(need(3, false), arrival(2, &[(5, 2)]));
        book.arrive(need(3, false), arrival(3, &[(5, 2)]));
        let fired = book.arrive(need(3, false), arrival(1, &[]));
        assert_eq!(fired.len(), 1);
        assert_eq!(book.report_left_over().len(), 1);
    }

    #[test]
    fn any_absorbs_what_agrees_and_fires_for_what_does_not() {
        let mut book = JoinBook::default();
        assert_eq!(book.arrive(need(1, true), arrival(1, &[(5, 1)])).len(), 1);
        assert_eq!(book.arrive(need(1, true), arrival(2, &[])).len(), 0);
        assert_eq!(book.arrive(need(1, true), arrival(2, &[(5, 2)])).len(), 1);
        assert!(book.report_left_over().is_empty());
    }
}
