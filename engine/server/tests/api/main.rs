//! The API in process: the router over a driver whose store is in memory.

mod description;
