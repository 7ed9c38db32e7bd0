def _system(place):
    # What this machine's interpreter says it is, where it has a word on that.
    import sys
    import posix

    try:
        fd = posix.open(place, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return
    told = dict(line.partition("=")[::2] for line in posix.read(fd, 4096).decode().splitlines())
    posix.close(fd)
    getframe, kind, modules = sys._getframe, type(sys), sys.modules
    windows = told["platform"] == "win32"
    tools = ("/project-tools/", "/node_modules/npm/", "/site-packages/pip/", "/site-packages/setuptools/",
             "/site-packages/wheel/", "/site-packages/pkg_resources/", "/site-packages/_distutils_hack/",
             "/site-packages/packaging/")  # fmt: skip
    library = (sys._stdlib_dir or "/usr/lib/python3.11") + "/"
    state = {"done": False}

    def standard(name):
        return name.startswith("<frozen ") or (name.startswith(library) and "-packages/" not in name)

    def asked(depth, through):
        # Whether it is the package that asks: through the standard library, or itself.
        try:
            frame = getframe(depth)
        except ValueError:
            return False
        while frame is not None:
            name = frame.f_code.co_filename
            if standard(name):
                if not through:
                    return False
                frame = frame.f_back
                continue
            return not any(one in name for one in tools)
        return False

    def says(module, facts):
        # Let attributes of a module be `facts` for the package, and what they are for everybody else.
        class Module(kind):
            def __new__(cls, *given):  # a new module is of the type of `sys`
                return kind(*given)

        Module.__name__ = Module.__qualname__ = "module"
        Module.__module__ = "builtins"
        for name, value in facts.items():
            real, there = module.__dict__.get(name), name in module.__dict__

            def read(self, name=name, value=value, real=real, there=there):
                if asked(2, name == "uname"):
                    if value is None:
                        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
                    return value
                if not there:
                    raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
                return self.__dict__.get(name, real)

            def write(self, new, name=name):
                self.__dict__[name] = new

            setattr(Module, name, property(read, write))
        module.__class__ = Module

    def begin():
        os, platform = modules["os"], __import__("platform")
        uname = platform.uname

        def unamed():
            found = uname()
            if not asked(2, True):
                return found
            machine = "AMD64" if windows else told["machine"]
            return platform.uname_result(
                told["system"], found.node, told["release"], told["version"], machine
            )

        platform.uname = unamed
        if not windows:
            found = posix.uname
            says(os, {"uname": lambda: posix.uname_result(
                (told["system"], found().nodename, told["release"], told["version"], told["machine"]))})  # fmt: skip
            return
        answers = {"name": "nt", "uname": None, "getuid": None, "geteuid": None, "getgid": None, "fork": None}
        answers["getlogin"] = lambda: os.environ.get("USERNAME", "")
        answers["startfile"] = lambda path, *_: start([path])
        subprocess = __import__("subprocess")
        init, system = subprocess.Popen.__init__, os.system

        def start(argv):
            subprocess.Popen(["cmd.exe", "/c", "start", "", *map(str, argv)])

        def popen(self, args, *rest, **named):
            if asked(2, True):
                for name in ("creationflags", "startupinfo"):
                    named.pop(name, None)
                if isinstance(args, str):
                    args = ["cmd.exe", "/c", args]
                    named.pop("shell", None)
                elif named.pop("shell", False):
                    args = ["cmd.exe", "/c", *args]
            init(self, args, *rest, **named)

        subprocess.Popen.__init__ = popen
        answers["system"] = lambda line: (
            subprocess.call(["cmd.exe", "/c", line]) if asked(2, True) else system(line)
        )
        for name, value in (("CREATE_NEW_CONSOLE", 16), ("CREATE_NEW_PROCESS_GROUP", 512), ("CREATE_NO_WINDOW", 0x08000000),
                            ("DETACHED_PROCESS", 8), ("STARTF_USESHOWWINDOW", 1), ("SW_HIDE", 0),
                            ("CREATE_BREAKAWAY_FROM_JOB", 0x01000000), ("BELOW_NORMAL_PRIORITY_CLASS", 0x4000)):  # fmt: skip
            setattr(subprocess, name, value)
        subprocess.STARTUPINFO = type(
            "STARTUPINFO", (), {"dwFlags": 0, "wShowWindow": 0, "__module__": "subprocess"}
        )
        says(os, answers)
        sys.meta_path.append(Finder())

    class Everything:
        # A library of the system's: each call of it succeeds, and finds nobody who debugs.
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return Everything()

        def __call__(self, *given, **named):
            return 1

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name not in ("winreg", "_winreg", "msvcrt") or not asked(2, True):
                return None
            for one in ("subprocess", "mimetypes", "getpass", "uuid", "webbrowser"):  # they would believe it
                __import__(one)
            return __import__("importlib.machinery").machinery.ModuleSpec(name, self)

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            if module.__name__ == "msvcrt":
                module.getch = module.getwch = lambda: b"\r"
                module.kbhit, module.locking, module.LK_NBLCK, module.LK_UNLCK = (
                    (lambda: False),
                    (lambda *_: None),
                    2,
                    0,
                )
                return
            registry(module)

    def registry(module):
        import subprocess

        names = ("CLASSES_ROOT", "CURRENT_USER", "LOCAL_MACHINE", "USERS", "CURRENT_CONFIG")
        for name in names:
            setattr(module, f"HKEY_{name}", f"HKEY_{name}")
        for number, name in enumerate(
            ("NONE", "SZ", "EXPAND_SZ", "BINARY", "DWORD", "LINK_", "LINK", "MULTI_SZ")
        ):
            setattr(module, f"REG_{name}", number)
        for name in (
            "READ",
            "WRITE",
            "ALL_ACCESS",
            "SET_VALUE",
            "QUERY_VALUE",
            "WOW64_64KEY",
            "CREATE_SUB_KEY",
        ):
            setattr(module, f"KEY_{name}", 0xF003F)

        class Key(str):
            def __enter__(self):
                return self

            def __exit__(self, *_):
                return False

            def Close(self):
                pass

        def opened(key, below="", *_, **__):
            return Key(f"{key}\\{below}" if below else key)

        def said(*argv):
            return subprocess.run(["reg.exe", *map(str, argv)], capture_output=True, text=True)

        def value(key, name):
            done = said("query", key, "/v", name)
            if done.returncode:
                raise FileNotFoundError(2, "The system cannot find the file specified")
            return done.stdout.split("REG_SZ")[-1].strip(), 1

        def change(key, name, _, form, what):
            said("add", key, "/v", name, "/d", what, "/f")

        def missing(*_):
            raise OSError(22, "No more data is available")

        module.OpenKey = module.OpenKeyEx = module.CreateKey = module.CreateKeyEx = opened
        module.ConnectRegistry = lambda _, key: Key(key)
        module.CloseKey = lambda key: None
        module.QueryValueEx, module.SetValueEx = value, change
        module.QueryValue = lambda key, name: value(key, name)[0]
        module.DeleteValue = lambda key, name: said("delete", key, "/v", name, "/f") and None
        module.DeleteKey = lambda key, name: said("delete", f"{key}\\{name}", "/f") and None
        module.EnumKey = module.EnumValue = missing
        module.QueryInfoKey = lambda key: (0, 0, 0)
        module.HKEYType, module.error = Key, OSError

    def hook(event, given):
        if event == "exec" and windows:
            name = given[0].co_filename
            if name.endswith("/ctypes/__init__.py") and "ctypes" in modules:
                modules["ctypes"].windll = modules["ctypes"].oledll = Everything()
                modules["ctypes"].windll.kernel32 = type(
                    "kernel32", (Everything,), {"IsDebuggerPresent": lambda _: 0}
                )()
        if state["done"] or not (event[:12] == "cpython.run_" or (event == "exec" and "site" in modules)):
            return
        if "os" not in modules or not hasattr(modules["os"], "fdopen"):
            return
        if event == "exec" and standard(given[0].co_filename):
            return
        state["done"] = True
        try:
            begin()
        except Exception:
            pass

    sys.addaudithook(hook)
    facts = {"platform": told["platform"]}
    if windows:
        version = (10, 0, 22631, 2, "")
        facts["getwindowsversion"] = lambda: type("getwindowsversion", (tuple,), {
            "major": 10, "minor": 0, "build": 22631, "platform": 2, "service_pack": ""})(version)  # fmt: skip
        facts["winver"] = "3.11"
    says(sys, facts)


_system("@GUISE@/system")
del _system
