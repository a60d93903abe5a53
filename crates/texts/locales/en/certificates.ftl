# Certificates: found, listed, published; suspended, resumed and revoked.

# Certificates

portal-find-lead = See whether a certificate is valid, and download it. Neither card nor reader is needed.
portal-find-by-card = By card number
portal-find-by-serial = By certificate serial number
portal-find-number = Card number
portal-find-number-hint = On the front of the card: { $prefixes } and { $digits } digits.
portal-find-number-hint-digits = On the front of the card: { $prefixes } and { $digits } digits. The digits alone will do.
portal-find-name = Name of the cardholder
portal-find-name-hint = The name of the person, agency, unit or organisation.
portal-find-name-example = { $kind ->
        [person] Enter the person’s name. For example: { $example }
        [member] Enter the person’s name. You can add the institution. For example: { $example }
        [unit] Enter the agency and the unit, or only one of them. For example: { $example }
        [numbered_organisation] Enter the name of the company or organisation, without its number. For example: { $example }
       *[organisation] Enter the name of the organisation. For example: { $example }
    }
portal-find-serial = Certificate serial number
portal-find-serial-hint = Hexadecimal, like 4f3a…; spaces and colons may be left in.
portal-find = Find
portal-find-wrong = This cannot be looked up yet
portal-find-error = Error:
portal-find-number-missing = Enter the card number.
portal-find-number-wrong = A card number is 2 letters and digits. Compare it with the card and enter it again.
portal-find-name-missing = Enter the name of the cardholder.
portal-find-serial-missing = Enter the certificate serial number.
portal-find-serial-wrong = A serial number has only the digits 0 to 9 and the letters A to F, 40 at most. Enter it again.
portal-find-none = No certificate was found
portal-find-none-card = Please check that card number and name have no typing errors, and that the card was issued by this authority. Its holder may also have chosen not to be found. If it is still not found, contact us.
portal-find-none-serial = Please check the serial number, and that the certificate was issued by this authority. Its holder may also have chosen not to be found. If it is still not found, contact us.
portal-found = What was found
portal-found-of = Subject
portal-found-certificate = Certificate
portal-found-status = Status
portal-found-validity = Validity
portal-found-serial = Serial number
portal-found-issuer = Issued by
portal-found-status-alone = A serial number tells the status alone. To see names and download the file, ask with the card number and its holder’s name.
portal-found-download = Download
portal-found-download-of = Download the { $certificate } as { $format }
portal-found-meaning = What the status means
portal-found-formats = If you are not sure which file you need, take .cer.
portal-role-signature = Signature certificate
portal-role-encryption = Encryption certificate
portal-role-login = Login certificate
portal-role-card_authentication = Card authentication certificate
portal-status-held = Not activated yet
    .means = The certificate is on the card and becomes valid when the card is activated.
portal-status-unwritten = Issued, not yet on the card
    .means = The card is in use, and lacks this certificate only. Use “Check a card” and re-write it as the result says; the certificate becomes valid then.
portal-status-valid = Valid
    .means = It can be used.
portal-status-suspended = Suspended
    .means = It cannot be used for now; contact us to have it resumed.
portal-status-revoked = Revoked
    .means = It is void for good and cannot be restored; apply for a new card if you need one.
portal-status-expired = Expired
    .means = Its time is over; it can no longer be used to sign or to log in.

status-suspend = Suspend certificates
    .choice = You can’t find your card, or won’t use it for a while: make its certificates invalid for the time being. You can resume them yourself. No card is needed.
    .lead = Suspended certificates cannot be used for the time being, nor misused by whoever finds the card. Once you have the card again, you can resume them here yourself.
    .button = Suspend the certificates
    .done = The certificates are suspended
    .done-lead = From now on the certificates of this card cannot be used to sign or to log in; below is how each of them stands. The card itself was not changed.
status-resume = Resume certificates
    .choice = Restore certificates that you suspended yourself. No card is needed.
    .lead = Certificates that you suspended yourself can be used again at once. What the authority or a counter has suspended, they have to restore.
    .button = Resume the certificates
    .done = Your suspension is lifted
    .done-lead = The suspension that you asked for no longer holds. This is the status of the certificates now.
