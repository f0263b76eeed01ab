//! What fails around an app, one fault at a time. What is asserted is what happens and that it happens, not how fast: that
//! is measured elsewhere.

#![expect(clippy::panic, reason = "a panic is how a test fails")]

mod api;
mod api_load;
mod health;
mod redis;
mod support;
mod tiered;
mod tiered_app;
mod tiers;
