//! The software card seen from outside: APDUs in, answers, and what its file holds.

#[cfg(test)]
mod it {
    mod faults;
    mod fuzz;
    mod judges;
    mod keys;
    mod management;
    mod objects;
    mod pins;
    mod quirks;
    mod rig;
    mod storage;
    mod transport;
    mod vendor;
    mod vpcd;
}
