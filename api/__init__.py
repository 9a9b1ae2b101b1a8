"""The HTTP face: what storefronts call, and where Alipay's notifications arrive."""
