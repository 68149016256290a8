"""Stable pseudonyms: one salt, so the same name has the same pseudonym throughout, and nobody without the salt can try names out."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets

from kubectl_pause.redaction.vocabulary import PUBLIC_NAMES, is_known, is_of_system, is_public

_IDENTIFIER = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"  # a container's or sandbox's
    r"|[0-9a-f]{8}([-_])[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}(?![0-9a-f])"  # a pod's uid; `_` in names of slices
    r"|(?:(?<=pod)|(?<![0-9a-f]))[0-9a-f]{32}(?![0-9a-f])"  # a static pod's uid
)
_MAC = re.compile(r"(?<![0-9a-f:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![0-9a-f:])", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_IPV6 = re.compile(r"(?<![0-9a-f:.])[0-9a-f.]*+:[0-9a-f.]*+:[0-9a-f:.]*+", re.IGNORECASE)
"""What may be one: `ipaddress` has the last word. So a time stays, and `0::` of a cgroup line, which is "any"."""
_WORD = re.compile(r"[^\s/:,;()\[\]{}'\"<>=|@!$*\\#&?+~%^`]+")
_PIECE = re.compile(r"[^\W_]+")
OWN_NAME = "pause-inspect-"
_OWN_NAME = re.compile(OWN_NAME + "[0-9a-f]{10}")
"""An inspector pod of this program, which reports leave out, stays one."""
_SERVICE = ".service"
"""What a unit of systemd ends in stays: by it a cgroup is known as a service's."""
_OWN_IPV4, _OWN_IPV6 = int(ipaddress.IPv4Address("240.0.0.0")), int(ipaddress.IPv6Address("fd00::"))


class Pseudonyms:
    """The pseudonyms of one capture. The salt is forgotten with it."""

    def __init__(self, salt: bytes | None = None) -> None:
        self._salt = secrets.token_bytes(32) if salt is None else salt
        self._addresses: dict[ipaddress.IPv4Address, ipaddress.IPv4Address] = {}
        self._taken: set[int] = set()

    def _digest(self, kind: str, word: str) -> str:
        return hmac.new(self._salt, f"{kind}\0{word}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()

    def name(self, name: str) -> str:
        """For a name somebody gave. 15 characters: as many as an interface or a process name may have."""
        if not name or name in PUBLIC_NAMES:
            return name
        if _IDENTIFIER.fullmatch(name):
            return self.identifier(name)
        digest = self._digest("name", name)[:10]
        return f"{OWN_NAME}{digest}" if _OWN_NAME.fullmatch(name) else f"name-{digest}"

    def identifier(self, identifier: str) -> str:
        """For an id: of the same length, `-` and `_` where they were; one uid has one pseudonym however it is written."""
        digits = iter(self._digest("id", re.sub("[-_]", "", identifier)))
        return "".join(each if each in "-_" else next(digits) for each in identifier)

    def address(self, text: str) -> str:
        """For an IP address; loopback and "any" stay. IPv4 becomes one of 240.0.0.0/4, IPv6 one of fd00::/8, which no pod has."""
        address = ipaddress.ip_address(text)
        if address.is_loopback or address.is_unspecified:
            return text
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.IPv6Address(_OWN_IPV6 + int(self._digest("ip", str(address))[:30], 16)))
        if address not in self._addresses:
            number = int(self._digest("ip", str(address))[:7], 16)
            while number in self._taken:
                number = (number + 1) % (1 << 28)
            self._taken.add(number)
            self._addresses[address] = ipaddress.IPv4Address(_OWN_IPV4 + number)
        return str(self._addresses[address])

    def text(self, text: str) -> str:
        """For any other text: ids and addresses as above, each word that is not public by a pseudonym, what stands between as it is."""
        try:
            return self.address(text)
        except ValueError:
            pass
        text = _MAC.sub(lambda found: _mac(found[0], self._digest("mac", found[0].lower())), text)
        pieces, position = [], 0
        for found in _IPV6.finditer(text) if text.count(":") > 1 else ():
            if (pseudonym := self._inner_address(found[0])) is not None:
                pieces += [self._identifiers(text[position : found.start()]), pseudonym]
                position = found.end()
        return "".join([*pieces, self._identifiers(text[position:])])

    def name_of_program(self, name: str) -> str:
        """For a process's name: it stays where each word of it is in the list, else it is one name, blanks, numbers and all."""
        return name if all(map(is_known, _WORD.findall(name))) else self.name(name)

    def place(self, text: str) -> str:
        """For an address of a node, which is an IP address or a name."""
        try:
            return self.address(text)
        except ValueError:
            return self.name(text)

    def system(self, text: str) -> str:
        """For a version, or the name of an operating system: words that somebody added to it are renamed."""
        return _PIECE.sub(lambda found: found[0] if is_of_system(found[0]) else self.name(found[0]), text)

    def _inner_address(self, text: str) -> str | None:
        """For an IPv6 address with perhaps a colon or a full stop of the sentence at an end; None where there is none in it."""
        for front, back in (("", ""), (":", ""), ("", ":"), ("", "."), (":", ":"), (":", ".")):
            bare = text.removeprefix(front).removesuffix(back) if text.startswith(front) and text.endswith(back) else ""
            try:
                address = ipaddress.ip_address(bare)
            except ValueError:
                continue
            return None if address.is_loopback or address.is_unspecified else front + self.address(bare) + back
        return None

    def _identifiers(self, text: str) -> str:
        pieces, position = [], 0
        for found in _IDENTIFIER.finditer(text):
            pieces += [self._words(text[position : found.start()]), self.identifier(found[0])]
            position = found.end()
        return "".join([*pieces, self._words(text[position:])])

    def _words(self, text: str) -> str:
        return _WORD.sub(lambda found: self._word(found[0]), text)

    def _word(self, word: str) -> str:
        if _IPV4.fullmatch(word):
            try:
                return self.address(word)
            except ValueError:
                return self.name(word)
        if not is_public(word) and word.endswith(_SERVICE):
            return self._word(word.removesuffix(_SERVICE)) + _SERVICE
        return word if is_public(word) else self.name(word)


def _mac(mac: str, digest: str) -> str:
    if not mac.strip("0:"):
        return mac
    return "02:" + ":".join(digest[at : at + 2] for at in range(0, 10, 2))
