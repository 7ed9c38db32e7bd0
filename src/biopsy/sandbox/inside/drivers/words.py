def _put_into_words(code):
    """Write a code object as statements, one after the other: which branch they stand in is not told."""
    import dis

    zero = type(code)

    room = [20000]

    def show(value):
        if type(value) is zero:
            return "<code>"
        if isinstance(value, (tuple, frozenset)):
            return "(" + ", ".join([show(one) for one in list(value)[:500]]) + ",)"
        return repr(value) if type(value) in (str, bytes, int, float, complex, bool, type(None)) else "..."

    def body(code, pad, depth):
        lines, stack, keys = [], [], ()
        pop = lambda: stack.pop() if stack else "_"  # noqa: E731
        many = lambda n: [pop() for _ in range(n)][::-1]  # noqa: E731

        def say(line):
            lines.append(pad + line)

        def bind(name, value):
            if type(value) is tuple and value[0] == "def":
                if depth < 12:
                    inner = value[1]
                    takes = inner.co_varnames[: inner.co_argcount + inner.co_kwonlyargcount]
                    say("def " + name.split(".")[-1] + "(" + ", ".join(takes) + "):")
                    lines.extend(body(inner, pad + "    ", depth + 1) or [pad + "    pass"])
            elif type(value) is tuple and value[0] == "import":
                say("import " + value[1] + ("" if name == value[1].split(".")[0] else " as " + name))
            elif type(value) is tuple and value[0] == "from":
                say("from " + value[1] + " import " + value[2] + ("" if name == value[2] else " as " + name))
            elif type(value) is tuple and value[0] == "class":
                say("class " + name + ":")
                lines.extend(body(value[1], pad + "    ", depth + 1) or [pad + "    pass"])
            else:
                say(name + " = " + plain(value))

        def plain(value):
            if type(value) is not tuple:
                return value
            if value[0] == "def" and depth < 12:
                inner = [
                    one.strip() for one in body(value[1], "", depth + 1) if not one.strip().startswith("def ")
                ]
                kept = [one[7:] if one.startswith("return ") else one for one in inner]
                return "(lambda: (" + ", ".join([one for one in kept if one and " = " not in one]) + "))"
            return str(value[1])

        for step in dis.get_instructions(code):
            room[0] -= 1
            if room[0] < 0:
                say("...")
                break
            name, value, number = step.opname, step.argval, step.arg or 0
            if name == "LOAD_CONST":
                stack.append(("code", value) if type(value) is zero else show(value))
            elif name in (
                "LOAD_NAME",
                "LOAD_GLOBAL",
                "LOAD_FAST",
                "LOAD_DEREF",
                "LOAD_CLASSDEREF",
                "LOAD_CLOSURE",
            ):
                stack.append(str(value))
            elif name in ("LOAD_ATTR", "LOAD_METHOD"):
                stack.append(plain(pop()) + "." + str(value))
            elif name == "LOAD_BUILD_CLASS":
                stack.append("__build_class__")
            elif name == "IMPORT_NAME":
                origin = plain(pop())
                pop()
                stack.append(("import", str(value), origin))
            elif name == "IMPORT_FROM":
                above = stack[-1] if stack and type(stack[-1]) is tuple else ("import", "_", "")
                if above[0] == "import" and above[2] == "None":  # import a.b as c
                    stack.append(above)
                else:
                    stack.append(("from", above[1], str(value)))
            elif name == "IMPORT_STAR":
                say("from " + plain(pop()) + " import *")
            elif name == "KW_NAMES":
                keys = code.co_consts[number]
            elif name in ("CALL", "CALL_FUNCTION", "CALL_METHOD", "CALL_FUNCTION_KW"):
                given = many(number)
                made = pop()
                if made == "__build_class__" and given and type(given[0]) is tuple:
                    stack.append(("class", given[0][1]))
                else:
                    given = [plain(one) for one in given]
                    for at, key in enumerate(reversed(keys)):
                        given[-1 - at] = str(key) + "=" + given[-1 - at]
                    stack.append(plain(made) + "(" + ", ".join(given) + ")")
                keys = ()
            elif name == "CALL_FUNCTION_EX":
                named_too = ", **" + plain(pop()) if number & 1 else ""
                given = plain(pop())
                stack.append(plain(pop()) + "(*" + given + named_too + ")")
            elif name == "MAKE_FUNCTION":
                inner = pop()
                many(bin(number & 15).count("1"))
                stack.append(("def", inner[1]) if type(inner) is tuple else inner)
            elif name == "BINARY_OP":
                left, right = many(2)
                stack.append("(" + plain(left) + " " + step.argrepr.rstrip("=") + " " + plain(right) + ")")
            elif name in ("COMPARE_OP", "IS_OP", "CONTAINS_OP"):
                left, right = many(2)
                word = {"IS_OP": "is", "CONTAINS_OP": "in"}.get(name, step.argrepr)
                stack.append("(" + plain(left) + " " + word + " " + plain(right) + ")")
            elif name.startswith("UNARY_"):
                word = {"UNARY_NOT": "not ", "UNARY_NEGATIVE": "-", "UNARY_INVERT": "~"}.get(name, "+")
                stack.append("(" + word + plain(pop()) + ")")
            elif name == "BINARY_SUBSCR":
                left, right = many(2)
                stack.append(plain(left) + "[" + plain(right) + "]")
            elif name == "BUILD_SLICE":
                stack.append("slice(" + ", ".join([plain(one) for one in many(number)]) + ")")
            elif name in ("BUILD_TUPLE", "BUILD_LIST", "BUILD_SET", "BUILD_STRING"):
                given = [plain(one) for one in many(number)]
                stack.append(" + ".join(given) if name == "BUILD_STRING" else "[" + ", ".join(given) + "]")
            elif name == "BUILD_MAP":
                given = [plain(one) for one in many(2 * number)]
                pairs = zip(given[::2], given[1::2])
                stack.append("{" + ", ".join([a + ": " + b for a, b in pairs]) + "}")
            elif name == "BUILD_CONST_KEY_MAP":
                pop()
                stack.append("{" + ", ".join(["...: " + plain(one) for one in many(number)]) + "}")
            elif name in (
                "LIST_EXTEND",
                "SET_UPDATE",
                "DICT_UPDATE",
                "DICT_MERGE",
                "LIST_APPEND",
                "SET_ADD",
            ):
                right = plain(pop())
                if stack:
                    stack[-1] = right if stack[-1] in ("[]", "{}") else plain(stack[-1]) + " + " + right
            elif name == "FORMAT_VALUE":
                many(number >> 2 & 1)
                stack.append("str(" + plain(pop()) + ")")
            elif name in ("STORE_NAME", "STORE_GLOBAL", "STORE_FAST", "STORE_DEREF"):
                bind(str(value), pop())
            elif name == "STORE_ATTR":
                holder = plain(pop())
                say(holder + "." + str(value) + " = " + plain(pop()))
            elif name == "STORE_SUBSCR":
                key, holder, stored = plain(pop()), plain(pop()), plain(pop())
                say(holder + "[" + key + "] = " + stored)
            elif name == "RETURN_VALUE":
                value = plain(pop())
                if pad and value != "None":
                    say("return " + value)
                elif value not in ("None", "_"):
                    say(value)
            elif name == "POP_TOP":
                value = pop()
                if type(value) is not tuple and "(" in value:
                    say(value)
            elif name.startswith("POP_JUMP"):
                value = plain(pop())
                if "(" in value:
                    say(value)
            elif name in ("FOR_ITER", "BEFORE_WITH", "PUSH_EXC_INFO", "UNPACK_SEQUENCE"):
                taken = plain(pop()) if name in ("UNPACK_SEQUENCE", "BEFORE_WITH") else "_"
                if name == "BEFORE_WITH":
                    stack.append("_")
                stack.extend([taken] * (number if name == "UNPACK_SEQUENCE" else 1))
            elif name in ("COPY", "DUP_TOP") and stack:
                stack.append(stack[-min(number or 1, len(stack))])
            elif name == "SWAP" and 1 < number <= len(stack):
                stack[-1], stack[-number] = stack[-number], stack[-1]
            elif name in ("RAISE_VARARGS", "YIELD_VALUE", "SEND"):
                say(plain(stack[-1]) if stack else "pass")
        return lines

    return (
        "\n".join(["# put together from a code object: its branches are not told apart", *body(code, "", 0)])
        + "\n"
    )
