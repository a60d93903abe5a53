//! The line between an agent and its portal, on which a test cuts at a message of its choice.
//!
//! One message per connection passes; whoever hangs up on one side has it hung up on the other, as on a wire.

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::http::{Head, Listening, close_afterwards};

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The request is here, and not yet at the portal.
    Arrived,
    /// All of it is on its way to the portal.
    HandedOn,
    /// The portal's answer is here, with this status, and not yet at the agent.
    Answered(u16),
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    PassOn,
    /// The agent's connection is closed without an answer.
    HangUp,
}

type Judge = Arc<Mutex<Watch>>;

struct Watch {
    requests: usize,
    judge: Box<dyn FnMut(usize, Moment) -> Then + Send>,
}

/// A line on a free port of 127.0.0.1. Dropped, it is gone.
pub struct Line {
    listening: Listening,
    judge: Arc<Mutex<Judge>>,
}

impl Line {
    /// Leads to this port of 127.0.0.1, whether somebody listens there yet or not.
    ///
    /// # Panics
    /// Where there is no free port.
    #[track_caller]
    pub fn start(to: u16) -> Line {
        let judge = Arc::new(Mutex::new(watch(|_, _| Then::PassOn)));
        let listening = Listening::start({
            let judge = Arc::clone(&judge);
            move |agent| {
                let judge = Arc::clone(&unpoisoned(&judge));
                relay(agent, to, &judge)
            }
        });
        Line { listening: listening.unwrap_or_else(|error| panic!("a line cannot be started: {error}")), judge }
    }

    pub fn port(&self) -> u16 {
        self.listening.port()
    }

    /// From now on `judge` is asked at each moment of each message, one after the other; requests are counted from 1.
    /// What is under way stays with the judge before.
    pub fn watch(&self, judge: impl FnMut(usize, Moment) -> Then + Send + 'static) {
        *unpoisoned(&self.judge) = watch(judge);
    }

    /// From now on everything passes.
    pub fn leave_alone(&self) {
        self.watch(|_, _| Then::PassOn);
    }
}

fn watch(judge: impl FnMut(usize, Moment) -> Then + Send + 'static) -> Judge {
    Arc::new(Mutex::new(Watch { requests: 0, judge: Box::new(judge) }))
}

/// A judge that panicked has failed its test, which says so itself.
fn unpoisoned<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn relay(mut agent: TcpStream, to: u16, judge: &Judge) -> io::Result<()> {
    let mut from_agent = BufReader::new(agent.try_clone()?);
    let Some(mut head) = Head::read(&mut from_agent)? else { return Ok(()) };
    close_afterwards(&mut head);
    let body = head.read_body(&mut from_agent)?;
    let mut number = 0;
    let mut ask = |moment| {
        let mut watch = unpoisoned(judge);
        if moment == Moment::Arrived {
            watch.requests += 1;
            number = watch.requests;
        }
        (watch.judge)(number, moment)
    };
    if ask(Moment::Arrived) == Then::HangUp {
        return agent.shutdown(Shutdown::Both);
    }

    let mut portal = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    head.write(&mut portal)?;
    portal.write_all(&body)?;
    // An agent that is no more must not leave the portal at work for it.
    thread::spawn({
        let portal = portal.try_clone()?;
        move || {
            drop(io::copy(&mut from_agent, &mut io::sink()));
            drop(portal.shutdown(Shutdown::Both));
        }
    });
    if ask(Moment::HandedOn) == Then::HangUp {
        return agent.shutdown(Shutdown::Both);
    }

    let mut from_portal = BufReader::new(portal);
    let answer = Head::read(&mut from_portal);
    let Ok(Some(mut head)) = answer else { return agent.shutdown(Shutdown::Both) };
    let mut body = Vec::new();
    io::copy(&mut from_portal, &mut body)?;
    let status =
        head.first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    if ask(Moment::Answered(status)) == Then::HangUp {
        return agent.shutdown(Shutdown::Both);
    }
    close_afterwards(&mut head);
    head.write(&mut agent)?;
    agent.write_all(&body)?;
    agent.shutdown(Shutdown::Both)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::site::{Answer, Site};

    #[test]
    fn it_passes_messages_on_until_its_judge_hangs_up() {
        let site = Site::start(|request| Answer::html(&format!("it was {}", request.path)));
        let to = site.origin("localhost").rsplit_once(':').unwrap().1.parse().unwrap();
        let line = Line::start(to);
        let get = |path: &str| {
            let mut answer = ureq::get(format!("http://127.0.0.1:{}{path}", line.port())).call().ok()?;
            Some(answer.body_mut().read_to_string().unwrap())
        };
        assert_eq!(get("/one").unwrap(), "it was /one");
        let (told, heard) = mpsc::channel();
        line.watch(move |number, moment| {
            told.send((number, moment)).unwrap();
            match (number, moment) {
                (2, Moment::Arrived) | (3, Moment::Answered(_)) => Then::HangUp,
                _ => Then::PassOn,
            }
        });
        assert!(get("/two").is_some() && get("/three").is_none() && get("/four").is_none());
        let moments: Vec<_> = heard.try_iter().collect();
        use Moment::*;
        let expected = [(1, Arrived), (1, HandedOn), (1, Answered(200)), (2, Arrived)];
        assert_eq!(moments[..4], expected);
        assert_eq!(moments[4..], [(3, Arrived), (3, HandedOn), (3, Answered(200))]);
        line.leave_alone();
        assert!(get("/five").is_some());
    }

    #[test]
    fn nobody_at_the_other_end_is_no_answer() {
        let closed = crate::ports::PortPair::claim().unwrap();
        let line = Line::start(closed.first);
        assert!(ureq::get(format!("http://127.0.0.1:{}/", line.port())).call().is_err());
    }
}
