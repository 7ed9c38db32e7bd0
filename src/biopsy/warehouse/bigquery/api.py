"""Google's client, held to time limits, with what it raises turned into one line."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from biopsy.errors import BiopsyError, UsageError

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

TIMEOUT = 60.0
"""Longest that one request may take, in seconds."""

PATIENCE = 120.0
"""How long a request is tried again where BigQuery does not answer, or says to come later, in seconds."""

JOB = 1800.0
"""Longest that one load or statement may take, in seconds."""


class BigQueryError(BiopsyError):
    """BigQuery refused, or did not answer."""


class Api:
    """One project, as whoever we are. `limits` are for every call of `client`."""

    def __init__(self, project: str, location: str | None, endpoint: str | None, patience: float) -> None:
        """Nothing is asked yet; UsageError where there are no credentials."""
        self.client = _client(project, location, endpoint)
        from google.cloud.bigquery.retry import DEFAULT_RETRY  # noqa: PLC0415 - an extra, slow to import

        self.patience = patience
        self.retry = DEFAULT_RETRY.with_timeout(patience)
        self.limits: dict[str, Any] = {"timeout": min(TIMEOUT, patience), "retry": self.retry}

    def run(self, statement: str, given: Mapping[str, str | Sequence[str]] | None = None) -> Any:
        """Run a statement to its end, with texts and lists of texts as its parameters; give its job."""
        from google.cloud import bigquery  # noqa: PLC0415

        parameters = [
            bigquery.ScalarQueryParameter(name, "STRING", value)
            if isinstance(value, str)
            else bigquery.ArrayQueryParameter(name, "STRING", list(value))
            for name, value in (given or {}).items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        job = self.client.query(statement, job_config=config, job_retry=None, **self.limits)
        self.wait(job)
        return job

    def wait(self, job: Any) -> None:
        """Wait until a job is done; raises what it failed of."""
        job.result(timeout=JOB, retry=self.retry)


@contextlib.contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what Google's client raises into a BigQueryError that says where."""
    import concurrent.futures  # noqa: PLC0415

    import requests  # noqa: PLC0415 - the client brings it
    from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from google.resumable_media.common import InvalidResponse  # noqa: PLC0415

    ours = (GoogleAPIError, GoogleAuthError, requests.RequestException, InvalidResponse, OSError)
    try:
        yield
    except (*ours, concurrent.futures.TimeoutError) as err:
        said = next((str(e) for e in (err.__cause__, err) if e and str(e)), "").split("\n", 1)[0]
        raise BigQueryError(f"BigQuery, {where}: {type(err).__name__}: {said[:400]}") from err


def _client(project: str, location: str | None, endpoint: str | None) -> "Client":
    try:
        from google.api_core.client_options import ClientOptions  # noqa: PLC0415
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415
        from google.cloud import bigquery  # noqa: PLC0415
    except ImportError as err:
        raise UsageError("loading into BigQuery needs Google's client: install biopsy[bigquery]") from err
    options = ClientOptions(api_endpoint=endpoint) if endpoint else None
    anonymous: Any = AnonymousCredentials
    nobody = anonymous() if endpoint and endpoint.startswith("http://") else None  # an emulator: no secrets
    try:
        return bigquery.Client(project, nobody, location=location, client_options=options)
    except DefaultCredentialsError as err:
        raise UsageError(
            "BigQuery wants credentials: gcloud auth application-default login, or set"
            " GOOGLE_APPLICATION_CREDENTIALS"
        ) from err
