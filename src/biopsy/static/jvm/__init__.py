"""Class files of the JVM: their constants, and their bytecode lowered to `code.ir` as if it were Java."""
