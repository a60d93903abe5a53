/* In place of libpcsclite: one reader with a card, where the function that STAND_IN names fails with the code in STAND_IN_SAYS. */

#include <stdlib.h>
#include <string.h>

typedef long LONG;
typedef unsigned long DWORD;
typedef struct {
    const char *reader;
    void *user_data;
    DWORD current, event, atr_length;
    unsigned char atr[33];
} STATE;

static LONG says(const char *function) {
    const char *failing = getenv("STAND_IN");
    return failing && !strcmp(failing, function) ? (LONG)strtoul(getenv("STAND_IN_SAYS"), NULL, 16) : 0;
}

LONG SCardEstablishContext(DWORD scope, const void *a, const void *b, LONG *context) {
    *context = 1;
    return says("SCardEstablishContext");
}
LONG SCardReleaseContext(LONG context) { return 0; }
LONG SCardIsValidContext(LONG context) { return 0; }
LONG SCardCancel(LONG context) { return 0; }

LONG SCardListReaders(LONG context, const char *groups, char *readers, DWORD *length) {
    static const char names[] = "Stand-in\0";
    if (readers) memcpy(readers, names, sizeof names);
    *length = sizeof names;
    return says("SCardListReaders");
}

LONG SCardGetStatusChange(LONG context, DWORD timeout, STATE *states, DWORD count) {
    for (DWORD at = 0; at < count; at++) states[at].event = 0x20; /* present */
    return says("SCardGetStatusChange");
}

LONG SCardConnect(LONG context, const char *reader, DWORD mode, DWORD protocols, LONG *card, DWORD *protocol) {
    *card = 1;
    *protocol = 2;
    return says("SCardConnect");
}
LONG SCardReconnect(LONG card, DWORD mode, DWORD protocols, DWORD initialization, DWORD *protocol) {
    *protocol = 2;
    return says("SCardReconnect");
}
LONG SCardDisconnect(LONG card, DWORD disposition) { return 0; }
LONG SCardBeginTransaction(LONG card) { return says("SCardBeginTransaction"); }
LONG SCardEndTransaction(LONG card, DWORD disposition) { return says("SCardEndTransaction"); }

LONG SCardStatus(LONG card, char *reader, DWORD *length, DWORD *state, DWORD *protocol, unsigned char *atr, DWORD *atr_length) {
    if (length) *length = 0;
    if (state) *state = 0x04;
    if (protocol) *protocol = 2;
    if (atr_length) *atr_length = 0;
    return says("SCardStatus");
}
LONG SCardGetAttrib(LONG card, DWORD attribute, unsigned char *value, DWORD *length) { return 0x80100022; }
LONG SCardSetAttrib(LONG card, DWORD attribute, const unsigned char *value, DWORD length) { return 0x80100022; }

/* 6A82 to all: not a card of ours. */
LONG SCardTransmit(LONG card, const void *send, const unsigned char *sent, DWORD sent_length, void *receive,
                   unsigned char *answer, DWORD *length) {
    answer[0] = 0x6a;
    answer[1] = 0x82;
    *length = 2;
    return says("SCardTransmit");
}
LONG SCardControl(LONG card, DWORD code, const void *sent, DWORD sent_length, void *answer, DWORD room, DWORD *length) {
    *length = 0;
    return 0x80100016;
}
