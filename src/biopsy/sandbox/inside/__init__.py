"""Inside the interpreters: what makes Python and Node write down code that is evaluated, and reads it back.

Every interpreter of a run has it, however it was started: it stands in what they all load, in the run's
own copy-on-write layer. What it writes is the package's word: `journal` reads it under limits.
"""
