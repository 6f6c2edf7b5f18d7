//! Counters for Prometheus, each an atomic: cheap enough for every request.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers by the first digit of their status, 1 to 5.
    answers: [AtomicU64; 5],
    /// Microseconds spent on them, streams aside.
    busy_us: AtomicU64,
    /// Requests whose answer has not begun.
    pub(crate) under_way: AtomicU64,
    /// Connections open.
    pub(crate) connections: AtomicU64,
    /// Runs started.
    pub(crate) runs_started: AtomicU64,
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn answered(&self, status: StatusCode, elapsed_us: u64) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].fetch_add(1, Ordering::Relaxed);
        self.busy_us.fetch_add(elapsed_us, Ordering::Relaxed);
    }

    /// Writes the counters as Prometheus text.
    pub(crate) fn render(&self, version: &str, live_runs: u64, streams: usize) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut out = String::with_capacity(1024);
        let mut put = |name: &str, kind: &str, help: &str, samples: &[(String, String)]| {
            // Writing to a String cannot fail.
            _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in samples {
                _ = writeln!(out, "{name}{labels} {value}");
            }
        };
        let plain = |value: u64| [(String::new(), value.to_string())];
        let version = [(format!("{{version=\"{version}\"}}"), "1".to_owned())];
        put("attune_info", "gauge", "The server's version.", &version);
        let answers: Vec<_> = (1..)
            .zip(&self.answers)
            .map(|(class, count)| (format!("{{status=\"{class}xx\"}}"), read(count).to_string()))
            .collect();
        put(
            "attune_http_answers_total",
            "counter",
            "Answers by class of status.",
            &answers,
        );
        let seconds = [(
            String::new(),
            format!("{:.6}", read(&self.busy_us) as f64 / 1e6),
        )];
        put(
            "attune_http_seconds_total",
            "counter",
            "Time from request to answer.",
            &seconds,
        );
        put(
            "attune_http_requests_under_way",
            "gauge",
            "Requests whose answer has not begun.",
            &plain(read(&self.under_way)),
        );
        put(
            "attune_http_connections",
            "gauge",
            "Open connections.",
            &plain(read(&self.connections)),
        );
        put(
            "attune_http_streams",
            "gauge",
            "Live streams.",
            &plain(streams as u64),
        );
        put(
            "attune_runs_started_total",
            "counter",
            "Runs started by requests.",
            &plain(read(&self.runs_started)),
        );
        put(
            "attune_runs_live",
            "gauge",
            "Runs that wait or work.",
            &plain(live_runs),
        );
        out
    }
}
