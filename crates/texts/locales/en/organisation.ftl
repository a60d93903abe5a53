# After a login: my card, all certificates of an organisation, those about to expire.

session-who = Logged in with card
session-until = (until { $time })
session-log-out = Log out

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

my-contact = Contact
my-contact-lead = Links that reset the user code, and notices, go to the contact address. Logged in as you are, you need no user code to change it.

publication = Can others find it?
publication-on = Now: others can find this card’s certificates
publication-on-means = Whoever knows card number and holder’s name, or a serial number, can find and download the certificates: to verify your signatures, or to encrypt for you.
publication-off = Now: others cannot find this card’s certificates
publication-off-means = Whoever asks is told the same as if there were no such card. The certificates work as before, and systems that verify them still learn whether they are valid.
publication-turn-off = Keep others from finding it
publication-turn-on = Let others find it
publication-now-off = Done. From now on, others cannot find this card’s certificates.
publication-now-on = Done. From now on, others can find this card’s certificates.

portal-login-over = The time of your login is over, or the card’s certificates are no longer valid. To protect your data, please log in again.
portal-login-out = You are logged out. You can take the card out.
portal-note-login-ends = You are logged out automatically after 30 minutes. When you are done, press “Log out”, then take out the card.
