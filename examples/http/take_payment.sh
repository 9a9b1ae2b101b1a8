#!/usr/bin/env bash
# Takes a payment through the HTTP API with curl:
#   take_payment.sh start|look|follow|cancel ORDER_ID [WALLET]
# API_URL is the API's address, API_KEY the API key. Needs curl 7.82.
set -euo pipefail
action=$1 order_id=$2 wallet=${3:-GCASH}

# Prints each change as it comes, until Ctrl-C.
if [ "$action" = follow ]; then
    exec curl --silent --show-error --fail --no-buffer \
        --header @<(printf 'Authorization: Bearer %s\n' "$API_KEY") \
        "$API_URL/payments/$order_id/events"
fi

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# curl retries by itself calls without an answer, 429 and 503, after Retry-After: a repeat
# is always safe. The key goes through a pipe, so that no list of processes shows it.
call() {
    curl --silent --show-error --output "$answer" --write-out '%{http_code}' \
        --max-time 20 --retry 8 --retry-delay 1 --retry-all-errors \
        --header @<(printf 'Authorization: Bearer %s\n' "$API_KEY") "$@"
}

case $action in
start)
    order='{
        "order_id": "'$order_id'",
        "amount": {"currency": "PHP", "value": 131400},
        "wallet": "'$wallet'",
        "description": "Two cups of coffee",
        "redirect_url": "https://shop.example/return/'$order_id'",
        "terminal": {"type": "WEB"}
    }'
    # 202: the page is being opened; the same call waits for it.
    while
        status=$(call --json "$order" "$API_URL/payments")
        [ "$status" = 202 ]
    do sleep 1; done
    ;;
look)
    # refresh=1 queries Alipay first; without it the call costs next to nothing.
    status=$(call "$API_URL/payments/$order_id?refresh=1")
    ;;
cancel)
    status=$(call --request POST "$API_URL/payments/$order_id/cancel")
    ;;
esac
cat "$answer"
echo
[ "$status" -lt 400 ] # 4xx: a refusal, with its `code` and `detail` in the answer
