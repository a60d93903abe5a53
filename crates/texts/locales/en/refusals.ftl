# One message per code: what happened, and what to do next (.next).
# $tries: how many tries are left, or unknown. $contact: who can help, or unknown.

refusal-user_code_wrong = { $tries ->
        [unknown] The user code is not right.
        [one] The user code is not right. One try is left.
       *[other] The user code is not right. { $tries } tries are left.
    }
    .next = The user code is on your secret mailer, or is the one you chose when you applied; upper and lower case differ. Check it and enter it again; if you forgot it, choose a new one with “Reset the user code” on the website. Your card is unharmed.

refusal-user_code_locked = The user code was entered wrong too often and is locked now. The card itself is unharmed.
    .next = { $contact ->
        [unknown] Please don't try again. Choose a new one with “Reset the user code” on the website; no card is needed. If its mail does not reach you, ask the authority that issued the card.
       *[other] Please don't try again. Choose a new one with “Reset the user code” on the website; no card is needed. If its mail does not reach you, ask the authority that issued the card: { $contact }
    }

refusal-user_code_form = This does not have the form of a user code. It was not sent, and no try was spent.
    .next = A user code is 6 to 10 letters, digits or signs, without spaces. Please enter it again.

refusal-already_activated = This card is already activated and ready to use.
    .next = { $contact ->
        [unknown] There is no need to activate it again. If you forgot the PIN, use “Unlock a card, reset its PIN”.
       *[other] There is no need to activate it again. If you forgot the PIN, use “Unlock a card, reset its PIN”, or ask: { $contact }
    }

refusal-not_activated = This card is not activated yet.
    .next = Please do “Activate a card” first, then this.

refusal-activation_period_over = The time for activating this card is over; its certificates can no longer be made valid.
    .next = { $contact ->
        [unknown] Please apply to the issuing authority for a new card.
       *[other] Please apply to the issuing authority for a new card: { $contact }
    }

refusal-activated_elsewhere = Cards of this kind are not activated online.
    .next = { $contact ->
        [unknown] Please follow the instructions that came with the card.
       *[other] Please follow the instructions that came with the card, or ask: { $contact }
    }

refusal-unlocked_elsewhere = Cards of this kind are not unlocked online.
    .next = { $contact ->
        [unknown] Please take the card and proof of identity to a registration counter.
       *[other] Please take the card and proof of identity to a registration counter, or ask: { $contact }
    }

refusal-wrong_authority = This card belongs to another certification authority. It is unharmed.
    .next = Please use the site of the authority that issued this card, or insert a card that was issued here.

refusal-not_kaika_card = The card in the reader is not one that was issued here.
    .next = Please check that it is your certificate card (not a bank or health card) and insert it again, chip up.

refusal-card_barred = { $standing ->
        [unknown] { $status ->
            [suspended] The certificates of this card are suspended, so this cannot be done with it.
            [revoked] The certificates of this card are revoked and can no longer be used.
            [expired] The certificates of this card have expired, so this cannot be done with it.
           *[other] This card is suspended, revoked or terminated, so this cannot be done with it.
        }
       *[other] This cannot be done with the card as its certificates are now. { $standing }.
    }
    .next = { $status ->
        [suspended] If you suspended them yourself, do “Resume certificates” first, then this. If you did not ask for the suspension, please contact the issuing authority: { $help }
        [revoked] If you still need certificates, apply for a new card. If you did not ask for the revocation, please contact the issuing authority: { $help }
        [expired] If you still need certificates, ask the issuing authority to replace or renew them: { $help }
       *[other] If you did not ask for that, please contact the issuing authority: { $help }
    }

refusal-no_reader = No card reader was found.
    .next = Please plug in the card reader, wait a few seconds and try again.

refusal-reader_unknown = It is not clear which card reader to use.
    .next = Please name the reader (--reader). “kaika-agent card list” shows all of them.

