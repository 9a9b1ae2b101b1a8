"""Parses requests: rejects a head that is too large, and accepts the absolute form."""

import h11


class Requests(h11.Connection):
    """The parser of one connection's requests."""

    def __init__(self, largest_head: int) -> None:
        super().__init__(h11.SERVER, largest_head)
        self._largest_head = largest_head
        # The status for a request that could not be parsed.
        self.refusal_status = 400
        # Whether a request was parsed, and whether the answer to the last one has no
        # body.
        self.has_begun = self.is_head = False

    def next_event(
        self,
    ) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event of h11.

        Raises:
            h11.RemoteProtocolError: The request breaks HTTP's rules, or its head is too
                large; `refusal_status` says which.
        """
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self.has_begun = True
                self.is_head = event.method == b"HEAD"
                self._check_head(event)
                return in_origin_form(event)
        except h11.RemoteProtocolError as error:
            self.refusal_status = error.error_status_hint
            raise
        return event

    def _check_head(self, request: h11.Request) -> None:
        # h11 checks the size of a head only until its end has arrived.
        lines = (len(name) + len(value) + 4 for name, value in request.headers)
        if len(request.target) + sum(lines) > self._largest_head:
            raise h11.RemoteProtocolError("head too large", error_status_hint=431)
        # A proxy that uses the other length would take the rest for another request;
        # the connection must be closed in any case (RFC 9112 6.1).
        names = {name for name, _ in request.headers}
        if {b"content-length", b"transfer-encoding"} <= names:
            raise h11.RemoteProtocolError("two lengths of one body")


def in_origin_form(request: h11.Request) -> h11.Request:
    """Return the request with a path as its target, as applications expect it.

    A client may send the whole URL, as to a proxy; every server must accept that and
    take the host from it (RFC 9112 3.2.2). Alipay's official SDK sends it.
    """
    scheme, separator, rest = request.target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        return request
    # A path, or a query where the path is empty.
    ends = [at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0]
    end = min(ends, default=len(rest))
    host, target = rest[:end].rpartition(b"@")[2], rest[end:]
    others = [one for one in request.headers if one[0] != b"host"]
    return h11.Request(
        method=request.method,
        target=target if target.startswith(b"/") else b"/" + target,
        headers=[(b"Host", host), *others],
        http_version=request.http_version,
    )
