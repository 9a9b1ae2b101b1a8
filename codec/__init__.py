"""Encrypts all payloads; the codec server decrypts them for operators."""