refusal-no_card = There is no card in the reader.
    .next = Please insert your card fully, chip up, and try again.

refusal-card_removed = The card was removed too early. All that was done is recorded, and the card is not damaged by this.
    .next = Please put the same card back and do it again with the same entries; it goes on from where it stopped.

refusal-other_card = Another card is in the reader now. For your safety nothing was done.
    .next = Please insert the first card again and start over.

refusal-card_fault = The card gave an unexpected answer, so this was not completed.
    .next = { $contact ->
        [unknown] Take the card out, wipe its chip, insert it and try again. If it goes on, please contact the issuing authority.
       *[other] Take the card out, wipe its chip, insert it and try again. If it goes on, please contact the issuing authority: { $contact }
    }

refusal-card_unsuitable = { $missing ->
        [unknown] This piece of hardware lacks something that the job needs.
       *[other] This piece of hardware lacks what the job needs: { $missing }. Nothing that it held before was lost.
    }
    .next = Please use a supported card. “kaika-agent card probe” tells what a card can do.

lack-between = {"; "}
lack-piv = the PIV application
lack-yubico_extensions = the commands by which a card is made (Yubico’s extensions of PIV)
lack-factory_management_key = the factory’s management key (the card is not blank)
lack-management_key_aes = a management key with AES
lack-key_algorithm = keys of the kind that these cards have
lack-key_agreement = an encryption key that decrypts or agrees on secrets
lack-keys_outlive_reset = keys that still work after the PIN was reset by the PUK
lack-pin_each_time = a signature key that asks for the PIN each time
lack-pin_forgotten = a PIN that is forgotten when the card is reset
lack-object_size = room for certificates of full size

refusal-management_key_refused = The card did not take the key by which its authority writes to it, so nothing was written. The certificates on it are as they were.
    .next = { $contact ->
        [unknown] Take the card out, wipe its chip, insert it and try again. If it goes on, please contact the issuing authority.
       *[other] Take the card out, wipe its chip, insert it and try again. If it goes on, please contact the issuing authority: { $contact }
    }

refusal-pin_form = This does not have the form of a PIN. It was not sent to the card, and no try was spent.
    .next = A PIN is 6 to 8 digits (for some cards exactly 6). Please enter it again.

refusal-pin_too_simple = This PIN is too easy to guess. It was not sent to the card, and no try was spent.
    .next = Please choose another PIN: digits that are not all the same, not in a row, and no date.

refusal-pin_not_taken = The card does not take this new PIN: it finds it too easy to guess. The new PIN was not set.
    .next = Please choose another PIN, with digits that neither repeat nor stand in a row.

refusal-pin_wrong = { $tries ->
        [unknown] The PIN is not right.
        [one] The PIN is not right. One try is left.
       *[other] The PIN is not right. { $tries } tries are left.
    }
    .next = Check it and enter it again. If you are not sure, stop trying; a forgotten PIN can be reset (“Unlock a card, reset its PIN”).

refusal-pin_locked = The PIN was entered wrong too often and the card is locked. Your certificates and keys are still on it.
    .next = Please set a new PIN with “Unlock a card, reset its PIN”; you need the user code for it. Where the issuing authority does not do that online, a registration counter does.

refusal-pin_not_proved = { $tries ->
        [unknown] The new PIN is set; only typing it once more was not completed.
       *[other] The new PIN is set, but what was typed last is not the same.
    }
    .next = The card works with the new PIN now. If you are not sure what you set, press “Try again” and set another; a new PUK will be shown.

