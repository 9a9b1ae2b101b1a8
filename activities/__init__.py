"""Where our contracts meet Alipay's wire, and what may be retried is decided."""
