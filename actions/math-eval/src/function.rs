//! The functions of formulas.

/// Calls a function. `Err` holds how many numbers it takes, `None` means there is no such one.
pub(crate) fn call(name: &str, arguments: &[f64]) -> Option<Result<f64, &'static str>> {
    if let Some(function) = unary(name) {
        return Some(match arguments {
            [x] => Ok(function(*x)),
            _ => Err("1 number"),
        });
    }
    if let Some(function) = binary(name) {
        return Some(match arguments {
            [x, y] => Ok(function(*x, *y)),
            _ => Err("2 numbers"),
        });
    }
    if name == "if" {
        return Some(match arguments {
            [condition, a, b] => Ok(if *condition == 0.0 { *b } else { *a }),
            _ => Err("3 numbers"),
        });
    }
    let fold = many(name)?;
    Some(if arguments.is_empty() {
        Err("at least 1 number")
    } else {
        Ok(fold(arguments))
    })
}

fn unary(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "acos" => f64::acos,
        "asin" => f64::asin,
        "atan" => f64::atan,
        "cbrt" => f64::cbrt,
        "ceil" => f64::ceil,
        "cos" => f64::cos,
        "exp" => f64::exp,
        "floor" => f64::floor,
        "ln" => f64::ln,
        "log10" => f64::log10,
        "log2" => f64::log2,
        "round" => f64::round,
        "sign" => |x| if x == 0.0 { 0.0 } else { x.signum() },
        "sin" => f64::sin,
        "sqrt" => f64::sqrt,
        "tan" => f64::tan,
        "trunc" => f64::trunc,
        _ => return None,
    })
}

fn binary(name: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match name {
        "atan2" => f64::atan2,
        "mod" => f64::rem_euclid,
        "pow" => f64::powf,
        _ => return None,
    })
}

fn many(name: &str) -> Option<fn(&[f64]) -> f64> {
    Some(match name {
        "avg" => |all| all.iter().sum::<f64>() / all.iter().map(|_| 1.0).sum::<f64>(),
        "max" => |all| all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "min" => |all| all.iter().copied().fold(f64::INFINITY, f64::min),
        "sum" => |all| all.iter().sum(),
        _ => return None,
    })
}
