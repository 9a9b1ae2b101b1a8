"""Asks Alipay for the order of a paymentId: Temporal does not list paymentIds."""

from alipay.client import AlipayClient
from alipay.errors import NoVerdictError, RejectedError, UnsendableError
from cashier.running import WrongSettingsError, checked_settings
from cashier.temporal_calls import UnreachableError, WrongSettingError, printable
from translation.answers import NOT_EXIST


async def ask_alipay_for_request_id(payment_id: str) -> str | None:
    """Return the payment_request_id of a payment; None where Alipay does not know it.

    The inquiry needs the settings of the worker.

    Raises:
        WrongSettingError: These settings are missing or wrong.
        UnreachableError: Alipay does not answer, or its signature does not match.
    """
    from settings.worker import WorkerSettings
    from worker import open_alipay_connections

    try:
        settings = checked_settings(WorkerSettings)
    except WrongSettingsError as error:
        raise WrongSettingError(
            f"{payment_id} is not an order in Temporal. If it is Alipay's paymentId, "
            "Alipay must be asked for its order, which needs the settings of the "
            f"worker; these are wrong here: {error}"
        ) from None
    async with open_alipay_connections(settings) as http:
        return await request_id_of(payment_id, settings.alipay_client(http))


async def request_id_of(payment_id: str, alipay: AlipayClient) -> str | None:
    """Return the payment_request_id of a payment; None where Alipay does not know it.

    Raises:
        UnreachableError: Alipay does not answer, or its signature does not match.
    """
    try:
        answer = await alipay.inquire_payment_id(payment_id)
    except RejectedError as refusal:
        if refusal.result_code == NOT_EXIST:
            return None
        raise UnreachableError(
            f"Alipay refuses the inquiry: {printable(str(refusal))}"
        ) from None
    except (NoVerdictError, UnsendableError) as error:
        raise UnreachableError(
            f"Alipay does not answer: {printable(str(error))}; see: cashier doctor"
        ) from None
    return answer.payment_request_id
