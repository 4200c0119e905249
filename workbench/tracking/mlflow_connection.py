"""MLflow's client, opened and closed. Only this file imports mlflow.

Two things have no public API in MLflow, and are done here with its internals: making the tables of
a database with artifacts in the store (`create_tables`; the public client would put them below the
working directory and keep the file open), and closing connections (`close`; the client keeps them
for the life of the process).
"""

import sqlite3
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from workbench.system.global_state import environment_set
from workbench.tracking import database as databases

_SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true"}
_DEFAULT_SETTINGS = {
    # MLflow's own defaults would hold up a run for minutes when the server is gone.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # What it logs at ERROR it also raises, and then it becomes our one line.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
}


class MlflowConnection:
    """A client of a database file or of a server, and what is needed to use it.

    Args:
        store: Folder of the default database and artifacts; used only without `tracking_uri`.
        tracking_uri: A server or database of the user's own.
        database: File that is to replace the store's database, whose artifacts it uses.

    Raises:
        StoreError: If the store cannot be written, or the server does not answer.
    """

    def __init__(self, store: Path, tracking_uri: str | None, database: Path | None) -> None:
        with ExitStack() as environment:
            environment.enter_context(environment_set(_DEFAULT_SETTINGS))
            environment.enter_context(environment_set(_SETTINGS, replace=True))
            self._open(store, tracking_uri, database)
            self._environment = environment.pop_all()  # MLflow reads it at each request

    def _open(self, store: Path, tracking_uri: str | None, database: Path | None) -> None:
        import mlflow
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        self.entities: Any = mlflow.entities
        self.refused: type[Exception] = MlflowException
        own = database or databases.database_path(store)
        address = tracking_uri or databases.sqlite_address(own)
        self.file = databases.sqlite_file(tracking_uri) if tracking_uri else own
        """The database; None for a server."""
        folder = None if tracking_uri else databases.artifacts_path(store)
        self.artifacts = folder.as_uri() if folder else None
        """Address of the artifacts of new experiments; None leaves that to MLflow."""
        try:
            if self.file:
                databases.prepare_database(self.file, folder, create_tables)
            self.client: Any = mlflow.MlflowClient(address)
            self.client.search_experiments(max_results=1)  # fails here without a server
        except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
            reason = databases.reason_of(error)
            if self.file and not tracking_uri:
                raise databases.broken_database(self.file, reason) from error
            raise databases.unusable_server(address, reason) from error

    def close(self) -> None:
        """Close the connections of a database file, and restore the environment."""
        self._environment.close()
        if self.file:
            self.client._tracking_client.store.engine.dispose()
            with suppress(sqlite3.Error):
                databases.fold_log(self.file)


def create_tables(address: str, artifacts: str) -> None:
    """Make the tables of a new database.

    Args:
        address: Of its file, as a tracking URI.
        artifacts: Address of the artifacts of its experiments.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(address, artifacts).engine.dispose()
