//! What a person is told of each error of PC/SC. Some cannot be had of a real service at will: a stand-in for its library
//! gives them, which the program loads as it does the real one.

use kaika_testkit::pcsc_stand_in::PcscStandIn;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The refusal where `function` fails so.
fn refused(library: &PcscStandIn, arguments: &[&str], function: &str, code: u32) -> Value {
    error(library.folder(), arguments, &library.failing(function, code))
}

fn error(home: &Path, arguments: &[&str], environment: &[(&str, String)]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_kaika-agent"))
        .args(arguments)
        .arg("--json")
        .env("XDG_RUNTIME_DIR", home)
        .env("LC_ALL", "en_US.UTF-8")
        .envs(environment.iter().cloned())
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{environment:?}: {document}");
    document["error"].clone()
}

#[test]
fn each_error_is_told_as_what_it_is() {
    let library = PcscStandIn::new();
    let list: &[&str] = &["card", "list"];
    let show: &[&str] = &["card", "show"];
    for (arguments, functions, codes, expected) in [
        (
            list,
            &["SCardEstablishContext", "SCardListReaders", "SCardGetStatusChange"][..],
            &[
                (0x8010_001d, "pcsc_stopped"),
                (0x8010_001e, "pcsc_stopped"),
                (0x8010_006a, "readers_refused"),
                (0x8010_0027, "readers_refused"),
                (0x8010_0006, "busy"),
                (0x8010_0031, "busy"),
                (0x8010_0013, "reader_fault"),
                (0x8010_0001, "reader_fault"),
                (0x8010_001f, "reader_fault"),
            ][..],
            "the service",
        ),
        (
            show,
            &["SCardConnect", "SCardBeginTransaction"],
            &[
                (0x8010_001d, "pcsc_stopped"),
                (0x8010_006a, "readers_refused"),
                (0x8010_0017, "no_reader"),
                (0x8010_0009, "reader_unknown"),
                (0x8010_000c, "no_card"),
                (0x8010_0069, "no_card"),
                (0x8010_0066, "card_fault"),
                (0x8010_0067, "card_fault"),
                (0x8010_0015, "card_fault"),
                (0x8010_000f, "not_kaika_card"),
                (0x8010_0065, "not_kaika_card"),
                (0x8010_001c, "not_kaika_card"),
                (0x8010_000b, "card_in_use"),
                (0x8010_0010, "busy"),
                (0x8010_001a, "reader_fault"),
                (0x8010_0014, "reader_fault"),
            ],
            "the card",
        ),
        (
            show,
            &["SCardTransmit"],
            &[
                (0x8010_0069, "card_removed"),
                (0x8010_0068, "card_removed"),
                (0x8010_0067, "card_removed"),
                (0x8010_0066, "card_removed"),
                (0x8010_000c, "card_removed"),
                (0x8010_0017, "card_removed"),
                (0x8010_0016, "reader_fault"),
                (0x8010_0013, "reader_fault"),
                (0x8010_002f, "reader_fault"),
                (0x8010_001d, "reader_fault"),
                (0x8010_000a, "reader_fault"),
            ],
            "what is sent to the card",
        ),
    ] {
        for function in functions {
            for (code, told) in codes {
                let refusal = refused(&library, arguments, function, *code);
                assert_eq!(refusal["code"], *told, "{expected}: {function} {code:x}: {refusal}");
            }
        }
    }
}

#[test]
fn what_helps_is_told() {
    let library = PcscStandIn::new();
    for (code, help) in [(0x8010_006a, "not over ssh"), (0x8010_001d, "sudo systemctl start pcscd.socket")] {
        let refusal = refused(&library, &["card", "list"], "SCardEstablishContext", code);
        let next = refusal["next_step"].as_str().unwrap();
        assert!(next.contains(help) && !next.contains("chip"), "{next}");
    }
}

#[test]
fn without_the_library_it_is_to_be_installed() {
    let folder = tempfile::tempdir().unwrap();
    // The dynamic linker looks here first, and gives up at a file that is no library.
    std::fs::write(folder.path().join("libpcsclite.so.1"), "no library").unwrap();
    let library = folder.path().to_str().unwrap().to_owned();
    let refusal = error(folder.path(), &["card", "list"], &[("LD_LIBRARY_PATH", library)]);
    assert_eq!(refusal["code"], "pcsc_missing");
    assert!(refusal["next_step"].as_str().unwrap().contains("sudo apt-get install pcscd libpcsclite1"));
}
