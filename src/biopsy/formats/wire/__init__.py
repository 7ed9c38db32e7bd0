"""An analysis as programs read it: the shapes of JSON documents, frozen apart from the model.

The model may change with any release of biopsy; these may only grow. A field that goes, or comes to mean
something else, is a new `schema_version` and a new file beside `schema/analysis-1.json` and
`schema/comparison-1.json`, which are written from these types by `python -m biopsy.formats.wire FOLDER` and
which tests hold every document against.
"""

from biopsy.formats.wire.analysis import SCHEMA_VERSION, AnalysisDocument, Documents
from biopsy.formats.wire.comparison import ComparisonDocument
from biopsy.formats.wire.make import comparison, document

__all__ = ["SCHEMA_VERSION", "AnalysisDocument", "ComparisonDocument", "Documents", "comparison", "document"]
