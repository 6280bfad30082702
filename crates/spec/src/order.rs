//! Putting things after the things they need.

use std::collections::BTreeSet;

/// An order of things by their needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    /// Each thing after those it needs; the lowest number first where that leaves a choice. Things in a circle are not in it.
    pub sorted: Vec<usize>,
    /// Circles: each thing needs the next, and the last needs the first.
    pub circles: Vec<Vec<usize>>,
}

/// Orders things, given for each the numbers of the things it needs. Needs on a thing in a circle count as met.
pub fn order(needs: &[Vec<usize>]) -> Order {
    let mut users = vec![Vec::new(); needs.len()];
    let mut open: Vec<usize> = vec![0; needs.len()];
    for (thing, needed) in needs.iter().enumerate() {
        for need in needed.iter().collect::<BTreeSet<_>>() {
            users[*need].push(thing);
            open[thing] += 1;
        }
    }
    let mut ready: BTreeSet<usize> = (0..needs.len()).filter(|thing| open[*thing] == 0).collect();
    let mut left: BTreeSet<usize> = (0..needs.len()).collect();
    let mut order = Order { sorted: Vec::new(), circles: Vec::new() };
    loop {
        while let Some(thing) = ready.pop_first() {
            if left.remove(&thing) {
                order.sorted.push(thing);
                release(thing, &users, &mut open, &left, &mut ready);
            }
        }
        let Some(start) = left.first().copied() else { return order };
        let circle = circle_from(start, needs, &left);
        for thing in &circle {
            left.remove(thing);
        }
        for thing in &circle {
            release(*thing, &users, &mut open, &left, &mut ready);
        }
        order.circles.push(circle);
    }
}

/// Counts `thing` as met for its users.
fn release(
    thing: usize,
    users: &[Vec<usize>],
    open: &mut [usize],
    left: &BTreeSet<usize>,
    ready: &mut BTreeSet<usize>,
) {
    for user in &users[thing] {
        open[*user] -= 1;
        if open[*user] == 0 && left.contains(user) {
            ready.insert(*user);
        }
    }
}

/// The circle that following needs from `start` ends in, starting with its lowest number.
fn circle_from(start: usize, needs: &[Vec<usize>], left: &BTreeSet<usize>) -> Vec<usize> {
    let mut path = Vec::new();
    let mut at = start;
    let mut seen = vec![false; needs.len()];
    while !seen[at] {
        seen[at] = true;
        path.push(at);
        let next = needs[at].iter().filter(|need| left.contains(need)).min();
        at = *next.expect("a thing that is left needs another that is left");
    }
    let first = path.iter().position(|thing| *thing == at).expect("the walk came back to a thing on its path");
    let mut circle = path.split_off(first);
    let lowest = circle.iter().enumerate().min_by_key(|(_, thing)| **thing).map_or(0, |(position, _)| position);
    circle.rotate_left(lowest);
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Needs come first and circles are found.
    #[test]
    fn dependencies_first_and_cycles_found() {
        let found = order(&[vec![1], vec![], vec![3], vec![4], vec![2], vec![4, 0]]);
        assert_eq!(found, Order { sorted: vec![1, 0, 5], circles: vec![vec![2, 3, 4]] });
        assert_eq!(order(&[vec![0]]).circles, [[0]]);
        let long: Vec<Vec<usize>> =
            (0..100_000).map(|thing| if thing == 0 { vec![] } else { vec![thing - 1] }).collect();
        assert_eq!(order(&long).sorted.len(), 100_000);
    }
}
