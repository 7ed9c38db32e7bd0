"""Detected or missed: inert simulants, their clean twins and benign controls, built and analysed.

`scenarios/` holds them as data, `python -m evals` runs them. Every address in them is reserved (RFC 2606,
RFC 5737) and answers nowhere but inside the sandbox.
"""
