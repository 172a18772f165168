//! The same done for many interfaces, half of them by a second thread. It knows nothing of what is done.

use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

/// From so many on, a thread takes less than it saves.
const MANY: usize = 8;

/// What `of` makes of `items`, in their order; `of` is given a part of them at a time.
pub(crate) fn of<T: Sync, R: Send>(items: &[T], of: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let (first, second) = items.split_at(if items.len() < MANY { items.len() } else { items.len() / 2 });
    if second.is_empty() {
        return of(first);
    }
    thread::scope(|scope| {
        let beside = thread::Builder::new().spawn_scoped(scope, || of(second));
        let mut made = of(first);
        made.extend(beside.map(ScopedJoinHandle::join).map_or_else(|_| of(second), |made| made.unwrap_or_else(|panic| resume_unwind(panic))));
        made
    })
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn all_in_their_order() {
        for count in [0, 1, 7, 8, 9, 65] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(of(&items, |part| part.iter().map(|item| item * 2).collect()), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
