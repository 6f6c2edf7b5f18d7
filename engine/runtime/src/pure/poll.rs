//! `wasi:io/poll` over the virtual clock: where everything a guest waits for is in the future,
//! time jumps to the earliest of it. Nothing sleeps.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll;

use super::PureView;

impl poll::Host for PureView<'_> {
    async fn poll(&mut self, list: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        let reps: Vec<u32> = list.iter().map(Resource::rep).collect();
        // Time passes for those too who only ever ask what is ready now.
        self.clock.read();
        loop {
            self.clock.forget_waiting();
            let list = reps.iter().map(|rep| Resource::new_borrow(*rep)).collect();
            {
                let mut asked = pin!(poll::Host::poll(self.table, list));
                let once = poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx))).await;
                if let Poll::Ready(ready) = once {
                    return ready;
                }
            }
            if !self.clock.jump() {
                // Nobody waits for time, so the host will wake what is waited for.
                let list = reps.iter().map(|rep| Resource::new_borrow(*rep)).collect();
                return poll::Host::poll(self.table, list).await;
            }
        }
    }
}

impl poll::HostPollable for PureView<'_> {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        self.clock.read();
        poll::HostPollable::ready(self.table, pollable).await
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::Host::poll(self, vec![pollable]).await.map(drop)
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}
