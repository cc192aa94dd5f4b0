"""Hearing the operator: a microphone, whole utterances, and the few words that mean something to do. Knows no Qt."""
