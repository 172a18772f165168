//! Maps, sets and lists in order, with little code. `collect` into a map or set, and `sort` on a list, bring a sorting algorithm of their own for
//! each type, some four kilobytes of the program each time; here maps are filled entry by entry, and one sort serves all lists.

use std::cmp::Ordering;

/// What an iterator yields, put into a map or set.
pub(crate) trait Gather: Iterator + Sized {
    /// As `collect`.
    fn gather<C: Default + Extend<Self::Item>>(self) -> C {
        let mut gathered = C::default();
        gathered.extend(self);
        gathered
    }
}

impl<I: Iterator> Gather for I {}

/// Sorts `list` by the time that `at` gives; what has the same time stays in its order.
pub(crate) fn sort_by_time<T>(list: &mut Vec<T>, at: impl Fn(&T) -> u64) {
    let times: Vec<u64> = list.iter().map(at).collect();
    if times.is_sorted() {
        return;
    }
    rearrange(list, order(times.len(), &|one, other| times[one].cmp(&times[other])));
}

/// Sorts `list`; what is equal stays in its order.
pub(crate) fn sort_by<T>(list: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    rearrange(list, order(list.len(), &|one, other| compare(&list[one], &list[other])));
}

/// The places of a list of this length in their order.
fn order(length: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    order.sort_by(|&one, &other| compare(one, other));
    order
}

fn rearrange<T>(list: &mut Vec<T>, order: Vec<usize>) {
    let mut items: Vec<Option<T>> = std::mem::take(list).into_iter().map(Some).collect();
    list.extend(order.into_iter().filter_map(|place| items[place].take()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_stay_in_their_order() {
        let mut list = vec![(3, 'a'), (1, 'b'), (3, 'c'), (1, 'd'), (2, 'e')];
        sort_by_time(&mut list, |(at, _)| *at);
        assert_eq!(list, [(1, 'b'), (1, 'd'), (2, 'e'), (3, 'a'), (3, 'c')]);
    }

    #[test]
    fn equals_stay_in_their_order() {
        let mut list = vec!["bc", "a", "bb", "", "c"];
        sort_by(&mut list, |one, other| one.len().cmp(&other.len()));
        assert_eq!(list, ["", "a", "c", "bc", "bb"]);
    }
}
