"""How long things take and how much memory, beside the same done natively in the same minute.

    make bench, or python -m bench [--rounds 3] [--only static|start|dynamic]

Only our own packages are installed natively; ratios mean more than seconds, since machines are noisy.
"""
