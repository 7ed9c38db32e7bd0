"""Operators: who may do more than read. Tokens or OpenID Connect, sessions, CSRF, a log of all they do.

Reading needs no account, and there is no other kind of account.
"""
