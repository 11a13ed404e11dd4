//! Coalescing: of identical calls at the same time, one asks and all get its answer.
//!
//! Pure: a host calls [`Flights::join`] for each call that has a [`FlightKey`]. The first to join *leads*, and runs its
//! flow. Those that join while it does *follow*, and wait. When the leader lands, its followers are told to take its
//! result. A follower that leaves concerns nobody else; a leader that leaves hands over to the follower that has waited
//! longest, which then runs its own flow, with its own seed.
//!
//! ```
//! use entrada_core::flights::{FlightKey, Flights, Role};
//!
//! let mut flights = Flights::default();
//! let key = FlightKey::new(["client", "authority", "scope"]);
//! let (first, role) = flights.join(&key);
//! assert_eq!(role, Role::Lead);
//! let (second, role) = flights.join(&key);
//! assert_eq!(role, Role::Follow);
//! assert_eq!(flights.land(first), [second]);
//! ```

use std::collections::BTreeMap;

use crate::fingerprint;
use crate::result::AuthenticationResult;

/// Which calls are identical: a hash of everything that the answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlightKey(String);

impl FlightKey {
    /// Of the parts, in an order that the caller keeps. No two lists of parts are alike.
    #[must_use]
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(fingerprint::of_parts(parts))
    }
}

/// A flow that one of many identical calls can run for all, and how its output is shared.
#[derive(Debug, Clone)]
pub struct Flight<T> {
    /// Which calls are identical.
    pub key: FlightKey,
    /// What an output has to share.
    pub share: fn(&T) -> AuthenticationResult,
    /// The output that was shared.
    pub shared: fn(AuthenticationResult) -> T,
}

impl From<FlightKey> for Flight<AuthenticationResult> {
    fn from(key: FlightKey) -> Self {
        Self { key, share: Clone::clone, shared: |result| result }
    }
}

/// One call that has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What a call that has joined does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It runs its flow, and says when it has landed.
    Lead,
    /// It waits: to be given a result, or to lead.
    Follow,
}

/// The calls that are under way. They hold no result: those pass from host to host.
#[derive(Debug, Clone, Default)]
pub struct Flights {
    next: u64,
    /// Of each flight, who leads and who follows, in the order in which they joined.
    flights: BTreeMap<FlightKey, Vec<Ticket>>,
    keys: BTreeMap<Ticket, FlightKey>,
}

impl Flights {
    /// Takes part in the flight of `key`, or begins it.
    pub fn join(&mut self, key: &FlightKey) -> (Ticket, Role) {
        let ticket = Ticket(self.next);
        self.next = self.next.saturating_add(1);
        self.keys.insert(ticket, key.clone());
        let tickets = self.flights.entry(key.clone()).or_default();
        tickets.push(ticket);
        (ticket, if tickets.len() == 1 { Role::Lead } else { Role::Follow })
    }

    /// The leader has a result, whatever it is. Gives those who take it, and ends the flight: who joins later asks anew.
    /// Of no effect for one that does not lead.
    #[must_use = "the followers wait for the result"]
    pub fn land(&mut self, leader: Ticket) -> Vec<Ticket> {
        if !self.leads(leader) {
            return Vec::new();
        }
        let Some(tickets) = self.keys.get(&leader).and_then(|key| self.flights.remove(key)) else {
            return Vec::new();
        };
        for ticket in &tickets {
            self.keys.remove(ticket);
        }
        tickets.into_iter().filter(|ticket| *ticket != leader).collect()
    }

    /// A call was given up. Gives the one that leads from now on, if it was the leader and another waits. Of no effect
    /// for one that is not part of any flight.
    #[must_use = "the next leader waits for its turn"]
    pub fn leave(&mut self, ticket: Ticket) -> Option<Ticket> {
        let led = self.leads(ticket);
        let key = self.keys.remove(&ticket)?;
        let tickets = self.flights.get_mut(&key)?;
        tickets.retain(|other| *other != ticket);
        let next = tickets.first().copied();
        if next.is_none() {
            self.flights.remove(&key);
        }
        next.filter(|_| led)
    }

    /// Whether a call leads.
    #[must_use]
    pub fn leads(&self, ticket: Ticket) -> bool {
        let tickets = self.keys.get(&ticket).and_then(|key| self.flights.get(key));
        tickets.and_then(|tickets| tickets.first()) == Some(&ticket)
    }

