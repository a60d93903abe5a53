//! 停用, 復用, 廢止 without a card and by the authority: who lifts what, who learns what, and what relying parties see.

use kaika_app::{
    Failure,
    access::{Captcha, draw_captcha, forget_captchas},
    certificates::{
        ChangedStatus, Which, WithoutCard, change_outcome, change_status_by_authority, change_status_without_card,
        find_certificates,
    },
    status::{answer_ocsp, publish_crl},
};
use kaika_domain::{
    authorities::ProfileName,
    certificates::{Certificate, HoldBy},
};
use kaika_fixtures::{HOLDER, Running, Site, USER_CODE, gca, operator};
use kaika_pki::{
    crl::Crl,
    ocsp::{CertId, HashAlgorithm, Request, Response, Status},
};
use kaika_wire::{
    CardNumber, CertificateRole, CertificateStatus, CheckResult, Code, JobKind, JobResult, Refusal, ResumeReason,
    RevokeReason, RoleStatus, SerialNumber, StatusChange, StatusChangeKind, SuspendReason, UserCode,
};
use std::{collections::BTreeSet, sync::Arc};
use time::Duration;

const SUSPEND: StatusChange = StatusChange::Suspend(SuspendReason::Lost);
const RESUME: StatusChange = StatusChange::Resume(ResumeReason::Found);
const REVOKE: StatusChange = StatusChange::Revoke(RevokeReason::Lost);

/// A card in a site that runs, and its holder without it.
struct Scene {
    running: Running,
}

impl Scene {
    fn of(site: Site) -> Self {
        Self { running: Running::of(site) }
    }

    fn activated() -> Self {
        Self::of(Site::activated())
    }

    fn on<T>(&self, work: impl Future<Output = T>) -> T {
        self.running.wait(work)
    }

    fn later(mut self, span: Duration) -> Self {
        self.running.later(span);
        self
    }

    /// As somebody fills it in who has the right letter at hand, and can add.
    fn form(&self, change: StatusChange) -> WithoutCard {
        let captcha = draw_captcha(&self.running.app).unwrap();
        WithoutCard {
            number: self.running.site.number.clone(),
            name: HOLDER.to_owned(),
            user_code: UserCode::parse(USER_CODE).unwrap(),
            change,
            answer: captcha.sum.result().to_string(),
            captcha: captcha.token,
        }
    }

    fn send(&self, form: WithoutCard) -> Result<String, Refusal> {
        refusal(self.on(change_status_without_card(&self.running.app, &gca(), form)))
    }

    fn holder(&self, change: StatusChange) -> Result<String, Refusal> {
        self.send(self.form(change))
    }

    fn wrong_code(&self) -> Refusal {
        let wrong = UserCode::parse("Wrong123").unwrap();
        self.send(WithoutCard { user_code: wrong, ..self.form(SUSPEND) }).unwrap_err()
    }

    fn authority(&self, change: StatusChange) -> Result<ChangedStatus, Refusal> {
        let which = Which::Card(self.running.site.number.clone());
        refusal(self.on(change_status_by_authority(&self.running.app, &which, change, &operator())))
    }

    fn certificates(&self) -> Vec<Certificate> {
        self.on(async {
            let mut reader = self.running.app.store.read().await.unwrap();
            let card = reader.card_by_number(&self.running.site.number).await.unwrap().unwrap();
            reader.certificates_of_card(card.id).await.unwrap()
        })
    }

    /// Fails with the card and without it.
    fn fails(&self) -> (u8, u8) {
        self.on(async {
            let mut reader = self.running.app.store.read().await.unwrap();
            let card = reader.card_by_number(&self.running.site.number).await.unwrap().unwrap();
            let code = reader.user_code(card.id).await.unwrap().unwrap();
            (code.fails, code.fails_without_card)
        })
    }

    fn events(&self, action: &str) -> Vec<serde_json::Value> {
        let events =
            self.on(async { self.running.app.store.read().await.unwrap().audit_events(0, 10_000).await.unwrap() });
        let of_action = events.into_iter().filter(|event| event.action == action);
        of_action.map(|event| serde_json::from_str(&event.payload).unwrap()).collect()
    }

    fn revoke_one(&self, role: CertificateRole) {
        let serial = self.certificates().into_iter().find(|one| one.role == role).unwrap().serial;
        self.on(change_status_by_authority(&self.running.app, &Which::Serial(serial), REVOKE, &operator())).unwrap();
    }

