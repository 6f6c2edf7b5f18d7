//! Whole worlds from a seed: clients, a fake runner, a slow disk, and a process that dies between
//! any two steps, is started again, and must go on as if nothing had happened.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attune_core::Timestamp;
use attune_driver::port::{Clock, Views};
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::check::{Expected, check};
use crate::client::{Client, Dead};
use crate::clock::BEGIN;
use crate::plan::{INPUTS, Order};
use crate::record::Record;
use crate::workflows::{Library, SOURCES};
use crate::world::{Life, Outside, Setting, in_virtual_time};

/// Seeds of the regular test.
const SEEDS: u64 = 1_000;
/// Deaths of one seed at most: a task that is lost more often than three times gives up.
const DEATHS: u64 = 3;

/// What is the same for all seeds.
struct Given {
    library: Arc<Library>,
    expected: Expected,
}

/// What a seed has led to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    trace: u64,
    steps: u64,
    attempts: u64,
}

#[test]
fn a_thousand_seeds() {
    let given = Given::new();
    let next = AtomicU64::new(0);
    let attempts = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let take = || next.fetch_add(1, Ordering::Relaxed);
                while let Some(seed) = Some(take()).filter(|seed| *seed < SEEDS) {
                    let outcome = named(seed, || simulate(seed, &given));
                    attempts.fetch_add(outcome.attempts, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(attempts.into_inner() > 20 * SEEDS, "the worlds are empty");
}

#[test]
fn one_seed() {
    let seed = std::env::var("SIM_SEED").map_or(Ok(1), |seed| seed.parse());
    simulate(seed.expect("`SIM_SEED` is a number"), &Given::new());
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let given = Given::new();
    for seed in 0..20 {
        assert_eq!(
            simulate(seed, &given),
            simulate(seed, &given),
            "seed {seed}"
        );
    }
    assert_ne!(simulate(1, &given).trace, simulate(2, &given).trace);
}

/// Runs a seed; a failure names it.
fn named<T>(seed: u64, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        println!(
            "seed {seed} failed: SIM_SEED={seed} cargo test -p attune-driver --test sim one_seed"
        );
        resume_unwind(panic)
    })
}

impl Given {
    fn new() -> Self {
        let library = Arc::new(Library::new());
        let expected = in_virtual_time(undisturbed(&library));
        Self { library, expected }
    }
}

/// Runs everything once in a world where nothing goes wrong.
async fn undisturbed(library: &Library) -> Expected {
    let outside = Outside::new(1_000);
    library.install(&outside.store).await;
    let life = Setting::quiet(0).begin(&outside).await;
    let mut expected = Expected::new();
    for (reference, _) in SOURCES {
        for n in 0..INPUTS {
            let start = library.start(reference, n);
            let executed = life.handle.execute(start, Duration::from_secs(3_600));
            let ended = executed.await.unwrap().ended.expect("it ends");
            let result = (ended.run.status(), ended.run.output().clone());
            expected.insert((reference, n), result);
        }
    }
    life.driver.stop().await;
    expected
}

/// Runs one seed through all its lives, and checks what came of it.
fn simulate(seed: u64, given: &Given) -> Outcome {
    let chance = Chance::new(seed, 0);
    let outside = Outside::new(*chance.pick(&[2, 16, 1_000]));
    let record = Arc::new(Mutex::new(Record::default()));
    let orders = Order::draw_all(&chance);
    let deaths = chance.below(DEATHS + 1);
    let mut setting = draw(&chance, seed);
    in_virtual_time(given.library.install(&outside.store));
    for life in 0..=deaths {
        setting.life = life;
        setting.calls = if life < deaths {
            chance.time(2_000).as_millis() as u64 + 1
        } else {
            u64::MAX
        };
        let world = World {
            given,
            outside: &outside,
            record: &record,
            chance: &chance,
        };
        let until = in_virtual_time(world.live(&setting, &orders, life == deaths));
        setting.begins = Timestamp(until.0 + chance.below(20_000));
        let waiting = outside.store.waiting() as u64;
        outside.store.crash(chance.below(waiting + 1) as usize);
        outside.offered.lock().unwrap().end_life();
    }
    let record = record.lock().unwrap();
    let checks = check(
        &outside.store,
        &given.library,
        &record,
        &orders,
        &given.expected,
    );
    in_virtual_time(checks);
    let trace = outside.trace.lock().unwrap();
    Outcome {
        trace: trace.digest(),
        steps: trace.length,
        attempts: outside.offered.lock().unwrap().count,
    }
}

fn draw(chance: &Chance, seed: u64) -> Setting {
    let mut setting = Setting::quiet(seed);
    setting.begins = BEGIN;
    setting.attempt_ms = *chance.pick(&[1, 50, 5_000]);
    setting.sync_ms = *chance.pick(&[1, 10, 300]);
    setting.config.actors = 1 + chance.below(3) as usize;
    setting.config.attempts = *chance.pick(&[1, 3, 16]);
    setting.config.machines = *chance.pick(&[1, 3, 100]);
    setting
}

/// What a life is lived in.
struct World<'w> {
    given: &'w Given,
    outside: &'w Outside,
    record: &'w Arc<Mutex<Record>>,
    chance: &'w Chance,
}

impl World<'_> {
    /// Lives until the process dies, or until all orders are carried out. Returns when.
    async fn live(&self, setting: &Setting, orders: &[Order], last: bool) -> Timestamp {
        let Life {
            handle,
            mut driver,
            store,
            clock,
            disk: _disk,
        } = setting.begin(self.outside).await;
        let client = Client {
            handle,
            clock: Arc::clone(&clock),
            store: Arc::clone(&store),
            library: Arc::clone(&self.given.library),
            record: Arc::clone(self.record),
        };
        let mut clients = JoinSet::new();
        for order in orders {
            clients.spawn(client.clone().carry_out(order.clone()));
        }
        let fails = self.chance.one_in(4);
        let (when, keep) = (self.chance.time(30_000), self.chance.below(4) as usize);
        let failure = async {
            if !fails {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(when).await;
            store.note("fail", keep as u64);
            self.outside.store.fail(keep);
            std::future::pending::<()>().await;
        };
        let carried_out = async {
            while let Some(joined) = clients.join_next().await {
                match joined {
                    Ok(Ok(()) | Err(Dead)) => {}
                    Err(error) => resume_unwind(error.into_panic()),
                }
            }
        };
        tokio::select! {
            biased;
            () = store.fuse.blows.notified() => return clock.now(),
            ended = driver.ended() => ended.unwrap(),
            () = carried_out => {}
            () = failure => {}
        }
        if last {
            self.end_all(&*clock).await;
        }
        if last || self.chance.one_in(2) {
            driver.stop().await;
        }
        clock.now()
    }

    /// Waits for runs that no client waits for: children of runs that were cancelled.
    async fn end_all(&self, clock: &impl Clock) {
        let until = clock.now().0 + 3_600_000;
        while self.outside.store.live_count().await.unwrap() > 0 && clock.now().0 < until {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
