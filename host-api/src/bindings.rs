//! Bindings generated from `wit/`: the host traits of what we provide, and the exported functions
//! that we call. Nothing here is written by hand.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_arguments,
    reason = "generated code"
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "attune:action/described-action",
    imports: {
        "attune:action/kv.get": async,
        "attune:action/kv.set": async,
        "attune:action/kv.compare-and-set": async,
        "attune:action/kv.delete": async,
        "attune:action/kv.list-keys": async,
        "attune:action/secrets.placeholder": async,
        "attune:action/secrets.reveal": async,
    },
    exports: { default: async },
});
