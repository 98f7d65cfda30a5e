/* Asks the card in a PC/SC reader for its EID: SELECT of the ISD-R, GetEID, GET RESPONSE.
 *
 *     euicc-sim serve card          in one terminal
 *     make && ./winscard            in another
 *
 * The reader may be named: ./winscard 'Virtual PCD 00 00'
 */

#include <stdio.h>
#include <string.h>
#include <winscard.h>

#define ANSWER_SIZE 258

static const BYTE select_isdr[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                                   0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
static const BYTE get_eid[] = {0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A};

static int failed(const char *what, LONG code)
{
    if (code == SCARD_S_SUCCESS)
        return 0;
    fprintf(stderr, "%s: %s\n", what, pcsc_stringify_error(code));
    return 1;
}

/* Sends a command, and fetches the whole answer; its length without the status word, or -1. */
static int transmit(SCARDHANDLE card, const BYTE *command, DWORD length, BYTE *answer, size_t size)
{
    BYTE get_response[] = {0x00, 0xC0, 0x00, 0x00, 0x00};
    size_t found = 0;

    for (;;) {
        BYTE part[ANSWER_SIZE];
        DWORD got = sizeof part;

        if (failed("SCardTransmit", SCardTransmit(card, SCARD_PCI_T0, command, length, NULL, part, &got)))
            return -1;
        if (got < 2 || found + got - 2 > size) {
            fprintf(stderr, "the answer has %lu bytes\n", (unsigned long)got);
            return -1;
        }
        memcpy(answer + found, part, got - 2);
        found += got - 2;
        if (part[got - 2] == 0x61) {
            get_response[4] = part[got - 1];
            command = get_response;
            length = sizeof get_response;
            continue;
        }
        if (part[got - 2] != 0x90 && part[got - 2] != 0x91) {
            fprintf(stderr, "the card answered %02X%02X\n", part[got - 2], part[got - 1]);
            return -1;
        }
        return (int)found;
    }
}

int main(int argc, char **argv)
{
    SCARDCONTEXT context;
    SCARDHANDLE card;
    DWORD protocol;
    BYTE answer[512];
    int length, status = 1;
    const char *reader = argc > 1 ? argv[1] : "Virtual PCD 00 00";

    if (failed("SCardEstablishContext", SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context)))
        return 1;
    if (!failed(reader, SCardConnect(context, reader, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0, &card, &protocol))) {
        if (transmit(card, select_isdr, sizeof select_isdr, answer, sizeof answer) >= 0) {
            length = transmit(card, get_eid, sizeof get_eid, answer, sizeof answer);
            /* BF3E, its length, 5A, its length, then the EID */
            if (length == 21) {
                printf("EID ");
                for (int at = 5; at < length; at++)
                    printf("%02X", answer[at]);
                printf("\n");
                status = 0;
            }
        }
        SCardDisconnect(card, SCARD_LEAVE_CARD);
    }
    SCardReleaseContext(context);
    return status;
}
