# Card jobs: name, instructions and result of each.

portal-job-activate = Activate a card
    .choice = Set the PIN of a new card and make it ready to use. You need the card and a card reader; it takes about a minute.
    .lead = Activation gives you a PIN of your own and makes the card ready to use. It takes about a minute.
    .start = Activate the card
    .how = Type the user code, then a new PIN, twice. The PIN has { $digits } digits and is your own choice.
    .wait = Wait about a minute. “Card activated” tells you that it is done.
    .done = Card activated
    .done-lead = Your card is ready to use. You can take it out of the reader now.
    .failed = The card was not activated
    .running = The card is being activated

portal-job-unlock = Unlock a card, reset its PIN
    .choice = The PIN is locked after wrong tries, or forgotten. Set a new one with your user code.
    .lead = When the PIN is locked or forgotten, set a new one with your user code. Certificates and keys stay as they are. It takes about a minute.
    .start = Reset the PIN
    .how = Type the user code, then a new PIN, twice. The PIN has { $digits } digits and is your own choice.
    .how-code = Type the user code. When it is right, the card window shows the PUK.
    .how-keypad = On the keypad of the card reader, type the PUK, then a new PIN, twice, each with OK. The PIN has { $digits } digits and is your own choice. With a reader without a keypad, type them in the card window.
    .how-proof = Type the new PIN one last time.
    .wait = Wait about a minute. “The PIN is reset” tells you that it is done.
    .done = The PIN is reset
    .done-lead = The card is unlocked and takes the new PIN. You can take it out of the reader now.
    .failed = The PIN was not reset
    .running = The PIN is being reset

portal-job-change_pin = Change the PIN
    .choice = You know the present PIN and want another.
    .lead = Replace the present PIN by a new one of your own. This is between your computer and the card; no server has a part in it.
    .start = Change the PIN
    .how = Type the present PIN, then the new one, twice. The new PIN has { $digits } digits.
    .wait = After a few seconds, “The PIN is changed” tells you that it is done.
    .done = The PIN is changed
    .done-lead = From now on, use the new PIN. You can take the card out of the reader now.
    .failed = The PIN was not changed
    .running = The PIN is being changed

portal-job-information = Information on a card
    .choice = Card number, holder, validity, certificates, whether the card is activated, and how many PIN tries are left.
    .lead = Reads the card, asks the database, and shows what there is to know of it. No PIN is needed, and nothing on the card is changed.
    .start = Look at the card
    .how = The card window shows card number, holder, validity, and serial number and status of each certificate.
    .wait = Close the card window when you have seen it.
    .done = Done
    .done-lead = You can take the card out now.
    .failed = This was not done
    .running = Working

portal-job-check = Check a card
    .choice = See whether the card is as the database has it. Start here if the card does not work, or writing to it was cut short.
    .lead = Reads the certificates on the card, compares them with the database, and tells you what to do. No PIN is needed, and nothing on the card is changed.
    .start = Check the card
    .how = See that it is your card, and press “Check the card”.
    .wait = After about 10 seconds this page shows the result.
    .done = Result of the check
    .done-lead = The card was compared with the database.
    .failed = The card was not checked
    .running = The card is being checked

portal-job-test = Test certificates
    .choice = Sign and decrypt once, to see that card and certificates are in order. You need the PIN.
    .lead = Has each key on the card sign or decrypt once, and looks at chain and status of the certificates. Nothing on the card is changed.
    .start = Test the card
    .how = Type your PIN.
    .wait = After about 10 seconds this page shows the result, which you can print.
    .done = Result of the test
    .done-lead = The test is done.
    .failed = The card was not tested
    .running = The card is being tested

portal-job-rewrite = Re-write certificates
    .choice = Where a check asks for it: writes the certificates to the card again. You need the PIN.
    .lead = Writes the certificates of the database to the card again; one that was issued and never written is downloaded to the card with it. It takes about a minute.
    .start = Re-write the certificates
    .how = Type your PIN.
    .wait = Wait about a minute. “The certificates are re-written” tells you that it is done.
    .done = The certificates are re-written
    .done-lead = They are ready to use. You can take the card out of the reader now.
    .failed = The certificates were not re-written
    .running = The certificates are being re-written

