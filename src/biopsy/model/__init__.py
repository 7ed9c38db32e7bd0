"""The nouns of biopsy, as plain frozen data: release, artifact, behaviour, dossier, finding, verdict.

Nothing here does I/O, and everything here may be stored, compared and sent. Stages talk in these types only.
"""
