"""Text of strangers without what mail programs and calendars would make a link of.

Whoever books types a name and notes, and we send them on in mails and events that bear our name, and that people trust.
Mail programs make links of plain text by themselves, so a space is put where an address would hold together: after
"https:", and after a dot between words. People can still read it, and copy it by hand if they know whose it is.
The mark of an encoded word (RFC 2047) is broken too: in a subject it would be read as what it encodes.
"""

from __future__ import annotations

import re

_SCHEME = re.compile(r":(?=//)")
# The dots that a browser takes for one (UTS #46), before what could be a top-level domain: two letters or more.
_DOT = re.compile(r"(?<=\w)([.\u3002\uff0e\uff61])(?=[^\W\d_]{2})")


def unlinked(text: str) -> str:
    """``https://example.com/a`` → ``https: //example. com/a``. What holds no address stays as it is."""
    return _DOT.sub(r"\1 ", _SCHEME.sub(": ", text)).replace("=?", "= ?")
