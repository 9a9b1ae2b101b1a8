"""Translates between our contracts and Alipay's wire; only here do the two meet.

Pure: workflows, activities, the API and the auditor read the same words alike.
"""
