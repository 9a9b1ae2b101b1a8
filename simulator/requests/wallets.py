"""The wallets of the simulator: links, currency, cancelling, refunding."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wallet:
    """One payment method as Alipay's pages describe it.

    Attributes:
        currency: The only currency it takes; None: any that the contract allows.
        qr: Its desktop page shows a code to scan, so `pay` answers orderCodeForm.
        scheme: On a phone it answers a schemeUrl.
        applink: On a phone it answers an applinkUrl.
        package: Its Android package, answered as appIdentifier.
        cancellable: Cancelling is allowed at all.
        refundable: Refunding is allowed at all.
        partial_refunds: A part of the payment may be refunded.
        instant_refunds: `refund` is answered when it is done; otherwise it is only
            accepted, and a notification reports the result.
        refund_days: How long after the payment it may be refunded.
        smallest_refund: The smallest partial refund, in minor units.
        step: Amounts must be a multiple of this many minor units.
        minutes: The default time to pay.
    """

    currency: str | None = None
    qr: bool = False
    scheme: bool = False
    applink: bool = False
    package: str | None = None
    cancellable: bool = True
    refundable: bool = True
    partial_refunds: bool = True
    instant_refunds: bool = True
    refund_days: int = 365
    smallest_refund: int = 1
    step: int = 1
    minutes: int = 14


# A code that is not listed gets this: only the merchant's own table may be closed, so
# that a new wallet there needs no code here.
OTHER = Wallet()

# Links: global.alipay.com/docs/ac/cashierpay/urls (2024-05-09). Cancelling:
# .../cashierpay/cancel (2024-04-24). Refunds: wallet table v1.37 (OVO, GoPay, LinkAja),
# and docs.antom.com/ac/cashierpay/refund (2026-11-29). Our conclusions: the least
# refund is the least payment, and where no page allows a part, all is given back.
# Minutes: docs.antom.com/ac/pm/default_timeout. JKOPay: docs.antom.com/ac/ref/cc.
WALLETS: dict[str, Wallet] = {
    "AKULAKU_PAYLATER": Wallet("IDR", cancellable=False),
    "AKULAKU_PAYLATER_PH": Wallet("PHP", qr=True, scheme=True, applink=True),
    "ALIPAY_CN": Wallet(qr=True, scheme=True, package="com.eg.android.AlipayGphone"),
    "ALIPAY_HK": Wallet("HKD", qr=True, applink=True, package="hk.alipay.wallet"),
    "BANKTRANSFER_QUICKPAY": Wallet("KRW", refund_days=180, smallest_refund=100),
    "BILLEASE": Wallet("PHP", scheme=True, applink=True),
    "BKASH": Wallet("BDT"),
    "BOOST": Wallet("MYR", scheme=True, applink=True),
    "BPI": Wallet("PHP"),
    "CONNECT_WALLET": Wallet(),
    "DANA": Wallet("IDR", applink=True, package="id.dana", cancellable=False),
    "DOKU": Wallet("IDR", cancellable=False, partial_refunds=False),
    "EASYPAISA": Wallet("PKR"),
    "GCASH": Wallet("PHP", qr=True, applink=True, package="com.globe.gcash.android"),
    "GOPAY_ID": Wallet("IDR", cancellable=False, refundable=False),
    "GRABPAY_MY": Wallet("MYR", instant_refunds=False),
    "GRABPAY_PH": Wallet("PHP", instant_refunds=False, smallest_refund=1_000),
    "GRABPAY_SG": Wallet("SGD", instant_refunds=False),
    "JKOPAY": Wallet(
        "TWD", qr=True, cancellable=False, partial_refunds=False, step=100
    ),
    "KAKAOPAY": Wallet(
        "KRW", qr=True, applink=True, package="com.kakao.talk", smallest_refund=50
    ),
    "KPLUS": Wallet("THB", qr=True, scheme=True, applink=True),
    "KREDIVO_ID": Wallet(
        "IDR",
        qr=True,
        scheme=True,
        applink=True,
        package="com.finaccel.android",
        cancellable=False,
    ),
    "LINEPAY": Wallet("JPY", refund_days=30),
    "LINKAJA": Wallet("IDR", cancellable=False, refundable=False, minutes=5),
    "MAYA": Wallet("PHP", instant_refunds=False, smallest_refund=100),
    "MOMO": Wallet("VND"),
    "NAVERPAY": Wallet("KRW", smallest_refund=100),
    "OVO": Wallet("IDR", cancellable=False, refundable=False),
    "PAGALEVE": Wallet("BRL", refund_days=90, smallest_refund=4_000),
    "PAYPAY": Wallet("JPY"),
    "RABBIT_LINE_PAY": Wallet("THB", qr=True, scheme=True, applink=True),
    "SHOPEEPAY_ID": Wallet("IDR", cancellable=False),
    "SHOPEEPAY_MY": Wallet("MYR", partial_refunds=False),
    "SHOPEEPAY_PH": Wallet("PHP"),
    "SHOPEEPAY_SG": Wallet("SGD"),
    "SHOPEEPAY_TH": Wallet("THB"),
    "TNG": Wallet("MYR", qr=True, applink=True, package="my.com.tngdigital.ewallet"),
    "TOSSPAY": Wallet("KRW", qr=True, applink=True, smallest_refund=100),
    "TRUEMONEY": Wallet("THB", qr=True, applink=True, package="th.co.truemoney.wallet"),
    "ZALOPAY": Wallet("VND", refund_days=180, smallest_refund=1_000),
}


def wallet_of(code: str) -> Wallet:
    return WALLETS.get(code, OTHER)
