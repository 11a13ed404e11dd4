//! Identical calls at the same time: one asks, the other threads wait for its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use entrada_core::error::Error;
use entrada_core::flights::{FlightKey, Flights, Role, Ticket};
use entrada_core::result::AuthenticationResult;

type Answer = Result<AuthenticationResult, Error>;

/// The calls of all clones of a host.
#[derive(Clone, Default)]
pub(crate) struct SharedFlights(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    flights: Flights,
    answers: BTreeMap<Ticket, Answer>,
}

impl SharedFlights {
    /// Takes part in the flight of `key`: as its leader, who is to land; or with the answer of whoever was.
    pub(crate) fn join(&self, key: &FlightKey) -> Result<Leader, Box<Answer>> {
        let mut state = self.locked();
        let (ticket, role) = state.flights.join(key);
        if role == Role::Lead {
            return Ok(Leader { flights: self.clone(), ticket });
        }
        loop {
            if let Some(answer) = state.answers.remove(&ticket) {
                return Err(Box::new(answer));
            }
            if state.flights.leads(ticket) {
                return Ok(Leader { flights: self.clone(), ticket });
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere does not leave it half changed.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one that asks. Dropped without landing, as by a panic, it hands over.
pub(crate) struct Leader {
    flights: SharedFlights,
    ticket: Ticket,
}

impl Leader {
    /// Gives the answer to all that wait for it.
    pub(crate) fn land(self, answer: &Answer) {
        let mut state = self.flights.locked();
        for follower in state.flights.land(self.ticket) {
            state.answers.insert(follower, answer.clone());
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let _next = self.flights.locked().flights.leave(self.ticket);
        self.flights.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entrada_core::secret::Secret;
    use entrada_core::time::Timestamp;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    fn answer(text: &str) -> Answer {
        Ok(AuthenticationResult::new(Secret::new(text), Timestamp::default()))
    }

    #[test]
    fn threads_that_wait_get_the_answer_of_the_one_that_asks() {
        let flights = SharedFlights::default();
        let key = FlightKey::new(["a"]);
        let leader = flights.join(&key).expect("the first leads");
        let asked = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (flights, key, asked) = (flights.clone(), key.clone(), Arc::clone(&asked));
                thread::spawn(move || match flights.join(&key) {
                    Ok(leader) => {
                        asked.fetch_add(1, Ordering::SeqCst);
                        leader.land(&answer("its own"));
                        answer("its own")
                    }
                    Err(answer) => *answer,
                })
            })
            .collect();
        while flights.locked().flights.clone().leave(leader.ticket).is_none() {
            thread::yield_now();
        }
        leader.land(&answer("the leader's"));
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
        let own = answers.iter().filter(|one| one.access_token.expose() == "its own").count();
        // Whoever came too late asked for itself; nobody waited in vain.
        assert!(answers.len() == 8 && own < 8 && asked.load(Ordering::SeqCst) <= own);
        assert!(flights.locked().flights.is_empty() && flights.locked().answers.is_empty());
    }

    #[test]
    fn a_leader_that_is_dropped_hands_over() {
        let flights = SharedFlights::default();
        let key = FlightKey::new(["a"]);
        let leader = flights.join(&key).expect("the first leads");
        let (ready, waits) = mpsc::channel();
        let follower = thread::spawn(move || {
            ready.send(()).unwrap();
            flights.join(&key).is_ok()
        });
        waits.recv().unwrap();
        drop(leader);
        assert!(follower.join().unwrap(), "it leads, or came when there was nobody");
    }
}
