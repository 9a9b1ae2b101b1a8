"""Reads keys from files and folders; errors name the file, and never quote it."""

import codecs
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from alipay.errors import KeyFormatError
from alipay.keys.rsa import load_private_key, load_public_key

# A key of 4096 bits has some 3300 characters; the file may also hold certificates.
LARGEST = 100_000
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_private_key(file: Path) -> RSAPrivateKey:
    """Read a private key.

    Raises:
        KeyFormatError: Names the file, and says what was found in it.
    """
    try:
        return load_private_key(_text_of(file))
    except KeyFormatError as error:
        raise KeyFormatError(f"{str(file)!r}: {error}") from None


def read_public_keys(folder: Path) -> dict[str, RSAPublicKey]:
    """Read all public keys `*.pem` of a folder, by the names of their files.

    Raises:
        KeyFormatError: Names the file, and says what was found in it.
    """
    keys = {}
    for file in files_in(folder, "*.pem"):
        try:
            keys[file.stem] = load_public_key(_text_of(file))
        except KeyFormatError as error:
            raise KeyFormatError(f"{str(file)!r}: {error}") from None
    return keys


def files_in(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder, without hidden ones.

    macOS leaves a `._name` beside each copied file.
    """
    return sorted(
        file for file in folder.glob(pattern) if not file.name.startswith(".")
    )


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST)
        return data.decode("utf-16" if data.startswith(UTF_16) else "utf-8-sig")
    except OSError as error:
        raise KeyFormatError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KeyFormatError(
            "is not text; a key in binary form (DER) must be turned into PEM"
        ) from None
