# The portal's pages.

portal-title = Certificate card portal
portal-test = TEST
portal-skip = Skip to main content
portal-trail = You are here
portal-home = Home
portal-footer-test = The authorities, cards and certificates here are for tests and have no legal effect.
portal-footer-cookie = This site’s cookies keep the language that you choose and, when you log in with a card, that login: until you log out, or for 30 minutes.
portal-privacy = Privacy
portal-contact = Help
portal-contact-text = Please call during these hours and have your card number ready. Tell nobody your user code or PIN; we never ask for them.
portal-telephone = Telephone
portal-hours = Hours
portal-address = Address

# Start

portal-start-title = Which authority issued your card?
portal-start-lead = Choose the certification authority that issued your card. Its name is on the front of the card.
portal-start-number = Card numbers begin with { $prefixes }

# Home of an authority

portal-jobs = What would you like to do?
portal-certificates = Find and download certificates
portal-certificates-choice = See whether a certificate is valid, and download it. No card is needed.
portal-counter-title = Cards are activated at a counter
portal-counter-text = An officer at a registration counter activates your card when you collect it; this is not done online. You can use the card from then on.
portal-counter-bring = Come in person to a registration counter, with proof of identity and the card.
portal-counter-pin = Keep your PIN safe afterwards, and change it soon to one that only you know.
portal-counter-problem = If the card does not work after you collected it, look its certificates up first (“Find and download certificates”), then contact us.
portal-mailer-title = Cards need not be activated
portal-mailer-text = The certificates are valid when the card is sent. The PIN comes in a sealed mailer of its own; once you have both, you can use the card.
portal-mailer-apart = Card and mailer are sent apart and may arrive some days after each other.
portal-mailer-sealed = If the mailer was opened or is damaged, do not use the card, and contact us at once.
portal-mailer-problem = If only one of them has come, or the card does not work, please contact us.
portal-authority-files = The authority’s certificates and revocation lists
portal-authority-files-text = For systems and people who verify certificates; cardholders do not need them.
portal-file-certificate = Authority certificate
portal-file-root = Root certificate
portal-file-crl = Certificate revocation list (CRL)
portal-file-crl-root = Revocation list of the root (CRL)
portal-file-of = { $what }, generation { $ordinal }, since { $since }

# Pages of card jobs

portal-steps = Steps
portal-step-prepare = Prepare
portal-step-window = Fill in the card window
portal-step-done = Done
portal-need = Have these ready
portal-need-card = Your certificate card
portal-need-reader = A card reader, connected to this computer
portal-need-code = Your user code
portal-need-code-hint = 6 to 10 characters; upper and lower case differ. It is on your secret mailer, or is the one you chose when you applied.
portal-need-agent = The card component, running on this computer
portal-need-agent-hint = It lets web pages use the card reader.
portal-insert = Insert the card fully into the reader, chip up.
portal-card = Your card
portal-detect = Detect the card
portal-detect-again = Detect again
portal-card-unasked = “Detect the card” checks reader and card beforehand. Your browser will ask for permission; please allow it. You may also skip this and start right away.
portal-card-looking = Looking for card reader and card …
portal-card-no-reader = No card reader was found. Please connect it to the computer; this is updated by itself.
portal-card-no-card = There is no card in the reader. Please insert it fully, chip up; this is updated by itself.
portal-card-found = A card was detected. Please check that this is yours.
portal-card-other = A card was detected, but it was not issued by this authority.
portal-card-lost = The card component does not answer; what is shown may be out of date.
portal-card-not-allowed = The browser does not let this page see the card reader. You can go on all the same: the card window will show your card.
portal-card-agent-missing = The card component on this computer does not answer. Please start it first.
portal-card-agent-old = The card component on this computer is too old for this.
portal-card-port-taken = A program answers, but it is not a card component that was set up for this site.
portal-card-help = See what to do
portal-card-others = Cards in other readers
portal-card-reader = Card reader
portal-card-number = Card number
portal-card-holder = Cardholder
portal-card-validity = Valid
portal-card-from-to = { $from } to { $to }
portal-card-unknown = This is not a certificate card that this site knows. Please check that it is not a bank or health card, and that the chip is up.
portal-card-elsewhere = This card belongs to another certification authority. Please go there:
portal-start-hint = A small window, the card window, will open. The user code and the PIN are typed only there.
portal-how = What will happen
portal-how-window = The card window opens. Check that card number and holder are yours.
portal-do-not = Please do not
portal-do-not-pull = take out the card or unplug the reader meanwhile
portal-do-not-close = close the card window or shut down the computer meanwhile
portal-do-not-use = use the card elsewhere before it is activated
portal-notes = Good to know
portal-note-days-revoke = Please activate your card within { $days } days of its issue. After that its certificates are revoked, and you have to apply anew.
portal-note-days-suspend = Please activate your card within { $days } days of its issue. After that its certificates are suspended, and you have to contact us.
portal-note-pin = Remember the PIN. Tell it to nobody, and do not keep it with the card.
portal-note-code = If you forgot the user code, do not guess. Choose a new one with “Reset the user code”; no card is needed. If its mail does not reach you, contact us.
portal-note-tries = { $tries ->
        [one] One wrong user code locks it; it has to be reset then. The card is not damaged.
       *[other] After { $tries } wrong user codes it is locked and has to be reset. The card is not damaged.
    }
