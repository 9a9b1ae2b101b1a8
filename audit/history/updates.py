"""The requests of updates, including those that the server reapplied after a reset.

A reset copies later updates as `UpdateAdmitted`, with the request; the `UpdateAccepted`
after it has neither name nor sender.
"""

from temporalio.api.enums.v1 import EventType
from temporalio.api.update.v1 import Request

from audit.history.record import Record

ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


def requests_of(record: Record) -> dict[int, Request]:
    """Return the requests of accepted updates, by the accepting event."""
    admitted: dict[str, Request] = {}
    requests: dict[int, Request] = {}
    for event in record.events:
        if event.HasField("workflow_execution_update_admitted_event_attributes"):
            known = event.workflow_execution_update_admitted_event_attributes.request
            admitted[known.meta.update_id] = known
        if event.event_type == ACCEPTED:
            accepted = event.workflow_execution_update_accepted_event_attributes
            request = accepted.accepted_request
            if not request.input.name:
                request = admitted.get(accepted.protocol_instance_id, request)
            requests[event.event_id] = request
    return requests
