//! What is measured, a file each.

pub(crate) mod activation;
pub(crate) mod card_jobs;
pub(crate) mod issuing;
pub(crate) mod lists;
pub(crate) mod memory;
pub(crate) mod ocsp;
pub(crate) mod scaling;

use crate::{Setting, report::Table};
use anyhow::Result;
use clap::ValueEnum;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Group {
    /// What an activation asks of card, line and server
    Activation,
    /// What each card job asks of the card, beside other tools
    CardJobs,
    /// Certificates issued a second, durably
    Issuing,
    /// Certificate status answered a second
    Ocsp,
    /// Revocation lists of a million entries
    Lists,
    /// What grows with the number of certificates
    Scaling,
    /// What the server keeps in memory
    Memory,
}

impl Group {
    pub(crate) const ALL: [Self; 7] =
        [Self::Activation, Self::CardJobs, Self::Issuing, Self::Ocsp, Self::Lists, Self::Scaling, Self::Memory];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::CardJobs => "card_jobs",
            Self::Issuing => "issuing",
            Self::Ocsp => "ocsp",
            Self::Lists => "lists",
            Self::Scaling => "scaling",
            Self::Memory => "memory",
        }
    }

    pub(crate) fn measure(self, setting: &Setting) -> Result<Vec<Table>> {
        match self {
            Self::Activation => activation::measure(setting),
            Self::CardJobs => card_jobs::measure(setting),
            Self::Issuing => issuing::measure(setting),
            Self::Ocsp => ocsp::measure(setting),
            Self::Lists => lists::measure(setting),
            Self::Scaling => scaling::measure(setting),
            Self::Memory => memory::measure(setting),
        }
    }
}
