# The agent's pages and the command kaika-agent.

language = Language
card = Card
reader = Card reader

agent-title = Card component
agent-where = runs on your computer
agent-purpose = This is the card component that runs on your computer, so that activation and other jobs can use your card reader. It takes connections from this computer only.
agent-privacy = A PIN goes to the card alone: to no site, and it is not kept.

agent-change-pin = Replace the PIN of a card by a new one. This is between this computer and the card; no website has a part in it.
agent-blocked = The browser blocked the card window. Allow this page to open pop-ups, at the address bar, and press the button again.

agent-sites = Sites that may use the cards of this computer
agent-no-sites = No site may use the cards of this computer at present. To allow your card issuer’s site, add it to the configuration with --portal.

window-title = Card window
window-tag = on your computer
window-safe = Your PIN goes to the card alone.
window-site = Requested by
window-close = Close window
window-waiting = Connecting to the page …
window-no-opener = Please start at the website
window-no-opener-next = This window works only when your card issuer’s website opens it. Close it, and press “Activate the card” on the website.
window-agent-gone = The card component on this computer cannot be reached
window-agent-gone-next = It may have stopped. When it is back, this window goes on by itself; if it stays away, start it anew and begin again at the website.
window-forgotten = This window can no longer be used
window-forgotten-next = For your safety a window ends after a long pause, and when the card component was started anew. Close it and begin again at the website. Your card is unharmed.
window-no-script = This window needs JavaScript. Please allow it in the browser’s settings and begin again at the website.
window-looking = Reading the card
window-looking-next = This takes a few seconds. Please leave the card in the reader.
window-choose = Choose the card to use
window-choose-next = There is more than one card in the readers. Look at the cardholder and the card number, and choose the card you want to use.
window-choose-none = None of the cards in the readers can be used for this
window-choose-this = Use this card
window-choose-again = Use another card
window-card = Your card
window-card-read = Card { $card } was read. Check what it says, then type.
window-number = Card number
window-holder-details = Details
window-holder = Cardholder
window-issuer = Issued by
window-validity = Validity
window-until = { $first } to { $last }
window-tries = Tries left
window-tries-left = { $told ->
        [pin] PIN: { $pin }
        [puk] PUK: { $puk }
       *[both] PIN: { $pin }, PUK: { $puk }
    }
window-card-shown = Card { $card } has been read.
window-activate-by = Activate this card before { $date }.
advice-good = This card is activated and works.
    .next = You don’t need to do anything.
advice-ending = { $days ->
        [0] This card expires today.
        [1] This card expires soon: 1 day is left.
       *[other] This card expires soon: { $days } days are left.
    }
    .next = Once it has expired you can’t sign or log in with it. Contact us before then to have the card replaced{ $contact ->
        [unknown] .
       *[other] : { $contact }
    }
advice-not_activated = This card is not activated yet.
    .next = { $date ->
        [unknown] Use “{ $job }”. You need the user code.
       *[other] Use “{ $job }” before { $date }. You need the user code.
    }
advice-suspended = The certificates on this card are suspended. You can’t use them now.
    .next = If you suspended them yourself, use “{ $job }”. You need the user code. If you didn’t, contact us{ $contact ->
        [unknown] .
       *[other] : { $contact }
    }
advice-pin_locked = The PIN of this card is locked. The certificates and keys are still on the card.
    .next = Use “{ $job }” to set a new PIN. You need the user code.
advice-puk_locked = The PUK of this card is locked, so a forgotten PIN can’t be reset.
    .next = As long as you know the PIN you can go on using the card. If you can’t remember it, contact us to have the card reissued{ $contact ->
        [unknown] .
       *[other] : { $contact }
    }
advice-blocked = Both PIN and PUK of this card are locked. It can’t be unlocked any more.
    .next = Call us or go to a counter to have the card reissued{ $contact ->
        [unknown] .
       *[other] : { $contact }
    }
advice-partly = You can use some certificates on this card, but not others.
    .next = Look at the status of each certificate below. If you have questions, contact us{ $contact ->
        [unknown] .
       *[other] : { $contact }
    }
advice-expired = The certificates on this card have expired. You can’t sign or log in with them any more.
    .next = { $opens ->
        [yes] First decrypt files that were encrypted for you with this card, and save them. Then contact us to have the card replaced
       *[no] If you still need certificates, contact us to have the card replaced
    }{ $contact ->
        [unknown] .
       *[other] : { $contact }
    }
advice-revoked = The certificates on this card are revoked. You can’t use them any more.
    .next = { $opens ->
        [yes] First decrypt files that were encrypted for you with this card, and save them. Then contact us to apply for a new card
       *[no] If you still need certificates, contact us to apply for a new card
    }{ $contact ->
        [unknown] .
       *[other] : { $contact }
    }
