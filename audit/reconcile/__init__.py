"""Our money beside the money in Alipay's settlement files."""
