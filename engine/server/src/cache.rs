//! A bounded map of things that are costly to make, forgotten when what they were made from
//! changes.
//!
//! Two halves: what is asked for moves to the young one; when that is full, the old one goes. So
//! what is in use stays, without a list to keep in order.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded cache. `generation` tells whether its content is still true.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    halves: Mutex<Halves<K, V>>,
    capacity: usize,
}

#[derive(Debug)]
struct Halves<K, V> {
    generation: u64,
    young: HashMap<K, (V, usize)>,
    young_weight: usize,
    old: HashMap<K, (V, usize)>,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// Makes a cache for values of `capacity` weight together.
    pub(crate) fn new(capacity: usize) -> Self {
        let halves = Halves {
            generation: 0,
            young: HashMap::new(),
            young_weight: 0,
            old: HashMap::new(),
        };
        Self {
            halves: Mutex::new(halves),
            capacity,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Halves<K, V>> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a value made in this generation.
    pub(crate) fn get<Q>(&self, generation: u64, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut halves = self.lock();
        if halves.generation != generation {
            halves.generation = generation;
            halves.young.clear();
            halves.young_weight = 0;
            halves.old.clear();
            return None;
        }
        if let Some((value, _)) = halves.young.get(key) {
            return Some(value.clone());
        }
        let (key, (value, weight)) = halves.old.remove_entry(key)?;
        self.insert(&mut halves, key, value.clone(), weight);
        Some(value)
    }

    /// Keeps a value made in this generation, unless another one has begun.
    pub(crate) fn put(&self, generation: u64, key: K, value: V, weight: usize) {
        let mut halves = self.lock();
        if halves.generation == generation {
            self.insert(&mut halves, key, value, weight);
        }
    }

    fn insert(&self, halves: &mut Halves<K, V>, key: K, value: V, weight: usize) {
        if halves.young_weight + weight > self.capacity / 2 {
            halves.old = std::mem::take(&mut halves.young);
            halves.young_weight = 0;
        }
        if weight > self.capacity / 2 {
            return;
        }
        halves.young_weight += weight;
        if let Some((_, before)) = halves.young.insert(key, (value, weight)) {
            halves.young_weight -= before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let cache = Cache::new(8);
        for key in 0..100_u32 {
            cache.put(0, key, key, 1);
            assert_eq!(cache.get(0, &0), Some(0), "after {key}");
        }
        let kept = (0..100).filter(|key| cache.get(0, key).is_some()).count();
        assert!(kept <= 8, "{kept}");
        assert_eq!(cache.get(0, &50), None);
    }

    #[test]
    fn a_new_generation_forgets_everything() {
        let cache = Cache::new(8);
        cache.put(0, "a", 1, 1);
        assert_eq!(cache.get(1, "a"), None);
        cache.put(0, "a", 1, 1);
        assert_eq!(
            cache.get(1, "a"),
            None,
            "a late value of the former generation"
        );
        cache.put(1, "a", 2, 1);
        assert_eq!(cache.get(1, "a"), Some(2));
    }
}
