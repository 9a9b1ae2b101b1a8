#!/usr/bin/env bash
# Refunds a paid order through the HTTP API with curl:
#   refund_payment.sh refund ORDER_ID REFUND_ID [VALUE]    VALUE in minor units; without
#                                                          it the whole rest
#   refund_payment.sh look ORDER_ID REFUND_ID
# API_URL is the API's address, API_KEY the API key. Needs curl 7.82.
set -euo pipefail
action=$1 order_id=$2 refund_id=$3 value=${4:-}
url="$API_URL/payments/$order_id/refunds"

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# curl retries by itself calls without an answer, 429 and 503: the same refund_id is the
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
# 201, 200: refunded. 202: under way, or a person must confirm; `status` and `waits_for`
# say which, and `look` shows the progress. 4xx: a refusal, with its `code` and `detail`.
[ "$status" -lt 400 ]
