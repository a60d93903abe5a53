# What pages share; start, home of an authority, and what did not go as planned.

portal-title = Certificate card portal
portal-test = TEST
portal-skip = Skip to main content
portal-trail = You are here
portal-home = Home
portal-footer-test = The authorities, cards and certificates here are for tests and have no legal effect.
portal-footer-cookie = This site’s cookies keep the language that you choose and, when you log in, that login: until you log out, or for 30 minutes.
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