portal-note-new-pin = If you forget the PIN that you have just set, set another one with “Unlock a card, reset its PIN”; no new card is needed.
portal-note-new-pin-elsewhere = If you forget the PIN that you have just set, contact us to have it reset; no new card is needed.
portal-note-stop = Being cut off half-way, or pulling out the card, does no harm: do it again with the same card, and it goes on where it stopped.
portal-no-script = JavaScript is off in this browser, so the card window cannot be opened.
portal-no-script-text = Please allow JavaScript for this site in your browser’s settings and reload the page.
portal-no-script-command = Or use your computer’s terminal:
portal-no-script-insert = Insert the card into your reader, and leave it there until the end.
portal-no-script-type = Type this in a terminal:
portal-no-script-answer = Answer what you are asked; you are told when it is done.

portal-again = Try again
portal-back = Back to the instructions
portal-waiting = Please go on in the card window
portal-waiting-window = Opening the card window …
portal-waiting-begun = Look at the small window that opened: check the card, then type what it asks for. Leave this page open until it is done.
portal-waiting-running = Working. Leave the card in the reader; this takes about a minute.
portal-waiting-refused = It did not work this time. The card window says why and what to do next; please go on there.
portal-waiting-hidden = Can’t see the card window? It may be behind other windows.
portal-waiting-show = Show the card window
portal-blocked = Your browser blocked the card window
portal-blocked-text = The card window is a pop-up, which browsers block at first. Please allow this site, { $origin }, to open it, then press “Try again”.
portal-blocked-chrome-1 = Click the “Pop-ups blocked” icon at the right of the address bar.
portal-blocked-chrome-2 = Choose “Always allow pop-ups and redirects” from this site, then “Done”.
portal-blocked-edge-1 = Click the “Pop-ups blocked” icon at the right of the address bar.
portal-blocked-edge-2 = Choose “Always allow pop-ups and redirects” from this site, then “Done”.
portal-blocked-firefox-1 = Click “Options” or “Preferences” in the yellow bar above the page.
portal-blocked-firefox-2 = Choose “Allow pop-ups” for this site.
portal-blocked-safari-1 = Click the “Pop-up window blocked” icon in the address bar; or find this site in the menu Safari › Settings › Websites › Pop-up Windows.
portal-blocked-safari-2 = Set this site to “Allow”.
portal-blocked-other-1 = Find “Pop-ups” in your browser’s settings.
portal-blocked-other-2 = Add this site to those that may open them.
portal-missing = The card component is not running
portal-missing-text = The card component is a program on your computer that lets web pages use the card reader. It was not found here, so nothing has begun and your card was not touched.
portal-missing-start = Start the card component. If it is not installed yet, ask us or whoever looks after your computer.
portal-missing-type = To start it in a terminal, type:
portal-missing-again = Then press “Try again”.
portal-old = The card component on this computer is too old for this
portal-old-text = This page needs a newer one. Nothing has begun, and your card was not touched.
portal-old-get = Install the present card component from where you got this one. If you do not know where that is, ask us or whoever looks after your computer.
portal-old-start = End the old one and start the new one. To start it in a terminal, type:
portal-taken = Another program is in the card component’s place
portal-taken-text = A program answers at { $agent }, but it is not a card component that was set up for this site. Nothing has begun, and your card was not touched.
portal-taken-close = Close the program that may be in the way, for example another card component for web pages, and start the card component.
portal-taken-portal = If the card component is running already, check that this site is in its configuration:
portal-taken-again = Then press “Try again”.
portal-silent = The card window does not answer
portal-silent-text = Some seconds have passed and the card window is not ready. Nothing has begun, and your card was not touched.
portal-silent-slow = If the card window looks right, go on in it; this page will follow by itself.
portal-silent-error = If the small window says that the site cannot be reached, or shows something else, close it, start the card component, and press “Try again”.
portal-closed = The card window was closed before it was done
portal-closed-text = Your card is not damaged. Do it again with the same card; what was completed is not done twice.
portal-refused = This cannot begin now
portal-gone = This site’s server cannot be reached
portal-gone-text = Nothing has begun, and your card was not touched.
portal-gone-next = Please check your network, then press “Try again”.
portal-finished-text = Showing the result …
portal-finished-link = See the result

