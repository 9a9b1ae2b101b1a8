"""Refunds: the storefronts' calls, and their workflows."""
