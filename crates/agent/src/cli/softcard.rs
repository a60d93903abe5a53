//! `kaika-agent softcard`: a software card in a reader of pcscd.

use super::output::Output;
use clap::Args;
use kaika_softcard::{
    CardError, Options as CardOptions, SoftCard,
    vpcd::{self, Link},
};
use kaika_wire::{Code, Refusal};
use std::{net::ToSocketAddrs, path::PathBuf, sync::Mutex};

#[derive(Args)]
pub(super) struct Options {
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Make the file, a blank card, if it is not there
    #[arg(long)]
    create: bool,
    /// With --create: the card's device serial number
    #[arg(long, value_name = "N", default_value_t = 1, requires = "create")]
    serial: u32,
    /// With --create: any APDU between PIN and signature voids the permission, as on certified cards
    #[arg(long, requires = "create")]
    strict: bool,
    /// Where the virtual reader of pcscd listens, such as 127.0.0.1:35963
    #[arg(long, value_name = "HOST:PORT")]
    vpcd: String,
}

pub(super) fn run(options: &Options, output: &Output) -> Result<(), Refusal> {
    // A wrong address would otherwise be tried for ever.
    options
        .vpcd
        .to_socket_addrs()
        .map_err(|error| Refusal::new(Code::BadRequest).detail(format!("{}: {error}", options.vpcd)))?;
    let card = Mutex::new(open(options).map_err(|error| {
        let code = match error {
            CardError::InUse(_) => Code::Busy,
            _ => Code::CardFault,
        };
        Refusal::new(code).detail(error.to_string())
    })?);
    output.say("softcard-inserted", &[("address", options.vpcd.clone().into())]);
    // Ends with the process: what the card has changed is in its file before it answers.
    vpcd::serve(&card, options.vpcd.as_str(), &Link::inserted());
    Ok(())
}

fn open(options: &Options) -> Result<SoftCard, CardError> {
    let blank = CardOptions { serial: options.serial, strict: options.strict };
    if options.create && !options.card.exists() {
        SoftCard::create(&options.card, blank)
    } else {
        SoftCard::open(&options.card)
    }
}
