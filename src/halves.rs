//! The same done for many interfaces, half of them by a second thread. It knows nothing of what is done.

use std::thread;

/// From so many on, a thread takes less than it saves.
const MANY: usize = 8;

/// What `of` makes of `items`, in their order; `of` is given a part of them at a time.
pub(crate) fn of<T: Sync, R: Send>(items: &[T], of: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let (first, second) = items.split_at(if items.len() < MANY { items.len() } else { items.len() / 2 });
    if second.is_empty() {
        return of(first);
    }
    let (mut made, mut others) = (Vec::new(), Vec::new());
    both(&mut || made = of(first), &mut || others = of(second));
    made.append(&mut others);
    made
}

/// Does both side by side; without a thread one after the other. One function for all that is done: threads are much code.
fn both(one: &mut dyn FnMut(), other: &mut (dyn FnMut() + Send)) {
    let begun = thread::scope(|scope| {
        let begun = thread::Builder::new().spawn_scoped(scope, &mut *other).is_ok();
        one();
        begun
    });
    if !begun {
        other();
    }
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
