//! `with_items`: what is iterated over, cut into executions.

use std::sync::Arc;

use crate::definition::{BatchMode, Items, MaxFailures};
use crate::error::{Failure, kind};
use crate::expr::Iteration;
use crate::run::{Batch, Series, VisitId};
use crate::value::{Map, Value};

use super::machine::{Flow, Machine, eval, render};

/// An iteration, ready to run.
pub(super) struct Expanded {
    pub(super) series: Series,
    /// Executions.
    pub(super) total: u32,
}

impl Machine<'_> {
    pub(super) fn expand(&self, visit: VisitId, items: &Items) -> Flow<Result<Expanded, Failure>> {
        let view = self.visit_view(visit);
        let values = match render(&items.source, &view)? {
            Ok(source) => match list(&source) {
                Some(values) => values,
                None => return Ok(Err(not_a_list(&source))),
            },
            Err(message) => return Ok(Err(expression("with_items", &message))),
        };
        let most = self.definition.limits.max_items;
        if values.len() as u64 > u64::from(most) {
            let message = format!("{} items are more than {most} (max_items)", values.len());
            return Ok(Err(Failure::engine(kind::LIMIT_EXCEEDED, message)));
        }
        let size = match &items.batch_size {
            None => None,
            Some(template) => match render(template, &view)? {
                Ok(size) => match size.as_i64().and_then(|size| u32::try_from(size).ok()) {
                    Some(size) if size > 0 => Some(size),
                    _ => {
                        return Ok(Err(expression(
                            "batch_size",
                            &format!("{} is not a number of items", size.to_public_json()),
                        )));
                    }
                },
                Err(message) => return Ok(Err(expression("batch_size", &message))),
            },
        };
        let batch = size.map(|size| Batch {
            size,
            window: items.batch_mode == BatchMode::Window,
            items: values.len() as u32,
        });
        let values = in_batches(values, batch);
        let total = values.len() as u32;
        let mut series = Series {
            values,
            keys: None,
            batch,
        };
        if let Some(expression) = &items.key {
            match self.keys(visit, expression, &series)? {
                Ok(keys) => series.keys = Some(Arc::new(keys)),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(Expanded { series, total }))
    }

    fn keys(
        &self,
        visit: VisitId,
        key: &crate::expr::Expression,
        series: &Series,
    ) -> Flow<Result<Vec<Arc<str>>, Failure>> {
        let mut view = self.visit_view(visit);
        let mut keys = Vec::with_capacity(series.values.len());
        let mut seen = std::collections::BTreeSet::new();
        for (index, item) in series.values.iter().enumerate() {
            let index = index as u32;
            view = view.in_iteration(Some(Iteration {
                item: item.clone(),
                index,
                batch: series.batch.map(|batch| batch.place(index)),
            }));
            let name = match eval(key, &view)? {
                Ok(value) => super::start::plain_text(&value),
                Err(message) => return Ok(Err(expression("item_key", &message))),
            };
            if !seen.insert(Arc::clone(&name)) {
                let message = format!("two items have the key `{name}`");
                return Ok(Err(expression("item_key", &message)));
            }
            keys.push(name);
        }
        Ok(Ok(keys))
    }
}

/// Tells whether so many failures of so many executions fail the task.
pub(super) fn exceeds(tolerated: MaxFailures, failed: u32, total: u32) -> bool {
    match tolerated {
        MaxFailures::Count(count) => failed > count,
        MaxFailures::Percent(percent) => f64::from(failed) * 100.0 > percent * f64::from(total),
    }
}

/// Returns the items: of a list as they are, of a map as `{key, value}`.
fn list(source: &Value) -> Option<Arc<Vec<Value>>> {
    let secret = matches!(source, Value::Secret(_));
    let tainted = |value: Value| if secret { value.secret() } else { value };
    match source.exposed() {
        Value::List(items) if !secret => Some(Arc::clone(items)),
        Value::List(items) => Some(Arc::new(items.iter().cloned().map(tainted).collect())),
        Value::Map(map) => {
            let pair = |(key, value): (&Arc<str>, &Value)| {
                let mut pair = Map::new();
                pair.insert("key".into(), tainted(Value::Text(Arc::clone(key))));
                pair.insert("value".into(), tainted(value.clone()));
                Value::Map(Arc::new(pair))
            };
            Some(Arc::new(map.iter().map(pair).collect()))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Secret(_) => None,
    }
}

fn in_batches(values: Arc<Vec<Value>>, batch: Option<Batch>) -> Arc<Vec<Value>> {
    match batch {
        Some(batch) if !batch.window => {
            let lists = values.chunks(batch.size as usize);
            Arc::new(lists.map(|items| Value::list(items.to_vec())).collect())
        }
        _ => values,
    }
}

fn not_a_list(source: &Value) -> Failure {
    let message = format!(
        "`with_items` is {}, not a list or a map",
        source.type_name()
    );
    Failure::engine(kind::WITH_ITEMS_TYPE, message)
}

fn expression(field: &str, message: &str) -> Failure {
    Failure::engine(kind::EXPRESSION, format!("`{field}`: {message}"))
}
