//! What a handle promises, case by case, on a disk that takes its time.

use std::sync::Arc;
use std::time::Duration;

use attune_core::event::CancelMode;
use attune_core::run::RunStatus;
use attune_core::{RunId, Value};
use attune_driver::Handle;
use attune_driver::handle::{Command, CommandError, StartError};
use attune_driver::port::Views;

use crate::workflows::{Library, SOURCES, remembered};
use crate::world::{Life, Outside, Setting, in_virtual_time};

const LONG: Duration = Duration::from_secs(3_600);

/// Runs a test against a quiet driver.
fn check<F: AsyncFnOnce(&Library, &Life)>(test: F) {
    in_virtual_time(async {
        let outside = Outside::new(64);
        let library = Library::new();
        library.install(&outside.store).await;
        let life = Setting::quiet(1).begin(&outside).await;
        test(&library, &life).await;
        life.driver.stop().await;
    });
}

async fn output(handle: &Handle, run: RunId) -> (RunStatus, Value) {
    assert!(
        handle.wait(run, LONG).await.unwrap(),
        "run {run} never ends"
    );
    let inspected = handle.inspect(run).await.unwrap();
    (inspected.run.status(), inspected.run.output().clone())
}

/// What `sim.pure` and `sim.effect` make of a number.
fn once(n: i64) -> i64 {
    n * 2 + 1
}

#[test]
fn every_workflow_runs_to_its_end() {
    check(async |library, life| {
        for (reference, _) in SOURCES {
            let started = life.handle.start(library.start(reference, 5)).await;
            let (status, output) = output(&life.handle, started.unwrap().run).await;
            assert_eq!(status, RunStatus::Completed, "{reference}: {output:?}");
            let value = output.get("value");
            let expected = match reference {
                "sim.chain" => Value::Int(once(once(once(5)))),
                "sim.mixed" => Value::Int(once(once(once(once(5))))),
                "sim.facts" => Value::Int(once(once(50))),
                _ => continue,
            };
            assert_eq!(value, Some(&expected), "{reference}");
        }
    });
}

#[test]
fn an_acknowledged_start_can_be_read_back() {
    check(async |library, life| {
        let started = life
            .handle
            .start(library.start("sim.slow", 1))
            .await
            .unwrap();
        let summary = life.store.inner.summary(started.run).await.unwrap();
        assert!(summary.is_some());
        assert!(!started.replayed);
    });
}

#[test]
fn executing_returns_the_ended_run() {
    check(async |library, life| {
        let executed = life.handle.execute(library.start("sim.chain", 1), LONG);
        let executed = executed.await.unwrap();
        let ended = executed.ended.unwrap();
        assert_eq!(ended.run.status(), RunStatus::Completed);
        let summary = life
            .store
            .inner
            .summary(executed.started.run)
            .await
            .unwrap();
        assert_eq!(summary.unwrap().status, RunStatus::Completed);

        let short = Duration::from_secs(1);
        let executed = life.handle.execute(library.start("sim.slow", 1), short);
        assert!(executed.await.unwrap().ended.is_none());
    });
}

#[test]
fn a_key_starts_one_run_even_at_once() {
    check(async |library, life| {
        let start = |n| {
            life.handle
                .start(remembered(library.start("sim.chain", n), 7))
        };
        let (first, second, other) = tokio::join!(start(1), start(1), start(2));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.run, second.run);
        assert_eq!((first.replayed, second.replayed), (false, true));
        assert!(matches!(other, Err(StartError::KeyReused)));
        let third = start(1).await.unwrap();
        assert_eq!((third.run, third.replayed), (first.run, true));
        assert!(matches!(start(2).await, Err(StartError::KeyReused)));
    });
}

#[test]
fn commands_are_answered_by_the_machine() {
    check(async |library, life| {
        let handle = &life.handle;
        let tell = |run, command| handle.command(run, command, Arc::from("tester"));
        let missing = tell(RunId(4_000), Command::Resume).await;
        assert!(matches!(missing, Err(CommandError::NotFound(_))));

        let run = handle
            .start(library.start("sim.slow", 1))
            .await
            .unwrap()
            .run;
        tell(run, Command::Pause { reason: None }).await.unwrap();
        assert!(!handle.wait(run, LONG).await.unwrap());
        tell(run, Command::Resume).await.unwrap();
        assert_eq!(output(handle, run).await.0, RunStatus::Completed);
        let mode = CancelMode::AllowFinish;
        let late = tell(run, Command::Cancel { mode }).await;
        assert!(matches!(late, Err(CommandError::Refused(_))), "{late:?}");
    });
}

