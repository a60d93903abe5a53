# The portal's pages.

portal-title = Certificate card portal (TEST)
portal-choose = Please choose the certification authority that issued your card.
portal-activate = Activate a card
portal-activate-online = Please activate your card within { $days } days of its issue. It cannot be used before, and after that time its certificates become invalid.
portal-activate-insert = Insert the card into your reader, and leave it there until the end.
portal-activate-type = Type this in a terminal on your computer:
portal-activate-answer = Give the user code (6 to 10 characters, upper and lower case differ) and choose a new PIN when you are asked. The card is ready once you are told so.
portal-activate-elsewhere = Cards of this authority are not activated online. Please follow the instructions that came with the card, or ask here.
portal-contact = Where to get help
portal-telephone = Telephone
portal-hours = Hours
portal-address = Address
