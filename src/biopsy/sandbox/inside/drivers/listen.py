def _prepare(place, words):
    # Interpreters of this site keep a journal of generated code here.
    import sys
    import posix
    import time
    import marshal
    import _thread

    most_records, most_plain, most_text, most_bytes = 3000, 500, 1 << 20, 16 << 20
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_CLOEXEC | posix.O_NOFOLLOW
    telling = (b"import", b"exec", b"eval", b"open", b"socket", b"system", b"http", b"getattr", b"decode",
               b"environ", b"subprocess", b"popen", b"ctypes", b"chr(", b"join(", b"lambda")  # fmt: skip
    getframe, getpid, urandom, now, ident = (
        sys._getframe, posix.getpid, posix.urandom, time.time_ns, _thread.get_ident)  # fmt: skip
    getlimit, setlimit = sys.getrecursionlimit, sys.setrecursionlimit
    openf, read, write, close = posix.open, posix.read, posix.write, posix.close
    external = sys.modules["_frozen_importlib_external"]
    reading = external.SourceLoader.get_code.__code__
    making = external.SourceLoader.source_to_code.__code__
    marked = external._compile_bytecode.__code__
    running = external._LoaderBasics.exec_module.__code__
    loaders = (external.SourceFileLoader, external.SourcelessFileLoader)
    calling = sys.modules["_frozen_importlib"]._call_with_frames_removed.__code__
    thawing = sys.modules["_frozen_importlib"].FrozenImporter.exec_module.__code__
    zero = type(making)
    stdlib = sys._stdlib_dir + "/" if sys._stdlib_dir else "/usr/lib/python3.11/"
    quiet = ("collections/__init__.py", "dataclasses.py", "enum.py")
    state = {"pid": 0, "name": "", "count": 0, "lost": 0, "bytes": 0, "foreign": False, "fd": -1}
    seen, codes, texts, waiting, forged, busy, named = set(), {}, {}, {}, set(), set(), set()

    def put(fields):
        parts = []
        for field in fields:
            if type(field) is not bytes:
                field = str.encode(str(field), "utf-8", "surrogatepass")
            parts.append(b"%d:%b," % (len(field), field))
        body = b"".join(parts)
        record = b"%d:%b,\n" % (len(body), body)
        pid = getpid()
        if pid != state["pid"]:
            state["pid"], state["name"] = pid, place + "/" + urandom(12).hex()
            if state["fd"] >= 0:
                keep()
        fd = state["fd"] if state["fd"] >= 0 else openf(state["name"], flags, 0o600)
        try:
            while record:
                record = record[write(fd, record) :]
        finally:
            if fd != state["fd"]:
                close(fd)

    def keep():
        # Others want to hear of what is opened, or to forbid it: what is open already is not asked about.
        fd = openf(state["name"] or place + "/" + urandom(12).hex(), flags, 0o600)
        state["fd"] = fd

    def odd(what):
        if ("odd", what) not in seen:
            seen.add(("odd", what))
            put(("odd", now(), getpid(), what))

    def standard(name):
        return (
            (name.startswith(stdlib) or name.startswith("<frozen "))
            and "-packages/" not in name
            and name not in forged
        )

    def whose(frame):
        via = ""
        while frame is not None and standard(frame.f_code.co_filename):
            via = via or frame.f_code.co_filename
            frame = frame.f_back
        return frame, via

    def importing(frame):
        # The interpreter's own loaders, on their own way, reading what they say they read.
        if frame is None:
            return False
        code = frame.f_code
        if code is calling:
            frame = frame.f_back
            code = frame.f_code if frame else None
        if code is making or code is marked:
            above = frame.f_back
            return (
                above is not None and above.f_code is reading and type(above.f_locals.get("self")) in loaders
            )
        return code is thawing or code is running and type(frame.f_locals.get("self")) in loaders

    def parent(frame):
        while frame is not None:
            found = codes.get(id(frame.f_code))
            if found is not None:
                return found[1]
            name = frame.f_code.co_filename
            if not name.startswith("<"):
                return ""
            frame = frame.f_back
        return ""

    def learn(code, number, depth=0):
        if len(codes) < 20000 and depth < 20:
            codes[id(code)] = (code, number)
            for one in code.co_consts:
                if type(one) is zero:
                    learn(one, number, depth + 1)

    def note(evaluator, text, size, filename, frame, via):
        plain = not any(word in text for word in telling)
        if (
            state["count"] >= most_records
            or state["bytes"] >= most_bytes
            or (plain and state["count"] >= most_plain)
        ):
            state["lost"] += 1
            if state["lost"] in (1, 1000, 10000, 100000, 1000000):
                put(("lost", now(), getpid(), state["lost"]))
            return None
        state["count"] += 1
        state["bytes"] += len(text)
        number = "%d.%d" % (getpid(), state["count"])
        where = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
        if evaluator == "pth":
            where = (filename, 0)
        above = parent(frame)
        put((
            "text", now(), getpid(), number, above, evaluator, filename, where[0], where[1] or 0, via, size, text, "python",
        ))  # fmt: skip
        return number

    def compiled(args, frame):
        source, filename = args[0], args[1]
        if isinstance(source, str):
            data = str.encode(source, "utf-8", "surrogatepass")
        elif isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
        else:
            return
        filename = (
            filename if type(filename) is str else str(filename) if filename is not None else "<string>"
        )
        if importing(frame) or shown(data, filename, frame):
            return
        first, given = frame, filename
        frame, via = whose(frame)
        if via == "<frozen site>" and frame is None:
            filename = str(first.f_locals.get("fullname", filename))
        if via.endswith(quiet) or (via.endswith(("typing.py", "inspect.py")) and b"(" not in data):
            return
        if standard(filename) and via != filename and not via.startswith("<frozen "):
            forged.add(filename)
            odd("code under the name of the standard library")
        size = len(data)
        text = data[:most_text]
        key = (hash(text), size)
        number = texts.get(key)
        if number is None and key not in texts:
            evaluator = called(source, filename, frame, via)
            number = note(evaluator, text, size, filename, frame, via)
            if len(texts) < 200000:
                texts[key] = number
        waiting[ident()] = (given, number, text)
        if len(named) < 200000:
            named.add(given)

    def shown(data, filename, frame):
        # Where an error is shown, the interpreter parses a piece of each line under the name of its file: at the
        # end of a process or thread, and when it is asked to. Of the library that is no forgery: the line is its own.
        name = frame.f_code.co_filename if frame is not None else ""
        ending = frame is None or (standard(name) and name == stdlib + "threading.py")
        if b"\n" in data or not (ending or standard(filename)):
            return False
        try:
            fd = openf(filename, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
        except (OSError, ValueError):
            return False
        try:
            text = b""
            while len(text) < most_text and (more := read(fd, most_text)):
                text += more
        except OSError:
            return False
        finally:
            close(fd)
        return data in text and data != text.strip()

    def called(source, filename, frame, via):
        if via.startswith("<frozen importlib"):
            return "loader"
        if via == "<frozen site>":
            return "pth"
        if frame is None:
            return via or "program"
        if via:
            return via[len(stdlib) : -3] if via.startswith(stdlib) else via[8:-1]
        if type(source) is not bytes or filename != "<string>":
            return "compile"
        names = [one for one in ("exec", "eval") if one in frame.f_code.co_names]
        return names[0] if len(names) == 1 else "exec"

    def executed(args, frame):
        code = args[0]
        if type(code) is not zero or id(code) in codes:
            return
        filename, number, text = waiting.pop(ident(), (None, None, b""))
        if filename == code.co_filename and (not state["foreign"] or fits(code, text)):
            if number is not None:
                learn(code, number)
            return
        if (code.co_filename in named and not state["foreign"]) or importing(frame):
            return
        foreign(code, "exec", frame)

    def fits(code, text):
        names = (
            *code.co_names,
            *code.co_varnames,
            *[one for one in code.co_consts if type(one) is str and len(one) < 50],
        )
        return all(str.encode(one, "utf-8", "replace") in text for one in names if one.isidentifier())

    def called_back(args, frame):
        if state["foreign"] and type(args[0]) is zero and id(args[0]) not in codes:
            foreign(args[0], "types.FunctionType", frame)

    def foreign(code, evaluator, frame):
        # No text of it was compiled here: it was unmarshalled, or put together.
        frame, via = whose(frame)
        if frame is None:  # a program or a module on its way from a file
            return
        if via.startswith(stdlib) and via.endswith((*quiet, "functools.py", "types.py", "typing.py")):
            return
        text = str.encode(words(code), "utf-8", "backslashreplace")[:most_text]
        key = (hash(text), len(text))
        if key not in texts:
            texts[key] = note(evaluator, text, len(text) + 1, code.co_filename, frame, via)
        if texts[key] is not None:
            learn(code, texts[key])

    def guarded(handler):
        def one(args):
            me = ident()
            if me in busy:
                return
            busy.add(me)
            limit, extra = getlimit(), 0
            try:
                for extra in (0, 300):  # the stack may have been filled up first, perhaps for this
                    try:
                        if extra:
                            setlimit(limit + extra)
                        try:
                            frame = getframe(2)
                        except ValueError:
                            frame = None
                        handler(args, frame)
                        break
                    except RecursionError:
                        continue
                if extra:
                    setlimit(limit)
            except Exception:
                pass
            finally:
                busy.discard(me)

        return one

    def unmarshalled(args, frame):
        if not importing(frame):
            state["foreign"] = True

    def made(args, frame):
        frame, via = whose(frame)
        if frame is not None and not via:
            state["foreign"] = True
            if len(args) > 1 and type(args[1]) is str and standard(args[1]):
                forged.add(args[1])
                odd("code under the name of the standard library")

    def unpickled(args, frame):
        if args[0] in (
            "os",
            "posix",
            "subprocess",
            "builtins",
            "pty",
            "runpy",
            "importlib",
            "ctypes",
            "shutil",
            "code",
        ):
            if args[0] != "builtins" or args[1] in (
                "exec",
                "eval",
                "compile",
                "getattr",
                "__import__",
                "open",
            ):
                frame, via = whose(frame)
                text = ("from %s import %s\n" % (args[0], args[1])).encode("utf-8", "backslashreplace")
                if frame is not None and ("pickle", text) not in seen:
                    seen.add(("pickle", text))
                    note("pickle", text, len(text), "", frame, via)

    def listening(args, frame):
        odd("sys.addaudithook")
        if state["fd"] < 0:
            state["name"] = state["name"] or place + "/" + urandom(12).hex()
            state["pid"] = getpid()
            keep()

    def changed(args, frame):
        if id(args[0]) in mine:
            odd("hook " + str(args[1]))

    table = {}

    def hook(event, args):
        handler = table.get(event)
        if handler is not None:
            handler(args)

    for name, handler in (("compile", compiled), ("exec", executed), ("marshal.loads", unmarshalled),
                          ("code.__new__", made), ("function.__new__", called_back), ("pickle.find_class", unpickled),
                          ("sys.addaudithook", listening),
                          ("object.__setattr__", changed), ("object.__delattr__", changed)):  # fmt: skip
        table[name] = guarded(handler)
    mine = {id(one) for one in (hook, put, note, compiled, executed, guarded, *table.values())}
    sys.addaudithook(hook)
    import gc

    gc.freeze()  # so that a walk over all objects does not come by
    sys.modules.pop("gc", None)


_prepare("@PLACE@", _put_into_words)
del _prepare, _put_into_words
