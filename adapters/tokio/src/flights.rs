//! Identical calls at the same time: one asks, the other tasks wait for its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entrada_core::error::Error;
use entrada_core::flights::{FlightKey, Flights, Role, Ticket};
use entrada_core::result::AuthenticationResult;
use tokio::sync::oneshot;

type Answer = Result<AuthenticationResult, Error>;

/// The calls of all clones of a host.
#[derive(Clone, Default)]
pub(crate) struct SharedFlights(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    flights: Flights,
    waiting: BTreeMap<Ticket, oneshot::Sender<Turn>>,
}

/// What a task that waits is told.
enum Turn {
    /// The answer.
    Answer(Box<Answer>),
    /// To ask for itself.
    Lead,
}

impl SharedFlights {
    /// Takes part in the flight of `key`: as its leader, who is to land; or with the answer of whoever was. Dropping the
    /// future, or the leader, leaves the flight: the next in line then leads.
    pub(crate) async fn join(&self, key: &FlightKey) -> Result<Leader, Box<Answer>> {
        let (place, turn) = self.take_place(key);
        let Some(turn) = turn else { return Ok(place) };
        match turn.await {
            Ok(Turn::Answer(answer)) => Err(answer),
            // A sender is only dropped together with the flight, and then there is nobody to wait for.
            Ok(Turn::Lead) | Err(_) => Ok(place),
        }
    }

    fn take_place(&self, key: &FlightKey) -> (Leader, Option<oneshot::Receiver<Turn>>) {
        let mut state = self.locked();
        let (ticket, role) = state.flights.join(key);
        let place = Leader { flights: self.clone(), ticket };
        if role == Role::Lead {
            return (place, None);
        }
        let (told, turn) = oneshot::channel();
        state.waiting.insert(ticket, told);
        (place, Some(turn))
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere does not leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a flight: that of the one that asks, once it has it. Dropped, it is left.
pub(crate) struct Leader {
    flights: SharedFlights,
    ticket: Ticket,
}

impl Leader {
    /// Gives the answer to all that wait for it.
    pub(crate) fn land(self, answer: &Answer) {
        let mut state = self.flights.locked();
        for follower in state.flights.land(self.ticket) {
            if let Some(told) = state.waiting.remove(&follower) {
                // One that has just been dropped needs no answer.
                let _gone = told.send(Turn::Answer(Box::new(answer.clone())));
            }
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let mut state = self.flights.locked();
        state.waiting.remove(&self.ticket);
        let mut next = state.flights.leave(self.ticket);
        // One that was dropped a moment ago leaves in turn, and its place is the next one's.
        while let Some(leader) = next.take() {
            let told = state.waiting.remove(&leader).map(|told| told.send(Turn::Lead));
            if !matches!(told, Some(Ok(()))) {
                next = state.flights.leave(leader);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entrada_core::secret::Secret;
    use entrada_core::time::Timestamp;
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    type Joining<'a> = Pin<Box<dyn Future<Output = Result<Leader, Box<Answer>>> + 'a>>;

    fn answer(text: &str) -> Answer {
        Ok(AuthenticationResult::new(Secret::new(text), Timestamp::default()))
    }

    fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// What happens to a call.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        Poll(usize),
        Drop(usize),
        Land(usize),
        Abandon(usize),
    }

    /// Plays every order of events over three calls, six deep, and checks what must hold at each end: somebody leads as
    /// long as somebody waits.
    fn explore(events: &mut Vec<Event>, seen: &mut usize) {
        play(events);
        *seen += 1;
        if events.len() == 5 {
            return;
        }
        for call in 0..3 {
            for event in [Event::Poll(call), Event::Drop(call), Event::Land(call), Event::Abandon(call)] {
                events.push(event);
                explore(events, seen);
                events.pop();
            }
        }
    }

    fn play(events: &[Event]) {
        let flights = SharedFlights::default();
        let key = FlightKey::new(["a"]);
        let mut joining: Vec<Option<Joining<'_>>> = (0..3)
            .map(|_| {
                let (flights, key) = (flights.clone(), key.clone());
                Some(Box::pin(async move { flights.join(&key).await }) as Joining<'_>)
            })
            .collect();
        let mut leaders: Vec<Option<Leader>> = vec![None, None, None];
        let advance =
            |at: usize, joining: &mut Vec<Option<Joining<'_>>>, leaders: &mut Vec<Option<Leader>>| {
                let Some(future) = &mut joining[at] else { return };
                if let Poll::Ready(outcome) = poll(future.as_mut()) {
                    joining[at] = None;
                    leaders[at] = outcome.ok();
                }
            };
        for event in events {
            match *event {
                Event::Poll(at) => advance(at, &mut joining, &mut leaders),
                Event::Drop(at) => joining[at] = None,
                Event::Land(at) => {
                    if let Some(leader) = leaders[at].take() {
                        leader.land(&answer("x"));
                    }
                }
                Event::Abandon(at) => leaders[at] = None,
            }
            assert!(leaders.iter().flatten().count() <= 1, "two ask at the same time: {events:?}");
        }
        // Let everybody come to an end: no one may be left waiting.
        for _ in 0..4 {
            for at in 0..3 {
                advance(at, &mut joining, &mut leaders);
                if let Some(leader) = leaders[at].take() {
                    leader.land(&answer("y"));
                }
            }
        }
        assert!(joining.iter().all(Option::is_none), "somebody waits for ever: {events:?}");
        assert!(flights.locked().flights.is_empty() && flights.locked().waiting.is_empty(), "{events:?}");
    }

    #[test]
    fn in_every_order_of_a_small_case_one_leads_and_nobody_waits_for_ever() {
        let mut seen = 0;
        explore(&mut Vec::new(), &mut seen);
        assert!(seen > 100_000, "{seen}");
    }

    #[test]
    fn tasks_that_wait_get_the_answer_of_the_one_that_asks() {
        let flights = SharedFlights::default();
        let key = FlightKey::new(["a"]);
        let Poll::Ready(Ok(leader)) = poll(pin!(flights.join(&key))) else { panic!("the first leads") };
        let mut first = pin!(flights.join(&key));
        let mut second = pin!(flights.join(&key));
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        leader.land(&answer("shared"));
        for follower in [first.as_mut(), second.as_mut()] {
            let Poll::Ready(Err(answer)) = poll(follower) else { panic!("it gets the answer") };
            assert_eq!(answer.unwrap().access_token.expose(), "shared");
        }
    }
}
