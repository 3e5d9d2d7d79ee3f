"""What this Python's codecs make of bytes: random ones, valid characters, broken and half ones.

    python3 decodings.py SEED COUNT [ENCODING...]

prints for each encoding COUNT lines "encoding bytes text start end": bytes and text (UTF-8, errors="replace") in
hexadecimal, "-" for none; start and end of the first UnicodeDecodeError, -1 0 without one.
COUNT 0: all sequences of one and two bytes, and those of three where an encoding has them.
"""
import encodings.aliases
import random
import sys
import warnings

NO_TEXT = {"base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
WITHOUT_ALIAS = """charmap cp1006 cp720 cp737 cp856 cp874 cp875 iso8859_1 koi8_t koi8_u mac_arabic mac_croatian mac_farsi
mac_romanian palmos raw_unicode_escape unicode_escape utf_8_sig""".split()
# What random bytes would hardly ever hit
PIECES = {
    "iso2022": [b"\x1b$B", b"\x1b$@", b"\x1b(B", b"\x1b(J", b"\x1b(I", b"\x1b$(D", b"\x1b$(C", b"\x1b$A", b"\x1b.A",
                b"\x1b.F", b"\x1bN", b"\x1b$(O", b"\x1b$(P", b"\x1b$(Q", b"\x1b$)C", b"\x0e", b"\x0f", b"\x1b&@\x1b$B",
                b"\x1b&@", b"\x1b", b"\x1b$", b"\x1b(", b"\x1b[0m", b"\x1b)B", b"\x1b$(B", b"\x1b.B", b"\x1b.C"],
    "hz": [b"~{", b"~}", b"~~", b"~\n", b"~"],
    "utf_7": [b"+", b"-", b"+-", b"+AGE-", b"+2D3eAA-", b"+2AA-", b"+3AA-", b"/", b"+2D0-", b"+AOQ", b"+AAo-", b"+2AAA"],
    "unicode_escape": [rb"\x", rb"\u", rb"\U", rb"\N{", b"}", rb"\N{DIGIT ONE}", rb"\u0041", rb"\U0001F600", rb"\U00110000",
                       rb"\ud800", b"\\", rb"\777", rb"\12", rb"\N{HANGUL SYLLABLE GA}", rb"\N{no}", rb"\N{}", rb"\N{LF}",
                       rb"\n", b"\\\n", b"\\\\", rb"\q"],
    "euc_kr": [b"\xa4\xd4", b"\xa4\xa1", b"\xa4\xbf", b"\xa4\xd4\xa4\xa1\xa4\xbf\xa4\xd4", b"\xa4\xd4\xa4\xb0\xa4\xd3\xa4\xbe"],
}


def piece(rnd, encoding):
    for key, pieces in PIECES.items():
        if key in encoding and rnd.random() < 0.4:
            return rnd.choice(pieces)
    k = rnd.randrange(9)
    byte = rnd.randrange
    if k == 0:
        return bytes([byte(256)])
    if k == 1:
        return bytes([byte(32, 127)])
    if k == 2:
        return bytes([byte(128, 256)])
    if k == 3:
        return bytes([byte(0x21, 0x7f), byte(0x21, 0x7f)])
    if k == 4:
        return bytes([byte(128, 256), byte(64, 256)])
    if k == 5:
        return bytes([0x8f, byte(0xa1, 256), byte(0xa1, 256)])
    if k == 6:
        return bytes([byte(128, 256), byte(48, 58), byte(128, 256), byte(48, 58)])
    if k == 7:
        c = chr(rnd.choice([byte(0x10000), byte(0x3000, 0xa000), byte(0x110000)]))
        try:
            return c.encode(encoding)
        except UnicodeError:
            return b"x"
    return rnd.choice([b"\n", b"\r\n", b"\0", b" "])


def show(encoding, data):
    begin, end = -1, 0
    try:
        data.decode(encoding)
    except UnicodeDecodeError as e:
        begin, end = e.start, e.end
    text = data.decode(encoding, "replace").encode("utf-8", "surrogatepass")
    print(encoding, data.hex() or "-", text.hex() or "-", begin, end)


def all_sequences(encoding):
    for i in range(256):
        show(encoding, bytes([i]))
        for j in range(256):
            show(encoding, bytes([i, j]))
    if encoding.startswith("euc_j"):
        for i in range(0xa0, 256):
            for j in range(0xa0, 256):
                show(encoding, bytes([0x8f, i, j]))
    if encoding == "gb18030":
        for i in range(0x110000):
            if not 0xd800 <= i < 0xe000:
                show(encoding, chr(i).encode(encoding))


def main(seed, count, *chosen):
    warnings.simplefilter("ignore")  # of escapes that mean nothing
    rnd = random.Random(int(seed))
    known = set(encodings.aliases.aliases.values()) - NO_TEXT
    for encoding in chosen or sorted(known.union(WITHOUT_ALIAS)):
        if int(count) == 0:
            all_sequences(encoding)
        for _ in range(int(count)):
            show(encoding, b"".join(piece(rnd, encoding) for _ in range(rnd.randint(0, 8))))


main(*sys.argv[1:])