    /// The one status of all certificates, as the holder finds it; OCSP and list say the same.
    #[track_caller]
    fn status(&self) -> CertificateStatus {
        let number = &self.running.site.number;
        let found = self.on(find_certificates(&self.running.app, &gca(), number, HOLDER)).unwrap();
        let status = found[0].status;
        assert!(found.iter().all(|certificate| certificate.status == status), "{found:?}");
        for certificate in self.certificates() {
            let (by_ocsp, by_list) = (self.by_ocsp(&certificate), self.by_list(&certificate));
            assert_eq!(by_ocsp, by_list, "{:?}", certificate.role);
            let expected: &[&str] = match status {
                CertificateStatus::Valid => &["good"],
                CertificateStatus::Held | CertificateStatus::Suspended => &["CertificateHold"],
                CertificateStatus::Revoked => &["KeyCompromise", "CessationOfOperation"],
                CertificateStatus::Expired => &[],
            };
            assert!(expected.contains(&by_ocsp.as_str()), "{status:?}: {by_ocsp}");
        }
        status
    }

    fn by_ocsp(&self, certificate: &Certificate) -> String {
        let generations = self.on(async { self.running.app.store.read().await.unwrap().generations().await.unwrap() });
        let issuer = generations.iter().find(|generation| generation.id == certificate.generation).unwrap();
        let issuer = kaika_pki::Certificate::from_der(&issuer.certificate).unwrap();
        let serial = kaika_pki::Serial::new(certificate.serial.as_be_bytes()).unwrap();
        let asked = CertId::new(HashAlgorithm::Sha1, &issuer, serial);
        let request = Request { certificates: vec![asked.clone()], nonce: None }.to_der();
        let answer = self.on(answer_ocsp(&self.running.app, "gca-1", &request, &|| true)).unwrap();
        let Response::Answered(said) = Response::from_der(&answer.response).unwrap() else { panic!("not answered") };
        said.verify(&issuer, self.running.app.now()).unwrap();
        match said.about(&asked).unwrap().status {
            Status::Good => "good".to_owned(),
            Status::Revoked { reason, .. } => format!("{reason:?}"),
            Status::Unknown => panic!("unknown"),
        }
    }

    fn by_list(&self, certificate: &Certificate) -> String {
        let list = self.on(publish_crl(&self.running.app, "gca-1", Some(certificate.shard))).unwrap();
        let list = Crl::from_der(&list.der).unwrap();
        let serial = kaika_pki::Serial::new(certificate.serial.as_be_bytes()).unwrap();
        list.entry(serial).map_or("good".to_owned(), |entry| format!("{:?}", entry.reason))
    }
}

fn refusal<T>(result: Result<T, Failure>) -> Result<T, Refusal> {
    result.map_err(|failure| match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Conflict(conflict) => conflict.refusal(),
        other => panic!("{other}"),
    })
}

#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Code {
    result.unwrap_err().code
}

/// Long enough for another list to be signed.
const ANOTHER_LIST: Duration = Duration::seconds(11);

