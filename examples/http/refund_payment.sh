#!/usr/bin/env bash
# Gives money of a paid order back through the HTTP API with curl:
#   refund_payment.sh refund ORDER_ID REFUND_ID [VALUE]    VALUE in minor units; without
#                                                          it all that is left
#   refund_payment.sh look ORDER_ID REFUND_ID
# API_URL and API_KEY say where the API is, and which key opens it. Needs curl 7.82.
set -euo pipefail
action=$1 order_id=$2 refund_id=$3 value=${4:-}
url="$API_URL/payments/$order_id/refunds"

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# curl repeats by itself what was not answered, 429 and 503: the same refund_id is the
# same refund, so a repeat is always safe.
call() {
    curl --silent --show-error --output "$answer" --write-out '%{http_code}' \
        --max-time 20 --retry 8 --retry-delay 1 --retry-all-errors \
        --header @<(printf 'Authorization: Bearer %s\n' "$API_KEY") "$@"
}

case $action in
refund)
    amount=null
    [ -z "$value" ] || amount='{"currency": "PHP", "value": '$value'}'
    status=$(call --json '{
        "refund_id": "'$refund_id'",
        "amount": '"$amount"',
        "reason_for_customer": "One cup was cold"
    }' "$url")
    ;;
look)
    status=$(call "$url/$refund_id")
    ;;
esac
cat "$answer"
echo
# 201, 200: given back. 202: under way, or a person must agree; `status` and `waits_for`
# say which, and `look` how it goes on. 4xx: a refusal, with its `code` and `detail`.
[ "$status" -lt 400 ]
