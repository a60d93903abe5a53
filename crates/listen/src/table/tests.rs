//! Who stays and who goes.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

struct Scene {
    table: Table<u32>,
    start: Instant,
    names: u32,
}

impl Scene {
    fn new(in_all: usize, per_source: usize) -> Self {
        let caps = Caps { in_all, per_source, proxies: vec!["10.0.0.1".parse().unwrap()] };
        Self { table: Table::new(caps, Patience::default()), start: Instant::now(), names: 0 }
    }

    /// A connection that has been in this phase since so many seconds after the start: its name, and who went for it.
    fn come(&mut self, address: &str, phase: Phase, seconds: u32) -> (u32, Vec<u32>) {
        let (address, now) = (address.parse().unwrap(), self.start + seconds * SECOND);
        let mut gone = Vec::new();
        self.table.make_room(address, now, &mut gone).unwrap();
        let activity = Activity::new(self.start);
        activity.enter_at(phase, now);
        self.names += 1;
        let name = self.names;
        self.table.admit(address, activity, |_| name);
        (name, gone.into_iter().map(|(name, _)| name).collect())
    }

    fn refused(&mut self, address: &str, seconds: u32) -> Option<Cause> {
        self.table.make_room(address.parse().unwrap(), self.start + seconds * SECOND, &mut Vec::new()).err()
    }
}

#[test]
fn each_phase_is_waited_for_so_long() {
    let patience = Patience::default();
    for (phase, long) in [
        (Phase::Silent, patience.silent),
        (Phase::Handshake, patience.handshake),
        (Phase::Idle, patience.idle),
        (Phase::Head, patience.head),
        (Phase::Body, patience.body),
        (Phase::Answer, patience.answer),
        (Phase::Taken, patience.answer),
    ] {
        let mut scene = Scene::new(10, 10);
        let (name, _) = scene.come("192.0.2.1", phase, 5);
        let since = scene.start + 5 * SECOND;
        assert_eq!(scene.table.overdue(since + long - SECOND), []);
        assert_eq!(scene.table.overdue(since + long), [(name, Cause::Overdue(phase))]);
        assert_eq!(scene.table.len(), 0);
    }
}

#[test]
fn a_source_with_too_many_loses_its_own_oldest() {
    let mut scene = Scene::new(100, 2);
    let (other, _) = scene.come("192.0.2.9", Phase::Silent, 0);
    let (busy, _) = scene.come("192.0.2.1", Phase::Answer, 1);
    let (silent, _) = scene.come("192.0.2.1", Phase::Silent, 2);
    let (third, gone) = scene.come("192.0.2.1", Phase::Head, 3);
    assert_eq!(gone, [silent]);
    let (_, gone) = scene.come("192.0.2.1", Phase::Body, 4);
    assert_eq!(gone, [third], "half a head is no request yet");
    // Both are at work.
    assert_eq!(scene.refused("192.0.2.1", 5), Some(Cause::SourceFull));
    let (_, gone) = scene.come("192.0.2.1", Phase::Silent, 11);
    assert_eq!(gone, [busy], "long enough");
    assert_eq!(scene.table.overdue(scene.start + 30 * SECOND)[0].0, other);
}

#[test]
fn where_it_is_full_those_go_that_have_waited_longest() {
    let mut scene = Scene::new(3, 100);
    let (busy, _) = scene.come("192.0.2.1", Phase::Answer, 0);
    let (head, _) = scene.come("192.0.2.2", Phase::Head, 2);
    let (idle, _) = scene.come("192.0.2.3", Phase::Idle, 1);
    let (_, gone) = scene.come("192.0.2.4", Phase::Answer, 3);
    assert_eq!(gone, [idle]);
    let (_, gone) = scene.come("192.0.2.5", Phase::Body, 4);
    assert_eq!(gone, [head]);
    assert_eq!(scene.refused("192.0.2.6", 9), Some(Cause::Full));
    let (_, gone) = scene.come("192.0.2.6", Phase::Silent, 10);
    assert_eq!(gone, [busy]);
    assert_eq!(scene.table.len(), 3);
}

#[test]
fn a_proxy_is_many_people() {
    let mut scene = Scene::new(100, 1);
    for address in ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"] {
        assert!(scene.come(address, Phase::Answer, 0).1.is_empty());
    }
    scene.come("10.0.0.2", Phase::Answer, 0);
    assert_eq!(scene.refused("10.0.0.2", 1), Some(Cause::SourceFull));
}

#[test]
fn who_leaves_makes_room() {
    let mut scene = Scene::new(1, 1);
    for _ in 0..3 {
        let (name, gone) = scene.come("192.0.2.1", Phase::Answer, 0);
        assert!(gone.is_empty());
        let id = *scene.table.open.keys().next().unwrap();
        assert_eq!(scene.table.take(id), Some(name));
        assert_eq!(scene.table.take(id), None, "once");
    }
    assert!(scene.table.per_source.is_empty(), "no source is remembered for nothing");
}

#[test]
fn many_are_thinned_at_once() {
    let mut scene = Scene::new(64, 64);
    for _ in 0..64 {
        scene.come("192.0.2.1", Phase::Silent, 0);
    }
    assert_eq!(scene.come("192.0.2.1", Phase::Silent, 1).1.len(), 2);
    assert_eq!(scene.come("192.0.2.1", Phase::Silent, 1).1.len(), 0);
}