#[test]
fn each_side_lifts_its_own_suspension_alone() {
    let scene = Scene::activated();
    assert_eq!(scene.status(), CertificateStatus::Valid);
    assert_eq!(code(scene.holder(RESUME)), Code::NotSuspended);

    // By the authority: its holder does not lift it.
    let done = scene.authority(SUSPEND).unwrap();
    assert_eq!(done.card.as_ref(), Some(&scene.running.site.number));
    let roles: BTreeSet<_> = done.certificates.iter().map(|certificate| certificate.role.clone()).collect();
    assert_eq!(
        roles,
        BTreeSet::from(CertificateRole::ALL.map(ProfileName::from)),
        "the one that proves the card as well"
    );
    let scene = scene.later(ANOTHER_LIST);
    assert_eq!(scene.status(), CertificateStatus::Suspended);
    assert_eq!(code(scene.authority(SUSPEND)), Code::AlreadySuspended);
    let refused = scene.holder(RESUME).unwrap_err();
    assert_eq!((refused.code, refused.contact.as_deref()), (Code::SuspendedByOthers, Some("02-0000-0001")));

    // By the holder on top of it: the authority does not lift that one.
    scene.holder(SUSPEND).unwrap();
    assert_eq!(code(scene.holder(SUSPEND)), Code::AlreadySuspended);
    for certificate in scene.certificates() {
        let holds: Vec<_> = certificate.state.holds().iter().map(|hold| (hold.by, hold.reason.as_str())).collect();
        assert_eq!(holds, [(HoldBy::Authority, "lost"), (HoldBy::Holder, "lost")]);
        assert!(certificate.state.holds()[0].at < certificate.state.holds()[1].at);
    }
    let done = scene.authority(RESUME).unwrap();
    assert!(done.certificates.iter().all(|certificate| certificate.status == CertificateStatus::Suspended));
    let scene = scene.later(ANOTHER_LIST);
    assert_eq!(scene.status(), CertificateStatus::Suspended);
    assert_eq!(code(scene.authority(RESUME)), Code::SuspendedByOthers);
    scene.holder(RESUME).unwrap();
    let scene = scene.later(ANOTHER_LIST);
    assert_eq!(scene.status(), CertificateStatus::Valid);

    let resumed = scene.events("certificate.resume");
    assert_eq!(resumed.len(), 8, "each certificate, twice");
    assert_eq!((&resumed[0]["by"], &resumed[0]["way"]), (&"authority".into(), &"operator".into()));
    assert_eq!((&resumed[7]["by"], &resumed[7]["way"]), (&"holder".into(), &"without_card".into()));
    assert_eq!(scene.events("user_code.wrong").len(), 0);
}

#[test]
fn revoked_is_for_ever() {
    let scene = Scene::activated();
    scene.authority(SUSPEND).unwrap();
    scene.holder(REVOKE).unwrap();
    let scene = scene.later(ANOTHER_LIST);
    assert_eq!(scene.status(), CertificateStatus::Revoked);
    for change in [SUSPEND, RESUME, REVOKE] {
        assert_eq!(code(scene.holder(change)), Code::AlreadyRevoked);
        assert_eq!(code(scene.authority(change)), Code::AlreadyRevoked);
    }
}

#[test]
fn a_single_certificate_is_changed_by_its_serial_number() {
    let scene = Scene::activated();
    let all = scene.certificates();
    let login = all.iter().find(|certificate| certificate.role == CertificateRole::Login).unwrap();
    let change =
        |which, change| refusal(scene.on(change_status_by_authority(&scene.running.app, &which, change, &operator())));
    let done = change(Which::Serial(login.serial.clone()), REVOKE).unwrap();
    assert_eq!(done.card.as_ref(), Some(&scene.running.site.number));
    assert_eq!(done.certificates.len(), 1);
    assert_eq!(
        (done.certificates[0].before, done.certificates[0].status),
        (CertificateStatus::Valid, CertificateStatus::Revoked)
    );
    assert_eq!(code(change(Which::Serial("0a".parse().unwrap()), REVOKE)), Code::NotFound);
    assert_eq!(code(change(Which::Card("GC99999999999999".parse().unwrap()), REVOKE)), Code::NotFound);
    // The others go on, and of those that are left all are changed.
    scene.holder(SUSPEND).unwrap();
    let of_role = |role| scene.certificates().into_iter().find(|certificate| certificate.role == role).unwrap();
    let status = |role| of_role(role).status(scene.running.app.now());
    assert_eq!(status(CertificateRole::Login), CertificateStatus::Revoked);
    assert_eq!(status(CertificateRole::Signature), CertificateStatus::Suspended);
}

/// One that was issued and not written has the same key: no way leads to it past what bars the one in use.
#[test]
fn what_bars_a_certificate_bars_the_one_that_is_to_take_its_place() {
    let mut site = Site::activated();
    site.later(Duration::days(30));
    site.reissue();
    let scene = Scene::of(site);
    let of_role = |c: &&Certificate| c.role == CertificateRole::Encryption;
    let (in_use, unwritten) = {
        let certificates = scene.certificates();
        let mut found = certificates.iter().filter(of_role).map(|c| c.serial.clone());
        (found.next().unwrap(), found.next().unwrap())
    };
    scene.running.site.close(&scene.running.app);
    let site = scene.running.site;
    let change = |serial: &SerialNumber, change| {
        let app = site.open();
        let which = Which::Serial(serial.clone());
        site.runtime().block_on(change_status_by_authority(&app, &which, change, &operator())).unwrap();
        site.close(&app);
    };
    let check = || site.run(JobKind::Check, None).result.unwrap().succeeded.result.check().unwrap().clone();
    let barred_by = |status| {
        for kind in [JobKind::Unlock, JobKind::Rewrite] {
            let refused = site.run(kind, None).result.unwrap_err();
            assert_eq!((refused.code, refused.status), (Code::CardBarred, Some(status)), "{kind:?}");
        }
        let found = check();
        assert_eq!((found.result, found.status), (CheckResult::NotValid, status));
    };
    for serial in [&in_use, &unwritten] {
        change(serial, SUSPEND);
        barred_by(CertificateStatus::Suspended);
        change(serial, RESUME);
    }
    // Another one in its place is no reason against the key.
    change(&in_use, StatusChange::Revoke(RevokeReason::Superseded));
    assert_eq!(check().result, CheckResult::Differs);
    change(&unwritten, StatusChange::Revoke(RevokeReason::KeyCompromise));
    barred_by(CertificateStatus::Revoked);
}

