//! `console`: its lines go to the log of the attempt.

use attune_sdk::log::{self, Level};
use attune_sdk::serde_json::Value;
use boa_engine::object::ObjectInitializer;
use boa_engine::property::Attribute;
use boa_engine::{Context, JsResult, JsValue, NativeFunction, js_string};

/// Defines `console` as a global.
pub(crate) fn install(context: &mut Context) -> JsResult<()> {
    let console = ObjectInitializer::new(context)
        .function(NativeFunction::from_fn_ptr(debug), js_string!("debug"), 0)
        .function(NativeFunction::from_fn_ptr(info), js_string!("log"), 0)
        .function(NativeFunction::from_fn_ptr(info), js_string!("info"), 0)
        .function(NativeFunction::from_fn_ptr(warn), js_string!("warn"), 0)
        .function(NativeFunction::from_fn_ptr(error), js_string!("error"), 0)
        .build();
    context.register_global_property(js_string!("console"), console, Attribute::all())
}

fn debug(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    write(Level::Debug, arguments, context)
}

fn info(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    write(Level::Info, arguments, context)
}

fn warn(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    write(Level::Warn, arguments, context)
}

fn error(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    write(Level::Error, arguments, context)
}

/// Writes text as it is, and everything else as JSON or, where it has none, as a debugger would.
fn write(level: Level, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let mut words = Vec::with_capacity(arguments.len());
    for argument in arguments {
        words.push(match argument.as_string() {
            Some(text) => text.to_std_string_lossy(),
            None => match argument.to_json(context) {
                Ok(Some(json)) => Value::to_string(&json),
                Ok(None) | Err(_) => argument.display().to_string(),
            },
        });
    }
    log::write(level, &words.join(" "), &[]);
    Ok(JsValue::undefined())
}
