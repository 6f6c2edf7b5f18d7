//! Measured figures, each beside what it has to reach.

use serde_json::json;

/// All figures of a run of the benchmark.
#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    reach: String,
}

impl Figures {
    /// Records a figure; `reach` says what it should be.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        reach: impl Into<String>,
    ) {
        let row = Row {
            name: name.into(),
            value,
            unit,
            reach: reach.into(),
        };
        eprintln!(
            "{:44} {:>12.3} {:8} {}",
            row.name, row.value, row.unit, row.reach
        );
        self.rows.push(row);
    }

    /// Prints a JSON line per figure.
    pub(crate) fn print(&self) {
        for row in &self.rows {
            let line = json!({
                "name": row.name, "value": row.value, "unit": row.unit, "reach": row.reach,
            });
            println!("{line}");
        }
    }
}

/// Returns the value below which `share` of the sorted values lie.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}
