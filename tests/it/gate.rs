//! The gate, held against rules written a second time: nothing passes it that may not, and nobody is forgotten.

mod families;
mod family;
mod pure;
