//! What was heard from the network: conversations as messages.
