# The agent's pages and the command kaika-agent.

language = Language
card = Card
reader = Card reader

agent-title = Card component
agent-purpose = This is the card component that runs on your computer, so that activation and other jobs can use your card reader. It takes connections from this computer only.
agent-privacy = A PIN goes to the card alone: to no site, and it is not kept.

tray-title = Card tray
tray-purpose = These are the software cards and readers of the demo. Insert a card, take it out, or have it pulled out in the middle of a job, and see what happens.
tray-readers = Card readers
tray-cards = Cards on the desk
tray-no-cards = All cards are in readers.
tray-empty = No card
tray-taken = has a card
tray-insert = Insert
tray-remove = Take out
tray-step = At command number
tray-remove-later = Pull out then
tray-state-blank = Blank card
tray-state-blocked = Not activated, or locked
tray-state-ready = Ready to use

prompt-user_code = User code:
prompt-new_pin = New PIN (6 to 8 digits):
prompt-new_pin_again = The new PIN once more:
prompt-pins_differ = These are two different PINs. Please enter them again.

progress-started = Card { $card }
progress-batch = Working; please leave the card in the reader …
progress-waiting = The server does not answer, trying again …

tool-no-readers = There is no card reader.
tool-no-card = (no card)
tool-unknown = (unknown card)
tool-number = Card number
tool-authority = Certification authority
tool-holder = Cardholder
tool-validity = Valid
tool-activated = Activated
tool-pin-tries = PIN tries left
tool-puk-tries = PUK tries left
tool-certificates = Certificates
tool-yes = yes
tool-no = no
tool-not-known = not known
tool-activated-done = Card { $card } is activated and ready to use.
tool-personalised-done = Card { $card } is personalised.

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
