"""Assemblies of .NET: their metadata, and their code lowered to `code.ir` as if it were C#."""
