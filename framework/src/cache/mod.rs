//! Values that need not be computed again: in this process, and in a Redis that instances share. Nothing here can fail a
//! request: what cannot be had from a cache is a miss.

pub mod redis;
