"""Errors as callers see them: RFC 9457 problem documents, with no secrets in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api.headers import HEADERS

# The most errors in one answer, and the longest name of a field.
MOST_ERRORS = 20
LONGEST_NAME = 64
MEDIA_TYPE = "application/problem+json"


class ProblemDocument(BaseModel):
    """The form of every error; some have more fields."""

    status: int
    code: str
    detail: str


# For the OpenAPI page, which would otherwise show FastAPI's own form of errors.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDocument, "description": description}
    for status, description in (
        (401, "The API key is missing, wrong or expired"),
        (403, "The API key lacks the scope that this call needs"),
        (404, "No payment of this order"),
        (413, "The body is too large"),
        (422, "A field is invalid; `errors` names fields and rules"),
        (429, "Too many calls; call again after `Retry-After` seconds"),
        (503, "Temporal or the worker does not answer; call again"),
    )
}


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An error with HTTP status, a code for programs and a text for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        self.status = status
        self.headers = headers
        self.document: dict[str, object] = {
            "status": status,
            "code": code,
            "detail": detail,
            **extra,
        }
        super().__init__(detail)


class UnavailableProblem(Problem):
    """Temporal or its workers do not answer; a repeat of the same call is safe."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            503, "UNAVAILABLE", detail, headers={"Retry-After": "2"}, retry_is_safe=True
        )


def _place(location: Sequence[int | str]) -> str:
    """Return the path of the field, cut: the caller can send names of any length."""
    return ".".join(str(part)[:LONGEST_NAME] for part in location[1:]) or "body"


def _answer(problem: Problem) -> JSONResponse:
    return JSONResponse(
        problem.document, problem.status, problem.headers, media_type=MEDIA_TYPE
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    @app.exception_handler(Problem)
    async def of_ours(request: Request, problem: Problem) -> JSONResponse:
        # For the log and the metrics.
        request.state.problem = problem
        return _answer(problem)

    @app.exception_handler(RequestValidationError)
    async def of_input(_: Request, error: RequestValidationError) -> JSONResponse:
        # The rule and the field, never the value: it may be a customer's.
        errors = [
            {
                "field": _place(found["loc"]),
                "rule": found["msg"],
            }
            for found in error.errors()[:MOST_ERRORS]
        ]
        detail = "; ".join(f"{found['field']}: {found['rule']}" for found in errors)
        return _answer(Problem(422, "INVALID", detail, errors=errors))

    @app.exception_handler(HTTPException)
    async def of_http(_: Request, error: HTTPException) -> JSONResponse:
        code = str(error.detail).upper().replace(" ", "_")
        return _answer(
            Problem(error.status_code, code, str(error.detail), headers=error.headers)
        )

    @app.exception_handler(Exception)
    async def of_a_defect(_: Request, __: Exception) -> JSONResponse:
        # Starlette answers it outside of all middleware.
        return _answer(
            Problem(500, "FAILED", "this is a bug in this service", headers=HEADERS)
        )
