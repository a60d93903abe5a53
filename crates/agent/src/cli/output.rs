//! What the command says: one JSON document on standard output with `--json`, else words; errors on standard error.

use crate::{
    engine::Progress,
    tool::{CardList, CardProbe, CardTries, CardView, JobDone, ToldCertificate, ToolReply},
    words::pair,
};
use kaika_texts::{FluentValue, Language, explain, lacking, text};
use kaika_wire::{CertificateStatus, JobKind, Lack, Refusal};
use serde::Serialize;
use std::io::{self, Write};
use time::OffsetDateTime;

#[derive(Clone, Copy)]
pub(super) struct Output {
    pub(super) json: bool,
    pub(super) language: Language,
}

#[derive(Serialize)]
struct Refused<'a> {
    error: &'a Refusal,
}

impl Output {
    pub(super) fn refuse(&self, refusal: Refusal) {
        let refusal = explain(self.language, refusal);
        kaika_say::complain!("{} ({})", refusal.message, refusal.code);
        kaika_say::complain!("{}", refusal.next_step);
        if let Some(detail) = &refusal.detail {
            kaika_say::complain!("{detail}");
        }
        self.document(&Refused { error: &refusal });
    }

    /// To programs alone; people have been told.
    pub(super) fn refuse_quietly(&self, refusal: Refusal) {
        let refusal = explain(self.language, refusal);
        self.document(&Refused { error: &refusal });
    }

    /// `kind`: of the job that was asked for; looking at readers is none.
    pub(super) fn reply(&self, kind: Option<JobKind>, reply: &ToolReply) {
        self.document(reply);
        if self.json {
            return;
        }
        match reply {
            ToolReply::List(list) => self.list(list),
            ToolReply::Show(view) => self.view(view),
            ToolReply::Probe(probe) => self.probe(probe),
            ToolReply::Done(done) => {
                if let Some(kind) = kind {
                    self.done(kind, done);
                }
            }
            ToolReply::Tries(_) => {}
        }
    }

    pub(super) fn progress(&self, progress: &Progress) {
        if self.json {
            return;
        }
        match progress {
            Progress::Started { card } => self.say("progress-started", &[("card", card.to_string().into())]),
            Progress::Batch { .. } => self.say("progress-batch", &[]),
            Progress::Waiting { why } => self.say("progress-waiting", &[("why", why.as_str().into())]),
            Progress::Step { .. } => {}
        }
    }

    /// What a person should know who is about to type. Before activation the tries mean nothing to a card's holder.
    pub(super) fn tries(&self, kind: JobKind, tries: &CardTries) {
        if self.json {
            return;
        }
        self.say("progress-started", &[("card", tries.number.to_string().into())]);
        if kind == JobKind::Activate {
            return;
        }
        for (key, left) in [("tool-pin-tries", tries.pin_tries_left), ("tool-puk-tries", tries.puk_tries_left)] {
            if let Some(left) = left {
                kaika_say::complain!("{}", self.pair(&self.t(key), &left.to_string()));
            }
        }
    }

