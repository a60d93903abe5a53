//! `kaika card`: orders.

use super::Place;
use crate::output;
use anyhow::{Context, Result};
use clap::Subcommand;
use kaika_app::cards::{CardOrder, OrderChanged, Production, order_card, production, set_device_aside, withdraw_order};
use kaika_domain::cards::{Making, MakingEnd};
use kaika_wire::{AuthorityId, CardNumber, Code, Refusal, UserCode};
use serde_json::json;
use std::{fs, io, path::Path, path::PathBuf, process::ExitCode};
use zeroize::Zeroizing;

#[derive(Subcommand)]
pub(super) enum Work {
    /// Order a card for a holder; its number and user code are told once
    #[command(after_help = format!("A holder file (TOML, or JSON where its name ends in .json):\n\n{}", CardOrder::EXAMPLE))]
    Order {
        #[command(flatten)]
        place: Place,
        /// Which authority's card: gca, xca …
        #[arg(long)]
        authority: AuthorityId,
        #[arg(long, value_name = "FILE")]
        holder: PathBuf,
        /// Read `user_code=…` from standard input; otherwise one is drawn
        #[arg(long)]
        secrets_stdin: bool,
    },
    /// Withdraw an order whose card is not made; a device that was put to it is set aside
    #[command(after_help = "Example:\n  kaika card withdraw --number GC00000000000017")]
    Withdraw {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        number: CardNumber,
    },
    /// Set aside the device that was put to an order, where it is spoilt or lost: the order waits for another
    #[command(after_help = "Example:\n  kaika card set-aside --number GC00000000000017\n\n\
        What was issued for the device is revoked, and its PUK is forgotten. A device that was not changed is only released.")]
    SetAside {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        number: CardNumber,
    },
    /// A card, its order and each attempt at making it, with what was found out about the device
    Show {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        number: CardNumber,
    },
    /// The cards of an authority
    List {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        authority: AuthorityId,
    },
}

pub(super) async fn run(work: Work) -> Result<ExitCode> {
    match work {
        Work::Order { place, authority, holder, secrets_stdin } => {
            let order = read_order(&holder)?;
            let user_code = if secrets_stdin { read_user_code(io::stdin().lock())? } else { None };
            let installation = place.open().await?;
            let ordered = order_card(&installation.app, &authority, order, user_code, &place.operator.actor()).await?;
            let user_code = ordered.user_code.as_ref().map(UserCode::expose);
            if place.json {
                output::print_json(&json!({
                    "number": ordered.card.number,
                    "authority": ordered.card.authority,
                    "state": ordered.card.state.name(),
                    "user_code": user_code,
                }));
            } else {
                kaika_say::say!("Card {} is ordered.", ordered.card.number);
                if let Some(code) = user_code {
                    kaika_say::say!("User code: {code}");
                }
            }
        }
        Work::Withdraw { place, number } => {
            let installation = place.open().await?;
            let done = withdraw_order(&installation.app, &number, &place.operator.actor()).await?;
            tell(&done, &place, &format!("The order of card {number} is withdrawn."));
        }
        Work::SetAside { place, number } => {
            let installation = place.open().await?;
            let done = set_device_aside(&installation.app, &number, &place.operator.actor()).await?;
            tell(&done, &place, &format!("The order of card {number} waits for a device."));
        }
        Work::Show { place, number } => {
            let installation = place.open().await?;
            show(&production(&installation.app, &number).await?, &place);
        }
        Work::List { place, authority } => {
            let installation = place.open().await?;
            installation.app.policy(&authority).map_err(|_| unknown(&authority))?;
            let cards = installation.app.store.read().await?.cards(&authority).await?;
            if place.json {
                let cards: Vec<_> =
                    cards.iter().map(|card| json!({ "number": card.number, "state": card.state.name() })).collect();
                output::print_json(&json!({ "cards": cards }));
            } else {
                for card in cards {
                    kaika_say::say!("{} {}", card.number, card.state.name());
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(changed: &OrderChanged, place: &Place, what: &str) {
    let making = changed.making.map(MakingEnd::name);
    if place.json {
        output::print_json(&json!({
            "number": changed.card.number,
            "state": changed.card.state.name(),
            "making": making,
        }));
        return;
    }
    kaika_say::say!("{what}");
    match changed.making {
        Some(MakingEnd::Spoilt) => {
            kaika_say::say!(
                "What was issued for the device that was put to it is revoked. Reset its PIV application, or destroy it."
            )
        }
        Some(MakingEnd::Released) => kaika_say::say!("The device that was put to it was not changed, and can be used."),
        Some(MakingEnd::Made) | None => {}
    }
}

fn show(production: &Production, place: &Place) {
    let Production { card, order, makings } = production;
    if place.json {
        let makings: Vec<_> = makings.iter().map(making_json).collect();
        output::print_json(&json!({
            "number": card.number,
            "authority": card.authority,
            "state": card.state.name(),
            "ordered_at": output::moment(order.ordered_at),
            "order": order.state.name(),
            "makings": makings,
        }));
        return;
    }
    kaika_say::say!(
        "{} {}, order {} since {}",
        card.number,
        card.state.name(),
        order.state.name(),
        output::moment(order.ordered_at)
    );
    for making in makings {
        let device = making.device.map_or("a device".to_owned(), |device| format!("device {device}"));
        let how = making.ended.map_or("under way", |(how, _)| how.name());
        let tested = if making.found.tested { ", tested" } else { "" };
        let missing = making.found.missing.iter().map(|lack| format!(", lacks {}", lack.as_str())).collect::<String>();
        kaika_say::say!("  {} {device}: {how}{tested}{missing}", output::moment(making.began_at));
    }
}

fn making_json(making: &Making) -> serde_json::Value {
    json!({
        "device": making.device,
        "began_at": output::moment(making.began_at),
        "changed": making.changed_by.is_some(),
        "ended": making.ended.map(|(how, _)| how.name()),
        "ended_at": making.ended.map(|(_, at)| output::moment(at)),
        "found": making.found,
    })
}

fn unknown(authority: &AuthorityId) -> Refusal {
    Refusal::new(Code::NotFound).detail(format!("no authority {authority}"))
}

fn read_order(path: &Path) -> Result<CardOrder> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let wrong = || format!("{} is not a holder file", path.display());
    if path.extension().is_some_and(|extension| extension == "json") {
        serde_json::from_str(&text).with_context(wrong)
    } else {
        toml::from_str(&text).with_context(wrong)
    }
}

/// The line `user_code=…`.
fn read_user_code(input: impl io::BufRead) -> Result<Option<UserCode>> {
    for line in input.lines() {
        let line = Zeroizing::new(line.context("standard input cannot be read")?);
        if let Some(code) = line.strip_prefix("user_code=") {
            let code = UserCode::parse(code).map_err(|_| Refusal::new(Code::UserCodeForm))?;
            return Ok(Some(code));
        }
    }
    Ok(None)
}
