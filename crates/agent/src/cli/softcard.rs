//! `kaika-agent softcard`: a software card in a reader of pcscd.

use super::output::Output;
use clap::Args;
use kaika_softcard::{
    CardError, FaultKind, Options as CardOptions, Quirk, SoftCard,
    vpcd::{self, Link},
};
use kaika_wire::{Code, Refusal};
use std::{
    net::ToSocketAddrs,
    path::{Path, PathBuf},
    sync::Mutex,
};

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
    /// With --create: in what the card differs, as those of other makers do, such as challenge-voided; may be repeated
    #[arg(long = "quirk", value_name = "NAME", requires = "create")]
    quirks: Vec<Quirk>,
    /// Where the virtual reader of pcscd listens, such as 127.0.0.1:35963
    #[arg(long, value_name = "HOST:PORT")]
    vpcd: String,
    /// Pull the card out at the first APDU with this INS byte, such as 2c (RESET RETRY COUNTER), after it has acted and
    /// before it answers; it stays out
    #[arg(long, value_name = "INS", value_parser = instruction, conflicts_with = "hold_at")]
    pull_at: Option<u8>,
    /// Answer the first APDU with this INS byte only when a file that is there now is gone, such as 2c=held
    #[arg(long, value_name = "INS=FILE", value_parser = held)]
    hold_at: Option<(u8, PathBuf)>,
}

fn instruction(text: &str) -> Result<u8, String> {
    u8::from_str_radix(text, 16).map_err(|_| "two hexadecimal digits are needed".to_owned())
}

fn held(text: &str) -> Result<(u8, PathBuf), String> {
    let (at, file) = text.split_once('=').ok_or("INS=FILE is needed")?;
    let file = PathBuf::from(file);
    if !file.exists() {
        return Err("there is no such file".to_owned());
    }
    Ok((instruction(at)?, file))
}

pub(super) fn run(options: &Options, output: &Output) -> Result<(), Refusal> {
    // A wrong address would otherwise be tried for ever.
    options
        .vpcd
        .to_socket_addrs()
        .map_err(|error| Refusal::new(Code::BadRequest).detail(format!("{}: {error}", options.vpcd)))?;
    let mut card = open(options).map_err(|error| {
        let code = match error {
            CardError::InUse(_) => Code::Busy,
            _ => Code::CardFault,
        };
        Refusal::new(code).detail(error.to_string())
    })?;
    if let Some(at) = options.pull_at {
        card.plan_fault_at_instruction(at, FaultKind::LosePowerAfter);
    }
    if let Some((at, file)) = &options.hold_at {
        // For as long as the process lives.
        let file: &'static Path = Box::leak(file.clone().into_boxed_path());
        card.plan_fault_at_instruction(*at, FaultKind::Held(file));
    }
    let card = Mutex::new(card);
    output.say("softcard-inserted", &[("address", options.vpcd.clone().into())]);
    // Ends with the process: what the card has changed is in its file before it answers.
    vpcd::serve(&card, options.vpcd.as_str(), &Link::inserted());
    Ok(())
}

fn open(options: &Options) -> Result<SoftCard, CardError> {
    let quirks = options.quirks.iter().copied().collect();
    let blank = CardOptions { serial: options.serial, strict: options.strict, quirks };
    if options.create && !options.card.exists() {
        SoftCard::create(&options.card, blank)
    } else {
        SoftCard::open(&options.card)
    }
}
