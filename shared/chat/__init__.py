"""Asking a chat model, loaded here or behind an endpoint, through one interface."""
