//! `a[start:stop:step]`, as in Python, of lists and texts.

use super::evaluator::Evaluator;
use super::fault::Fault;
use super::path::with_article;
use crate::value::Value;

impl Evaluator<'_> {
    /// Cuts a list or text; null stands for a bound that is not given.
    pub(super) fn slice(&mut self, value: &Value, bounds: &[Value; 3]) -> Result<Value, Fault> {
        let [start, stop, step] = bounds;
        let step = bound(step)?.unwrap_or(1);
        if step == 0 {
            return Err(Fault::failed("a slice cannot have the step 0"));
        }
        let (start, stop) = (bound(start)?, bound(stop)?);
        let value = self.open(value);
        if let Value::List(items) = value {
            let places = places(items.len(), start, stop, step);
            self.charge(places.len())?;
            Ok(Value::list(places.map(|at| items[at].clone()).collect()))
        } else if let Value::Text(text) = value {
            self.charge_bytes(text.len().saturating_mul(4))?;
            let letters: Vec<char> = text.chars().collect();
            let cut = places(letters.len(), start, stop, step).map(|at| letters[at]);
            Ok(Value::from(cut.collect::<String>()))
        } else {
            let found = with_article(value.type_name());
            Err(Fault::failed(format!("{found} cannot be sliced")))
        }
    }
}

fn bound(value: &Value) -> Result<Option<i64>, Fault> {
    if value.is_null() {
        return Ok(None);
    }
    value.as_i64().map(Some).ok_or_else(|| {
        let found = with_article(value.type_name());
        Fault::failed(format!(
            "the bounds of a slice are whole numbers, not {found}"
        ))
    })
}

/// The places a slice takes.
fn places(
    length: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> impl ExactSizeIterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let clamp = |at: i64| {
        let at = if at < 0 {
            at.saturating_add(length)
        } else {
            at
        };
        at.clamp(lowest, highest)
    };
    let (first, last) = if step > 0 {
        (lowest, highest)
    } else {
        (highest, lowest)
    };
    let start = start.map_or(first, clamp);
    let stop = stop.map_or(last, clamp);
    let distance = if step > 0 { stop - start } else { start - stop };
    let stride = step.unsigned_abs();
    let count = u64::try_from(distance).unwrap_or(0).div_ceil(stride);
    let count = usize::try_from(count).unwrap_or(0);
    (0..count).map(move |nth| {
        let offset = i64::try_from(nth).unwrap_or(0).saturating_mul(step);
        usize::try_from(start + offset).unwrap_or(0)
    })
}