portal-job-set_email = Write an e-mail address
    .choice = Have your e-mail address named in your certificates, so that you can sign and receive encrypted mail. You need the PIN.
    .lead = First we send a mail to your address, to see that it is yours. Then your certificates are issued again with the address in them, and written to the card. Your keys stay as they are.
    .start = Continue
    .how = Type your PIN.
    .wait = This page then tells you to look into your mail.
    .done = The e-mail address is written
    .done-lead = Your certificates now name the address, and the ones before are no longer valid. You can take the card out of the reader now.
    .failed = The e-mail address was not written
    .running = The e-mail address is being written

portal-job-suspend = Suspend certificates with the card
    .lead = The card proves which one it is, and your user code that you are its holder. Its certificates then cannot be used for the time being.
    .start = Suspend the certificates
    .how = Type your user code.
    .wait = After a few seconds, “The certificates are suspended” tells you that it is done.
    .done = The certificates are suspended
    .done-lead = From now on the certificates of this card cannot be used to sign or to log in. The card itself was not changed.
    .failed = The certificates were not suspended
    .running = The certificates are being suspended

portal-job-resume = Resume certificates with the card
    .lead = The card proves which one it is, and your user code that you are its holder. Your own suspension is lifted; what the authority or a counter has suspended, they have to restore.
    .start = Resume the certificates
    .how = Type your user code.
    .wait = After a few seconds, “Your suspension is lifted” tells you that it is done.
    .done = Your suspension is lifted
    .done-lead = The suspension that you asked for no longer holds. This is the status of the certificates now.
    .failed = The suspension was not lifted
    .running = The suspension is being lifted

portal-job-revoke = Revoke certificates with the card
    .lead = Revoked certificates are void for ever, and nobody can restore them. If you only won’t use the card for a while, suspend them instead.
    .start = Revoke for good
    .how = Type your user code.
    .wait = After a few seconds, “The certificates are revoked” tells you that it is done.
    .done = The certificates are revoked
    .done-lead = The certificates of this card are void for good, and can no longer be used to sign or to log in.
    .failed = The certificates were not revoked
    .running = The certificates are being revoked

portal-note-suspend-back = When you want to use the card again, “Resume certificates” restores them.

portal-job-login = Log in with a card
    .choice = Log in with card and PIN to see your own card, or to decide whether others can find your certificates.
    .lead = Log in to this site with card and PIN. Then you see your own card; with the primary card of an agency or organisation also all its certificates, and those about to expire.
    .start = Log in
    .how = Type your PIN.
    .wait = After a few seconds this page goes on by itself to what you wanted to see.
    .done = Logged in
    .done-lead = You are logged in.
    .failed = You are not logged in
    .running = Logging in

portal-need-pin = Your present PIN
portal-how-number = Type the card number, without { $prefix } in front.
portal-number-hint = The { $digits } digits after { $prefix } on the card. Where you have several cards, this says which one is meant.
portal-number-wrong = Please type the { $digits } digits of the card number, without { $prefix } in front.
portal-need-keypad = best one with a keypad, on which PUK and PIN are typed
portal-note-puk = The PUK is good once: the card gets another one at the end. There is no need to write it down; tell it to nobody.
portal-note-locked = Wrong PINs lock the card; after a reset it works again, and no new card is needed.
portal-note-barred = The PIN of a card whose certificates are suspended or revoked is not reset; for suspended ones, do “Resume certificates” first.
portal-note-wrong-pin = Several wrong PINs in a row lock the card; stop if you are not sure.
portal-note-forgotten = If you forgot the present PIN, use “Unlock a card, reset its PIN” instead.
portal-note-forgotten-elsewhere = If you forgot the present PIN, contact us to have it reset.
portal-note-why-differs = If network, reader or power fails while a card is written, a certificate may be issued and not be on the card. The check finds that, and re-writing puts it right.
portal-note-check-reads = The check only reads the card; do it whenever you like.
portal-note-activate-first = A new card need not be checked: do “Activate a card” first.
portal-note-information-reads = The card is only read; look at it whenever you like. No PIN tries are spent.
portal-note-test-reads = The test changes nothing on the card; do it whenever you like.

# Result of a check

portal-check-slots = Card and database
portal-check-on-card = Serial number on the card
portal-check-in-database = Serial number in the database
portal-check-same = the same
portal-check-differs = different
portal-check-compared = Compared
portal-check-none = none
portal-check-unfinished-unlock = An earlier unlocking was cut before its end. The card can be used; unlock it once more when you have time, and it is brought to its end:
portal-check-unfinished-rewrite = Certificates were issued for this card and not written to it yet, since that was cut. Re-writing brings it to its end.
portal-check-a = Result: the card is as the database has it; nothing needs to be written
    .means = The certificates are valid and ready to use. There is nothing more to do.