/// It may be lost in the post; and after a restore the database may not know of an activation.
#[test]
fn a_card_that_is_not_activated_can_be_suspended_and_revoked() {
    let scene = Scene::of(Site::personalised());
    scene.holder(SUSPEND).unwrap();
    assert_eq!(scene.status(), CertificateStatus::Suspended);
    scene.running.site.close(&scene.running.app);
    assert_eq!(scene.running.site.run(JobKind::Activate, None).result.unwrap_err().code, Code::CardBarred);
    let scene = scene.later(ANOTHER_LIST);
    scene.holder(RESUME).unwrap();
    let scene = scene.later(ANOTHER_LIST);
    assert_eq!(scene.status(), CertificateStatus::Held, "lifting a suspension makes nothing valid");
    scene.authority(SUSPEND).unwrap();
    scene.authority(RESUME).unwrap();
    scene.running.site.close(&scene.running.app);
    scene.running.site.run(JobKind::Activate, None).result.unwrap();

    let scene = Scene::of(Site::personalised());
    scene.authority(StatusChange::Revoke(RevokeReason::Ceased)).unwrap();
    assert_eq!(scene.status(), CertificateStatus::Revoked);
    scene.running.site.close(&scene.running.app);
    assert_eq!(scene.running.site.run(JobKind::Activate, None).result.unwrap_err().code, Code::CardBarred);

    let scene = Scene::of(Site::ordered());
    assert_eq!(code(scene.authority(SUSPEND)), Code::NotFound, "it has none yet");
    assert_eq!(code(scene.holder(SUSPEND)), Code::NotFound);
}

#[test]
fn a_stranger_gets_one_answer_and_locks_nothing_by_a_number() {
    let scene = Scene::activated();
    let unknown: CardNumber = "GC99999999999999".parse().unwrap();
    let mut answers = vec![
        scene.send(WithoutCard { number: unknown, ..scene.form(SUSPEND) }).unwrap_err(),
        scene.send(WithoutCard { name: "教育部".into(), ..scene.form(SUSPEND) }).unwrap_err(),
        scene.send(WithoutCard { name: String::new(), ..scene.form(SUSPEND) }).unwrap_err(),
    ];
    assert_eq!(scene.fails(), (0, 0), "a number alone spends no try");
    for fails in 1..=3 {
        answers.push(scene.wrong_code());
        assert_eq!(scene.fails(), (0, fails));
    }
    // Locked: also for the right code, and told apart by nothing.
    answers.push(scene.wrong_code());
    answers.push(scene.holder(SUSPEND).unwrap_err());
    assert_eq!(scene.fails(), (0, 3));
    let first = answers[0].clone();
    assert_eq!((first.code, first.tries_left), (Code::DetailsWrong, None));
    assert!(answers.iter().all(|answer| *answer == first), "{answers:?}");
    assert_eq!(scene.status(), CertificateStatus::Valid);
    assert_eq!(scene.events("user_code.try").iter().filter(|event| event["way"] == "without_card").count(), 3);
    let left: Vec<_> = scene.events("user_code.wrong").iter().map(|event| event["tries_left"].clone()).collect();
    assert_eq!(left, [2, 1, 0]);
    assert_eq!(first.contact.as_deref(), Some("02-0000-0001"), "who helps");
}

