"""Reads requests: refuses too large a head, and understands the absolute form."""

import h11


class Requests(h11.Connection):
    """The parser of one connection's requests."""

    def __init__(self, largest_head: int) -> None:
        super().__init__(h11.SERVER, largest_head)
        self._largest_head = largest_head
        # What to answer to the request that could not be read.
        self.refusal_status = 400
        # Whether one was read, and of the last one, whether its answer has no body.
        self.has_begun = self.is_head = False

    def next_event(
        self,
    ) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return what h11 has read.

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
        # h11 looks at the size of a head only while its end has not come.
        lines = (len(name) + len(value) + 4 for name, value in request.headers)
        if len(request.target) + sum(lines) > self._largest_head:
            raise h11.RemoteProtocolError("head too large", error_status_hint=431)
        # A proxy that goes by the other one would take the rest for another request;
        # the connection must be closed in any case (RFC 9112 6.1).
        names = {name for name, _ in request.headers}
        if {b"content-length", b"transfer-encoding"} <= names:
            raise h11.RemoteProtocolError("two lengths of one body")


def in_origin_form(request: h11.Request) -> h11.Request:
    """Return the request with a path as its target, as applications know it.

    A client may name the whole URL, as it would to a proxy; every server must accept
    that and take the host from there (RFC 9112 3.2.2). Alipay's official SDK does so.
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
