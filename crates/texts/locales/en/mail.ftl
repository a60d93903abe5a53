# What mails say, English below the Chinese; and the demo's mailbox.

mailbox = Demo mailbox
mailbox-lead = The demo sends no mail anywhere. What it would send is here, the newest on top.
mailbox-empty = No mail yet.
mailbox-to = To
mailbox-at = Time
mailbox-link = This is the demo: see the mails in its mailbox

mail-both = 中文在上面。
mail-greeting = Hello,
mail-footer =
    { $authority }
    Telephone: { $telephone }
    Hours: { $hours }
mail-automatic = This mail was sent by a program. We never ask for your PIN or user code, nor to write them in a mail.
mail-user_code_link =
    Somebody asked at our website to reset the user code of card { $number }.

    If it was you, open this link within { $minutes } minutes and choose a new user code. The link works once:

    { $link }

    If it was not you, there is nothing to do: your user code stays as it is. If you often get such mails, please call us.
    .subject = Link to reset your user code
mail-user_code_changed =
    The user code of card { $number } has just been changed, and wrong tries were forgiven.

    If it was you, there is nothing more to do.

    If it was not you, call us at once: we help you to suspend the card's certificates.
    .subject = Your user code was changed
mail-contact_link =
    The holder of card { $number } wishes to use this address as contact address.

    If it is yours and you agree, open this link within { $minutes } minutes and press the button on the page. Only then does it count:

    { $link }

    If you know nothing of this, there is nothing to do, and we send no more mail here.
    .subject = Please confirm your contact address
mail-contact_change_asked =
    Somebody who knows the user code of card { $number } asked to change the contact address to { $new }. It counts once that address is confirmed.

    If it was you, there is nothing more to do.

    If it was not you, somebody knows your user code: reset it at our website at once, which also stops this change, and call us.
    .subject = A change of your contact address was asked for
mail-contact_changed =
    The contact details of card { $number } were changed, and the address is { $new }. Mails about this card go there from now on.

    If it was not you, call us at once.
    .subject = Your contact details were changed
mail-email_proof =
    The holder of card { $number } wishes to have this address named in the card's certificates, for everybody to read.

    If it is yours and you agree, open this link within { $minutes } minutes and press the button on the page:

    { $link }

    Or enter this code where you began:

    { $code }

    If you know nothing of this, there is nothing to do, and nothing is changed.
    .subject = Please confirm your e-mail address