refusal-puk_blocked = { $tries ->
        [0] The PIN and the PUK of this card are both locked; nothing unlocks it any more.
        [unknown] The PUK of this card is locked, or cannot be tried any more, so its PIN cannot be reset online.
        [one] The PUK of this card is locked, or cannot be tried any more, so its PIN cannot be reset. The PIN itself is not locked: one try is left.
       *[other] The PUK of this card is locked, or cannot be tried any more, so its PIN cannot be reset. The PIN itself is not locked: { $tries } tries are left.
    }
    .next = { $tries ->
        [0] Please apply to the issuing authority for a replacement{ $contact ->
            [unknown] .
           *[other] : { $contact }
        }
        [unknown] Please take the card to a registration counter. Where PIN and PUK are both locked, nothing unlocks the card any more, and a replacement has to be applied for{ $contact ->
            [unknown] .
           *[other] : { $contact }
        }
       *[other] If you know the PIN, the card goes on working; do not forget it. If you do not, only a replacement card helps; apply for it{ $contact ->
            [unknown] .
           *[other] : { $contact }
        }
    }

refusal-puk_wrong = The PUK typed on the reader is not right; the PIN is not changed.
    .next = The card has a new PUK now, and all its tries. Press “Try again” and type the new PUK as the screen shows it.

refusal-number_differs = The card in the reader isn’t the one this page is about. Nothing was done.
    .next = Insert the card that the page names. If you typed a wrong number, close this window, correct it on the page and start again.

refusal-keypad_timed_out = Nobody typed in time, so this was not completed.
    .next = Press “Try again”, and begin to type within a minute of seeing the PUK.

refusal-keypad_cancelled = You cancelled, so this was not completed. It does the card no harm.
    .next = To set a new PIN, press “Try again”; a new PUK will be shown.

refusal-keypad_form = Too few digits were typed on the reader, or too many. They were not sent to the card, and no try was spent.
    .next = A PUK has 8 digits; the screen says how many a PIN has. Press “Try again”.

refusal-stale = This job is past its time, or another window took it over.
    .next = Please close other windows and start once more; what was completed is not done twice.

refusal-card_in_use = Another program is using the card.
    .next = Close other programs that use the card, such as those for health insurance, tax or banking, then try again. Nothing has happened to the card.

refusal-busy = This card, or the server, is busy with something else at the moment.
    .next = Please close other programs that use the card, wait a little, and do it again with the same entries; what was completed is not done twice.

refusal-server_unreachable = The server cannot be reached.
    .next = Please check your network and do it again with the same entries; what was completed is not done twice.

refusal-not_a_portal = There is no portal of this system at that address.
    .next = Please check the address (--portal).

refusal-agent_unreachable = The card component on this computer cannot be reached.
    .next = Please start it (kaika-agent run) and try again.

refusal-agent_too_old = The card component on this computer is too old for this, or another version of it is running. Nothing was done.
    .next = Please install the present card component from where you got this one, start it anew and try again. If you do not know where that is, ask whoever looks after this computer, or the issuing authority: { $help }

refusal-server_too_old = This website is older than the card component on this computer, and cannot do this yet. Your card was not touched.
    .next = Please tell the website’s operator that its server has to be brought up to date: { $help }

refusal-agent_token = The card component on this computer does not accept this request.
    .next = Please run this as the user who started the component, or name the file that it wrote with --agent-token-file.

refusal-pcsc_missing = This computer has no smart card service (PC/SC), so no card reader can be seen.
    .next = Please install it and try again: sudo apt-get install pcscd libpcsclite1

refusal-pcsc_stopped = The smart card service (PC/SC) of this computer is not running, so no card reader can be seen.
    .next = Please start it and try again: sudo systemctl start pcscd.socket – if there is no such service, install it first: sudo apt-get install pcscd

refusal-readers_refused = This computer does not let you use its card readers.
    .next = Please log in at the computer itself, not over ssh or a remote desktop, and try again. If you sit at it, ask whoever looks after it for a polkit rule that lets you do org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card.

refusal-reader_fault = The card reader or its service has failed, so this was not completed.
    .next = Please unplug the reader, plug it in again, and do the same once more. If it goes on, start the service anew: sudo systemctl restart pcscd

refusal-station_unknown = This production station is not enrolled, or its enrolment was withdrawn.
    .next = Have an operator enrol it with “kaika station enrol”, and use the file that this gives.