#[test]
fn cancel_goes_down_to_children() {
    check(async |library, life| {
        let handle = &life.handle;
        let run = handle
            .start(library.start("sim.parent", 1))
            .await
            .unwrap()
            .run;
        let children = loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let run = handle.inspect(run).await.unwrap().run;
            if !run.children().is_empty() {
                break run.children();
            }
        };
        let mode = CancelMode::CancelRunning;
        let command = Command::Cancel { mode };
        handle.command(run, command, "tester".into()).await.unwrap();
        assert_eq!(output(handle, run).await.0, RunStatus::Cancelled);
        for (_, child) in children {
            assert_eq!(output(handle, child).await.0, RunStatus::Cancelled);
        }
    });
}

#[test]
fn a_follower_sees_the_journal_to_its_end() {
    check(async |library, life| {
        let handle = &life.handle;
        let run = handle
            .start(library.start("sim.items", 1))
            .await
            .unwrap()
            .run;
        let mut live = handle.follow(run, 0).await.unwrap();
        let mut seen = Vec::new();
        while let Some(observed) = live.recv().await {
            seen.push(observed);
        }
        assert!(seen.last().unwrap().status.is_over());
        let numbers: Vec<u64> = seen.iter().map(|observed| observed.number).collect();
        assert_eq!(numbers, (0..seen.len() as u64).collect::<Vec<_>>());
        let read = handle.events(run, 0, usize::MAX).await.unwrap();
        assert_eq!(format!("{seen:?}"), format!("{read:?}"));

        let mut resumed = handle.follow(run, 5).await.unwrap();
        assert_eq!(resumed.recv().await.unwrap().number, 5);
        let page = handle.events(run, 3, 2).await.unwrap();
        assert_eq!((page.len(), page[0].number), (2, 3));
    });
}

#[test]
fn a_slow_follower_is_cut_off() {
    check(async |library, life| {
        let handle = &life.handle;
        let big = "{limits: {max_items: 2000}, tasks: [{name: a, action: sim.pure,
            with_items: '{{ range(900) | list }}', input: {value: 1}}]}";
        let mut start = library.start("sim.chain", 1);
        start.definition = Arc::new(crate::workflows::parse("sim.chain", big));
        start.workflow.digest = start.definition.digest;
        let source = big.as_bytes().to_vec().into();
        attune_driver::port::Catalog::put_content(&*life.store.inner, source)
            .await
            .unwrap();
        let run = handle.start(start).await.unwrap().run;
        let mut live = handle.follow(run, 0).await.unwrap();
        assert!(handle.wait(run, LONG).await.unwrap());
        tokio::time::sleep(Duration::from_secs(60)).await;
        let mut seen = 0;
        while live.recv().await.is_some() {
            seen += 1;
        }
        assert_eq!(seen, attune_driver::config::FOLLOW_BUFFER);
    });
}

#[test]
fn stopping_lets_attempts_finish_and_refuses_requests() {
    in_virtual_time(async {
        let outside = Outside::new(64);
        let library = Library::new();
        library.install(&outside.store).await;
        let life = Setting::quiet(1).begin(&outside).await;
        let handle = life.handle.clone();
        let started = handle.start(library.start("sim.mixed", 1)).await.unwrap();
        life.driver.stop().await;
        let refused = handle.start(library.start("sim.mixed", 1)).await;
        assert!(matches!(refused, Err(StartError::Stopping)));
        assert_eq!(outside.store.waiting(), 0, "something was not synced");

        outside.offered.lock().unwrap().end_life();
        let life = Setting::quiet(2).begin(&outside).await;
        let (status, output) = output(&life.handle, started.run).await;
        assert_eq!(status, RunStatus::Completed);
        assert_eq!(
            output.get("value"),
            Some(&Value::Int(once(once(once(once(1))))))
        );
    });
}