status-revoke = Revoke certificates
    .choice = The card is lost for good, was misused, or is no longer needed: make its certificates void for ever. This cannot be undone. No card is needed.
    .lead = Revoked certificates are void for ever, and nobody can restore them. If you only won’t use the card for a while, or may find it again, suspend them instead.
    .button = Revoke for good
    .done = The certificates are revoked
    .done-lead = What had not expired is void for good: the certificates of this card can no longer be used to sign or to log in. Below is how each of them stands.

# The form

status-error = Error:
status-not-yet = Not sent yet: please correct this
status-nothing = It was not done, and nothing was changed
status-with-card = Is the card in a reader here? Then card and user code are enough.
status-with-card-link = Do it with the card
status-form = Please fill in
status-reason-suspend = Why are they to be suspended?
status-reason-suspend-lost = I can’t find the card, but may find it again
status-reason-suspend-not_in_use = I won’t use it for a while
status-reason-suspend-other = Another reason
status-reason-resume = Why are they to be resumed?
status-reason-resume-found = I have found the card, and nobody else has used it
status-reason-resume-other = Another reason
status-reason-revoke = Why are they to be revoked?
status-reason-revoke-lost = The card is lost for good, or stolen
status-reason-revoke-key_compromise = Somebody else may have used my card or may know my PIN
status-reason-revoke-affiliation_changed = My name, agency or post has changed
status-reason-revoke-superseded = I have a new card
status-reason-revoke-ceased = I no longer need certificates
status-reason-revoke-other = Another reason
status-reason-missing = Choose a reason.
status-code = User code
status-code-hint = 6 to 10 characters; upper and lower case differ. It is on your secret mailer, or is the one you chose when you applied. It is not the PIN.
status-code-again = For your safety the user code was not kept; please enter it again.
status-code-wrong = A user code is 6 to 10 letters, digits or signs, without spaces.
status-code-limit = After { $tries } wrong user codes this way is closed. What you do with card and reader is not affected.
status-captcha = Check question
status-captcha-hint = Enter the 5 digits in the picture. If you cannot read or see it, answer this instead, in digits:
status-captcha-picture = A picture with 5 digits. If you cannot see it, answer the question below instead.
status-captcha-missing = Enter the digits in the picture, or the answer to the question.
status-captcha-wrong = The answer is wrong, or this question was used before or is too old. Please answer the new one.
status-sum-plus = What is { $left } plus { $right }?
status-sum-minus = What is { $left } minus { $right }?
status-number = { $n ->
        [1] one
        [2] two
        [3] three
        [4] four
        [5] five
        [6] six
        [7] seven
        [8] eight
        [9] nine
        [10] ten
        [11] eleven
        [12] twelve
        [13] thirteen
        [14] fourteen
        [15] fifteen
        [16] sixteen
        [17] seventeen
        [18] eighteen
       *[other] nineteen
    }
status-next = Next
status-what = What will happen
status-suspend-what-now = The certificates of this card can at once no longer be used to sign or to log in, and the card cannot be activated.
status-suspend-what-back = When you have found the card, “Resume certificates” with the same details restores them.
status-suspend-what-card = The card, its PIN and its keys stay as they are.
status-resume-what-now = Certificates that you suspended yourself can be used again at once.
status-resume-what-back = A card that was never activated still has to be activated.
status-resume-what-card = If the card was out of your hands and you are not sure that nobody used it, don’t resume; revoke.

# The second page of a revocation

status-confirm = Do you really want to revoke?
status-confirm-lead = You are about to revoke all certificates of this card:
status-confirm-final = This cannot be undone: not by you, not by us, not by anybody.
status-confirm-sign = You can no longer sign or log in with this card; its certificates are void before their time.
status-confirm-decrypt = Files that were encrypted for you with these certificates: decrypt and save them first.
status-confirm-new = If you need certificates afterwards, apply for a new card: contact us, telephone { $telephone }.
status-confirm-suspend = Only for a while? Suspend instead
status-confirm-sure = I know that this cannot be undone, and want to revoke.
status-confirm-sure-missing = Tick this to say that you know that it cannot be undone.
status-confirm-back = Go back and change
status-confirm-reason = Reason

# What came of it