    /// Whether nobody is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty() && self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a call can do next.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Call {
        Waiting,
        Leading(Ticket),
        Following(Ticket),
        Given,
        Landed,
        Left,
    }

    /// Every order in which `calls` of two keys can join, land and leave, to the end. Checks what must hold in each.
    #[allow(clippy::arithmetic_side_effects, reason = "counts of a handful of calls")]
    fn explore(flights: &Flights, calls: &[(usize, Call)], asked: [usize; 2], seen: &mut usize) {
        let keys = [FlightKey::new(["a"]), FlightKey::new(["b"])];
        for key in 0..2 {
            let leaders =
                calls.iter().filter(|(k, call)| *k == key && matches!(call, Call::Leading(_))).count();
            let followers =
                calls.iter().filter(|(k, call)| *k == key && matches!(call, Call::Following(_))).count();
            assert!(leaders <= 1, "two ask at the same time");
            assert!(followers == 0 || leaders == 1, "somebody waits for nobody");
        }
        let mut ended = true;
        for (at, (key, call)) in calls.iter().enumerate() {
            let set = |calls: &mut Vec<(usize, Call)>, call| calls[at].1 = call;
            let of = |calls: &[(usize, Call)], ticket: Ticket| {
                calls.iter().position(|(_, call)| *call == Call::Following(ticket)).expect("it follows")
            };
            match *call {
                Call::Waiting => {
                    ended = false;
                    let (mut flights, mut calls, mut asked) = (flights.clone(), calls.to_vec(), asked);
                    let (ticket, role) = flights.join(&keys[*key]);
                    set(
                        &mut calls,
                        match role {
                            Role::Lead => Call::Leading(ticket),
                            Role::Follow => Call::Following(ticket),
                        },
                    );
                    asked[*key] += usize::from(role == Role::Lead);
                    explore(&flights, &calls, asked, seen);
                }
                Call::Leading(ticket) => {
                    ended = false;
                    let (mut landed, mut after) = (flights.clone(), calls.to_vec());
                    set(&mut after, Call::Landed);
                    for follower in landed.land(ticket) {
                        let follower = of(&after, follower);
                        assert_eq!(after[follower].0, *key, "a result crosses from one key to another");
                        after[follower].1 = Call::Given;
                    }
                    explore(&landed, &after, asked, seen);
                    let (mut left, mut after, mut asked) = (flights.clone(), calls.to_vec(), asked);
                    set(&mut after, Call::Left);
                    if let Some(next) = left.leave(ticket) {
                        let next_call = of(&after, next);
                        after[next_call].1 = Call::Leading(next);
                        asked[*key] += 1;
                    }
                    explore(&left, &after, asked, seen);
                }
                Call::Following(ticket) => {
                    ended = false;
                    let (mut left, mut after) = (flights.clone(), calls.to_vec());
                    set(&mut after, Call::Left);
                    assert_eq!(left.leave(ticket), None, "one that only waits cancels nobody");
                    explore(&left, &after, asked, seen);
                }
                Call::Given | Call::Landed | Call::Left => {}
            }
        }
        if ended {
            *seen += 1;
            assert!(flights.is_empty(), "something is left behind");
            for (key, asked) in asked.into_iter().enumerate() {
                let count = |wanted: fn(&Call) -> bool| {
                    calls.iter().filter(|(k, call)| *k == key && wanted(call)).count()
                };
                let answered = count(|call| matches!(call, Call::Given | Call::Landed));
                let left = count(|call| *call == Call::Left);
                assert_eq!(answered + left, calls.iter().filter(|(k, _)| *k == key).count());
                assert!(asked >= usize::from(answered > 0));
            }
        }
    }

    #[test]
    fn in_every_order_one_asks_and_nobody_waits_for_nobody() {
        let mut seen = 0;
        let calls = [(0, Call::Waiting), (0, Call::Waiting), (0, Call::Waiting), (1, Call::Waiting)];
        explore(&Flights::default(), &calls, [0, 0], &mut seen);
        assert!(seen > 1000, "{seen}");
    }

    #[test]
    fn identical_calls_that_join_in_time_ask_once() {
        let mut flights = Flights::default();
        let key = FlightKey::new(["a"]);
        let (leader, _) = flights.join(&key);
        let followers: Vec<Ticket> = (0..100).map(|_| flights.join(&key).0).collect();
        assert_eq!(flights.land(leader), followers);
        assert_eq!(flights.join(&key).1, Role::Lead);
    }

    #[test]
    fn a_ticket_that_has_been_used_is_of_no_effect() {
        let mut flights = Flights::default();
        let (leader, _) = flights.join(&FlightKey::new(["a"]));
        let (follower, _) = flights.join(&FlightKey::new(["a"]));
        assert!(flights.land(follower).is_empty());
        assert_eq!(flights.land(leader), [follower]);
        assert!(flights.land(leader).is_empty());
        assert_eq!(flights.leave(leader), None);
        assert_eq!(flights.leave(follower), None);
    }

    #[test]
    fn parts_that_run_together_differently_are_different() {
        assert_ne!(FlightKey::new(["ab", "c"]), FlightKey::new(["a", "bc"]));
    }
}
