"""Translates between our contracts and Alipay's protocol; only here the two meet.

Pure: workflows, activities, the API and the auditor read the same messages alike.
"""