window-held = Your cards with this authority
window-held-activated = activated
window-held-not-activated = not activated
window-held-this = the one in the reader
window-certificates = Certificates
window-reader = Card reader
window-show = Show
window-hide = Hide
window-not-in-focus = Please look at this window first, then press the button.
window-leave-card = Working; please do not remove the card
window-leave-card-next = Do not take the card out, and do not switch the computer off. Should it be cut short, the card is not damaged, and you can go on.
window-puk = The PUK for this time
window-puk-once = It is good once. The card gets another one at the end, so there is no need to write it down.
window-keypad = Please type on the card reader’s keypad
window-keypad-puk = Type the PUK above and press OK.
window-keypad-new-pin = { $form ->
        [one] Type a new PIN, { $max } digits of your choice, and press OK.
       *[range] Type a new PIN, { $min } to { $max } digits of your choice, and press OK.
    }
window-keypad-again = Type the new PIN once more and press OK.
window-keypad-proof = Type the new PIN one last time
window-keypad-proof-why = The new PIN is set. Type it on the card reader again, to show that you know it.
window-keypad-once-more = Type the new PIN that you have just chosen and press OK.
window-keypad-waits = “{ $reader }” waits for you to type …
window-keypad-keys = After a slip press the yellow key to clear; to stop press the red key, which does the card no harm. What you type goes to the card alone, and this computer does not see it.
window-keypad-keys-proof = After a slip press the yellow key to clear. Your new PIN is set already, and this only confirms it once more. What you type goes to the card alone, and this computer does not see it.
window-type = Type the PUK and a new PIN
window-type-stay = Please leave the card in the reader meanwhile.
window-give-up = Cancel
window-asking-site = Asking the website for permission …
window-starting = Connecting to the server …
window-at-card = Writing to the card …
window-at-server = The server is checking …
window-retrying = The server does not answer; trying again …
window-retrying-failed = The server could not do this just now; trying again …
window-progress = Progress
window-goes-on = When that is done, this window goes on by itself.
window-card-back = The card is back; you can go on.
window-card-not-back = You can go on when the same card is back in a reader.
window-inputs-kept = What you typed is still there; no need to type it again.
window-pin-unsure = Please continue here: this finds out first which PIN the card has.
window-way = The page where you began says how to go on.
window-go-on = Continue
window-again = Try again
window-code = Code
window-no-answer = The page that opened this window does not answer
window-no-answer-next = Check that it is still open, then try again. If it is closed, close this window and begin again at the website.
window-site-says = The website says
window-closes = This window closes by itself; the result is on the page where you began.

field-user_code = User code
    .hint = 6 to 10 characters; upper and lower case differ. It is on your secret mailer, or is the one you chose when you applied.
    .missing = Please enter the user code.
field-pin = Present PIN
    .hint = The PIN that you use now. Several wrong ones in a row lock the card; stop if you are not sure.
    .missing = Please enter the present PIN.
field-puk = PUK
    .hint = The 8 digits shown above
    .missing = Please type the PUK shown above.
    .wrong = This is not the PUK shown above. It was not sent to the card, and no try was spent. Please type the digits above once more.
field-new_pin = New PIN
    .hint = { $form ->
        [one] { $max } digits of your choice
       *[range] { $min } to { $max } digits of your choice
    }{ $rules ->
        [both] , not all the same or in a row
        [one_digit] , not all the same
        [run] , not in a row
       *[none] {""}
    }
    .warned = { $pattern ->
        [date] This is a date. Whoever finds a card tries dates first, birthdays above all.
        [run] These digits stand in a row. Whoever finds a card tries such first.
       *[one_digit] These digits are all the same. Whoever finds a card tries such first.
    }
    .warned-next = Please choose other digits. If you want these all the same, press the button once more.
    .missing = Please choose a new PIN.
    .form = { $form ->
        [one] A PIN is { $max } digits. It was not sent to the card; please enter it again.
       *[range] A PIN is { $min } to { $max } digits. It was not sent to the card; please enter it again.
    }
field-new_pin_again = New PIN once more
    .hint = The same, to be sure of no slip
    .missing = Please enter the new PIN once more.

