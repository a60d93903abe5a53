//! Tests of the rules: life cycles as tables, the PUK ledger against a simulated card.

mod it {
    mod authorities;
    mod holders;
    mod life_cycles;
    mod organisations;
    mod policies;
    mod puk_ledger;
    mod status_changes;
    mod stored_jobs;
}
