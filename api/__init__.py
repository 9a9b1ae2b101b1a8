"""The HTTP API: storefronts call it, and Alipay sends its notifications to it."""
