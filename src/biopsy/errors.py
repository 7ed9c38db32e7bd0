"""What can go wrong on our side.

    BiopsyError
    ├── UsageError        what the user asked for makes no sense, or cannot be read      exit 2
    ├── RegistryError     the registry did not answer, or not with what it promised      exit 2
    │   └── BadArtifact     what it gives can never be taken in; `code` says why         exit 2
    ├── RuleError         a rule file is wrong; says file:line                           exit 2
    ├── QueueError        the queue's database cannot be reached, or is not ours         exit 2
    └── SandboxError      this machine could not start or keep up a sandbox              exit 3
        └── CannotSandbox   it never will, as it is; the message says what to install

What a *package* does to us is never an exception: it is a behaviour or the outcome of a phase.
"""


class BiopsyError(Exception):
    """Something failed on our side; `str()` is one line that says what, and what to do about it."""


class UsageError(BiopsyError):
    """The request is wrong or its input cannot be read."""


class RegistryError(BiopsyError):
    """A registry refused, timed out, or answered with something else than it promised."""


class BadArtifact(RegistryError):  # noqa: N818 - it reads as what it says
    """An artifact that is no better if fetched again. `code`: `too-large`, `digest-differs`, `bad-name`."""

    def __init__(self, code: str, message: str) -> None:
        """Say it in one line, and in one word for programs."""
        super().__init__(message)
        self.code = code


class RuleError(BiopsyError):
    """A rule file is wrong; the message begins with `file:line`."""


class QueueError(BiopsyError):
    """The database that holds the queue cannot be started, reached, or understood."""


class SandboxError(BiopsyError):
    """A sandbox could not be started, or broke for a reason that is ours."""


class CannotSandbox(SandboxError):  # noqa: N818 - it reads as what it says
    """No sandbox can run on this machine as it is; the message says what is missing."""
