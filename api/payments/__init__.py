"""Payments: the storefronts' calls, and their workflows."""
