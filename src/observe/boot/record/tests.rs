//! The file of a recording.
