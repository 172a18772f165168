//! Intent: what the files below a root directory set up. One file a guest network stack.
