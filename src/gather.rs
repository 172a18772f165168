//! Maps, sets and lists in order, with little code. `collect` into a map or set, and `sort` on a list, bring a sorting algorithm of their own for
//! each type, some four kilobytes of the program each time; here maps are filled entry by entry, and one sort serves all lists.

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
    let mut items: Vec<Option<T>> = std::mem::take(list).into_iter().map(Some).collect();
    list.extend(order(&times).into_iter().filter_map(|place| items[place].take()));
}

/// The places of `times` in the order of time.
fn order(times: &[u64]) -> Vec<usize> {
    let mut order: Vec<(u64, usize)> = times.iter().copied().zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, place)| place).collect()
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
}
