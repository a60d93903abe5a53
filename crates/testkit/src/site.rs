//! A web site made of a closure: another one's page in the browser, or whatever else listens on some port.

use std::io::{BufReader, Write};

use crate::http::{Head, Listening};

/// A site on a port of 127.0.0.1. Dropped, it is gone.
pub struct Site {
    listening: Listening,
}

/// What a browser sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    /// 200 with a page.
    pub fn html(body: &str) -> Answer {
        Answer { status: 200, fields: Vec::new(), body: body.into() }.with("Content-Type", "text/html; charset=utf-8")
    }

    /// Nothing but a status.
    pub fn status(status: u16) -> Answer {
        Answer { status, fields: Vec::new(), body: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Answer {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Site {
    /// On a free port.
    ///
    /// # Panics
    /// Where there is none.
    #[track_caller]
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Site {
        Self::start_on(0, answer)
    }

    /// # Panics
    /// Where another program has the port.
    #[track_caller]
    pub fn start_on(port: u16, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Site {
        let listening = Listening::start_on(port, move |mut connection| {
            let mut reader = BufReader::new(connection.try_clone()?);
            let Some(head) = Head::read(&mut reader)? else { return Ok(()) };
            let mut words = head.first.split(' ').map(str::to_owned);
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let body = head.read_body(&mut reader)?;
            let answer = answer(&Request { method, path, fields: head.fields, body });
            let mut head = Head { first: format!("HTTP/1.1 {} -", answer.status), fields: answer.fields };
            head.add("Content-Length", &answer.body.len().to_string());
            head.add("Connection", "close");
            head.write(&mut connection)?;
            connection.write_all(&answer.body)
        });
        Site { listening: listening.unwrap_or_else(|error| panic!("a site cannot be started: {error}")) }
    }

    pub fn port(&self) -> u16 {
        self.listening.port()
    }

    /// `http://localhost:PORT`, or by another name of this computer.
    pub fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port())
    }
}
