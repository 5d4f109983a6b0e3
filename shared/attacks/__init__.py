"""Attacks on the refusals of a model that need models themselves, for measuring a defence.

Small implementations of the published loops, in words of our own that say nothing about any goal.
Goals come from the caller; prompts that are found are asked and then forgotten.
"""