tray-title = Card tray
tray-purpose = These are the software cards and readers of the demo. Drag a card into a reader to insert it, and back to the desk to take it out; the buttons do the same.
tray-purpose-step = What if a card is pulled out in the middle of a job? When the card window asks you to type, first set here at which command, and then press “Activate the card”.
tray-readers = Card readers
tray-cards = Desk
tray-no-cards = All cards are in readers. Drag one here to take it out.
tray-empty = Drag a card here
tray-taken = has a card
tray-insert = Insert
tray-remove = Take out
tray-step = At command
tray-remove-later = pull out
tray-keypad = Keypad of the reader
tray-keypad-idle = Keypad
tray-keypad-puk = PUK?
tray-keypad-pin = PIN?
tray-keypad-new-pin = New PIN?
tray-keypad-again = New PIN again?
tray-key-cancel = Cancel
tray-key-clear = Clear
tray-key-enter = OK
tray-planned = This card will be pulled out in the middle of a job
tray-refused = This was not done:
tray-gone = The card component has stopped; this page is no longer kept up to date.
tray-blank = New blank card
tray-blank-hint = For a card that you have ordered yourself: insert it, and let a station personalise it with “kaika-agent card personalise”.
tray-quirks = As another maker’s card
tray-quirks-hint = Cards differ from maker to maker. What is ticked here the new card does, and keeps doing; try what becomes of it.
tray-quirk-challenge-voided = Forgets a challenge to the management key at the next other command
tray-quirk-f7-empty = Tells nothing of its management key
tray-quirk-f7-flag = Says wrongly whether its management key is the factory’s
tray-quirk-f7-absent = Does not know GET METADATA
tray-quirk-reset-breaks-keys = Loses its keys when the PUK sets a new PIN
tray-quirk-9c-once = Asks for the PIN of the signature key only once, unless told otherwise
tray-quirk-reset-keeps-pin = Keeps the PIN verified over a reset
tray-quirk-fixed-serial = Has the serial number 0, as all of its kind
tray-quirk-3des-only = Knows 3DES alone for its management key
tray-quirk-five-tries = Has five tries for PIN and PUK
tray-quirk-plain = Knows none of Yubico’s commands
tray-quirk-no-ecdh = Its encryption key agrees on no secrets
tray-quirk-6300 = Refuses a wrong PIN without saying how many tries are left
tray-quirk-objects-fixed = An object never grows beyond its first size
tray-quirk-9c-drops-pin = A signature ends the PIN for the other keys
tray-quirk-pin-complexity = Refuses PINs that are too simple
tray-state-blank = Blank card
tray-state-blocked = Not activated, or locked
tray-state-ready = Ready to use

prompt-user_code = User code:
prompt-pin = Present PIN:
prompt-new_pin = { $form ->
        [one] New PIN ({ $max } digits):
       *[range] New PIN ({ $min } to { $max } digits):
    }
prompt-new_pin_again = The new PIN once more:
prompt-mail_code = Code from the mail (leave empty if none has come yet):
prompt-revoke = Revoked certificates are void for good and cannot be restored. If you are sure, type “revoke”:
prompt-pin_warned = { $pattern ->
        [date] This is a date. Whoever finds a card tries dates first, birthdays above all.
        [run] These digits stand in a row. Whoever finds a card tries such first.
       *[one_digit] These digits are all the same. Whoever finds a card tries such first.
    } Please choose other digits, or enter the same ones again if you want them all the same.
prompt-pins_differ = These are two different PINs. Please enter them again.

progress-started = Card { $card }
progress-batch = Working; please leave the card in the reader …
progress-waiting = { $why ->
        [busy] The server is busy, asking it again …
        [internal] The server failed at this, asking it again …
       *[other] The server does not answer, trying again …
    }

tool-no-readers = There is no card reader.
tool-no-card = (no card)
tool-unknown = (unknown card)
tool-number = Card number
tool-authority = Certification authority
tool-holder = Cardholder
tool-validity = Validity
tool-activated = Activated
tool-device = Device serial number
tool-algorithms = Kinds of keys
tool-management-key = Management key
tool-factory-key = the factory’s
tool-own-key = not the factory’s
tool-can-be-used = Can be used
tool-can-be-made = Can be made into an authority’s card
tool-lacks = no; it lacks: { $missing }
tool-pin-tries = PIN tries left
tool-puk-tries = PUK tries left
tool-certificates = Certificates
tool-yes = yes
tool-no = no
tool-not-known = not known
tool-pin-unsure = The card may have its new PIN already. Insert the same card, and run the command again with the same PINs and with --after-cut.

role-signature = signature
role-encryption = encryption
role-login = login
role-card_authentication = card authentication

status-held = held
status-valid = valid
status-suspended = suspended
status-revoked = revoked
status-expired = expired
status-unknown = not asked

run-started = The card component runs at { $url }
run-stop = Ctrl-C ends it.
softcard-inserted = The software card is in the reader at { $address }; Ctrl-C takes it out.

# What a job came to, where the result says more than that it is done

window-done-differs = Check complete: the card needs to be re-written
    .next = Go back to the page where you began and select “Re-write the certificates”.
window-done-not-valid = Check complete: the certificates can’t be used now
    .next = The page where you began says why, and what to do.
window-done-needless = This card doesn’t need to be re-written
    .next = It matches our records; nothing was written.
window-done-test-failed = Not every test passed
    .next = The page where you began says which, and what to do.
window-done-mail-sent = Not on the card yet: check your email
    .next = The page where you began says what to do next.
window-done-mail-confirmed = Address confirmed; it still has to be written to the card
    .next = Go back to the page where you began and select “Continue”.
window-done-mail-written = The email address is in your certificates
    .next = The page where you began shows the result.
