//! Lists made of numbers and of other lists.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, EITHER, FUNCTION};
use crate::value::Map;
use crate::value::Value;
use std::sync::Arc;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["range"],
        usage: "range(stop) or range(start, stop, step=1)",
        text: "The whole numbers from `start` up to, without, `stop`.",
        examples: &[
            ("range(3)", "[0,1,2]"),
            ("range(1, 6, 2)", "[1,3,5]"),
            ("range(3, 0, -1)", "[3,2,1]"),
        ],
        run: range,
        ..FUNCTION
    },
    Builtin {
        names: &["zip"],
        usage: "zip(list, list, …)",
        text: "Lists of the first items, the second items, and so on, as long as all lists have one.",
        examples: &[("zip(['a', 'b'], [1, 2, 3])", r#"[["a",1],["b",2]]"#)],
        run: zip,
        ..EITHER
    },
    Builtin {
        names: &["product"],
        usage: "product(name=list, …)",
        text: "Every combination of the items, as objects; lists without names give lists. The last one changes fastest.",
        examples: &[
            (
                "product(os=['a', 'b'], v=[1, 2])",
                r#"[{"os":"a","v":1},{"os":"a","v":2},{"os":"b","v":1},{"os":"b","v":2}]"#,
            ),
            ("product([1, 2], [3])", "[[1,3],[2,3]]"),
        ],
        run: product,
        ..FUNCTION
    },
];

fn range(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let first = call.whole("start")?;
    let second = call.whole("stop")?;
    let (start, stop) = match (first, second) {
        (Some(stop), None) => (0, stop),
        (start, Some(stop)) => (start.unwrap_or(0), stop),
        (None, None) => return Err(call.fault("needs `stop`")),
    };
    let step = call.whole("step")?.unwrap_or(1);
    if step == 0 {
        return Err(call.fault("cannot have the step 0"));
    }
    let distance = i128::from(stop) - i128::from(start);
    let stride = i128::from(step);
    let count = (distance / stride + i128::from(distance % stride != 0)).max(0);
    let count = if (distance < 0) == (stride < 0) {
        count
    } else {
        0
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    call.evaluator.charge(count)?;
    let numbers = (0..count as i64).map(|nth| Value::Int(start + nth * step));
    Ok(Value::list(numbers.collect()))
}

fn zip(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let lists = lists(call)?;
    let rows = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    call.evaluator.charge(rows.saturating_mul(lists.len()))?;
    let row = |nth: usize| Value::list(lists.iter().map(|list| list[nth].clone()).collect());
    Ok(Value::list((0..rows).map(row).collect()))
}

fn lists(call: &mut Call<'_, '_>) -> Result<Vec<Arc<Vec<Value>>>, Fault> {
    call.rest()
        .iter()
        .map(|value| call.as_list("list", value))
        .collect()
}

fn product(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let named = call.rest_named();
    if named.is_empty() {
        let lists = lists(call)?;
        let rows = combinations(call, &lists)?;
        return Ok(Value::list(rows.into_iter().map(Value::list).collect()));
    }
    let names: Vec<Arc<str>> = named.keys().cloned().collect();
    let lists = named
        .values()
        .map(|value| call.as_list("list", value))
        .collect::<Result<Vec<_>, _>>()?;
    let rows = combinations(call, &lists)?;
    let object = |row: Vec<Value>| {
        let map: Map = names.iter().cloned().zip(row).collect();
        Value::Map(Arc::new(map))
    };
    Ok(Value::list(rows.into_iter().map(object).collect()))
}

fn combinations(
    call: &mut Call<'_, '_>,
    lists: &[Arc<Vec<Value>>],
) -> Result<Vec<Vec<Value>>, Fault> {
    let count = lists
        .iter()
        .fold(1_usize, |count, list| count.saturating_mul(list.len()));
    call.evaluator
        .charge(count.saturating_mul(lists.len().max(1)))?;
    let mut rows = vec![Vec::with_capacity(lists.len())];
    for list in lists {
        rows = rows
            .iter()
            .flat_map(|row| {
                list.iter().map(|item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    Ok(rows)
}