refusal-no_order = No card is ordered that this one could become.
    .next = Please place an order with “kaika card order”, or check the card number.

refusal-order_taken = Another blank card was put to this order, and is being made.
    .next = Please put that card in again; where it is broken, have an operator run “kaika card set-aside” first.

refusal-order_over = This order is over: its card was made, or it was withdrawn.
    .next = Please look at the card's state with “kaika card list”.

refusal-not_certifiable = The certificates cannot say this: it does not fit on a card, or may not stand in a certificate. Nothing was changed.
    .next = Please use a shorter e-mail address or name, or correct what cannot be read. Where it is the name on record, please contact the issuing authority: { $help }

refusal-authority_ending = The authority’s own certificate ends before those of a card that is ordered now would. Nothing was ordered.
    .next = Please have the authority renewed, or order from another one.

refusal-serial_known = A card with the serial number of this device was made here before, and this device does not hold it. Nothing was changed.
    .next = If this device was reset, have that card’s certificates revoked and the card withdrawn first. If it is another device, all of its kind have the same number and cannot be told apart: use cards with serial numbers of their own.

refusal-card_not_blank = This card is not blank. To protect what is on it, nothing was changed.
    .next = Please use a card in factory state.

refusal-secret_missing = A user code or PIN that is needed is missing.
    .next = Please enter it when asked, or give it with --secrets-stdin.

refusal-bad_request = The request was not understood, so nothing was done.
    .next = Please check what you entered and try again.

refusal-not_found = What you asked for was not found.
    .next = Please check the number or the address and try again.

refusal-too_many_requests = There were too many requests in a short time.
    .next = Please wait a few minutes and try again.

refusal-internal = Something went wrong that we did not foresee. All that was done is recorded.
    .next = { $contact ->
        [unknown] Please try again in a while. If it goes on, tell an operator.
       *[other] Please try again in a while. If it goes on, please contact: { $contact }
    }

refusal-ticket_over = The permission for this step has run out or was used before. Nothing was done.
    .next = Press “Try again”, or begin anew at the website's page.

refusal-not_logged_in = You are not logged in, or not any more.
    .next = Please log in with your card and do it again.

refusal-primary_card_needed = This page is for whoever logs in with the organisation's primary card, and you are logged in with a supplementary one.
    .next = Please log out, and log in with the primary card. The organisation's contact keeps it.

refusal-link_over = This link or code has run out, was used before, or is none of ours. Nothing was changed.
    .next = Ask for a new one at the website, and use the latest mail.

refusal-not_permitted = This website is not permitted to use your card. The card was not read.
    .next = If it is your card issuer's website, ask whoever looks after your computer to add its address to the card agent's configuration (kaika-agent run --portal). Otherwise close the window.

refusal-port_taken = Another program has the port that the card agent needs, so the agent cannot start.
    .next = Close that program (it may be another card agent) and start again, or choose another port with --listen.

refusal-pins_differ = The two entries of the new PIN are not the same. Nothing was sent.
    .next = Type the new PIN again, twice, exactly alike.

refusal-foreign_page = This request did not come from one of our own pages, and was not carried out.
    .next = Work on this website's own pages. If you came here by a link from elsewhere, do not go on.

refusal-details_wrong = Card number, name of the cardholder and user code do not belong together. Nothing was changed.
    .next = { $contact ->
        [unknown] Please check each of them and try again. To protect you we do not say which one is wrong; after a few wrong user codes this way is closed. If you forgot the code, or tried too often, choose a new one with “Reset the user code”. If that does not help, ask the authority that issued the card.
       *[other] Please check each of them and try again. To protect you we do not say which one is wrong; after a few wrong user codes this way is closed. If you forgot the code, or tried too often, choose a new one with “Reset the user code”. If that does not help, ask the authority that issued the card: { $contact }
    }

