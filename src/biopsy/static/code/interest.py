"""Which files of a package are worth running: those that hold a telling word, and their users."""

from collections.abc import Callable, Iterable

from biopsy.static.sight import Package, Source

Scan = Callable[[Source], tuple[bool, Iterable[tuple[str, str]]]]
"""Whether a source holds a telling word, and the names that it takes from which files of the package."""

MAX_LINKS = 2000  # modules that one file is followed into


class Interest:
    """Looks at each file once, by words; `scan` says whether it holds one, and which files it imports."""

    def __init__(self, package: Package, scan: Scan) -> None:
        """Take a package and how its files are looked at."""
        self._package, self._scan = package, scan
        self._seen: dict[str, tuple[bool, tuple[tuple[str, str], ...]]] = {}
        self._worth: dict[str, bool] = {}

    def worth(self, source: Source) -> bool:
        """Whether running a source can show anything, by itself or through what it imports."""
        if source.depth:
            telling, links = self._scan(source)
            return telling or any(self.worthy(path) for _, path in links)
        if source.path not in self._seen:
            self._put(source.path, source)
        return self.worthy(source.path)

    def worthy(self, path: str) -> bool:
        """Whether running a file of the package can show anything."""
        known = self._worth.get(path)
        if known is not None:
            return known
        queue, seen, found = [path], {path}, False
        for at in queue:
            telling, links = self._look(at)
            if telling or self._worth.get(at):
                found = True
                break
            for _, link in links:
                if link not in seen and self._worth.get(link) is not False:
                    seen.add(link)
                    queue.append(link)
        if found:
            self._worth[path] = True
        else:
            self._worth.update(dict.fromkeys(seen, False))
        return found

    def names(self, source: Source) -> set[str]:
        """The names that a source takes from files that are worth running."""
        links = self._scan(source)[1] if source.depth else self._look(source.path)[1]
        return {name for name, path in links if name and self.worthy(path)}

    def _look(self, path: str) -> tuple[bool, tuple[tuple[str, str], ...]]:
        if path not in self._seen:
            self._put(path, self._package.source(path))
        return self._seen[path]

    def _put(self, path: str, source: Source | None) -> None:
        telling, links = self._scan(source) if source is not None else (False, ())
        self._seen[path] = telling, tuple(dict.fromkeys(links))[:MAX_LINKS]
