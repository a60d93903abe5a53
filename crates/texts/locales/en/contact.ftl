# Pages: new user code, change of contact, and the demo's mailbox.

contact-wrong = This cannot be sent yet
contact-home = Back to what you can do

user-code = Reset the user code
user-code-choice = Forgotten, or locked after too many wrong tries: choose a new one by e-mail. No card is needed, about 5 minutes.
user-code-lead = Forgotten your user code, or locked it by wrong tries? Choose a new one here. Neither card nor reader is needed, and it takes about 5 minutes.
user-code-how = What will happen
user-code-how-ask = Enter the card number and the name of the cardholder here.
user-code-how-mail = We send a mail to the contact address on record for this card, with a link that works for 30 minutes.
user-code-how-set = Open the link and choose a new user code, which works at once. The card's certificates and PIN stay as they are.
user-code-ask = Have a link sent
user-code-send = Send the link
user-code-without = No address on record, or no access to it?
user-code-without-text = Bring proof of identity and the card to a registration counter, and an officer will reset it for you. Telephone, hours and address are on this page.

user-code-sent = Look into your mailbox
user-code-sent-lead = If we have such a card, with a contact address on record, a mail is on its way there.
user-code-sent-next = Next
user-code-sent-look = Open your contact mailbox and look for the mail “Link to reset your user code”. It mostly comes within minutes.
user-code-sent-open = Open the link in it within 30 minutes, and choose a new user code.
user-code-sent-secret = You see this page whether or not the details are right, so that strangers do not learn who has a card.
user-code-sent-nothing = Nothing after 15 minutes?
user-code-sent-spam = See whether the mail was taken for spam.
user-code-sent-check = Ask again, and compare card number and name with care. We send 3 mails in half an hour at most; each link works until its time is over.
user-code-sent-counter = Still nothing: the address on record may be another one, or there is none. Please contact us.
user-code-again = Ask again

user-code-new = Choose a new user code
user-code-new-lead = Card { $number }. The old user code will no longer work.
user-code-choose = The new user code
user-code-rule-length = 6 to 10 characters: letters, digits and signs, without spaces.
user-code-rule-case = Capital and small letters are different.
user-code-rule-guess = Nothing that others can guess, like the card number, a telephone number or a birthday, and not your PIN.
user-code-code = New user code
user-code-code-hint = 6 to 10 characters
user-code-code-again = New user code once more
user-code-set = Set the user code
user-code-missing = Enter the new user code.
user-code-form = A user code is 6 to 10 letters, digits or signs, without spaces. Enter it again.
user-code-differ = The two entries are not the same. Enter it again.

user-code-over = This link no longer works
user-code-over-text = It may be older than 30 minutes, was used before, or was not copied whole. Nothing was changed. Ask for another one, and use the latest mail.

user-code-done = The user code is set
user-code-done-lead = The new user code works from now on.
user-code-done-now = Next
user-code-done-use = You can now activate the card with the new user code, or do whatever you came for. Wrong tries were forgiven.
user-code-done-keep = Keep the user code in mind, and apart from the card.
user-code-done-told = We also sent a mail to your contact address that says that it was changed.

contact-change = Change the contact
contact-choice = Change contact address and telephone. The user code is needed, a card is not; about 5 minutes.
contact-lead = Change the contact address, person and telephone of this card. Links to reset the user code and notices go to the contact address.
contact-with-card = Is the card in a reader here? Then you need no user code.
contact-with-card-link = Log in with the card
contact-who = Show that it is you
contact-code = User code
contact-code-hint = The 6 to 10 characters chosen with the application; capital and small letters are different.
contact-code-missing = Enter the user code.
contact-not-proved = Card number, name or user code is not right. Compare them and enter them again. Too many wrong user codes in a row lock it.
contact-forgotten = User code forgotten, or tried too often?
contact-forgotten-reset = Reset the user code, then come back to change the contact.
contact-new = New contact
contact-email = E-mail address
contact-email-hint = We send a mail there. The change counts once the link in it is confirmed.
contact-email-missing = Enter the e-mail address.
contact-email-form = An e-mail address looks like name@agency.example. Enter it again.
contact-person = Name of the contact (optional)
contact-person-is = Name of the contact
contact-person-form = The name of the contact has 100 characters at most.
contact-telephone = Telephone (optional)
contact-telephone-is = Telephone
contact-telephone-form = A telephone number has only digits, spaces and the signs + - ( ) #. Enter it again.
contact-replaces = This replaces the old contact as a whole; what you leave empty is not kept. The address within certificates does not change.
contact-send = Send

contact-sent = Confirm in the new mailbox
contact-sent-lead = A mail is on its way to the new address. Until you confirm, the contact on record stays as it is.
contact-sent-look = Open the new mailbox and look for the mail “Please confirm your contact address”, also among spam.
contact-sent-open = Open the link in it within 30 minutes, and press the button on the page.
contact-sent-old = If an address was on record before, we tell that one as well.

contact-confirm = Confirm the contact address
contact-confirm-lead = The contact of card { $number } will be:
contact-confirm-button = Confirm the change
contact-confirm-not = You did not ask for this, or it is wrong? Close this page, and nothing changes.

contact-over = This link no longer works
contact-over-text = It may be older than 30 minutes, was used before, or was not copied whole. This link has changed nothing now. Ask for another one, and use the latest mail.
contact-again = Ask again
contact-done = The contact is changed
contact-done-lead = Mails about this card go to the new address from now on.

mailbox = Demo mailbox
mailbox-lead = The demo sends no mail anywhere. What it would send is here, the newest on top.
mailbox-empty = No mail yet.
mailbox-to = To
mailbox-at = Time
mailbox-link = This is the demo: see the mails in its mailbox
