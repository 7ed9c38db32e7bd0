"""Why a phase was not tried at all: codes that begin an outcome's reason."""

NOT_ASKED = "not-asked"
BROKEN = "sandbox-broke"
UNTRIED = (NOT_ASKED, BROKEN)
