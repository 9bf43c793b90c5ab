"""Writes src/Mxd/Tokenizers/nfc.txt: what Unicode's Normalization Form C needs to know, from Python's own tables.

Lines: "c CLASS FIRST [LAST]" combining class of code points, "d CODE PART..." canonical decomposition,
"p CODE LEFT RIGHT" decomposition into a pair that composes again. All but CLASS in hexadecimal. Hangul is computed, not listed.
"""
import hashlib
import unicodedata

HANGUL = range(0xAC00, 0xD7A4)
CHECKED = range(0x30000)


def lines():
    yield f"# Unicode {unicodedata.unidata_version}, written by tools/nfc.py"
    first = last = kind = 0
    for code in range(0x110000 + 1):
        found = unicodedata.combining(chr(code)) if code < 0x110000 else 0
        if kind and (found != kind or code != last + 1):
            yield f"c {kind} {first:X}" + (f" {last:X}" if last > first else "")
            kind = 0
        if found:
            first, kind = (first, kind) if kind else (code, found)
            last = code
    for code in range(0x110000):
        parts = unicodedata.decomposition(chr(code)).split()
        if not parts or parts[0].startswith("<") or code in HANGUL:
            continue
        composes = len(parts) == 2 and unicodedata.normalize("NFC", "".join(chr(int(p, 16)) for p in parts)) == chr(code)
        yield ("p" if composes else "d") + f" {code:X} " + " ".join(f"{int(p, 16):X}" for p in parts)


def digest():
    """SHA-256 of the normal forms of every code point that has one, alone and between marks, in UTF-8, each followed by a line feed."""
    sha = hashlib.sha256()
    for code in CHECKED:
        if 0xD800 <= code < 0xE000:
            continue
        for text in (chr(code), "e\u0323" + chr(code) + "\u0301", chr(code) + "\u0327\u0308", chr(0x1100) + chr(code) + chr(0x11A8)):
            sha.update(unicodedata.normalize("NFC", text).encode() + b"\n")
    return sha.hexdigest()


if __name__ == "__main__":
    with open("src/Mxd/Tokenizers/nfc.txt", "w", newline="\n") as file:
        file.writelines(line + "\n" for line in lines())
    print(digest())