# Outcome

portal-done-card = Card
portal-done-certificates = Certificates on the card
portal-done-now = What now
portal-done-pin = Remember your PIN. It is kept nowhere, and we cannot see it.
portal-done-wrong = Wrong PINs lock the card. If you are not sure, stop trying.
portal-done-use = Where a system asks for a signature or a login, use this card with your PIN.
portal-done-care = If you lose the card or need it no longer, tell us at once, so that nobody misuses it.
portal-outcome-waiting = It has not begun
portal-outcome-waiting-lead = Please go on in the card window. This page is updated by itself.
portal-outcome-over = This was ended
portal-outcome-over-lead = It may not have begun within 5 minutes, the card window was closed, or another window took over. Your card is not damaged.
portal-outcome-over-next = Please do it again; what was completed is not done twice.
portal-outcome-unproved = The PIN is set; only the last step was not done
portal-outcome-look = Update now

# Certificates

portal-find-lead = See whether a certificate is valid, and download it. Neither card nor reader is needed.
portal-find-by-card = By card number
portal-find-by-serial = By certificate serial number
portal-find-number = Card number
portal-find-number-hint = On the front of the card: { $prefixes } and { $digits } digits.
portal-find-number-hint-digits = On the front of the card: { $prefixes } and { $digits } digits. The digits alone will do.
portal-find-name = Name of the cardholder
portal-find-name-hint = The name of the person, agency, unit or organisation, as in the application.
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
portal-find-none-card = Please check that card number and name are exactly as in the application, and that the card was issued by this authority. Its holder may also have chosen not to be found. If it is still not found, contact us.
portal-find-none-serial = Please check the serial number, and that the certificate was issued by this authority. Its holder may also have chosen not to be found. If it is still not found, contact us.
portal-found = What was found
portal-found-of = Subject
portal-found-certificate = Certificate
portal-found-status = Status
portal-found-validity = Valid
portal-found-serial = Serial number
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

# Pages for what did not go as planned

portal-error-not-found = This page was not found
    .message = The address may be mistyped, or the page is gone.
    .next = Please check the address, or start from the home page.
portal-error-foreign = This request was not carried out
    .message = It did not come from one of this site’s own pages. To protect you it was not carried out.
    .next = Please start from the home page. If you came here by a link from elsewhere, do not use that link again.
portal-error-many = Please wait a little
    .message = There were too many requests from your network in a short time.
    .next = Please wait a few minutes, go back one page and try again.
portal-error-busy = The system is busy
    .message = Your request cannot be handled now; nothing has changed.
    .next = Please try again in a while.
portal-error-internal = Something went wrong
    .message = Something happened that we did not foresee. It was recorded.
    .next = Please try again in a while. If it goes on, contact the authority that issued your card.
portal-error-home = Go to the home page
portal-error-other = This was not done
