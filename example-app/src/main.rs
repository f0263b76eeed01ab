//! A book catalogue on couplet.

#[cfg_attr(not(test), expect(dead_code, reason = "the models that are filled from it are not there yet"))]
mod import;
#[cfg_attr(not(test), expect(dead_code, reason = "the models that are filled from it are not there yet"))]
mod seed;

fn main() {}