status-now = The certificates now
status-others = When others will know
status-others-ask = Systems that ask us know at once: the next answer (OCSP) and the next revocation list have the new status.
status-others-keep = Some systems keep an earlier answer or list. They follow by { $day } at the latest, when that one runs out.
status-afterwards = What to do next
status-suspend-afterwards-back = If you find the card and nobody has used it, resume the certificates.
status-suspend-afterwards-lost = If you are sure that it is gone, revoke them and apply for a new card.
status-suspend-afterwards-note = The certificates’ validity runs on while they are suspended.
status-resume-afterwards-use = Certificates with the status “Valid” can be used now.
status-resume-afterwards-slow = If a system still says that they are suspended, try again after some time.
status-resume-others = Some certificates were also suspended by the authority or a counter; you cannot restore those yourself. Please contact us and ask why.
afterwards-keep = Certificates that are still valid work as before: keep the card.
afterwards-decrypt = First decrypt and save: files that were encrypted for you can still be opened with this card alone.
afterwards-new = If you still need certificates, contact us and apply for a new card.
afterwards-card = When nothing needs this card any more, cut through its chip and throw it away.
afterwards-systems = Where you registered with these certificates, register again with the new ones.
status-find = Find certificates

# What is not done online

status-elsewhere = What is not done online
status-elsewhere-urgent = If the card is lost or may be misused, call us at once and have its certificates suspended first.
status-elsewhere-suspend = If the card is lost or may be misused, don’t wait; do this online first:
status-elsewhere-counter = This authority does it at its counters: please come in person, with proof of who you are.
status-elsewhere-letter = This authority does it by official letter: have your agency or organisation write to the registration authority, with card number and reason.
status-elsewhere-paper_form = This authority does it on paper: fill in the form, sign or seal it, and send it to the registration authority.

my-card = My card
organisation-all = All certificates of an organisation
organisation-all-choice = Log in with a card of the agency or organisation to see status and expiry of all its certificates, and to download the list.
organisation-all-lead = All certificates that this agency or organisation has from this authority.
organisation-expiring = Certificates about to expire
organisation-expiring-choice = Log in with a card of the agency or organisation to see which certificates expire within { $days } days.
organisation-expiring-lead = Certificates that expire within { $days } days and are not revoked.
organisation-expiring-short = Within { $days } days
organisation-expiring-do = An expired certificate cannot be used to sign or log in. Apply for a replacement before that day; for help, call { $telephone }.
organisation-lists = Pages for whoever is logged in
organisation-narrow = Sort and filter
organisation-sort = Sort
organisation-sort-holder = By holder
organisation-sort-number = By card number
organisation-sort-expiry = By expiry, the next first
organisation-sort-latest_expiry = By expiry, the latest first
organisation-sort-status = By status
organisation-status-all = Every status
organisation-show = Show
organisation-none = There is no certificate with this status.
organisation-none-expiring = No certificate expires within { $days } days. There is nothing to do.
organisation-none-yet = There are no certificates yet.
organisation-days-left = { $days ->
        [0] expires today
        [one] one day left
       *[other] { $days } days left
    }
organisation-next = Next page
organisation-first = First page
organisation-csv = Download the list (CSV)
organisation-csv-hint = A CSV file opens in a spreadsheet program. It has all certificates, sorted and filtered as here, not this page alone.
organisation-from = Valid from
organisation-to = Valid to
organisation-since = from { $day }
organisation-supplementary = You are logged in with a supplementary card. Log in with the primary card to see all certificates of the organisation.
publication = Can others find it?
publication-on = Now: others can find this card’s certificates
publication-on-means = Whoever knows card number and holder’s name, or a serial number, can find and download the certificates: to verify your signatures, or to encrypt for you.
publication-off = Now: others cannot find this card’s certificates
publication-off-means = Whoever asks is told the same as if there were no such card. The certificates work as before, and systems that verify them still learn whether they are valid.
publication-turn-off = Keep others from finding it
publication-turn-on = Let others find it
publication-now-off = Done. From now on, others cannot find this card’s certificates.
publication-now-on = Done. From now on, others can find this card’s certificates.
portal-note-login-ends = You are logged out automatically after 30 minutes. When you are done, press “Log out”, then take out the card.