    /// A line on standard error.
    pub(super) fn say(&self, key: &str, arguments: &[(&'static str, FluentValue)]) {
        kaika_say::complain!("{}", text(self.language, key, arguments));
    }

    fn document(&self, document: &impl Serialize) {
        if !self.json {
            return;
        }
        kaika_say::on_output(|out| {
            serde_json::to_writer(&mut *out, document).map_err(io::Error::from)?;
            writeln!(out)
        });
    }

    fn t(&self, key: &str) -> String {
        text(self.language, key, &[])
    }

    fn line(&self, key: &str, value: Option<String>) {
        let value = value.unwrap_or_else(|| self.t("tool-not-known"));
        print(&self.pair(&self.t(key), &value));
    }

    fn pair(&self, name: &str, value: &str) -> String {
        pair(self.language, name, value)
    }

    fn list(&self, list: &CardList) {
        if list.readers.is_empty() {
            print(&self.t("tool-no-readers"));
        }
        for reader in &list.readers {
            let card = match (&reader.number, reader.card) {
                (Some(number), _) => match &reader.authority {
                    Some(authority) => format!("{number} ({authority})"),
                    None => number.to_string(),
                },
                (None, true) => self.t("tool-unknown"),
                (None, false) => self.t("tool-no-card"),
            };
            print(&self.pair(&reader.reader, &card));
        }
    }

    fn view(&self, view: &CardView) {
        if let Some(advice) = &view.advice {
            let (message, next) = advice.words(self.language);
            print(&message);
            print(&next);
            print("");
        }
        self.line("reader", Some(view.reader.clone()));
        self.line("tool-number", view.number.as_ref().map(ToString::to_string));
        self.line("tool-authority", view.authority.as_ref().map(ToString::to_string));
        self.line("tool-holder", view.holder_name.clone().or_else(|| view.holder.clone()));
        let validity = view.not_before.zip(view.not_after);
        self.line("tool-validity", validity.map(|(first, last)| format!("{} – {}", day(first), day(last))));
        let activated = view.activated.map(|yes| self.t(if yes { "tool-yes" } else { "tool-no" }));
        self.line("tool-activated", activated);
        self.line("tool-pin-tries", view.pin_tries_left.map(|tries| tries.to_string()));
        self.line("tool-puk-tries", view.puk_tries_left.map(|tries| tries.to_string()));
        if let Some(missing) = &view.missing {
            self.can_be_made(missing);
        }
        self.certificates(&view.certificates);
    }

    fn probe(&self, probe: &CardProbe) {
        self.line("reader", Some(probe.reader.clone()));
        self.line("tool-device", probe.serial.map(|serial| serial.to_string()));
        self.line("tool-pin-tries", probe.pin_tries.map(|tries| tries.to_string()));
        self.line("tool-puk-tries", probe.puk_tries.map(|tries| tries.to_string()));
        let algorithms = probe.algorithms.iter().map(|algorithm| algorithm.name());
        let algorithms = algorithms.collect::<Vec<_>>().join(&self.t("lack-between"));
        self.line("tool-algorithms", (!algorithms.is_empty()).then_some(algorithms));
        let key = probe.management_key;
        let whose = key.factory.map(|factory| self.t(if factory { "tool-factory-key" } else { "tool-own-key" }));
        let key = key.algorithm.zip(whose).map(|(algorithm, whose)| format!("{} ({whose})", algorithm.name()));
        self.line("tool-management-key", key);
        self.line("tool-can-be-used", Some(self.t(if probe.can_be_used { "tool-yes" } else { "tool-no" })));
        self.can_be_made(&probe.missing);
    }

    fn can_be_made(&self, missing: &[Lack]) {
        let words = match lacking(self.language, missing) {
            None => self.t("tool-yes"),
            Some(missing) => text(self.language, "tool-lacks", &[("missing", missing.into())]),
        };
        self.line("tool-can-be-made", Some(words));
    }

    fn done(&self, kind: JobKind, done: &JobDone) {
        for line in done.words(self.language, kind) {
            print(&line);
        }
        for (key, tries) in [("tool-pin-tries", done.pin_tries_left), ("tool-puk-tries", done.puk_tries_left)] {
            if let Some(tries) = tries {
                self.line(key, Some(tries.to_string()));
            }
        }
        if !done.certificates.is_empty() {
            self.certificates(&done.certificates);
        }
    }

    fn certificates(&self, certificates: &[ToldCertificate]) {
        print(self.pair(&self.t("tool-certificates"), "").trim_end());
        for ToldCertificate { issued, key } in certificates {
            print(&format!(
                "  {}  {}  {}  {}  {}",
                issued.slot,
                issued.serial,
                key.clone().unwrap_or_else(|| self.t("tool-not-known")),
                self.t(&format!("role-{}", issued.role.as_str())),
                self.t(&status(issued.status)),
            ));
        }
    }
}

fn status(status: Option<CertificateStatus>) -> String {
    format!("status-{}", status.map_or("unknown", CertificateStatus::as_str))
}

fn day(moment: OffsetDateTime) -> String {
    moment.date().to_string()
}

fn print(line: &str) {
    kaika_say::say!("{line}");
}