portal-check-b1 = Result: the certificates are valid, but the card is not as the database has it
    .means = The certificates should be written to the card again. Have your PIN ready and press the button below; do not take the card out meanwhile.
portal-check-b2 = The certificates are re-written
    .means = They are ready to use. There is nothing more to do.
portal-check-suspended = Result: the certificates are suspended
    .means = You suspended them yourself. They cannot be used for now, and need not be written. To use the card again, do “Resume certificates” first.
    .means-both = You suspended them, and so did the authority or a counter. They cannot be used for now, and need not be written. Lift your own suspension by “Resume certificates”, and contact us about the other.
    .means-others = The authority or a counter suspended them. They cannot be used for now, and need not be written. You cannot resume them yourself; please contact us and ask why.
    .means-elsewhere = They cannot be used for now, and need not be written. To use the card again, contact us to have them resumed.
portal-check-expired = Result: the certificates have expired
    .means = Their time is over, and they need not be written. If you still need certificates, contact us to have them replaced.
    .means-renew = Their time is over, and they need not be written. Contact us to renew them, or to apply for a new card.
portal-check-expired-decrypt = Files that were encrypted for you still need this card: decrypt and save them before you return it or throw it away.
portal-check-revoked = Result: the certificates are revoked
    .means = They are void for good, and need not be written. If you still need certificates, apply for a new card.

# Result of a test

portal-test-passed = The test is passed
    .means = Every certificate and key is in order and can be used.
portal-test-failed = Not all of the test is passed
    .means = See below which part. If the card is not as the database has it, use “Check a card”; if a status is not valid, do as the status says; else contact us.
portal-test-report = Test report
portal-test-by = Certification authority
portal-test-at = Tested at
portal-test-print = Print the report
portal-test-key = Key
portal-test-on-card = Card and database
portal-test-chain = Chain
portal-test-yes = passed
portal-test-no = not passed
portal-test-means = Key: signature and login certificate signed, and the signatures verified; the encryption certificate found the right secret. Chain: the certificate was issued by this authority, and its own certificate by the root.

# Writing an e-mail address

portal-need-mailbox = Your mailbox
portal-need-mailbox-hint = You get a mail there in a moment, and have to read it.
portal-note-email-public = Whoever sees your certificate can read the address in it. Choose one that may be known, for example that of your office.
portal-note-email-twice = The card is used twice: before the mail is sent, and after you have confirmed the address.
portal-note-email-old = Mail that was encrypted for you before can still be read: the key stays the same.
portal-email-address = E-mail address
portal-email-hint = This is the address that the certificates will name, for example name@agency.example.
portal-email-wrong = Enter an e-mail address such as name@agency.example, without spaces.
portal-email-awaiting = Look into your mail
portal-email-awaiting-lead = We have sent a mail to { $email }. Nothing on the card has been changed yet.
portal-email-next = What now
portal-email-next-look = Open that mailbox and find our mail. It may take a minute, or be among the junk mail.
portal-email-next-open = Open the link in the mail, or enter the code from the mail below. Both are good for 30 minutes.
portal-email-next-write = Then the address is written to the card. Leave the card in the reader.
portal-email-code = Code from the mail
portal-email-code-hint = 8 letters and digits. Upper and lower case do not matter.
portal-email-code-button = Confirm
portal-email-code-missing = Enter the code from the mail.
portal-email-code-wrong = This is not the code of our latest mail, or it has run out. Look at the code again, or start again to get a new mail.
portal-email-again = Start again
portal-email-confirm = Is this your e-mail address?
portal-email-confirm-lead = The holder of this card wishes to have this address named in the certificates. Everybody who sees the certificates can read it.
portal-email-confirm-button = Yes, it is mine
portal-email-confirm-not = If you know nothing of this, close this page; nothing is changed then.
portal-email-confirmed = The address is confirmed: write it to the card
portal-email-confirmed-lead = One step is left. Have the card in the reader and your PIN ready, and press “Continue”. You can do that within a day.
portal-email-over = This link is no longer good
portal-email-over-text = It has run out, was replaced by a newer one, or is none of ours. Nothing was changed.