refusal-captcha_wrong = The answer to the check question is wrong, was used before, or came too late. Nothing was changed, and no try was spent.
    .next = There is a new check question; please answer that one.

refusal-changed_elsewhere = This is not done online.
    .next = { $contact ->
        [unknown] Please ask the authority that issued the card.
       *[other] Please ask the authority that issued the card: { $contact }
    }

refusal-already_suspended = { $standing ->
        [unknown] The certificates of this card are suspended already; there is no need to do it again.
       *[other] There is nothing left to suspend. { $standing }.
    }
    .next = To use them again, resume them; if you are sure that you won’t, revoke them.

refusal-already_revoked = { $standing ->
        [unknown] The certificates of this card are revoked, which cannot be changed any more.
       *[other] There is nothing left that could be changed. { $standing }.
    }
    .next = What is revoked is not restored. If you still need certificates, apply for a new card.

refusal-not_suspended = { $standing ->
        [unknown] The certificates of this card are not suspended, so there is nothing to resume.
       *[other] No certificate of this card is suspended, so there is nothing to resume. { $standing }.
    }
    .next = “Find and download certificates” shows their status.

refusal-suspended_by_others = { $standing ->
        [unknown] The certificates of this card were not suspended by you, so you cannot resume them.
       *[other] What is suspended was not suspended by you, so you cannot resume it. { $standing }.
    }
    .next = { $contact ->
        [unknown] The issuing authority or a counter has suspended them. Please ask them why.
       *[other] The issuing authority or a counter has suspended them. Please ask why: { $contact }
    }

refusal-certificates_expired = { $standing ->
        [unknown] The certificates of this card have expired; there is nothing left to change.
       *[other] There is nothing left that could be changed. { $standing }.
    }
    .next = An expired certificate cannot be used, and needs neither suspending nor revoking. If you still need certificates, apply for a new card.

# How certificates of one card stand, where they do not all stand alike: “Signature certificate: revoked; login certificate: expired”.
standing-revoked = { $roles }: revoked
standing-expired = { $roles }: expired
standing-suspended = { $roles }: suspended
standing-held = { $roles }: not in use yet
standing-valid = { $roles }: valid
standing-between = { "; " }
standing-between-roles = { ", " }
standing-role-signature = Signature certificate
standing-role-encryption = Encryption certificate
standing-role-login = Login certificate
standing-role-card_authentication = Card authentication certificate

# Where the issuing authority's contact is not known.
refusal-help = its telephone number is on the back of the card, or in the letter that came with it

# What is certain of a card after a job that was cut

aftermath-heading-unsure = We can’t tell yet whether the PIN has changed
aftermath-heading-new = The new PIN is set; one last step is missing
aftermath-heading-maybe-done = We can’t tell yet whether this is done
aftermath-pin-before = The card’s PIN was not changed this time.
aftermath-pin-unsure = The card may have the new PIN already, or still the old one.
    .next = Put the card back into the reader, select “Continue” and set the PIN once more. Don’t try PINs before that: wrong ones lock the card.
aftermath-changed-unsure = The card may have the new PIN already, or still the old one.
    .next = Put the card back into the reader and select “Continue”. As the current PIN, enter the old one first; if it’s wrong, enter the new one.
aftermath-pin-new = The card has the new PIN that you just set.
    .next = Select “Continue” and do it once more to complete the last step.
aftermath-maybe-done = It may be done: this computer didn’t get the server’s answer.
    .next = Do it once more to find out. What is done already isn’t done again.
aftermath-not-activated = The card is not activated yet, and nothing on it has changed.
aftermath-activation-begun = The card is not activated yet. The PIN that counts is the one you set when activation succeeds.
aftermath-written = The certificates on the card may be written in part only; doing it again completes them. The PIN has not changed.
aftermath-status = The status of the certificates was not changed this time.
aftermath-nothing = Nothing has changed, neither on the card nor of its certificates.