#[test]
fn neither_way_locks_the_other() {
    // Without the card: the third wrong one locks that way, and the card is activated all the same.
    let scene = Scene::of(Site::personalised());
    for _ in 0..3 {
        scene.wrong_code();
    }
    scene.running.site.close(&scene.running.app);
    scene.running.site.run(JobKind::Activate, None).result.unwrap();
    let scene = scene.later(ANOTHER_LIST);
    assert_eq!(scene.fails(), (0, 3), "and a right code with the card does not open it");
    assert_eq!(code(scene.holder(SUSPEND)), Code::DetailsWrong);

    // With the card: as many tries as there are.
    let scene = Scene::activated();
    scene.on(async {
        let mut work = scene.running.app.store.begin().await.unwrap();
        let card = work.card_by_number(&scene.running.site.number).await.unwrap().unwrap();
        while work.debit_user_code(card.id, 3).await.unwrap().is_some() {}
        work.commit().await.unwrap();
    });
    assert_eq!(scene.fails(), (3, 0));
    scene.wrong_code();
    scene.holder(SUSPEND).unwrap();
    assert_eq!(scene.fails(), (3, 0), "its own tries come back, and no others");
}

#[test]
fn of_fifty_wrong_codes_at_once_three_are_tested() {
    let scene = Scene::activated();
    let wrong = UserCode::parse("Wrong123").unwrap();
    let forms: Vec<_> = (0..50).map(|_| WithoutCard { user_code: wrong.clone(), ..scene.form(SUSPEND) }).collect();
    let answers = scene.on(async {
        let tasks: Vec<_> = forms
            .into_iter()
            .map(|form| {
                let app = Arc::clone(&scene.running.app);
                tokio::spawn(async move { change_status_without_card(&app, &gca(), form).await })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(refusal(task.await.unwrap()));
        }
        answers
    });
    assert!(answers.into_iter().all(|answer| code(answer) == Code::DetailsWrong));
    assert_eq!(scene.events("user_code.try").iter().filter(|event| event["way"] == "without_card").count(), 3);
    assert_eq!(scene.fails(), (0, 3));
}

#[test]
fn a_captcha_is_answered_rightly_and_once() {
    let scene = Scene::activated();
    let form = |captcha: &Captcha, answer: String| WithoutCard {
        captcha: captcha.token.clone(),
        answer,
        ..scene.form(SUSPEND)
    };
    let right = |captcha: &Captcha| captcha.sum.result().to_string();
    // A wrong answer uses it up, too.
    let captcha = draw_captcha(&scene.running.app).unwrap();
    assert_eq!(code(scene.send(form(&captcha, "99".into()))), Code::CaptchaWrong);
    assert_eq!(code(scene.send(form(&captcha, right(&captcha)))), Code::CaptchaWrong);
    // Not one of ours.
    for token in ["", ".", "a.b.c", "AAAAAAAAAAAAAAAAAAAAAA.1795939200.AAAAAAAAAAAAAAAAAAAAAA"] {
        let forged = WithoutCard { captcha: token.into(), ..scene.form(SUSPEND) };
        assert_eq!(code(scene.send(forged)), Code::CaptchaWrong, "{token}");
    }
    let captcha = draw_captcha(&scene.running.app).unwrap();
    let longer = captcha.token.replacen(".179", ".279", 1);
    assert_ne!(longer, captcha.token);
    let forged = WithoutCard { captcha: longer, answer: right(&captcha), ..scene.form(SUSPEND) };
    assert_eq!(code(scene.send(forged)), Code::CaptchaWrong);
    assert_eq!(scene.fails(), (0, 0), "no try was spent");
    scene.send(form(&captcha, right(&captcha))).unwrap();
    assert_eq!(code(scene.send(form(&captcha, right(&captcha)))), Code::CaptchaWrong, "sent again");

    let late = scene.form(RESUME);
    let scene = scene.later(Duration::minutes(20));
    assert_eq!(code(scene.send(late)), Code::CaptchaWrong);
    let scene = scene.later(Duration::SECOND);
    assert_eq!(scene.on(forget_captchas(&scene.running.app)).unwrap(), 2);
}

#[test]
fn what_is_not_done_online_is_told_before_anything_is_asked() {
    let site = Site::builder()
        .policy(|policy| {
            assert!(policy.contains("revoke = \"online\""));
            policy.replace("revoke = \"online\"", "revoke = \"letter\"")
        })
        .personalised();
    let scene = Scene::of(site);
    let refused = scene.send(WithoutCard { captcha: String::new(), ..scene.form(REVOKE) }).unwrap_err();
    assert_eq!((refused.code, refused.contact.as_deref()), (Code::ChangedElsewhere, Some("02-0000-0001")));
    scene.holder(SUSPEND).unwrap();
    scene.authority(REVOKE).unwrap();
}

#[test]
fn the_page_of_an_outcome_tells_how_it_is_now_for_a_day() {
    let scene = Scene::activated();
    scene.authority(SUSPEND).unwrap();
    let token = scene.holder(SUSPEND).unwrap();
    let told = |scene: &Scene, authority: &str, kind, token: &str| {
        refusal(scene.on(change_outcome(&scene.running.app, &authority.parse().unwrap(), kind, token)))
    };
    let outcome = told(&scene, "gca", StatusChangeKind::Suspend, &token).unwrap();
    assert_eq!((&outcome.number, outcome.holder.as_str()), (&scene.running.site.number, "C=TW,O=行政院,OU=測試機關"));
    let roles: Vec<_> = outcome.certificates.iter().map(|certificate| certificate.role).collect();
    assert_eq!(roles, CertificateRole::ALL);
    assert!(outcome.certificates.iter().all(|certificate| certificate.status == CertificateStatus::Suspended));
    assert!(outcome.standing.held_by_others);
    assert_eq!(outcome.everywhere_by - outcome.at, Duration::days(7));

    scene.authority(RESUME).unwrap();
    let resumed = scene.holder(RESUME).unwrap();
    let outcome = told(&scene, "gca", StatusChangeKind::Resume, &resumed).unwrap();
    assert!(outcome.certificates.iter().all(|certificate| certificate.status == CertificateStatus::Valid));
    assert!(!outcome.standing.held_by_others);

    let swapped = |token: &str| token.chars().map(|c| if c == 'A' { 'B' } else { 'A' }).collect::<String>();
    for (authority, kind, token) in [
        ("xca", StatusChangeKind::Suspend, token.clone()),
        ("gca", StatusChangeKind::Resume, token.clone()),
        ("gca", StatusChangeKind::Suspend, swapped(&token)),
        ("gca", StatusChangeKind::Suspend, String::new()),
        ("gca", StatusChangeKind::Suspend, draw_captcha(&scene.running.app).unwrap().token),
    ] {
        assert_eq!(code(told(&scene, authority, kind, &token)), Code::NotFound, "{authority} {kind}");
    }
    let scene = scene.later(Duration::days(1));
    assert!(told(&scene, "gca", StatusChangeKind::Suspend, &token).is_ok());
    let scene = scene.later(Duration::SECOND);
    assert_eq!(code(told(&scene, "gca", StatusChangeKind::Suspend, &token)), Code::NotFound);
}

/// One of four is revoked, and the others have expired: whoever asks is told of each.
#[test]
fn certificates_that_stand_apart_are_told_apart() {
    let scene = Scene::activated();
    scene.revoke_one(CertificateRole::Login);
    let one = |role, status| RoleStatus { role, status };
    let with = |others| {
        CertificateRole::ALL.map(|role| match role {
            CertificateRole::Login => one(role, CertificateStatus::Revoked),
            role => one(role, others),
        })
    };
    let JobResult::Check(check) = scene.running.site.run(JobKind::Check, None).result.unwrap().succeeded.result else {
        panic!("not a check")
    };
    let slots: Vec<_> = check.slots.iter().map(|slot| one(slot.role, slot.status.unwrap())).collect();
    assert!(slots.contains(&one(CertificateRole::Login, CertificateStatus::Revoked)), "{slots:?}");
    assert!(slots.contains(&one(CertificateRole::Signature, CertificateStatus::Valid)), "{slots:?}");
    assert_eq!((check.result, check.mixed()), (CheckResult::NotValid, Some(slots)));

    let ends = scene.certificates().iter().map(|certificate| certificate.not_after).max().unwrap();
    let until = ends - scene.running.app.now() + Duration::DAY;
    let scene = scene.later(until);
    for change in [REVOKE, SUSPEND, RESUME] {
        for refused in [scene.holder(change).unwrap_err(), scene.authority(change).unwrap_err()] {
            assert_eq!(refused.certificates, with(CertificateStatus::Expired), "{change:?}");
        }
    }
    let barred = scene.running.site.run(JobKind::Rewrite, None).result.unwrap_err();
    assert_eq!(
        (barred.code, barred.certificates.as_slice()),
        (Code::CardBarred, &with(CertificateStatus::Expired)[..])
    );
}
