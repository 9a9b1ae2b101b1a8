"""The codec server: decrypts payloads in the Temporal UI for authorized operators."""
